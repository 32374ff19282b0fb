// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts who waits, by source, and chooses who has to go. */
#include "net/gate.h"

#include <errno.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/network.h"
#include "server/log.h"

struct gate_crowd {
	TAILQ_ENTRY(gate_crowd) link;
	struct penalty_source source;
	int64_t waiting, expected;
	bool held; /* one more is coming in right now */
};

struct gate {
	const struct config_vm *config; /* borrowed */
	struct penalty penalty;
	struct network exempt[CONFIG_ADDRESSES_MAX];
	unsigned int n_exempt;
	TAILQ_HEAD(, gate_guest) guests; /* oldest first */
	TAILQ_HEAD(, gate_crowd) crowds; /* each has somebody who waits or is expected */
	int64_t n_guests, n_crowds;
	uint64_t chance;
};

int gate_new(const struct config_vm *config, uint64_t seed, struct gate **ret)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return -ENOMEM;
	TAILQ_INIT(&gate->guests);
	TAILQ_INIT(&gate->crowds);
	gate->chance = seed | 1;
	if (penalty_init(&gate->penalty, (size_t)config->penalty_sources, seed) < 0) {
		free(gate);
		return -ENOMEM;
	}
	gate_reconfigure(gate, config, 0);
	*ret = gate;
	return 0;
}

void gate_free(struct gate *gate)
{
	struct gate_crowd *crowd;

	if (!gate)
		return;
	while ((crowd = TAILQ_FIRST(&gate->crowds))) {
		TAILQ_REMOVE(&gate->crowds, crowd, link);
		free(crowd);
	}
	penalty_finish(&gate->penalty);
	free(gate);
}

void gate_reconfigure(struct gate *gate, const struct config_vm *config, int64_t now_ns)
{
	const char *error;

	gate->config = config;
	gate->penalty.rules = (struct penalty_rules){
		.weights_ns = {
			[PENALTY_AUTH] = config->penalty_auth_ns,
			[PENALTY_ABORT] = config->penalty_abort_ns,
		},
		.from_ns = config->penalty_from_ns,
		.max_ns = config->penalty_max_ns,
	};
	if (penalty_resize(&gate->penalty, (size_t)config->penalty_sources, now_ns) < 0)
		log_warn(NULL, "no memory for penalties of %lld sources", (long long)config->penalty_sources);
	gate->n_exempt = 0;
	for (unsigned int i = 0; i < config->penalty_exempt.count; i++)
		gate->n_exempt += network_parse(config->penalty_exempt.text[i], &gate->exempt[gate->n_exempt],
				&error) == 0;
}

static bool is_exempt(const struct gate *gate, const struct sockaddr *peer)
{
	for (unsigned int i = 0; i < gate->n_exempt; i++) {
		if (network_contains(&gate->exempt[i], peer))
			return true;
	}
	return false;
}

static struct gate_crowd *get_crowd(struct gate *gate, struct penalty_source source)
{
	struct gate_crowd *crowd;

	TAILQ_FOREACH(crowd, &gate->crowds, link) {
		if (crowd->source.id == source.id)
			return crowd;
	}
	crowd = calloc(1, sizeof(*crowd));
	if (!crowd)
		return NULL;
	crowd->source = source;
	TAILQ_INSERT_HEAD(&gate->crowds, crowd, link);
	gate->n_crowds++;
	return crowd;
}

static void drop_empty(struct gate *gate, struct gate_crowd *crowd)
{
	if (crowd->waiting || crowd->expected || crowd->held)
		return;
	TAILQ_REMOVE(&gate->crowds, crowd, link);
	gate->n_crowds--;
	free(crowd);
}

/* With so many more that wait. */
static int64_t size_of(const struct gate_crowd *crowd, int more)
{
	const int64_t size = crowd->waiting + more - crowd->expected;

	return size > 0 ? size : 0;
}

/* Not for secrets: who guesses it is refused as often as others. */
static uint32_t next_chance(struct gate *gate)
{
	gate->chance ^= gate->chance << 13;
	gate->chance ^= gate->chance >> 7;
	gate->chance ^= gate->chance << 17;
	return (uint32_t)(gate->chance >> 32);
}

