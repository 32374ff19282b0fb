/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a viewer's link carries, learnt from marks behind what it is sent: RFB's fences, SPICE's
 * pings. When the next update should be sent so that it waits for nothing on its way, and how
 * large pictures may be.
 *
 * A link is taken for a delay and a queue in front of a rate. An update enters the queue when
 * it is sent, or behind the one before it, and its mark is answered a delay after it has left:
 * the time between is what it took, and its bytes over that are the rate, whether
 * the link was busy or not. So a rate is learnt from each update, without probing and without a
 * queue. What others send through the same link looks like a slower one.
 *
 * What a viewer takes to draw an update looks like time on the link. It does not shrink with the
 * update: where most of the time is of that kind, as far as updates of several sizes tell, it
 * is no reason for smaller ones, or they would shrink to nothing.
 *
 * A queue that was there when a viewer came is taken for delay, and then he has more of the link
 * than those who know better. So a link that is busy is left alone for a moment now and then,
 * and again soon after, as long as that finds it to be shorter.
 *
 * The next update is sent when the last one is about to leave the queue: never more is in
 * flight than the rate times the delay, and one update. Where the rate is not known yet,
 * FLOW_BLIND updates are, or more while the oldest is no later than the delay.
 *
 * Pure arithmetic; the clock is the caller's. Loop thread.
 */
#ifndef PLANECAST_NET_FLOW_H
#define PLANECAST_NET_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/clock.h"

#define FLOW_BLIND 2
/* Marks that are not answered; no more updates are sent then. */
#define FLOW_MAX 32
/* Of how much time of the link's at work the rate is the mean. */
#define FLOW_MEMORY_NS (250 * NSEC_PER_MSEC)
/* The quickest answer is forgotten after twice that, in case the way has become longer. */
#define FLOW_DELAY_NS (15 * NSEC_PER_SEC)
/* From one such moment to the next: at first, and at most; and how long it is. */
#define FLOW_DRAIN_MIN_NS (2 * NSEC_PER_SEC)
#define FLOW_DRAIN_MAX_NS (32 * NSEC_PER_SEC)
#define FLOW_QUIET_NS (40 * NSEC_PER_MSEC)
/* A smaller update says more of clocks and schedulers than of the link. */
#define FLOW_TELLING_BYTES 4096
/* Pictures leave a part of the rate unused, so that queues of others drain, ... */
#define FLOW_PART 0.87
/* ... but for so much, always: of several on one link those who have little gain on those who have much. */
#define FLOW_EXTRA_BYTES 2000

struct flow {
	uint32_t next; /* number of the next mark */
	unsigned int in_flight; /* those before it that are not answered */
	struct flow_update {
		int64_t sent_ns;
		size_t bytes;
	} sent[FLOW_MAX]; /* by number, modulo */
	uint64_t in_flight_bytes;
	int64_t answered_ns; /* when the last update's answer came; 0: none yet */
	/* The quickest answers of this span of FLOW_DELAY_NS and of the one before; 0: none. */
	int64_t quickest_ns[2];
	int64_t span_ns; /* when this one began */
	/* What the link did in the time that it took; both 0: nothing is known. */
	double busy_ns, busy_bytes;
	/*
	 * Of updates behind a mark, whose wait for others the mark had, too: means, and of how much
	 * one differs from the one before, of squares and products.
	 */
	struct {
		unsigned int n;
		double bytes, ns, bytes_bytes, bytes_ns;
		double last_bytes, last_ns;
	} mean;
	int64_t headed_ns; /* when the mark before the oldest update was answered; 0: it was not */
	struct {
		int64_t since_ns, every_ns;
		double busy_ns; /* since then */
		bool due; /* nothing is sent until all is answered, and FLOW_QUIET_NS longer */
		int64_t delay_ns; /* as it was believed before the last one; 0: that is judged already */
	} drain;
};

/*
 * Mark number N is sent behind an update of so many bytes, while flow_wait_ns() is 0, or behind
 * nothing, to learn the link's delay: returns N.
 */
uint32_t flow_send(struct flow *flow, size_t bytes, int64_t now_ns);
/* Mark number was answered, and so were all before it. False: no such mark is out. */
bool flow_answer(struct flow *flow, uint32_t number, int64_t now_ns);
/* Until another update should be sent. 0: now. Negative: the next answer is the time to ask again. */
int64_t flow_wait_ns(const struct flow *flow, int64_t now_ns);

/*
 * A mark behind nothing, sent before the next update, would tell how long that waits for others,
 * and what it takes by itself; on a link where that matters.
 */
bool flow_wants_mark(const struct flow *flow);

/* How long the oldest mark has waited for its answer. 0: all are answered. */
int64_t flow_silent_ns(const struct flow *flow, int64_t now_ns);

/* What comes through, in bits a second, at most INT64_MAX / 2. 0: nobody knows yet. */
int64_t flow_rate_bps(const struct flow *flow);
/* There and back of what waits for nothing. 0: nobody knows yet. */
int64_t flow_delay_ns(const struct flow *flow);
/* How many bytes each of pictures may have that come so often. SIZE_MAX: as many as they like. */
size_t flow_picture_bytes(const struct flow *flow, int64_t interval_ns);

#endif
