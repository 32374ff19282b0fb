/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where pictures come from. Loop thread only.
 *
 * VFIO tells nobody when a guest draws, so a source is looked at on a timer:
 * capture owns the timer, a source answers poll(). A source that is told
 * (D-Bus) leaves poll NULL and calls capture_emit_frame() when it has one; its
 * newest picture is kept here, and shown to whoever comes later.
 *
 * Embed struct capture as first member of a source's own struct; open()
 * functions allocate it, capture_close() ends it.
 */
#ifndef PLANECAST_SERVER_CAPTURE_CAPTURE_H
#define PLANECAST_SERVER_CAPTURE_CAPTURE_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

/* Why there is no picture, of one source and of several: as long at most, with its end. */
#define CAPTURE_REASON_BYTES 512
/* One of them. */
#define CAPTURE_NO_MEMORY "No memory for the picture: raise memory-max, or free some on this host."

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
	 * said. NULL: the source is told, or has attend.
	 */
	int (*poll)(struct capture *capture, struct frame **ret_frame);
	/* Whatever is told or polled is a change: poll() answers -EAGAIN whenever there was none. */
	bool knows_change;
	/* It calls capture_changed() when poll() has news, and need not be polled while it rests. */
	bool tells_change;
	/*
	 * For what is made of other sources and looks by itself: interval_ns or whole is
	 * another one; soon: a look is wanted now. Also from inside its own events.
	 */
	void (*attend)(struct capture *capture, bool soon);
	/* Mandatory. Frees everything, the struct too. */
	void (*close)(struct capture *capture);
	/* Optional: the guest should show this size. 0 or negative errno. */
	int (*resize)(struct capture *capture, uint32_t width, uint32_t height);
	/* Optional: a source that reacts to input by itself (pattern), or takes it to the guest. */
	void (*input)(struct capture *capture, const struct input_event *event);
	/*
	 * Optional: input() takes keys and the pointer to the guest now, and nobody else has to. It may
	 * come and go with a connection.
	 */
	bool (*takes_input)(const struct capture *capture);
	/* Optional: somebody watches, or nobody does any more, which is how it begins. */
	void (*watch)(struct capture *capture, bool watched);
	/* Optional: a source that talks to QEMU: capture_take_bus(). */
	void (*take_bus)(struct capture *capture, struct qemu_bus *bus);
	/* Optional: a source that a broker passes devices to. Takes fd: capture_take_broker(). */
	void (*take_broker)(struct capture *capture, int fd);
};

/* Always from the loop, never from inside a call below but for told sources. */
struct capture_events {
	/* A look at the picture. frame is borrowed. hint: what changed, or NULL. */
	void (*frame)(void *user, struct frame *frame, const pixman_region32_t *hint);
	/*
	 * There is no picture; reason is one plain English sentence for the
	 * status card. Sent once per change of reason, and again when there was
	 * a picture in between.
	 */
	void (*off)(void *user, const char *reason);
	/*
	 * Optional. From here on it is another source's picture, by its name, of which the first frame is whole; NULL:
	 * none has one. Only of what is made of several.
	 */
	void (*source)(void *user, const char *name);
	/* Optional. Borrowed. */
	void (*cursor)(void *user, const struct cursor *cursor);
	/*
	 * Optional. The guest's pointer takes positions, or motion only; told when it changes, and when
	 * the source begins or ends to take input.
	 */
	void (*pointer)(void *user, bool absolute);
	/* Optional. The guest's keyboard lights are these now, enum input_led. */
	void (*leds)(void *user, unsigned int leds);
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
	int64_t changed_ns; /* tells_change: since when there may be news */
	const pixman_region32_t *hint; /* what the frame that is polled changed; NULL: nobody knows */
	bool whole; /* the next look must yield a picture even if nothing changed */
	struct frame *newest; /* of a source that is told; NULL: none, for that reason */
	char reason[CAPTURE_REASON_BYTES];
	char reason_sent[CAPTURE_REASON_BYTES];
};

/* Opens a source: the functions below. */
typedef int (*capture_open_fn)(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);

/*
 * Opens the source that the VM's config names; of several the best that has a
 * picture is shown (handover.h). Nothing is polled before
 * capture_set_interval(). A device that is not there (yet) is no error: the
 * source opens, its reason says what is missing, and each poll tries again.
 * config is not kept: what a source needs of it changes only with the process.
 * -EINVAL, -ENOMEM.
 */
int capture_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);
/* NULL is fine. Not from inside an event. */
void capture_close(struct capture *capture);

/*
 * From the beginning of a look to that of the next; it counts from the last one,
 * so a shorter one may be over already. 0: nobody watches, never look. When it
 * was 0 before, the source is looked at at once and gives a whole picture. At
 * least 1 ms otherwise. A look comes from the loop, never from inside this call;
 * so does capture_poke()'s. A source that is told shows its pictures as they come
 * while there is an interval, and keeps the newest while there is none.
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
/*
 * Keys by number, and the pointer, to a source that said it takes motion only as motion. No locks: which keys to
 * press for them is for who counts lights to say. A source that does not take input sees no motion either.
 */
void capture_input(struct capture *capture, const struct input_event *event);
/* True: capture_input() takes what it is given to the guest. NULL is fine. */
bool capture_takes_input(const struct capture *capture);
/*
 * The worker's end of a channel to the broker (server/channel.h), in place of one before. Takes
 * fd; sources that need no broker close it.
 */
void capture_take_broker(struct capture *capture, int fd);
/* The connection to the VM's QEMU (NULL: there is none), borrowed until capture_close(); at most once. */
void capture_take_bus(struct capture *capture, struct qemu_bus *bus);

/*
 * For sources. capture_init() makes the timer: -ENOMEM. A polled source sets
 * its reason before poll() fails; one that is told has it sent at once, and
 * its newest picture is forgotten. To that a loose reference is kept: it may go
 * on drawing there and emit it again.
 */
int capture_init(struct capture *capture, const struct capture_impl *impl, struct event_base *base,
		const struct capture_events *events, void *user);
void capture_finish(struct capture *capture);
/* poll() has news, or another reason: a look comes soon, from the loop. Any number of times. */
void capture_changed(struct capture *capture);
void capture_emit_frame(struct capture *capture, struct frame *frame, const pixman_region32_t *hint);
void capture_emit_cursor(struct capture *capture, const struct cursor *cursor);
void capture_emit_pointer(struct capture *capture, bool absolute);
void capture_emit_leds(struct capture *capture, unsigned int leds);
void capture_set_reason(struct capture *capture, const char *fmt, ...)
		__attribute__((format(printf, 2, 3)));

/* The sources. */
int capture_pattern_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);
int capture_memory_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);
int capture_replay_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);
int capture_dbus_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);
int capture_vfio_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);

#endif
