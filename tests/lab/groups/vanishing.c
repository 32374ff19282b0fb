// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that a driver takes away: before a look, between two, and under a reader. */
#include <string.h>

#include "server/frame.h"
#include "tests/lab/groups/groups.h"
#include "tests/lab/support/check.h"
#include "tests/lab/support/draw.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/watch.h"

/* How many bytes of the rows that were never touched before read as zero. */
static bool middle_is_zero(const struct frame *frame)
{
	const uint8_t *middle = frame->data + frame->data_bytes / 2;

	for (size_t i = 0; i < frame->data_bytes / 4; i++)
		if (middle[i])
			return false;
	return true;
}

static void run(const char *type, const char *kind)
{
	struct mdev mdev = mdev_create(type);
	struct fake_guest guest = fake_guest_open(&mdev);
	const struct pcmdev_plane plane = fake_guest_plane(640, 480, 4096);
	struct watch watch;

	draw_plane(guest.vram + plane.offset, &plane, 5);
	fake_guest_show(&guest, PCMDEV_PRIMARY, &plane);

	watch_open_own(&watch, &mdev);
	fake_guest_set(&guest, revoked, 1);
	watch_look(&watch);
	check(!watch.frame && strstr(watch.reason, "took the guest's picture away"), "%s: gone from the start: %s",
			kind, watch.reason);
	watch_look(&watch);
	check(!watch.frame && strstr(watch.reason, "took the guest's picture away"), "%s: still gone: %s", kind,
			watch.reason);
	fake_guest_set(&guest, revoked, 0);
	check(watch_wait_frame(&watch) && !frame_begin_read(watch.frame), "%s: there again", kind);

	/* The look has touched the first and the last page only. */
	if (watch.frame) {
		fake_guest_set(&guest, revoked, 1);
		check(middle_is_zero(watch.frame), "%s: gone under a reader, who reads zeroes", kind);
		frame_end_read(watch.frame);
	}
	watch_look(&watch);
	check(!watch.frame && strstr(watch.reason, "took the guest's picture away"), "%s: the next look says so: %s",
			kind, watch.reason);
	fake_guest_set(&guest, revoked, 0);
	check(watch_wait_frame(&watch) && draw_same_bytes(watch.frame, guest.vram + plane.offset, &plane),
			"%s: and shows it when it is back", kind);
	watch_close(&watch);
	fake_guest_close(&guest);
	mdev_remove(&mdev);
}

void group_vanishing(void)
{
	run("pcmdev-dmabuf", "dma-buf");
	run("pcmdev-region", "region");
}
