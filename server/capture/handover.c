// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of several sources is shown. */
#include "server/capture/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "server/cursor.h"
#include "server/frame.h"
#include "server/input.h"
#include "server/log.h"

enum answer { ANSWER_NONE, ANSWER_PICTURE, ANSWER_OFF };

struct part {
	struct handover *handover;
	struct capture *capture;
	enum answer answer; /* of the newest look since it has an interval */
	struct cursor cursor; /* with pixels of its own; all zero: it has shown none */
};

struct handover {
	struct capture capture; /* first */
	unsigned int count;
	struct part parts[CONFIG_WORDS_MAX]; /* the best first */
	struct part *shown; /* whose pictures are passed on; NULL: there are none, or they are looked for */
	struct part *last; /* that the owner was told of; NULL: of none */
	bool fresh; /* no picture of it was passed on yet */
	bool off; /* all have answered, and none has a picture */
	bool cursor_seen; /* viewers see one */
};

static void set_paces(struct handover *handover)
{
	const int64_t interval_ns = handover->capture.interval_ns;

	handover->off = handover->off && interval_ns;
	for (unsigned int i = 0; i < handover->count; i++) {
		struct part *part = &handover->parts[i];
		int64_t pace_ns = HANDOVER_WATCH_NS;

		if (!interval_ns || (handover->shown && part > handover->shown))
			pace_ns = 0;
		else if (part == handover->shown)
			pace_ns = interval_ns;
		if (!pace_ns)
			part->answer = ANSWER_NONE;
		capture_set_interval(part->capture, pace_ns);
	}
}

/* Cursors of different sources are different shapes, whatever these call them. */
static void pass_cursor(struct handover *handover, const struct part *part, const struct cursor *cursor)
{
	struct cursor news = *cursor;

	news.shape_serial = cursor->shape_serial * CONFIG_WORDS_MAX + (uint64_t)(part - handover->parts);
	handover->cursor_seen = cursor->visible;
	capture_emit_cursor(&handover->capture, &news);
}

/* NULL: nobody's pictures. */
static void tell_source(struct handover *handover, struct part *part)
{
	static const struct cursor hidden = { 0 };
	struct capture *capture = &handover->capture;

	if (part == handover->last)
		return;
	handover->last = part;
	if (part && part > handover->parts)
		log_notice(NULL, "showing %s; no picture from %s: %s", part->capture->impl->name,
				handover->parts[0].capture->impl->name, handover->parts[0].capture->reason);
	else if (part)
		log_notice(NULL, "showing %s", part->capture->impl->name);
	if (capture->events->source)
		capture->events->source(capture->user, part ? part->capture->impl->name : NULL);
	if (part && part->cursor.visible)
		pass_cursor(handover, part, &part->cursor);
	else if (handover->cursor_seen)
		pass_cursor(handover, handover->parts, &hidden);
}

static void show(struct handover *handover, struct part *part)
{
	handover->shown = part;
	handover->fresh = true;
	handover->off = false;
	set_paces(handover);
	tell_source(handover, part);
}

static void handle_frame(void *user, struct frame *frame, const pixman_region32_t *hint)
{
	struct part *part = user;
	struct handover *handover = part->handover;
	pixman_region32_t whole;

	part->answer = ANSWER_PICTURE;
	if (!handover->shown || part < handover->shown)
		show(handover, part);
	if (part != handover->shown)
		return;
	/* As a hint it says that there is a change: of this kind of source the owner knows nothing. */
	pixman_region32_init_rect(&whole, 0, 0, frame->width, frame->height);
	if (handover->fresh || (!hint && part->capture->impl->knows_change))
		hint = &whole;
	handover->fresh = false;
	capture_emit_frame(&handover->capture, frame, hint);
	pixman_region32_fini(&whole);
}

static void say_why(struct handover *handover)
{
	const char *last = handover->parts[handover->count - 1].capture->reason;
	const char *first = handover->parts[0].capture->reason;

	if (strcmp(last, first) == 0)
		capture_set_reason(&handover->capture, "%s", last);
	else
		capture_set_reason(&handover->capture, "%s %s", last, first);
}

static void handle_off(void *user, const char *reason)
{
	struct part *part = user;
	struct handover *handover = part->handover;

	(void)reason;
	part->answer = ANSWER_OFF;
	if (part == handover->shown) {
		handover->shown = NULL;
		set_paces(handover);
	}
	if (handover->shown)
		return;
	for (unsigned int i = 0; i < handover->count; i++)
		if (handover->parts[i].answer != ANSWER_OFF)
			return;
	handover->off = true;
	tell_source(handover, NULL);
	say_why(handover);
}

