// SPDX-License-Identifier: GPL-2.0-or-later
/* The link of simulations. */
#include "tests/sim/link.h"

#define PACKET_BYTES 1500

double sim_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (double)(*seed >> 11) / (double)(1ull << 53);
}

static size_t step_at(const struct sim_link *link, int64_t now_ns)
{
	size_t i = 0;

	while (i + 1 < link->n_rates && link->rates[i + 1].from_ns <= now_ns)
		i++;
	return i;
}

int64_t sim_link_rate_bps(const struct sim_link *link, int64_t now_ns)
{
	return link->rates[step_at(link, now_ns)].bps;
}

/* When so many bits are through that begin then. */
static int64_t serve(const struct sim_link *link, double bits, int64_t now_ns)
{
	for (size_t i = step_at(link, now_ns);; i++) {
		const double rate = (double)link->rates[i].bps / 1e9;
		const int64_t end_ns = now_ns + (int64_t)(bits / rate);

		if (i + 1 == link->n_rates || end_ns <= link->rates[i + 1].from_ns)
			return end_ns;
		bits -= (double)(link->rates[i + 1].from_ns - now_ns) * rate;
		now_ns = link->rates[i + 1].from_ns;
	}
}

int64_t sim_link_send(struct sim_link *link, size_t bytes, int64_t now_ns, int64_t previous_ns, int64_t *ret_out_ns)
{
	const int64_t begin_ns = link->free_ns > now_ns ? link->free_ns : now_ns;
	int64_t there_ns;

	link->free_ns = serve(link, (double)bytes * 8, begin_ns);
	there_ns = link->free_ns + link->delay_ns / 2 + (int64_t)(sim_random(&link->seed) * (double)link->jitter_ns);
	for (size_t sent = 0; link->loss > 0 && sent < bytes; sent += PACKET_BYTES) {
		if (sim_random(&link->seed) < link->loss) {
			there_ns += link->delay_ns + link->delay_ns / 4;
			break;
		}
	}
	*ret_out_ns = link->free_ns;
	return there_ns > previous_ns ? there_ns : previous_ns;
}
