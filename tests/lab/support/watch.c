// SPDX-License-Identifier: GPL-2.0-or-later
/* The VFIO source, one look at a time. */
#include "tests/lab/support/watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "server/capture/capture.h"
#include "server/clock.h"
#include "server/frame.h"
#include "tests/lab/support/check.h"
#include "tests/lab/support/mdev.h"

/* Rare enough that looks happen when a test asks for them. */
#define INTERVAL_NS (3600 * NSEC_PER_SEC)
#define TURN_NS (20 * NSEC_PER_MSEC)

static void on_frame(void *user, struct frame *frame, const pixman_region32_t *hint)
{
	struct watch *watch = user;

	(void)hint;
	watch->frame = frame_ref(frame);
	watch->reason[0] = '\0';
	watch->events++;
}

static void on_off(void *user, const char *reason)
{
	struct watch *watch = user;

	snprintf(watch->reason, sizeof(watch->reason), "%s", reason);
	watch->events++;
}

static void on_cursor(void *user, const struct cursor *cursor)
{
	struct watch *watch = user;

	if (cursor_follow(&watch->cursor, cursor) < 0)
		check_bail_out("a pointer that cannot be");
	watch->cursors++;
}

static const struct capture_events events = { .frame = on_frame, .off = on_off, .cursor = on_cursor };

static void open_source(struct watch *watch)
{
	int r;

	watch->base = event_base_new();
	watch->config.source = (struct config_words){ 1, { CONFIG_SOURCE_VFIO } };
	watch->config.name = (char *)(uintptr_t)"lab";
	r = capture_open(watch->base, &watch->config, &events, watch, &watch->capture);
	if (r < 0)
		check_bail_out("capture_open: %s", strerror(-r));
}

void watch_open_own(struct watch *watch, const struct mdev *mdev)
{
	*watch = (struct watch){ .config = {
		.vfio_attach = CONFIG_ATTACH_OWN,
		.vfio_device = (char *)(uintptr_t)mdev->uuid,
	} };
	open_source(watch);
}

void watch_open_socket(struct watch *watch, const char *path)
{
	*watch = (struct watch){ .config = {
		.vfio_attach = CONFIG_ATTACH_SOCKET,
		.vfio_socket = (char *)(uintptr_t)path,
	} };
	open_source(watch);
}

void watch_close(struct watch *watch)
{
	watch->frame = frame_unref(watch->frame);
	cursor_finish(&watch->cursor);
	capture_close(watch->capture);
	event_base_free(watch->base);
}

static void turn(struct watch *watch)
{
	const struct timeval tv = clock_timeval(TURN_NS);

	event_base_loopexit(watch->base, &tv);
	event_base_loop(watch->base, EVLOOP_ONCE);
}

/* A look that says "nothing new" is none: false. */
static bool look_once(struct watch *watch, bool whole)
{
	unsigned int before = watch->events;

	watch->frame = frame_unref(watch->frame);
	capture_set_interval(watch->capture, INTERVAL_NS);
	if (whole)
		capture_refresh(watch->capture);
	capture_poke(watch->capture);
	event_base_loop(watch->base, EVLOOP_NONBLOCK);
	return watch->events != before;
}

struct frame *watch_look(struct watch *watch)
{
	if (!look_once(watch, true))
		check_bail_out("a look gave neither a picture nor a reason");
	return watch->frame;
}

bool watch_look_again(struct watch *watch)
{
	return look_once(watch, false);
}

bool watch_wait_frame(struct watch *watch)
{
	int64_t end_ns = clock_now_ns() + WATCH_DEADLINE_NS;

	while (!watch_look(watch)) {
		if (clock_now_ns() > end_ns)
			return false;
		turn(watch);
	}
	return true;
}

bool watch_wait_reason(struct watch *watch, const char *text)
{
	int64_t end_ns = clock_now_ns() + WATCH_DEADLINE_NS;

	while (watch_look(watch) || !strstr(watch->reason, text)) {
		if (clock_now_ns() > end_ns)
			return false;
		turn(watch);
	}
	return true;
}

bool watch_turn_until(struct watch *watch, bool (*done)(void *user), void *user)
{
	int64_t end_ns = clock_now_ns() + WATCH_DEADLINE_NS;

	while (!done(user)) {
		if (clock_now_ns() > end_ns)
			return false;
		turn(watch);
	}
	return true;
}

bool watch_rest_until(struct watch *watch, bool (*done)(void *user), void *user)
{
	/* A frame that we hold may hold the device. */
	watch->frame = frame_unref(watch->frame);
	capture_set_interval(watch->capture, 0);
	return watch_turn_until(watch, done, user);
}