bool gate_drops(int64_t all, int64_t own, int64_t n_crowds, int64_t from, int64_t most, uint32_t chance)
{
	if (all < from || own * n_crowds <= all)
		return false;
	return most <= all || chance % (uint64_t)(most - from + 1) <= (uint64_t)(all - from);
}

/* Of one crowd, or of the largest: newest, who is not there yet, makes its crowd larger. */
static struct gate_guest *choose(const struct gate *gate, const struct gate_crowd *only,
		const struct gate_crowd *newest)
{
	struct gate_guest *guest, *chosen = NULL;
	int64_t rank, highest = 0;

	TAILQ_FOREACH(guest, &gate->guests, link) {
		if (only && guest->crowd != only)
			continue;
		rank = size_of(guest->crowd, guest->crowd == newest);
		if (rank > 0)
			rank = rank * 4 + GATE_KNOWN - guest->rank;
		if (rank > highest) {
			highest = rank;
			chosen = guest;
		}
	}
	return chosen;
}

static void send_away(struct gate_guest *guest)
{
	if (guest)
		guest->leave(guest);
}

int gate_enter(struct gate *gate, struct gate_guest *guest, const struct sockaddr *peer,
		void (*leave)(struct gate_guest *guest), int64_t now_ns)
{
	const struct config_vm *config = gate->config;
	struct gate_crowd *crowd;
	bool expected;

	*guest = (struct gate_guest){
		.rank = GATE_STRANGER,
		.source = penalty_source_of(peer),
		.exempt = is_exempt(gate, peer),
		.leave = leave,
	};
	crowd = get_crowd(gate, guest->source);
	if (!crowd)
		return -ENOMEM;
	expected = crowd->waiting < crowd->expected;
	if (!guest->exempt && !expected) {
		const int64_t own = size_of(crowd, 0);

		if ((own && gate_blocks(gate, guest, now_ns)) ||
				gate_drops(gate->n_guests, own, gate->n_crowds, config->handshake_drop_from,
				config->max_handshakes, next_chance(gate))) {
			drop_empty(gate, crowd);
			return -EBUSY;
		}
	}
	/* Or the crowd could end with the one who leaves. */
	crowd->held = true;
	if (!guest->exempt && size_of(crowd, 1) > config->max_handshakes_per_source)
		send_away(choose(gate, crowd, crowd));
	if (gate->n_guests >= config->max_handshakes)
		send_away(choose(gate, NULL, crowd));
	crowd->held = false;
	guest->crowd = crowd;
	crowd->waiting++;
	gate->n_guests++;
	TAILQ_INSERT_TAIL(&gate->guests, guest, link);
	return 0;
}

void gate_leave(struct gate *gate, struct gate_guest *guest)
{
	struct gate_crowd *crowd = guest->crowd;

	if (!crowd)
		return;
	guest->crowd = NULL;
	TAILQ_REMOVE(&gate->guests, guest, link);
	gate->n_guests--;
	crowd->waiting--;
	drop_empty(gate, crowd);
}

int gate_expect(struct gate *gate, struct penalty_source source, int by)
{
	struct gate_crowd *crowd = get_crowd(gate, source);

	if (!crowd)
		return -ENOMEM;
	crowd->expected += by;
	drop_empty(gate, crowd);
	return 0;
}

bool gate_blocks(const struct gate *gate, const struct gate_guest *guest, int64_t now_ns)
{
	return !guest->exempt && penalty_blocks(&gate->penalty, guest->source, now_ns);
}

void gate_blame(struct gate *gate, const struct gate_guest *guest, enum penalty_fault fault, int64_t now_ns)
{
	if (!guest->exempt)
		penalty_add(&gate->penalty, guest->source, fault, now_ns);
}

void gate_forgive(struct gate *gate, const struct gate_guest *guest)
{
	penalty_forget(&gate->penalty, guest->source);
}
