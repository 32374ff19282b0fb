/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VFIO source as a worker would use it, one look at a time. Failures of the lab end the program. */
#ifndef PLANECAST_TESTS_LAB_WATCH_H
#define PLANECAST_TESTS_LAB_WATCH_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "server/cursor.h"

#define WATCH_DEADLINE_NS 30000000000LL

struct capture;
struct frame;
struct mdev;

struct watch {
	struct event_base *base;
	struct config_vm config;
	struct capture *capture;
	/* What the last look gave: a frame (a reference of ours) or a reason. */
	struct frame *frame;
	char reason[256];
	unsigned int events; /* looks that gave either, ever */
	struct cursor cursor; /* as the source told it, with pixels of our own */
	unsigned int cursors; /* how often it did */
};

/* Mode own of that device. The struct stays where it is until watch_close(). */
void watch_open_own(struct watch *watch, const struct mdev *mdev);
void watch_open_socket(struct watch *watch, const char *path);
void watch_close(struct watch *watch);

/* One look whose answer has to be new: watch->frame, or NULL and watch->reason. */
struct frame *watch_look(struct watch *watch);
/* One look like any other, which may have nothing new to say: false. */
bool watch_look_again(struct watch *watch);
/* Looks until there is a picture, or a reason with that text in it. False: not in time. */
bool watch_wait_frame(struct watch *watch);
bool watch_wait_reason(struct watch *watch, const char *text);
/* Turns the loop until done or the deadline, without a look of ours. */
bool watch_turn_until(struct watch *watch, bool (*done)(void *user), void *user);
/* Stops looking; the source keeps what it has. Turns the loop until done or the deadline. */
bool watch_rest_until(struct watch *watch, bool (*done)(void *user), void *user);

#endif
