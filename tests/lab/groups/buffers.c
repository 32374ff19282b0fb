// SPDX-License-Identifier: GPL-2.0-or-later
/* What is kept of a device's dma-bufs: each fetched once, few kept, none confused with another. */
#include <dirent.h>
#include <drm_fourcc.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/capture/vfio_dmabuf.h"
#include "server/frame.h"
#include "tests/lab/groups/groups.h"
#include "tests/lab/support/check.h"
#include "tests/lab/support/draw.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/watch.h"

#define SLOT_BYTES (128 * 4096)
#define SLOTS (PCMDEV_VRAM_BYTES / SLOT_BYTES)

/* Each slot of the memory has a picture of its own size in it. */
static struct pcmdev_plane plane_of(unsigned int slot)
{
	return fake_guest_plane(300 + slot, 200 + slot, slot * SLOT_BYTES);
}

static bool shows(struct watch *watch, struct fake_guest *guest, unsigned int slot)
{
	const struct pcmdev_plane plane = plane_of(slot);

	fake_guest_show(guest, PCMDEV_PRIMARY, &plane);
	return watch_look(watch) && draw_same_bytes(watch->frame, guest->vram + plane.offset, &plane);
}

/* The number of dma-bufs this process has open, or -1 if a child would inherit one. */
static int count_dmabufs(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir))) {
		char link[256];
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		if (length <= 0)
			continue;
		link[length] = '\0';
		if (!strstr(link, "dmabuf"))
			continue;
		if (!(fcntl(atoi(entry->d_name), F_GETFD) & FD_CLOEXEC))
			count = -1000;
		count++;
	}
	closedir(dir);
	return count < 0 ? -1 : count;
}

static void flip(struct watch *watch, struct fake_guest *guest)
{
	uint32_t before = fake_guest_get(guest, gets);
	bool right = true;

	for (unsigned int round = 0; round < 3; round++)
		for (unsigned int slot = 0; slot < 6; slot++)
			right &= shows(watch, guest, slot);
	check(right, "six buffers in turn, three times: pixels");
	check(fake_guest_get(guest, gets) - before == 6, "each was fetched once (%u fetches)",
			fake_guest_get(guest, gets) - before);
	check(count_dmabufs() == 6, "and is kept open, close-on-exec (%d)", count_dmabufs());
}

static void run_through(struct watch *watch, struct fake_guest *guest)
{
	bool right = true;

	for (unsigned int slot = 0; slot < SLOTS; slot++)
		right &= shows(watch, guest, slot);
	check(right, "%u buffers: pixels", SLOTS);
	check(count_dmabufs() == VFIO_DMABUFS_MAX, "the last %d are kept (%d)", VFIO_DMABUFS_MAX, count_dmabufs());
	/* The device counts them too: the newest may be shown as well. */
	check(fake_guest_get(guest, exports) == VFIO_DMABUFS_MAX, "no more are open in the driver");
}

/* As i915: the lowest id that is free, so ids come back for other buffers. */
static void reuse_ids(struct watch *watch, struct fake_guest *guest)
{
	bool right = true;

	fake_guest_set(guest, reuse_ids, 1);
	for (unsigned int i = 0; i < 3 * SLOTS; i++)
		right &= shows(watch, guest, i * 7 % SLOTS);
	check(right, "ids that come back for other buffers: pixels");
	fake_guest_set(guest, reuse_ids, 0);
}

/* A driver that is wrong: one id for whatever is shown, also while its dma-buf is open. */
static void same_id(struct watch *watch, struct fake_guest *guest)
{
	bool right = true;

	fake_guest_set(guest, same_id, 1000);
	for (unsigned int i = 0; i < 16; i++)
		right &= shows(watch, guest, i % 3);
	check(right, "one id for three buffers: pixels");

	/* A reader still has the buffer that has to go: nothing is fetched over it. */
	if (shows(watch, guest, 0)) {
		struct frame *held = frame_ref(watch->frame);
		const struct pcmdev_plane plane = plane_of(0);

		shows(watch, guest, 1);
		check(!watch->frame && strstr(watch->reason, "still being read"), "its id is in use by a reader: %s",
				watch->reason);
		check(draw_same_bytes(held, guest->vram, &plane), "who keeps his picture");
		frame_unref(held);
		check(shows(watch, guest, 1), "and when he is done, the next is shown");
	}
	fake_guest_set(guest, same_id, 0);
}

