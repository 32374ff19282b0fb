// SPDX-License-Identifier: GPL-2.0-or-later
/* Draws and reads the block code that tells test pictures apart. */
#include "server/capture/mark.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Far enough apart for any lossy path, near enough to the panel they sit on. */
#define COLOUR_DARK 0xff141a24u
#define COLOUR_LIGHT 0xff9fb0cbu
#define LUMA_THRESHOLD 99u

#define WORDS (MARK_COLUMNS * MARK_ROWS / 32)

static uint32_t check_sum(const uint32_t words[3])
{
	uint32_t hash = 0x9e3779b9;

	for (int i = 0; i < 3; i++) {
		hash ^= words[i];
		hash *= 0x85ebca6b;
		hash ^= hash >> 13;
		hash *= 0xc2b2ae35;
		hash ^= hash >> 16;
	}
	return hash;
}

void mark_draw(void *pixels, size_t stride, const struct mark *mark)
{
	uint32_t words[WORDS] = { mark->sequence, mark->due_us >> 32, (uint32_t)mark->due_us };

	words[WORDS - 1] = check_sum(words);
	for (unsigned int y = 0; y < MARK_HEIGHT; y++) {
		uint32_t *row = (uint32_t *)((uint8_t *)pixels + y * stride);
		uint32_t word = words[y / MARK_BLOCK];

		for (unsigned int x = 0; x < MARK_WIDTH; x++)
			row[x] = word >> (31 - x / MARK_BLOCK) & 1 ? COLOUR_LIGHT : COLOUR_DARK;
	}
}

static bool block_is_light(const uint8_t *block, size_t stride)
{
	uint32_t sum = 0;

	/* The inner 4x4: a blurred edge or a rectangle cut off by a pixel does not count. */
	for (unsigned int y = 2; y < 6; y++) {
		for (unsigned int x = 2; x < 6; x++) {
			const uint8_t *p = block + y * stride + x * 4;

			sum += p[0] * 29u + p[1] * 150u + p[2] * 77u;
		}
	}
	return sum / (16 * 256) > LUMA_THRESHOLD;
}

int mark_read(const void *pixels, size_t stride, uint32_t width, uint32_t height, struct mark *ret)
{
	uint32_t words[WORDS] = { 0 };

	if (width < MARK_WIDTH || height < MARK_HEIGHT)
		return -EINVAL;
	for (unsigned int row = 0; row < MARK_ROWS; row++) {
		const uint8_t *line = (const uint8_t *)pixels + row * MARK_BLOCK * stride;

		for (unsigned int column = 0; column < MARK_COLUMNS; column++)
			words[row] = words[row] << 1 |
					block_is_light(line + column * MARK_BLOCK * 4, stride);
	}
	if (words[WORDS - 1] != check_sum(words))
		return -ENOENT;
	*ret = (struct mark){ .sequence = words[0], .due_us = (uint64_t)words[1] << 32 | words[2] };
	return 0;
}