static void handle_cursor(void *user, const struct cursor *cursor)
{
	struct part *part = user;

	/* What there is no memory for now comes with the next shape. */
	(void)cursor_follow(&part->cursor, cursor);
	if (part == part->handover->last)
		pass_cursor(part->handover, part, cursor);
}

static void handle_pointer(void *user, bool absolute)
{
	struct part *part = user;

	capture_emit_pointer(&part->handover->capture, absolute);
}

static void handle_leds(void *user, unsigned int leds)
{
	struct part *part = user;

	capture_emit_leds(&part->handover->capture, leds);
}

static void handle_looked(void *user, int64_t start_ns)
{
	struct part *part = user;
	struct capture *capture = &part->handover->capture;

	if (capture->events->looked && (part == part->handover->shown || part->handover->off))
		capture->events->looked(capture->user, start_ns);
}

static const struct capture_events part_events = {
	.frame = handle_frame,
	.off = handle_off,
	.cursor = handle_cursor,
	.pointer = handle_pointer,
	.leds = handle_leds,
	.looked = handle_looked,
};

static void handover_attend(struct capture *capture, bool soon)
{
	struct handover *handover = (struct handover *)capture;

	set_paces(handover);
	for (unsigned int i = 0; i < handover->count; i++) {
		struct part *part = &handover->parts[i];

		if (handover->shown && part != handover->shown)
			continue;
		if (capture->whole) {
			part->answer = ANSWER_NONE;
			capture_refresh(part->capture);
		}
		if (soon)
			capture_poke(part->capture);
	}
}

static int handover_resize(struct capture *capture, uint32_t width, uint32_t height)
{
	struct handover *handover = (struct handover *)capture;
	int r = -EOPNOTSUPP;

	if (handover->shown)
		r = capture_resize(handover->shown->capture, width, height);
	for (unsigned int i = 0; i < handover->count && r == -EOPNOTSUPP; i++)
		r = capture_resize(handover->parts[i].capture, width, height);
	return r;
}

/* There is one who needs it, at most. */
static void handover_take_broker(struct capture *capture, int fd)
{
	struct handover *handover = (struct handover *)capture;
	unsigned int i = 0;

	while (i + 1 < handover->count && !handover->parts[i].capture->impl->take_broker)
		i++;
	capture_take_broker(handover->parts[i].capture, fd);
}

static void handover_take_bus(struct capture *capture, struct qemu_bus *bus)
{
	struct handover *handover = (struct handover *)capture;

	for (unsigned int i = 0; i < handover->count; i++)
		capture_take_bus(handover->parts[i].capture, bus);
}

/* The source that takes input to the guest; NULL: none. */
static struct capture *find_taker(const struct handover *handover)
{
	for (unsigned int i = 0; i < handover->count; i++)
		if (capture_takes_input(handover->parts[i].capture))
			return handover->parts[i].capture;
	return NULL;
}

static void handover_input(struct capture *capture, const struct input_event *event)
{
	struct handover *handover = (struct handover *)capture;
	struct capture *taker = find_taker(handover);

	struct capture *shown = handover->shown ? handover->shown->capture : NULL;

	if (!taker)
		taker = shown;
	if (taker)
		capture_input(taker, event);
	/* It looks on: from where viewers point a VFIO device's hot spots are learnt. */
	if (shown && shown != taker && event->kind == INPUT_POINTER)
		capture_input(shown, event);
}

static bool handover_takes_input(const struct capture *capture)
{
	return find_taker((const struct handover *)capture) != NULL;
}

static void handover_close(struct capture *capture)
{
	struct handover *handover = (struct handover *)capture;

	for (unsigned int i = 0; i < handover->count; i++) {
		capture_close(handover->parts[i].capture);
		cursor_finish(&handover->parts[i].cursor);
	}
	capture_finish(capture);
	free(handover);
}

static const struct capture_impl handover_impl = {
	.name = "handover",
	.attend = handover_attend,
	.close = handover_close,
	.resize = handover_resize,
	.input = handover_input,
	.takes_input = handover_takes_input,
	.take_broker = handover_take_broker,
	.take_bus = handover_take_bus,
};

int handover_open(struct event_base *base, const struct config_vm *config, const capture_open_fn *opens,
		unsigned int count, const struct capture_events *events, void *user, struct capture **ret)
{
	struct handover *handover = calloc(1, sizeof(*handover));
	int r;

	if (!handover)
		return -ENOMEM;
	r = capture_init(&handover->capture, &handover_impl, base, events, user);
	for (; r >= 0 && handover->count < count; handover->count++) {
		struct part *part = &handover->parts[handover->count];

		part->handover = handover;
		r = opens[handover->count](base, config, &part_events, part, &part->capture);
		if (r < 0)
			break;
	}
	if (r < 0) {
		handover_close(&handover->capture);
		return r;
	}
	*ret = &handover->capture;
	return 0;
}
