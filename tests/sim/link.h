/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A link for simulations: one queue in front of a rate that changes with time, then a delay with
 * jitter, in order. What is lost comes a round trip later, and all behind it, as TCP has it.
 * Time is the caller's and only goes forward; the same seed gives the same run.
 */
#ifndef PLANECAST_TESTS_SIM_LINK_H
#define PLANECAST_TESTS_SIM_LINK_H

#include <stddef.h>
#include <stdint.h>

struct sim_rate {
	int64_t from_ns;
	int64_t bps;
};

struct sim_link {
	const struct sim_rate *rates; /* in order, the first from 0 */
	size_t n_rates;
	int64_t delay_ns; /* there and back */
	int64_t jitter_ns; /* up to so much more, one way */
	double loss; /* of 1,500 byte packets */
	uint64_t seed;
	int64_t free_ns; /* the queue is empty from then on */
};

/*
 * So many bytes enter the queue. *ret_out_ns: when the last of them has left it; returns when it
 * has arrived, not before previous_ns, when what was sent before it on the same connection did.
 */
int64_t sim_link_send(struct sim_link *link, size_t bytes, int64_t now_ns, int64_t previous_ns, int64_t *ret_out_ns);
int64_t sim_link_rate_bps(const struct sim_link *link, int64_t now_ns);
/* 0 to 1. */
double sim_random(uint64_t *seed);

#endif
