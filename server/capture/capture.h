/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where pictures come from. Loop thread only.
 *
 * VFIO tells nobody when a guest draws, so a source is looked at on a timer:
 * capture owns the timer, a source answers poll(). A source that is told (D-Bus)
 * says so and calls capture_changed(): it is looked at then, as often as others may
 * be, and while nothing comes not at all.
 *
 * Embed struct capture as first member of a source's own struct; open()
 * functions allocate it, capture_close() ends it.
 */
#ifndef PLANECAST_SERVER_CAPTURE_CAPTURE_H
#define PLANECAST_SERVER_CAPTURE_CAPTURE_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

struct capture;
struct config_vm;
struct cursor;
struct event;
struct event_base;
struct frame;
struct input_event;
struct qemu_bus;

struct capture_impl {
	const char *name;
	/*
	 * One look. 0: *ret_frame is a new reference, which the caller drops.
	 * -EAGAIN: nothing new since the last look (only for sources that can
	 * tell; while capture->whole is set: what there is to see is about to
	 * come). capture->hint may be set to what changed. Any other negative
	 * errno: no picture now; the source has said why with
	 * capture_set_reason(). Never blocks, never asserts on what the guest
	 * said.
	 */
	int (*poll)(struct capture *capture, struct frame **ret_frame);
	/* poll() answers -EAGAIN whenever nothing changed: a frame from it is a change. */
	bool knows_change;
	/* It calls capture_changed() when poll() has news. */
	bool told;
	/* Mandatory. Frees everything, the struct too. */
	void (*close)(struct capture *capture);
	/* Optional: the guest should show this size. 0 or negative errno. */
	int (*resize)(struct capture *capture, uint32_t width, uint32_t height);
	/* Optional: somebody watches, or nobody does any more, which is how it begins. */
	void (*watch)(struct capture *capture, bool watched);
	/* Optional: a source that reacts to input by itself (pattern). */
	void (*input)(struct capture *capture, const struct input_event *event);
};

/* Always from the loop, never from inside a call below. */
struct capture_events {
	/* A look at the picture. frame is borrowed. hint: what changed, or NULL. */
	void (*frame)(void *user, struct frame *frame, const pixman_region32_t *hint);
	/*
	 * There is no picture; reason is one plain English sentence for the
	 * status card. Sent once per change of reason, and again when there was
	 * a picture in between.
	 */
	void (*off)(void *user, const char *reason);
	/* Optional. Borrowed. */
	void (*cursor)(void *user, const struct cursor *cursor);
	/*
	 * Optional. A look is over, whatever came of it; it began at start_ns.
	 * The time to say when the next one is due.
	 */
	void (*looked)(void *user, int64_t start_ns);
};

struct capture {
	const struct capture_impl *impl;
	const struct capture_events *events;
	void *user;
	struct event *timer;
	int64_t interval_ns;
	int64_t looked_ns; /* when the last look began */
	int64_t changed_ns; /* told: since when there may be news */
	const pixman_region32_t *hint; /* what the frame of this look changed; NULL: nobody knows */
	bool whole; /* the next look must yield a picture even if nothing changed */
	char reason[160];
	char reason_sent[160];
};

/*
 * Opens the source that the VM's config names. Nothing is polled before
 * capture_set_interval(). A device that is not there (yet) is no error: the
 * source opens, its reason says what is missing, and each poll tries again.
 * config is not kept: what a source needs of it changes only with the process.
 * bus is borrowed until capture_close(); NULL where config names none.
 * -EINVAL, -ENOMEM.
 */
int capture_open(struct event_base *base, const struct config_vm *config, struct qemu_bus *bus,
		const struct capture_events *events, void *user, struct capture **ret);
/* NULL is fine. Not from inside an event. */
void capture_close(struct capture *capture);

/*
 * From the beginning of a look to that of the next; it counts from the last one,
 * so a shorter one may be over already. 0: nobody watches, never look. When it
 * was 0 before, the source is looked at at once and gives a whole picture. At
 * least 1 ms otherwise. A look comes from the loop, never from inside this call;
 * so does capture_poke()'s.
 */
void capture_set_interval(struct capture *capture, int64_t interval_ns);
/*
 * Look as soon as the loop turns. Several pokes in one turn are one look; nothing
 * while nobody watches.
 */
void capture_poke(struct capture *capture);
/*
 * The last picture was not taken up (damage was busy, the shadow was dropped):
 * the next look yields one, or says again why there is none, even if nothing
 * changed since.
 */
void capture_refresh(struct capture *capture);
/* -EOPNOTSUPP where the source cannot. */
int capture_resize(struct capture *capture, uint32_t width, uint32_t height);
void capture_input(struct capture *capture, const struct input_event *event);

/*
 * For sources. capture_init() makes the timer: -ENOMEM. A source sets its reason before
 * poll() fails.
 */
int capture_init(struct capture *capture, const struct capture_impl *impl, struct event_base *base,
		const struct capture_events *events, void *user);
void capture_finish(struct capture *capture);
/* There is news, or another reason: a look comes soon, from the loop. Any number of times. */
void capture_changed(struct capture *capture);
void capture_emit_frame(struct capture *capture, struct frame *frame, const pixman_region32_t *hint);
void capture_emit_cursor(struct capture *capture, const struct cursor *cursor);
void capture_set_reason(struct capture *capture, const char *fmt, ...)
		__attribute__((format(printf, 2, 3)));

/* The sources. */
int capture_pattern_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);
int capture_memory_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);
int capture_replay_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);
int capture_dbus_open(struct event_base *base, struct qemu_bus *bus, const struct capture_events *events, void *user,
		struct capture **ret);
int capture_vfio_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);

#endif
