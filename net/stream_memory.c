// SPDX-License-Identifier: GPL-2.0-or-later
/* malloc with a reserve of small blocks. */
#include "net/stream_memory.h"

#include <event2/event.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static union block {
	max_align_t aligned;
	unsigned char bytes[STREAM_MEMORY_BLOCK_BYTES];
} blocks[STREAM_MEMORY_BLOCKS];

/* A bit for each. */
static _Atomic uint64_t taken;

_Static_assert(STREAM_MEMORY_BLOCKS == 64, "as many as taken has bits");

static void *take(size_t bytes)
{
	uint64_t before = atomic_load(&taken);
	unsigned int i;

	do {
		if (bytes > STREAM_MEMORY_BLOCK_BYTES || before == UINT64_MAX)
			return NULL;
		i = (unsigned int)__builtin_ctzll(~before);
	} while (!atomic_compare_exchange_weak(&taken, &before, before | UINT64_C(1) << i));
	return &blocks[i];
}

static bool is_ours(const void *memory)
{
	const uintptr_t at = (uintptr_t)memory, start = (uintptr_t)blocks;

	return at >= start && at < start + sizeof(blocks);
}

void *stream_memory_allocate(size_t bytes)
{
	void *memory = malloc(bytes);

	return memory ? memory : take(bytes);
}

void stream_memory_release(void *memory)
{
	if (is_ours(memory))
		atomic_fetch_and(&taken, ~(UINT64_C(1) << ((union block *)memory - blocks)));
	else
		free(memory);
}

void *stream_memory_reallocate(void *memory, size_t bytes)
{
	void *moved;

	if (!memory)
		return stream_memory_allocate(bytes);
	if (!is_ours(memory))
		return realloc(memory, bytes);
	if (bytes <= STREAM_MEMORY_BLOCK_BYTES)
		return memory;
	moved = malloc(bytes);
	if (!moved)
		return NULL;
	memcpy(moved, memory, STREAM_MEMORY_BLOCK_BYTES);
	stream_memory_release(memory);
	return moved;
}

void stream_memory_install(void)
{
	event_set_mem_functions(stream_memory_allocate, stream_memory_reallocate, stream_memory_release);
}
