// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pictures of QEMU's D-Bus display, which says what changed. QEMU is listened to while somebody watches, and only then:
 * each listener costs it a copy of what the guest draws.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/capture/capture.h"
#include "server/capture/dbus_listener.h"
#include "server/capture/dbus_picture.h"
#include "server/capture/vfio_frame.h"
#include "server/clock.h"
#include "server/cursor.h"
#include "server/frame.h"
#include "server/log.h"
#include "server/qemu_bus.h"
#include "server/qemu_input.h"

#define CONSOLE_PATH "/org/qemu/Display1/Console_0"
#define CONSOLE "org.qemu.Display1.Console"
/* Monitors say how large they are, not how fine: as most are. */
#define DPI_X10 960
#define BACKOFF_MIN_NS (100 * NSEC_PER_MSEC)
#define BACKOFF_MAX_NS (2 * NSEC_PER_SEC)

struct capture_dbus {
	struct capture capture; /* first */
	struct event_base *base;
	struct qemu_bus *bus; /* NULL: not given yet */
	struct qemu_bus_user user;
	struct qemu_input *input; /* NULL: there is no bus */
	struct dbus_picture picture;
	pixman_region32_t shown; /* the damage of the frame that was handed out last */
	uint64_t sequence;
	uint64_t shapes, shapes_next; /* of the pointer: those of all listeners before this one, and of it, too */
	bool cursor_seen;

	bool watched;
	struct dbus_listener *listener; /* NULL: QEMU tells nothing */
	sd_bus_slot *asked; /* RegisterListener has no answer yet */
	struct event *timer; /* next attempt, or patience with a QEMU that tells nothing */
	int64_t backoff_ns;
	char trouble[DBUS_REASON_BYTES]; /* why QEMU tells nothing; empty: it does, or will */
	char warned[DBUS_REASON_BYTES]; /* the last such that the log has */
};

static void listen_again(struct capture_dbus *dbus);

static void arm(struct capture_dbus *dbus, int64_t delay_ns)
{
	struct timeval delay = clock_timeval(delay_ns);

	evtimer_add(dbus->timer, &delay);
}

static void stop_listening(struct capture_dbus *dbus)
{
	evtimer_del(dbus->timer);
	dbus->asked = sd_bus_slot_unref(dbus->asked);
	dbus_listener_free(dbus->listener);
	dbus->listener = NULL;
}

static void try_later(struct capture_dbus *dbus)
{
	stop_listening(dbus);
	arm(dbus, dbus->backoff_ns);
	dbus->backoff_ns *= 2;
	if (dbus->backoff_ns > BACKOFF_MAX_NS)
		dbus->backoff_ns = BACKOFF_MAX_NS;
}

static void fail(struct capture_dbus *dbus, const char *trouble)
{
	snprintf(dbus->trouble, sizeof(dbus->trouble), "%s", trouble);
	if (strcmp(dbus->trouble, dbus->warned)) {
		strcpy(dbus->warned, dbus->trouble);
		log_warn(NULL, "D-Bus display: %s Trying on.", trouble);
	}
	dbus_picture_forget(&dbus->picture);
	try_later(dbus);
	capture_changed(&dbus->capture);
}

static void handle_changed(void *user)
{
	struct capture_dbus *dbus = user;

	if (dbus->picture.frame || dbus->picture.off) {
		evtimer_del(dbus->timer);
		dbus->backoff_ns = BACKOFF_MIN_NS;
		dbus->trouble[0] = dbus->warned[0] = '\0';
	}
	capture_changed(&dbus->capture);
}

static void handle_ended(void *user, int why, bool refused)
{
	struct capture_dbus *dbus = user;
	char trouble[DBUS_REASON_BYTES];

	if (refused) {
		fail(dbus, dbus->picture.reason);
	} else if (why == -ESTALE) {
		log_debug(NULL, "QEMU has another picture than it told of: asking anew");
		try_later(dbus);
	} else {
		snprintf(trouble, sizeof(trouble), "QEMU has stopped telling its picture: %s.", strerror(-why));
		fail(dbus, trouble);
	}
}

/* Each listener counts its shapes from the beginning. */
static void handle_cursor(void *user, const struct cursor *cursor)
{
	struct capture_dbus *dbus = user;
	struct cursor news = *cursor;

	news.shape_serial += dbus->shapes;
	dbus->shapes_next = news.shape_serial + 1;
	dbus->cursor_seen = news.visible;
	capture_emit_cursor(&dbus->capture, &news);
}