/* Planes that differ in one number, under one id or in one region. */
static void differ_in_one(struct watch *watch, struct fake_guest *guest, const char *kind)
{
	struct pcmdev_plane variants[6];
	bool right = true;

	for (size_t i = 0; i < 6; i++) {
		variants[i] = fake_guest_plane(300, 200, 0);
		variants[i].stride = 1280;
		variants[i].size = 1280 * 220;
	}
	variants[1].width = 299;
	variants[2].height = 199;
	variants[3].stride = 1284;
	variants[4].fourcc = DRM_FORMAT_XBGR8888;
	variants[5].size = 1280 * 210;
	fake_guest_set(guest, same_id, 2000);
	for (size_t i = 1; i < 6; i++) {
		for (size_t j = 0; j <= i; j += i) {
			fake_guest_show(guest, PCMDEV_PRIMARY, &variants[j]);
			right &= watch_look(watch) && draw_same_bytes(watch->frame, guest->vram, &variants[j]);
		}
	}
	check(right, "%s: planes that differ in one number are told apart", kind);
	fake_guest_set(guest, same_id, 0);
}

static void hold(struct watch *watch, struct fake_guest *guest)
{
	struct frame *held[VFIO_DMABUFS_MAX];
	bool kept = true;

	for (unsigned int i = 0; i < VFIO_DMABUFS_MAX; i++) {
		if (!shows(watch, guest, i))
			return;
		held[i] = frame_ref(watch->frame);
	}
	check(!shows(watch, guest, VFIO_DMABUFS_MAX) && strstr(watch->reason, "still being read"),
			"readers hold all: %s", watch->reason);
	check(count_dmabufs() == VFIO_DMABUFS_MAX, "none was opened on top");
	check(shows(watch, guest, 2), "one of those is still shown");
	for (unsigned int i = 0; i < VFIO_DMABUFS_MAX; i++) {
		const struct pcmdev_plane plane = plane_of(i);

		kept &= draw_same_bytes(held[i], guest->vram + plane.offset, &plane);
	}
	check(kept, "readers keep their pictures");
	frame_unref(held[5]);
	check(shows(watch, guest, VFIO_DMABUFS_MAX), "the one that was given back makes room");
	for (unsigned int i = 0; i < VFIO_DMABUFS_MAX; i++)
		if (i != 5)
			frame_unref(held[i]);
}

static void stamp(struct watch *watch, struct fake_guest *guest)
{
	struct frame *held;
	uint64_t sequence;
	int64_t capture_ns;

	if (!shows(watch, guest, 3))
		return;
	held = frame_ref(watch->frame);
	sequence = held->sequence;
	capture_ns = held->capture_ns;
	shows(watch, guest, 3);
	check(watch->frame == held && held->sequence == sequence && held->capture_ns == capture_ns,
			"a frame that a reader holds is not stamped anew");
	frame_unref(held);
	shows(watch, guest, 3);
	check(watch->frame && watch->frame->sequence > sequence, "one that none holds is");
}

static void try_region(void)
{
	struct mdev mdev = mdev_create("pcmdev-region");
	struct fake_guest guest = fake_guest_open(&mdev);
	struct watch watch;

	watch_open_own(&watch, &mdev);
	differ_in_one(&watch, &guest, "region");
	watch_close(&watch);
	fake_guest_close(&guest);
	mdev_remove(&mdev);
}

void group_buffers(void)
{
	struct mdev mdev = mdev_create("pcmdev-dmabuf");
	struct fake_guest guest = fake_guest_open(&mdev);
	struct watch watch;

	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		const struct pcmdev_plane plane = plane_of(slot);

		draw_plane(guest.vram + plane.offset, &plane, slot);
	}
	watch_open_own(&watch, &mdev);
	flip(&watch, &guest);
	run_through(&watch, &guest);
	reuse_ids(&watch, &guest);
	same_id(&watch, &guest);
	differ_in_one(&watch, &guest, "dma-buf");
	hold(&watch, &guest);
	stamp(&watch, &guest);
	watch_close(&watch);
	check(count_dmabufs() == 0 && !fake_guest_get(&guest, exports) && !fake_guest_get(&guest, buffers),
			"nothing is left open");
	fake_guest_close(&guest);
	mdev_remove(&mdev);
	try_region();
}
