// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts wrong passwords by where they come from. */
#include "net/penalty.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

/* What tells kinds of sources apart; a /64 has its upper bits in use. */
#define ID_UNIX 1
#define ID_IPV4 (1ULL << 32)

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

static int64_t block_ns(unsigned int failures)
{
	int64_t ns = PENALTY_FIRST_NS;

	if (failures <= PENALTY_FREE)
		return 0;
	for (unsigned int i = PENALTY_FREE + 1; i < failures && ns < PENALTY_MAX_NS; i++)
		ns *= 2;
	return ns < PENALTY_MAX_NS ? ns : PENALTY_MAX_NS;
}

bool penalty_blocks(const struct penalty *penalty, struct penalty_source source, int64_t now_ns)
{
	for (size_t i = 0; i < PENALTY_SOURCES; i++) {
		if (penalty->sources[i].source.id == source.id)
			return now_ns - penalty->sources[i].failed_ns <
					block_ns(penalty->sources[i].failures);
	}
	return false;
}

void penalty_add(struct penalty *penalty, struct penalty_source source, int64_t now_ns)
{
	size_t slot = 0;

	for (size_t i = 0; i < PENALTY_SOURCES; i++) {
		if (penalty->sources[i].source.id == source.id) {
			slot = i;
			break;
		}
		/* A free one counts as good since ever. */
		if (penalty->sources[i].failed_ns < penalty->sources[slot].failed_ns)
			slot = i;
	}
	if (penalty->sources[slot].source.id != source.id ||
			now_ns - penalty->sources[slot].failed_ns >= PENALTY_MAX_NS)
		penalty->sources[slot].failures = 0;
	penalty->sources[slot].source = source;
	penalty->sources[slot].failures++;
	penalty->sources[slot].failed_ns = now_ns;
}

void penalty_forget(struct penalty *penalty, struct penalty_source source)
{
	for (size_t i = 0; i < PENALTY_SOURCES; i++) {
		if (penalty->sources[i].source.id == source.id)
			memset(&penalty->sources[i], 0, sizeof(penalty->sources[i]));
	}
}
