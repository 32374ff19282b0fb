// SPDX-License-Identifier: GPL-2.0-or-later
/* A pcmdev device seen from the guest's side. */
#include "tests/lab/support/fake_guest.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lab/support/check.h"
#include "tests/lab/support/mdev.h"

static int open_file(const struct mdev *mdev, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/pcmdev/%s", mdev->uuid, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		check_bail_out("%s: %s", path, strerror(errno));
	return fd;
}

struct fake_guest fake_guest_open(const struct mdev *mdev)
{
	struct fake_guest guest = { .regs_fd = open_file(mdev, "regs") };
	int fd = open_file(mdev, "vram");

	guest.vram = mmap(NULL, PCMDEV_VRAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (guest.vram == MAP_FAILED)
		check_bail_out("mmap of vram: %s", strerror(errno));
	close(fd);
	if (fake_guest_get(&guest, magic) != PCMDEV_MAGIC)
		check_bail_out("this is no pcmdev");
	return guest;
}

void fake_guest_close(struct fake_guest *guest)
{
	munmap(guest->vram, PCMDEV_VRAM_BYTES);
	close(guest->regs_fd);
}

static void write_regs(struct fake_guest *guest, size_t offset, const void *words, size_t bytes)
{
	if (pwrite(guest->regs_fd, words, bytes, (off_t)offset) != (ssize_t)bytes)
		check_bail_out("writing registers: %s", strerror(errno));
}

void fake_guest_write(struct fake_guest *guest, size_t offset, uint32_t value)
{
	write_regs(guest, offset, &value, sizeof(value));
}

uint32_t fake_guest_read(struct fake_guest *guest, size_t offset)
{
	uint32_t value;

	if (pread(guest->regs_fd, &value, sizeof(value), (off_t)offset) != sizeof(value))
		check_bail_out("reading registers: %s", strerror(errno));
	return value;
}

void fake_guest_show(struct fake_guest *guest, enum pcmdev_plane_kind kind, const struct pcmdev_plane *plane)
{
	write_regs(guest, offsetof(struct pcmdev_regs, plane) + kind * sizeof(*plane), plane, sizeof(*plane));
}

void fake_guest_hide(struct fake_guest *guest)
{
	const struct pcmdev_plane off = { 0 };

	fake_guest_show(guest, PCMDEV_PRIMARY, &off);
}

struct pcmdev_plane fake_guest_plane(uint32_t width, uint32_t height, uint32_t offset)
{
	return (struct pcmdev_plane){
		.enable = 1,
		.fourcc = DRM_FORMAT_XRGB8888,
		.width = width,
		.height = height,
		.stride = width * 4,
		.offset = offset,
	};
}
