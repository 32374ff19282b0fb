// SPDX-License-Identifier: GPL-2.0-or-later
/* What is submitted for execution: looked at, not executed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/gpu/i915.h"
#include "tests/gpu/i915_noop.h"

struct needle {
	uint8_t *bytes;
	size_t count;
	bool found;
};

static struct needle needles[I915_NOOP_NEEDLES_MAX];
static unsigned int n_needles, executions;
static uint64_t digest = 0xcbf29ce484222325;

unsigned int i915_noop_seek(const void *bytes, size_t count)
{
	struct needle *needle = &needles[n_needles];

	if (n_needles == I915_NOOP_NEEDLES_MAX || !count)
		abort();
	needle->bytes = malloc(count);
	if (!needle->bytes)
		abort();
	memcpy(needle->bytes, bytes, count);
	needle->count = count;
	return n_needles++;
}

bool i915_noop_found(unsigned int needle)
{
	return needle < n_needles && needles[needle].found;
}

unsigned int i915_noop_executions(void)
{
	return executions;
}

uint64_t i915_noop_digest(void)
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
static void look_at_object(const struct i915_object *object)
{
	off_t at = (off_t)object->start, end = at + (off_t)object->bytes;

	while (at < end) {
		off_t data = lseek(i915_memory(), at, SEEK_DATA), hole;
		void *mapped;

		if (data < 0 || data >= end)
			return;
		hole = lseek(i915_memory(), data, SEEK_HOLE);
		at = hole < end ? hole : end;
		mapped = mmap(NULL, (size_t)(at - data), PROT_READ, MAP_SHARED, i915_memory(), data);
		if (mapped == MAP_FAILED)
			abort();
		look_at(mapped, (size_t)(at - data), (uint64_t)data - object->start);
		munmap(mapped, (size_t)(at - data));
	}
}

int i915_answer_execute(struct drm_i915_gem_execbuffer2 *execute)
{
	const struct drm_i915_gem_exec_object2 *list = (void *)(uintptr_t)execute->buffers_ptr;

	if (!execute->buffer_count)
		return -EINVAL;
	for (uint32_t i = 0; i < execute->buffer_count; i++)
		if (!i915_object_find(list[i].handle))
			return -ENOENT;
	executions++;
	digest_word(execute->flags);
	for (uint32_t i = 0; i < execute->buffer_count; i++) {
		struct i915_object *object = i915_object_find(list[i].handle);

		object->uses++;
		digest_word(object->bytes);
		if (!object->ino)
			look_at_object(object);
	}
	return 0;
}
