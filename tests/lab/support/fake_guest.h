/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pcmdev device seen from the guest's side: it draws and says what to show. Failures end the program. */
#ifndef PLANECAST_TESTS_LAB_FAKE_GUEST_H
#define PLANECAST_TESTS_LAB_FAKE_GUEST_H

#include <stddef.h>
#include <stdint.h>

#include "tests/lab/pcmdev/pcmdev.h"

struct mdev;

struct fake_guest {
	int regs_fd;
	uint8_t *vram; /* PCMDEV_VRAM_BYTES */
};

struct fake_guest fake_guest_open(const struct mdev *mdev);
void fake_guest_close(struct fake_guest *guest);

void fake_guest_write(struct fake_guest *guest, size_t offset, uint32_t value);
uint32_t fake_guest_read(struct fake_guest *guest, size_t offset);
#define fake_guest_set(guest, field, value) \
	fake_guest_write(guest, offsetof(struct pcmdev_regs, field), value)
#define fake_guest_get(guest, field) fake_guest_read(guest, offsetof(struct pcmdev_regs, field))

/* Shows the plane, all of it at once. */
void fake_guest_show(struct fake_guest *guest, enum pcmdev_plane_kind kind, const struct pcmdev_plane *plane);
void fake_guest_hide(struct fake_guest *guest);

/* A plane of XR24 with packed rows. */
struct pcmdev_plane fake_guest_plane(uint32_t width, uint32_t height, uint32_t offset);

#endif
