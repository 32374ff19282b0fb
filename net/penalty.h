/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has guessed wrong too often to be asked again for a while.
 *
 * A source is an IPv4 address, an IPv6 /64 or all unix sockets together.
 * PENALTY_FREE wrong passwords are forgiven, each further one blocks the source,
 * twice as long each time, up to PENALTY_MAX_NS; a right password, or that long
 * without a wrong one, is a new beginning. A full table forgets the source that
 * has been good for longest. Pure arithmetic; the clock is the caller's.
 */
#ifndef PLANECAST_NET_PENALTY_H
#define PLANECAST_NET_PENALTY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "server/clock.h"

#define PENALTY_SOURCES 256
#define PENALTY_FREE 5
#define PENALTY_FIRST_NS (5 * NSEC_PER_SEC)
#define PENALTY_MAX_NS (600 * NSEC_PER_SEC)

struct penalty_source {
	uint64_t id; /* 0: none */
};

struct penalty {
	struct {
		struct penalty_source source;
		unsigned int failures;
		int64_t failed_ns; /* last */
	} sources[PENALTY_SOURCES];
};

struct penalty_source penalty_source_of(const struct sockaddr *peer);

bool penalty_blocks(const struct penalty *penalty, struct penalty_source source, int64_t now_ns);
void penalty_add(struct penalty *penalty, struct penalty_source source, int64_t now_ns);
void penalty_forget(struct penalty *penalty, struct penalty_source source);

#endif
