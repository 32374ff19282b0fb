// SPDX-License-Identifier: GPL-2.0-or-later
/* One direction of an emulated link. */
#include "tools/planecast-link/pipe.h"

#include <string.h>

static double random_of(struct link_pipe *pipe)
{
	pipe->seed ^= pipe->seed << 13;
	pipe->seed ^= pipe->seed >> 7;
	pipe->seed ^= pipe->seed << 17;
	return (double)(pipe->seed >> 11) / (double)(1ull << 53);
}

static int64_t rate_at(const struct link_pipe *pipe, int64_t now_ns)
{
	unsigned int i = 0;

	while (i + 1 < pipe->n_steps && pipe->steps[i + 1].from_ns <= now_ns)
		i++;
	return pipe->steps[i].bps;
}

static int64_t queued_bytes(const struct link_pipe *pipe, int64_t now_ns)
{
	int64_t bytes = 0;

	for (unsigned int i = pipe->count; i > 0; i--) {
		const struct link_packet *packet = &pipe->packets[(pipe->head + i - 1) % LINK_PACKETS_MAX];

		if (packet->out_ns <= now_ns)
			break;
		bytes += (int64_t)packet->bytes;
	}
	return bytes;
}

void link_pipe_put(struct link_pipe *pipe, const void *data, size_t bytes, int64_t now_ns)
{
	struct link_packet *packet = &pipe->packets[(pipe->head + pipe->count) % LINK_PACKETS_MAX];
	int64_t begin_ns, bps;

	if (bytes > LINK_PACKET_BYTES || pipe->count == LINK_PACKETS_MAX ||
			queued_bytes(pipe, now_ns) + (int64_t)bytes > pipe->queue_bytes)
		return;
	begin_ns = pipe->free_ns > now_ns ? pipe->free_ns : now_ns;
	bps = rate_at(pipe, begin_ns);
	pipe->free_ns = begin_ns + (bps ? (int64_t)bytes * 8 * 1000000000 / bps : 0);
	/* What is lost has taken its time all the same. */
	if (pipe->loss > 0 && random_of(pipe) < pipe->loss)
		return;
	packet->out_ns = pipe->free_ns;
	packet->there_ns = pipe->free_ns + pipe->delay_ns +
			(int64_t)(random_of(pipe) * (double)pipe->jitter_ns);
	if (packet->there_ns < pipe->last_ns)
		packet->there_ns = pipe->last_ns;
	pipe->last_ns = packet->there_ns;
	packet->bytes = bytes;
	memcpy(packet->data, data, bytes);
	pipe->count++;
}

const struct link_packet *link_pipe_get(struct link_pipe *pipe, int64_t now_ns)
{
	const struct link_packet *packet = &pipe->packets[pipe->head];

	if (!pipe->count || packet->there_ns > now_ns)
		return NULL;
	pipe->head = (pipe->head + 1) % LINK_PACKETS_MAX;
	pipe->count--;
	return packet;
}

int64_t link_pipe_due_ns(const struct link_pipe *pipe)
{
	return pipe->count ? pipe->packets[pipe->head].there_ns : INT64_MAX;
}
