/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who stands at the gate of one VM: the connections of all its protocols that are
 * not authenticated, how many there may be, and whom penalties keep out. One
 * crowd is what comes from one source (net/penalty.h).
 *
 *  - Of one source more than max-handshakes-per-source cannot wait: its oldest goes.
 *  - From handshake-drop-from on some of those are refused that come from a source
 *    which has more than its part already; the more wait, the more are refused.
 *  - At max-handshakes the oldest of the largest crowd goes. Within a crowd goes
 *    first who only waits to hear that he was refused, and last who has a reason to
 *    be there.
 *  - A source that a penalty blocks has one at a time, to be told so.
 *
 * So what a source does costs only itself. Those whom a protocol expects (the
 * further channels of a SPICE viewer) count for none. penalty-exempt spares a
 * source all of this but the third.
 *
 * Memory only: no socket, no clock of its own. Loop thread.
 */
#ifndef PLANECAST_NET_GATE_H
#define PLANECAST_NET_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "net/penalty.h"

struct config_vm;
struct gate;
struct gate_crowd;
struct gate_guest;

/* Who goes first. */
enum gate_rank { GATE_REFUSED, GATE_STRANGER, GATE_KNOWN };

/*
 * Part of whoever waits. It stays valid behind the gate, too: then for
 * what is said about its source.
 */
struct gate_guest {
	enum gate_rank rank; /* the owner's, to be changed at will; STRANGER at first */
	/* Results. */
	struct penalty_source source;
	bool exempt;
	/* The gate's own. */
	TAILQ_ENTRY(gate_guest) link;
	struct gate_crowd *crowd; /* NULL: not at the gate */
	void (*leave)(struct gate_guest *guest);
};

/* Config is borrowed and read anew each time; nobody knows the seed. -ENOMEM. */
int gate_new(const struct config_vm *config, uint64_t seed, struct gate **ret);
/* When nobody is there any more, nor expected. NULL is fine. */
void gate_free(struct gate *gate);
/* Config is another one, or has changed. */
void gate_reconfigure(struct gate *gate, const struct config_vm *config, int64_t now_ns);

/*
 * Guest comes from peer. Others may have to leave for it: they are called, and
 * call gate_leave(). 0, -EBUSY: it is refused; -ENOMEM. It is not at the gate then.
 */
int gate_enter(struct gate *gate, struct gate_guest *guest, const struct sockaddr *peer,
		void (*leave)(struct gate_guest *guest), int64_t now_ns);
/* It is let in, or gone. Any number of times. */
void gate_leave(struct gate *gate, struct gate_guest *guest);
/* So many more, or less, are to come from the source. -ENOMEM: it is not known. */
int gate_expect(struct gate *gate, struct penalty_source source, int by);

/* Is its source kept out for now? */
bool gate_blocks(const struct gate *gate, const struct gate_guest *guest, int64_t now_ns);
void gate_blame(struct gate *gate, const struct gate_guest *guest, enum penalty_fault fault, int64_t now_ns);
/* It has shown that it knows the password. */
void gate_forgive(struct gate *gate, const struct gate_guest *guest);

/*
 * Is one more to be refused early? There are all of n_crowds sources, and those of its own,
 * without it; chance is any number.
 */
bool gate_drops(int64_t all, int64_t own, int64_t n_crowds, int64_t from, int64_t most, uint32_t chance);

#endif
