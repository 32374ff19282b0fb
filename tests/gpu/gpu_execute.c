// SPDX-License-Identifier: GPL-2.0-or-later
/* What is submitted for execution: looked at, not executed. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/gpu/gpu.h"
#include "tests/gpu/gpu_noop.h"

struct needle {
	uint8_t *bytes;
	size_t count;
	bool found;
};

static struct needle needles[GPU_NOOP_NEEDLES_MAX];
static unsigned int n_needles, executions;
static uint64_t digest = 0xcbf29ce484222325;

unsigned int gpu_noop_seek(const void *bytes, size_t count)
{
	struct needle *needle = &needles[n_needles];

	if (n_needles == GPU_NOOP_NEEDLES_MAX || !count)
		abort();
	needle->bytes = malloc(count);
	if (!needle->bytes)
		abort();
	memcpy(needle->bytes, bytes, count);
	needle->count = count;
	return n_needles++;
}

bool gpu_noop_found(unsigned int needle)
{
	return needle < n_needles && needles[needle].found;
}

unsigned int gpu_noop_executions(void)
{
	return executions;
}

uint64_t gpu_noop_digest(void)
{
	return digest;
}

/* FNV-1a's step, a word at a time. */
static void digest_word(uint64_t word)
{
	digest = (digest ^ word) * 0x100000001b3;
	digest ^= digest >> 32;
}

/* Words of zeros count as what was never written. */
static void look_at(const uint8_t *bytes, size_t count, uint64_t place)
{
	for (size_t i = 0; i + 8 <= count; i += 8) {
		uint64_t word;

		memcpy(&word, bytes + i, 8);
		if (word) {
			digest_word(place + i);
			digest_word(word);
		}
	}
	for (unsigned int i = 0; i < n_needles; i++)
		if (!needles[i].found && memmem(bytes, count, needles[i].bytes, needles[i].count))
			needles[i].found = true;
}

/* The parts of it that anybody wrote to. */
static void look_at_object(const struct gpu_object *object)
{
	off_t at = (off_t)object->start, end = at + (off_t)object->bytes;

	while (at < end) {
		off_t data = lseek(gpu_memory(), at, SEEK_DATA), hole;
		void *mapped;

		if (data < 0 || data >= end)
			return;
		hole = lseek(gpu_memory(), data, SEEK_HOLE);
		at = hole < end ? hole : end;
		mapped = mmap(NULL, (size_t)(at - data), PROT_READ, MAP_SHARED, gpu_memory(), data);
		if (mapped == MAP_FAILED)
			abort();
		look_at(mapped, (size_t)(at - data), (uint64_t)data - object->start);
		munmap(mapped, (size_t)(at - data));
	}
}

void gpu_execute_begin(uint64_t flags)
{
	executions++;
	digest_word(flags);
}

void gpu_execute_refer(struct gpu_object *object)
{
	object->uses++;
	digest_word(object->bytes);
	if (!object->ino)
		look_at_object(object);
}
