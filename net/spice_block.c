// SPDX-License-Identifier: GPL-2.0-or-later
/* A reference for each piece keeps the block alive. */
#include "net/spice_block.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Less room is not worth a call. */
#define ROOM_MIN_BYTES (SPICE_BLOCK_BYTES / 4)

struct spice_block {
	unsigned int refcount;
	size_t start, end; /* of what was read and is not cut off */
	uint8_t data[SPICE_BLOCK_BYTES];
};

int spice_block_renew(struct spice_block **block)
{
	struct spice_block *old = *block, *new;
	size_t left = spice_block_bytes(old);

	if (old && old->refcount == 1 && !left) {
		old->start = 0;
		old->end = 0;
	}
	if (old && SPICE_BLOCK_BYTES - old->end >= ROOM_MIN_BYTES)
		return 0;
	if (left > SPICE_BLOCK_LEFT_MAX)
		return -ENOSPC;
	new = malloc(sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->refcount = 1;
	new->start = 0;
	new->end = left;
	if (left)
		memcpy(new->data, spice_block_data(old), left);
	spice_block_unref(old);
	*block = new;
	return 0;
}

void spice_block_unref(struct spice_block *block)
{
	if (block && --block->refcount == 0)
		free(block);
}

ssize_t spice_block_read(struct spice_block *block, int fd)
{
	ssize_t bytes = read(fd, block->data + block->end, SPICE_BLOCK_BYTES - block->end);

	if (bytes < 0)
		return -errno;
	block->end += (size_t)bytes;
	return bytes;
}

bool spice_block_is_full(const struct spice_block *block)
{
	return block->end == SPICE_BLOCK_BYTES;
}

uint8_t *spice_block_data(struct spice_block *block)
{
	return block->data + block->start;
}

size_t spice_block_bytes(const struct spice_block *block)
{
	return block ? block->end - block->start : 0;
}

static void handle_sent(const void *data, size_t bytes, void *user)
{
	(void)data;
	(void)bytes;
	spice_block_unref(user);
}

int spice_block_cut(struct spice_block *block, size_t bytes, struct evbuffer *output)
{
	if (evbuffer_add_reference(output, spice_block_data(block), bytes, handle_sent, block) < 0)
		return -ENOMEM;
	block->refcount++;
	block->start += bytes;
	return 0;
}

void spice_block_skip(struct spice_block *block, size_t bytes)
{
	block->start += bytes;
}
