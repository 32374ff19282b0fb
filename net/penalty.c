// SPDX-License-Identifier: GPL-2.0-or-later
/* Keeps what each source has against it, in sets of a few that a keyed hash spreads them over. */
#include "net/penalty.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* What tells kinds of sources apart; a /64 has its upper bits in use. */
#define ID_UNIX 1
#define ID_IPV4 (1ULL << 32)
/* So many are looked at for each source. */
#define SET_SOURCES 8
/* What is against a source goes so many times slower than time. */
#define DECAY 10

struct penalty_record {
	uint64_t id; /* 0: free */
	int64_t against_ns; /* as of until_ns */
	int64_t until_ns; /* end of the block, or the last fault */
};

struct penalty_source penalty_source_of(const struct sockaddr *peer)
{
	struct penalty_source source = { .id = ID_UNIX };
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	uint32_t address;

	if (peer->sa_family == AF_INET) {
		memcpy(&in, peer, sizeof(in));
		source.id = ID_IPV4 | ntohl(in.sin_addr.s_addr);
	} else if (peer->sa_family == AF_INET6) {
		memcpy(&in6, peer, sizeof(in6));
		if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
			memcpy(&address, in6.sin6_addr.s6_addr + 12, sizeof(address));
			source.id = ID_IPV4 | ntohl(address);
		} else {
			memcpy(&source.id, in6.sin6_addr.s6_addr, sizeof(source.id));
			if (!source.id) /* ::1 */
				source.id = ID_UNIX;
		}
	}
	return source;
}

/* Every bit of x, and so of the seed, counts in the upper half of what comes out. */
static uint64_t scatter(uint64_t x)
{
	x = (x ^ x >> 33) * 0x9e3779b97f4a7c15ULL;
	x = (x ^ x >> 29) * 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

static struct penalty_record *set_of(const struct penalty *penalty, uint64_t id)
{
	uint64_t at = (scatter(scatter(id ^ penalty->seed) + penalty->seed) >> 32) * penalty->n_sets >> 32;

	return &penalty->records[at * SET_SOURCES];
}

static struct penalty_record *find(const struct penalty *penalty, struct penalty_source source)
{
	struct penalty_record *set = set_of(penalty, source.id);

	for (unsigned int i = 0; i < SET_SOURCES; i++) {
		if (set[i].id == source.id)
			return &set[i];
	}
	return NULL;
}

static int64_t against_now(const struct penalty_record *record, int64_t now_ns)
{
	int64_t gone_ns = now_ns > record->until_ns ? (now_ns - record->until_ns) / DECAY : 0;

	return record->against_ns > gone_ns ? record->against_ns - gone_ns : 0;
}

/* A place for one more: free, or of the one that has least against it. */
static struct penalty_record *find_room(const struct penalty *penalty, uint64_t id, int64_t now_ns)
{
	struct penalty_record *set = set_of(penalty, id), *least = set;

	for (unsigned int i = 0; i < SET_SOURCES && least->id; i++) {
		if (!set[i].id || against_now(&set[i], now_ns) < against_now(least, now_ns))
			least = &set[i];
	}
	return least;
}

int penalty_init(struct penalty *penalty, size_t sources, uint64_t seed)
{
	size_t n_sets = (sources + SET_SOURCES - 1) / SET_SOURCES;

	*penalty = (struct penalty){ .seed = seed, .n_sets = (uint32_t)n_sets };
	penalty->records = calloc(n_sets * SET_SOURCES, sizeof(*penalty->records));
	return penalty->records ? 0 : -ENOMEM;
}

int penalty_resize(struct penalty *penalty, size_t sources, int64_t now_ns)
{
	struct penalty resized;
	size_t n_records = (size_t)penalty->n_sets * SET_SOURCES;

	if ((sources + SET_SOURCES - 1) / SET_SOURCES == penalty->n_sets)
		return 0;
	if (penalty_init(&resized, sources, penalty->seed) < 0)
		return -ENOMEM;
	resized.rules = penalty->rules;
	for (size_t i = 0; i < n_records; i++) {
		const struct penalty_record *record = &penalty->records[i];
		struct penalty_record *room;

		if (!record->id)
			continue;
		room = find_room(&resized, record->id, now_ns);
		if (!room->id || against_now(room, now_ns) < against_now(record, now_ns))
			*room = *record;
	}
	free(penalty->records);
	*penalty = resized;
	return 0;
}

void penalty_finish(struct penalty *penalty)
{
	free(penalty->records);
	penalty->records = NULL;
}

static int64_t block_ns(const struct penalty_rules *rules, int64_t against_ns)
{
	int64_t ns = rules->weights_ns[PENALTY_AUTH], over_ns = against_ns - rules->from_ns;

	if (over_ns <= 0)
		return 0;
	/* Where wrong passwords are no fault all others block at once, and for long. */
	if (!ns)
		return rules->max_ns;
	for (int64_t step_ns = ns; step_ns < over_ns && ns < rules->max_ns; step_ns += rules->weights_ns[PENALTY_AUTH])
		ns *= 2;
	return ns < rules->max_ns ? ns : rules->max_ns;
}

bool penalty_blocks(const struct penalty *penalty, struct penalty_source source, int64_t now_ns)
{
	const struct penalty_record *record = find(penalty, source);

	return record && now_ns < record->until_ns;
}

void penalty_add(struct penalty *penalty, struct penalty_source source, enum penalty_fault fault,
		int64_t now_ns)
{
	const struct penalty_rules *rules = &penalty->rules;
	struct penalty_record *record;
	int64_t against_ns, until_ns;

	if (!rules->weights_ns[fault])
		return;
	record = find(penalty, source);
	if (!record) {
		record = find_room(penalty, source.id, now_ns);
		*record = (struct penalty_record){ .id = source.id, .until_ns = now_ns };
	}
	against_ns = against_now(record, now_ns);
	/* More would not block for longer, but take longer to go. */
	if (block_ns(rules, against_ns) < rules->max_ns)
		against_ns += rules->weights_ns[fault];
	until_ns = now_ns + block_ns(rules, against_ns);
	record->against_ns = against_ns;
	if (record->until_ns < until_ns)
		record->until_ns = until_ns;
}

void penalty_forget(struct penalty *penalty, struct penalty_source source)
{
	struct penalty_record *record = find(penalty, source);

	if (record)
		*record = (struct penalty_record){ 0 };
}
