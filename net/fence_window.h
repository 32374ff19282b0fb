/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many updates may be on their way to a client that answers fences.
 *
 * FENCE_WINDOW_ALWAYS may, whatever the link: one being sent, one being drawn.
 * More only while the oldest of them is no later than the link's own delay, so
 * that a long but fast link is filled and a slow one never queues. Pure
 * arithmetic; the clock is the caller's.
 */
#ifndef PLANECAST_NET_FENCE_WINDOW_H
#define PLANECAST_NET_FENCE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "server/clock.h"

#define FENCE_WINDOW_ALWAYS 2
#define FENCE_WINDOW_MAX 16
/* What an answer may be later than the quickest one: a frame at 60 Hz. */
#define FENCE_WINDOW_SLACK_NS (NSEC_PER_SEC / 60)

struct fence_window {
	uint32_t next; /* number of the next fence */
	unsigned int in_flight; /* those before it that are not answered */
	int64_t sent_ns[FENCE_WINDOW_MAX]; /* by number, modulo */
	/*
	 * The quickest answer ever; 0: none. Forgetting it would need a pause
	 * now and then to measure it again, or the queue becomes its own excuse.
	 */
	int64_t quickest_ns;
};

/*
 * Fence number N is sent, behind an update while the window is open, or once
 * before the first one, to learn the delay of the link: returns N.
 */
uint32_t fence_window_send(struct fence_window *window, int64_t now_ns);
/* Fence number was answered, and so were all before it. False: no such fence is out. */
bool fence_window_answer(struct fence_window *window, uint32_t number, int64_t now_ns);
/* May another update be sent? When not, the next answer is the time to ask again. */
bool fence_window_open(const struct fence_window *window, int64_t now_ns);

#endif
