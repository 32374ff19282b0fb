// SPDX-License-Identifier: GPL-2.0-or-later
/* Coded pictures, counted. */
#include "encoders/packet.h"

#include <stdlib.h>

struct packet *packet_new(size_t bytes)
{
	struct packet *packet;

	if (bytes > SIZE_MAX - sizeof(*packet))
		return NULL;
	packet = malloc(sizeof(*packet) + bytes);
	if (!packet)
		return NULL;
	*packet = (struct packet){ .bytes = bytes };
	atomic_init(&packet->refcount, 1);
	return packet;
}

struct packet *packet_ref(struct packet *packet)
{
	atomic_fetch_add_explicit(&packet->refcount, 1, memory_order_relaxed);
	return packet;
}

struct packet *packet_unref(struct packet *packet)
{
	if (packet && atomic_fetch_sub_explicit(&packet->refcount, 1, memory_order_acq_rel) == 1)
		free(packet);
	return NULL;
}