static void hide_cursor(struct capture_dbus *dbus)
{
	static const struct cursor hidden = { 0 };

	if (dbus->cursor_seen)
		capture_emit_cursor(&dbus->capture, &hidden);
	dbus->cursor_seen = false;
	dbus->shapes = dbus->shapes_next;
}

static const struct dbus_listener_events listener_events = {
	.cursor = handle_cursor,
	.changed = handle_changed,
	.ended = handle_ended,
};

static int handle_registered(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct capture_dbus *dbus = user;
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	char trouble[DBUS_REASON_BYTES];

	(void)error;
	dbus->asked = sd_bus_slot_unref(dbus->asked);
	if (!refusal)
		return 0;
	snprintf(trouble, sizeof(trouble), "QEMU does not tell its picture: %.100s.",
			refusal->message ? refusal->message : refusal->name);
	fail(dbus, trouble);
	return 0;
}

static int start_listening(struct capture_dbus *dbus)
{
	int fd, r;

	r = dbus_listener_new(dbus->base, &dbus->picture, &listener_events, dbus, &dbus->listener, &fd);
	if (r < 0)
		return r;
	r = qemu_bus_call(dbus->bus, &dbus->asked, CONSOLE_PATH, CONSOLE, "RegisterListener", handle_registered, dbus,
			"h", fd);
	close(fd);
	if (r < 0)
		return r;
	arm(dbus, QEMU_BUS_PATIENCE_NS);
	return 0;
}

/* From here on nothing of what was told counts, but it stays to be seen until there is better. */
static void listen_again(struct capture_dbus *dbus)
{
	char trouble[DBUS_REASON_BYTES];
	int r;

	stop_listening(dbus);
	if (!dbus->watched || !dbus->bus || !qemu_bus_is_up(dbus->bus))
		return;
	hide_cursor(dbus);
	dbus_picture_forget(&dbus->picture);
	r = start_listening(dbus);
	if (r < 0) {
		snprintf(trouble, sizeof(trouble), "QEMU cannot be asked for its picture: %s.", strerror(-r));
		fail(dbus, trouble);
	}
}

static void handle_timer(evutil_socket_t fd, short what, void *user)
{
	struct capture_dbus *dbus = user;

	(void)fd;
	(void)what;
	if (dbus->listener)
		fail(dbus, "QEMU does not tell what the guest shows.");
	else
		listen_again(dbus);
}

static void handle_up(void *user)
{
	struct capture_dbus *dbus = user;

	dbus->trouble[0] = '\0';
	dbus->backoff_ns = BACKOFF_MIN_NS;
	listen_again(dbus);
}

static void handle_down(void *user)
{
	struct capture_dbus *dbus = user;

	stop_listening(dbus);
	hide_cursor(dbus);
	dbus_picture_forget(&dbus->picture);
	capture_changed(&dbus->capture);
}

static int poll_dbus(struct capture *capture, struct frame **ret_frame)
{
	struct capture_dbus *dbus = (struct capture_dbus *)capture;
	struct dbus_picture *picture = &dbus->picture;
	const char *trouble = dbus->trouble;
	int r;

	r = dbus_picture_check(picture);
	if (r == -EBUSY) {
		capture_changed(capture);
		return -EAGAIN;
	}
	if (r < 0)
		fail(dbus, picture->reason);
	if (picture->frame) {
		if (!capture->whole && !pixman_region32_not_empty(&picture->damage))
			return -EAGAIN;
		pixman_region32_copy(&dbus->shown, &picture->damage);
		pixman_region32_clear(&picture->damage);
		capture->hint = capture->whole ? NULL : &dbus->shown;
		vfio_frame_stamp(picture->frame, ++dbus->sequence, clock_now_ns());
		*ret_frame = frame_ref(picture->frame);
		return 0;
	}
	if (picture->off)
		trouble = "The guest's display is off.";
	else if (dbus->bus && !qemu_bus_is_up(dbus->bus))
		trouble = qemu_bus_trouble(dbus->bus);
	/* It is about to come: no news yet. */
	if (!trouble[0])
		return -EAGAIN;
	capture_set_reason(capture, "%s", trouble);
	return -ENODATA;
}

