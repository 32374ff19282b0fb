/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One direction of an emulated link: a drop-tail queue in front of a rate, then a delay with jitter,
 * in order, and losses. Pure but for its memory; the clock is the caller's. One thread.
 */
#ifndef PLANECAST_TOOLS_PLANECAST_LINK_PIPE_H
#define PLANECAST_TOOLS_PLANECAST_LINK_PIPE_H

#include <stddef.h>
#include <stdint.h>

#define LINK_PACKETS_MAX 4096
#define LINK_PACKET_BYTES 2048
#define LINK_STEPS_MAX 16

struct link_pipe {
	/* The caller's. */
	struct {
		int64_t from_ns, bps; /* 0 bit/s: no limit */
	} steps[LINK_STEPS_MAX]; /* in order, the first from 0 */
	unsigned int n_steps;
	int64_t delay_ns, jitter_ns;
	double loss; /* of a packet */
	int64_t queue_bytes; /* that wait for the rate, at most */
	uint64_t seed; /* not 0 */
	/* Its own. */
	int64_t free_ns, last_ns;
	unsigned int head, count;
	struct link_packet {
		int64_t out_ns, there_ns;
		size_t bytes;
		uint8_t data[LINK_PACKET_BYTES];
	} packets[LINK_PACKETS_MAX];
};

/* Takes a packet, at most LINK_PACKET_BYTES, or loses it. */
void link_pipe_put(struct link_pipe *pipe, const void *data, size_t bytes, int64_t now_ns);
/* The next packet that has arrived, until the next call; NULL: none has. */
const struct link_packet *link_pipe_get(struct link_pipe *pipe, int64_t now_ns);
/* When the next one arrives; INT64_MAX: none is under way. */
int64_t link_pipe_due_ns(const struct link_pipe *pipe);

#endif
