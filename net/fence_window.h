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
/* The quickest answer is forgotten after one to two of these: routes change. */
#define FENCE_WINDOW_MEMORY_NS (10 * NSEC_PER_SEC)

struct fence_window {
	uint32_t next; /* number of the next fence */
	unsigned int in_flight; /* those before it that are not answered */
	int64_t sent_ns[FENCE_WINDOW_MAX]; /* by number, modulo */
	/* The quickest answers of this period and the last; 0: none. */
	int64_t quickest_ns, quickest_before_ns, period_ns;
};

/* An update was sent and fence number N behind it: returns N. Only while open. */
uint32_t fence_window_send(struct fence_window *window, int64_t now_ns);
/* Fence number was answered, and so were all before it. False: no such fence is out. */
bool fence_window_answer(struct fence_window *window, uint32_t number, int64_t now_ns);
/* May another update be sent? When not, the next answer is the time to ask again. */
bool fence_window_open(const struct fence_window *window, int64_t now_ns);

#endif
