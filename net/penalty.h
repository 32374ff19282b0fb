/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has done wrong too often to be let in again for a while.
 *
 * A source is an IPv4 address, an IPv6 /64 or all unix sockets together. Each
 * fault adds its weight to what the source has against it. Up to rules.from_ns
 * that is forgiven; from there each weight of a wrong password more blocks the
 * source for twice as long, from that weight up to rules.max_ns. What it has
 * against it goes, ten times slower than it came, from the end of a block on, and
 * all at once with a right password.
 *
 * The table takes as many sources as it was made for, whatever they do: in a full
 * set of it the one that has least against it is forgotten. Pure arithmetic but
 * for its memory; the clock and the chance are the caller's.
 */
#ifndef PLANECAST_NET_PENALTY_H
#define PLANECAST_NET_PENALTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "server/clock.h"

struct penalty_source {
	uint64_t id; /* 0: none */
};

enum penalty_fault { PENALTY_AUTH, PENALTY_ABORT, PENALTY_FAULTS };

struct penalty_rules {
	int64_t weights_ns[PENALTY_FAULTS]; /* 0: is none */
	int64_t from_ns; /* so much is forgiven */
	int64_t max_ns; /* of a block */
};

struct penalty_record;

struct penalty {
	struct penalty_rules rules; /* the owner's, to be changed at will */
	/* Its own. */
	uint64_t seed;
	uint32_t n_sets;
	struct penalty_record *records;
};

struct penalty_source penalty_source_of(const struct sockaddr *peer);

/* For so many sources, at 24 bytes each; memory is taken as they come. Nobody knows the seed. -ENOMEM. */
int penalty_init(struct penalty *penalty, size_t sources, uint64_t seed);
/* Keeps what is against whom, as far as there is room. -ENOMEM: all is as before. */
int penalty_resize(struct penalty *penalty, size_t sources, int64_t now_ns);
void penalty_finish(struct penalty *penalty);

bool penalty_blocks(const struct penalty *penalty, struct penalty_source source, int64_t now_ns);
void penalty_add(struct penalty *penalty, struct penalty_source source, enum penalty_fault fault,
		int64_t now_ns);
void penalty_forget(struct penalty *penalty, struct penalty_source source);

#endif
