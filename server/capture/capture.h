/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where pictures come from. Loop thread only.
 *
 * VFIO tells nobody when a guest draws, so a source is looked at on a timer:
 * capture owns the timer, a source answers poll(). A source that is told
 * (D-Bus) leaves poll NULL and calls capture_emit_frame() when it has one.
 *
 * Embed struct capture as first member of a source's own struct; open()
 * functions allocate it, capture_close() ends it.
 */
#ifndef PLANECAST_SERVER_CAPTURE_CAPTURE_H
#define PLANECAST_SERVER_CAPTURE_CAPTURE_H

#include <pixman.h>
#include <stdint.h>

struct capture;
struct config_vm;
struct cursor;
struct event;
struct event_base;
struct frame;
struct input_event;

struct capture_impl {
	const char *name;
	/*
	 * One look. 0: *ret_frame is a new reference, which the caller drops.
	 * -EAGAIN: nothing new since the last look (only for sources that can
	 * tell). Any other negative errno: no picture now; the source has said
	 * why with capture_set_reason(). Never blocks, never asserts on what
	 * the guest said.
	 */
	int (*poll)(struct capture *capture, struct frame **ret_frame);
	/* Mandatory. Frees everything, the struct too. */
	void (*close)(struct capture *capture);
	/* Optional: the guest should show this size. 0 or negative errno. */
	int (*resize)(struct capture *capture, uint32_t width, uint32_t height);
	/* Optional: a source that reacts to input by itself (pattern). */
	void (*input)(struct capture *capture, const struct input_event *event);
};

struct capture_events {
	/* A look at the picture. frame is borrowed. hint: what changed, or NULL. */
	void (*frame)(void *user, struct frame *frame, const pixman_region32_t *hint);
	/*
	 * There is no picture; reason is one plain English sentence for the
	 * status card. Sent once per change of reason.
	 */
	void (*off)(void *user, const char *reason);
	/* Optional. Borrowed. */
	void (*cursor)(void *user, const struct cursor *cursor);
};

struct capture {
	const struct capture_impl *impl;
	const struct capture_events *events;
	void *user;
	struct event *timer;
	int64_t interval_ns;
	char reason[160];
	char reason_sent[160];
};

/*
 * Opens the source that the VM's config names. Nothing is polled before
 * capture_set_interval(). A device that is not there (yet) is no error: the
 * source opens, its reason says what is missing, and each poll tries again.
 * -EINVAL, -ENOMEM.
 */
int capture_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);
void capture_close(struct capture *capture);

/* 0: nobody watches, never look. Looks at once when it was 0 before. */
void capture_set_interval(struct capture *capture, int64_t interval_ns);
/* Look now (input just went to the guest) and start the interval afresh. */
void capture_poke(struct capture *capture);
/* -EOPNOTSUPP where the source cannot. */
int capture_resize(struct capture *capture, uint32_t width, uint32_t height);
void capture_input(struct capture *capture, const struct input_event *event);

/* For sources. */
int capture_init(struct capture *capture, const struct capture_impl *impl, struct event_base *base,
		const struct capture_events *events, void *user);
void capture_finish(struct capture *capture);
void capture_emit_frame(struct capture *capture, struct frame *frame, const pixman_region32_t *hint);
void capture_emit_cursor(struct capture *capture, const struct cursor *cursor);
void capture_set_reason(struct capture *capture, const char *fmt, ...)
		__attribute__((format(printf, 2, 3)));

/* The sources. */
int capture_pattern_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);
int capture_replay_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);
int capture_vfio_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret);

#endif
