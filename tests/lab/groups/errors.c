// SPDX-License-Identifier: GPL-2.0-or-later
/* Drivers that fail: what passes is not noticed, what stays is said, and nothing is torn down. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "server/capture/capture.h"
#include "server/clock.h"
#include "server/frame.h"
#include "tests/lab/groups/groups.h"
#include "tests/lab/support/check.h"
#include "tests/lab/support/draw.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/watch.h"

static const int errors[] = { ENOMEM, EINVAL, EFAULT, EIO, ENOENT, EAGAIN, ENOTTY };

#define N_ERRORS (sizeof(errors) / sizeof(errors[0]))

struct bench {
	struct mdev mdev;
	struct fake_guest guest;
	struct watch watch;
	struct pcmdev_plane plane;
	const char *kind;
};

static bool shown(struct bench *b)
{
	return watch_look(&b->watch) && draw_same_bytes(b->watch.frame, b->guest.vram + b->plane.offset, &b->plane);
}

static void fail_queries(struct bench *b)
{
	bool once = true, twice = true, said = true, back = true;

	for (size_t i = 0; i < N_ERRORS; i++) {
		fake_guest_set(&b->guest, query_errno, (uint32_t)errors[i]);
		fake_guest_set(&b->guest, query_errno_count, 1);
		once &= shown(b);
		fake_guest_set(&b->guest, query_errno_count, 2);
		watch_look(&b->watch);
		twice &= !b->watch.frame && shown(b);
		fake_guest_set(&b->guest, query_errno_count, PCMDEV_FOREVER);
		watch_look(&b->watch);
		said &= !b->watch.frame && strstr(b->watch.reason, strerror(errors[i]));
		fake_guest_set(&b->guest, query_errno_count, 0);
		back &= shown(b);
	}
	check(once, "%s: a query that fails once is asked again at once", b->kind);
	check(twice, "%s: one that fails twice costs one look", b->kind);
	check(said, "%s: one that keeps failing is said: %s", b->kind, b->watch.reason);
	check(back, "%s: and the picture comes back", b->kind);
	check(fake_guest_get(&b->guest, opens) == 1, "%s: the device was kept open", b->kind);
}

/* Without a new viewer, so that the last picture may stay for a moment. */
static void fail_briefly(struct bench *b)
{
	struct timeval turn = clock_timeval(5 * NSEC_PER_MSEC);
	unsigned int events;
	int64_t start_ns;

	check(shown(b), "%s: a picture to begin with", b->kind);
	b->watch.frame = frame_unref(b->watch.frame);
	events = b->watch.events;
	start_ns = clock_now_ns();
	fake_guest_hide(&b->guest);
	capture_set_interval(b->watch.capture, 20 * NSEC_PER_MSEC);
	while (b->watch.events == events && clock_now_ns() - start_ns < WATCH_DEADLINE_NS) {
		event_base_loopexit(b->watch.base, &turn);
		event_base_dispatch(b->watch.base);
	}
	check(b->watch.reason[0] && clock_now_ns() - start_ns >= 400 * NSEC_PER_MSEC,
			"%s: a plane that goes off is said after a while only: %s", b->kind, b->watch.reason);
	fake_guest_show(&b->guest, PCMDEV_PRIMARY, &b->plane);
}

static void fail_maps(struct bench *b)
{
	static const struct {
		int error;
		const char *says;
	} refusals[] = {
		{ ENODEV, "only the GPU" },
		{ EINVAL, "only the GPU" },
		{ EACCES, "only the GPU" },
		{ ENOMEM, "Cannot allocate memory" },
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		fake_guest_set(&b->guest, mmap_errno, (uint32_t)refusals[i].error);
		/* Another size is another buffer, which is mapped anew. */
		b->plane.height--;
		fake_guest_show(&b->guest, PCMDEV_PRIMARY, &b->plane);
		watch_look(&b->watch);
		check(!b->watch.frame && strstr(b->watch.reason, refusals[i].says), "%s: mmap fails with %s: %s",
				b->kind, strerrorname_np(refusals[i].error), b->watch.reason);
	}
	fake_guest_set(&b->guest, mmap_errno, 0);
	b->plane.height--;
	fake_guest_show(&b->guest, PCMDEV_PRIMARY, &b->plane);
	check(shown(b), "%s: and a buffer that can be mapped is shown", b->kind);
}

static void fail_gets(struct bench *b)
{
	bool said = true, back = true;

	for (size_t i = 0; i < N_ERRORS; i++) {
		fake_guest_set(&b->guest, get_errno, (uint32_t)errors[i]);
		fake_guest_set(&b->guest, get_errno_count, 1);
		b->plane.height--;
		fake_guest_show(&b->guest, PCMDEV_PRIMARY, &b->plane);
		watch_look(&b->watch);
		said &= !b->watch.frame && strstr(b->watch.reason, strerror(errors[i]));
		back &= shown(b);
	}
	check(said, "%s: a GET that fails is said", b->kind);
	check(back, "%s: and tried again at the next look", b->kind);
}

/* A read while the GPU draws would wait for it: the look is left out. */
static void draw_for_long(struct bench *b)
{
	uint32_t begins;

	check(shown(b), "%s: a buffer that is drawn", b->kind);
	begins = fake_guest_get(&b->guest, read_begins);
	check(begins && fake_guest_get(&b->guest, read_ends) == begins, "%s: reads are announced and ended", b->kind);
	fake_guest_set(&b->guest, busy, 1);
	watch_look(&b->watch);
	check(!b->watch.frame && strstr(b->watch.reason, "does not finish drawing"), "%s: while it is drawn: %s",
			b->kind, b->watch.reason);
	fake_guest_set(&b->guest, busy, 0);
	check(shown(b), "%s: and when it is done", b->kind);
}

/* i915 answers a plane that is off with success and the struct it got. */
static void leave_struct(struct bench *b)
{
	fake_guest_set(&b->guest, leave_struct, 1);
	fake_guest_hide(&b->guest);
	watch_look(&b->watch);
	check(!b->watch.frame && strstr(b->watch.reason, "not enabled"), "%s: an untouched struct is an empty plane",
			b->kind);
	fake_guest_set(&b->guest, leave_struct, 0);
	fake_guest_show(&b->guest, PCMDEV_PRIMARY, &b->plane);
}

static void run(const char *type, const char *kind, bool dmabuf)
{
	struct bench b = { .mdev = mdev_create(type), .plane = fake_guest_plane(320, 200, 8192), .kind = kind };

	b.guest = fake_guest_open(&b.mdev);
	draw_plane(b.guest.vram + b.plane.offset, &b.plane, 7);
	fake_guest_show(&b.guest, PCMDEV_PRIMARY, &b.plane);
	watch_open_own(&b.watch, &b.mdev);
	if (check(shown(&b), "%s: shown", kind)) {
		fail_queries(&b);
		leave_struct(&b);
		fail_maps(&b);
		if (dmabuf) {
			fail_gets(&b);
			draw_for_long(&b);
		}
		fail_briefly(&b);
	}
	watch_close(&b.watch);
	fake_guest_close(&b.guest);
	mdev_remove(&b.mdev);
}

void group_errors(void)
{
	run("pcmdev-dmabuf", "dma-buf", true);
	run("pcmdev-region", "region", false);
}
