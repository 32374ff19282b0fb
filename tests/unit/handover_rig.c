// SPDX-License-Identifier: GPL-2.0-or-later
/* Puppets behind a handover. */
#include "tests/unit/handover_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "server/frame.h"

struct handover_rig t;

#define DEADLINE_NS (10 * NSEC_PER_SEC)
static uint32_t width_of(const struct puppet *puppet)
{
	uint32_t i = 0;

	while (t.puppets[i] != puppet)
		i++;
	return 100 + i;
}

static struct frame *make_frame(const struct puppet *puppet)
{
	struct frame *frame;

	assert_int_equal(frame_new_memory(width_of(puppet), 50, &frame), 0);
	return frame;
}

static int puppet_poll(struct capture *capture, struct frame **ret_frame)
{
	struct puppet *puppet = (struct puppet *)capture;

	puppet->looks++;
	puppet->wholes += capture->whole;
	if (puppet->answer) {
		capture_set_reason(capture, "%s", puppet->reason);
		return puppet->answer;
	}
	*ret_frame = make_frame(puppet);
	return 0;
}

static int puppet_resize(struct capture *capture, uint32_t width, uint32_t height)
{
	struct puppet *puppet = (struct puppet *)capture;

	(void)width;
	(void)height;
	puppet->resizes++;
	return puppet->resize;
}

static void puppet_input(struct capture *capture, const struct input_event *event)
{
	struct puppet *puppet = (struct puppet *)capture;

	(void)event;
	puppet->inputs++;
}

static bool puppet_takes_input(const struct capture *capture)
{
	return ((const struct puppet *)capture)->takes_input;
}

static void puppet_close(struct capture *capture)
{
	capture_finish(capture);
	free(capture);
}

static const struct capture_impl polled = {
	.name = "polled",
	.poll = puppet_poll,
	.close = puppet_close,
	.resize = puppet_resize,
	.input = puppet_input,
	.takes_input = puppet_takes_input,
};

static const struct capture_impl knowing = {
	.name = "knowing",
	.poll = puppet_poll,
	.knows_change = true,
	.close = puppet_close,
};

static const struct capture_impl told = {
	.name = "told",
	.knows_change = true,
	.close = puppet_close,
	.resize = puppet_resize,
	.input = puppet_input,
	.takes_input = puppet_takes_input,
};

static int open_puppet(struct event_base *base, const struct capture_impl *impl,
		const struct capture_events *events, void *user, struct capture **ret)
{
	struct puppet *puppet = calloc(1, sizeof(*puppet));
	unsigned int i = 0;

	assert_non_null(puppet);
	assert_int_equal(capture_init(&puppet->capture, impl, base, events, user), 0);
	while (t.puppets[i])
		i++;
	t.puppets[i] = puppet;
	puppet->answer = -ENODEV;
	puppet->reason = "Puppet is off.";
	puppet->resize = -EOPNOTSUPP;
	*ret = &puppet->capture;
	return 0;
}

int open_polled(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret)
{
	(void)config;
	return open_puppet(base, &polled, events, user, ret);
}

int open_knowing(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret)
{
	(void)config;
	return open_puppet(base, &knowing, events, user, ret);
}

int open_told(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret)
{
	(void)config;
	return open_puppet(base, &told, events, user, ret);
}

static void on_frame(void *user, struct frame *frame, const pixman_region32_t *hint)
{
	pixman_region32_t all;

	(void)user;
	pixman_region32_init_rect(&all, 0, 0, frame->width, frame->height);
	t.hinted = hint != NULL;
	t.whole = hint && pixman_region32_equal((pixman_region32_t *)(uintptr_t)hint, &all);
	pixman_region32_fini(&all);
	t.width = frame->width;
	t.frames++;
	if (t.refuse)
		capture_refresh(t.capture);
}

static void on_off(void *user, const char *reason)
{
	(void)user;
	snprintf(t.reason, sizeof(t.reason), "%s", reason);
	t.width = 0;
	t.offs++;
}

static void on_source(void *user, const char *name)
{
	(void)user;
	snprintf(t.source, sizeof(t.source), "%s", name ? name : "none");
	t.sources++;
}

static void on_cursor(void *user, const struct cursor *cursor)
{
	(void)user;
	t.cursor = *cursor;
	t.cursors++;
}

static void on_pointer(void *user, bool absolute)
{
	(void)user;
	t.absolute = absolute;
}

static void on_leds(void *user, unsigned int leds)
{
	(void)user;
	t.leds = leds;
}

static void on_looked(void *user, int64_t start_ns)
{
	(void)user;
	assert_in_range(clock_now_ns() - start_ns, 0, DEADLINE_NS);
	t.looked++;
}

const struct capture_events handover_rig_events = {
	.frame = on_frame,
	.off = on_off,
	.source = on_source,
	.cursor = on_cursor,
	.pointer = on_pointer,
	.leds = on_leds,
	.looked = on_looked,
};

int handover_setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.base = event_base_new();
	return t.base ? 0 : -1;
}

int handover_teardown(void **state)
{
	(void)state;
	capture_close(t.capture);
	event_base_free(t.base);
	if (t.path[0])
		unlink(t.path);
	return 0;
}

void run_ready(void)
{
	event_base_loop(t.base, EVLOOP_NONBLOCK);
}

void open_all(capture_open_fn best, capture_open_fn other)
{
	const capture_open_fn opens[] = { best, other };

	assert_int_equal(handover_open(t.base, &t.config, opens, 2, &handover_rig_events, NULL, &t.capture), 0);
}

void wait_for(uint32_t width)
{
	int64_t end_ns = clock_now_ns() + DEADLINE_NS;

	while (t.width != width) {
		assert_true(clock_now_ns() < end_ns);
		event_base_loop(t.base, EVLOOP_ONCE);
	}
}

void emit(struct puppet *puppet, const pixman_region32_t *hint)
{
	struct frame *frame = make_frame(puppet);

	capture_emit_frame(&puppet->capture, frame, hint);
	frame_unref(frame);
}