static void watch_dbus(struct capture *capture, bool watched)
{
	struct capture_dbus *dbus = (struct capture_dbus *)capture;

	dbus->watched = watched;
	if (watched) {
		listen_again(dbus);
	} else {
		stop_listening(dbus);
		dbus_picture_forget(&dbus->picture);
	}
}

static void handle_input_ready(void *user, bool ready)
{
	struct capture_dbus *dbus = user;

	(void)ready;
	capture_emit_pointer(&dbus->capture, true);
}

static void handle_pointer(void *user, bool absolute)
{
	struct capture_dbus *dbus = user;

	capture_emit_pointer(&dbus->capture, absolute);
}

static void handle_leds(void *user, unsigned int leds)
{
	struct capture_dbus *dbus = user;

	capture_emit_leds(&dbus->capture, leds);
}

static const struct qemu_input_events input_events = {
	.ready = handle_input_ready,
	.pointer = handle_pointer,
	.leds = handle_leds,
};

static void take_bus(struct capture *capture, struct qemu_bus *bus)
{
	struct capture_dbus *dbus = (struct capture_dbus *)capture;

	if (qemu_input_new(bus, &input_events, dbus, &dbus->input) < 0)
		log_warn(NULL, "no memory for input over QEMU's D-Bus display");
	dbus->bus = bus;
	qemu_bus_add_user(bus, &dbus->user);
}

static bool takes_input(const struct capture *capture)
{
	const struct capture_dbus *dbus = (const struct capture_dbus *)capture;

	return dbus->input && qemu_input_is_ready(dbus->input);
}

static void put_input(struct capture *capture, const struct input_event *event)
{
	struct capture_dbus *dbus = (struct capture_dbus *)capture;

	if (dbus->input)
		qemu_input_put(dbus->input, event);
}

static int handle_resized(sd_bus_message *message, void *user, sd_bus_error *error)
{
	const sd_bus_error *refusal = sd_bus_message_get_error(message);

	(void)user;
	(void)error;
	if (refusal)
		log_info(NULL, "QEMU does not tell the guest which size viewers wish for: %s",
				refusal->message ? refusal->message : refusal->name);
	return 0;
}

static int resize_dbus(struct capture *capture, uint32_t width, uint32_t height)
{
	struct capture_dbus *dbus = (struct capture_dbus *)capture;

	if (!dbus->bus)
		return -EOPNOTSUPP;
	if (!width || !height || width > FRAME_SIZE_MAX || height > FRAME_SIZE_MAX)
		return -EINVAL;
	return qemu_bus_call(dbus->bus, NULL, CONSOLE_PATH, CONSOLE, "SetUIInfo", handle_resized, NULL, "qqiiuu",
			(int)(width * 254 / DPI_X10), (int)(height * 254 / DPI_X10), 0, 0, width, height);
}

static void close_dbus(struct capture *capture)
{
	struct capture_dbus *dbus = (struct capture_dbus *)capture;

	qemu_input_free(dbus->input);
	if (dbus->bus)
		qemu_bus_remove_user(dbus->bus, &dbus->user);
	if (dbus->timer) {
		stop_listening(dbus);
		event_free(dbus->timer);
	}
	dbus_picture_finish(&dbus->picture);
	pixman_region32_fini(&dbus->shown);
	capture_finish(capture);
	free(dbus);
}

static const struct capture_impl dbus_impl = {
	.name = "dbus",
	.poll = poll_dbus,
	.knows_change = true,
	.tells_change = true,
	.close = close_dbus,
	.resize = resize_dbus,
	.input = put_input,
	.takes_input = takes_input,
	.watch = watch_dbus,
	.take_bus = take_bus,
};

int capture_dbus_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret)
{
	struct capture_dbus *dbus = calloc(1, sizeof(*dbus));
	int r;

	if (!dbus)
		return -ENOMEM;
	(void)config;
	dbus->base = base;
	dbus->backoff_ns = BACKOFF_MIN_NS;
	dbus->user = (struct qemu_bus_user){ .up = handle_up, .down = handle_down, .data = dbus };
	dbus_picture_init(&dbus->picture);
	pixman_region32_init(&dbus->shown);
	r = capture_init(&dbus->capture, &dbus_impl, base, events, user);
	if (!r) {
		dbus->timer = evtimer_new(base, handle_timer, dbus);
		r = dbus->timer ? 0 : -ENOMEM;
	}
	if (r < 0) {
		close_dbus(&dbus->capture);
		return r;
	}
	*ret = &dbus->capture;
	return 0;
}
