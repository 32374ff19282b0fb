// SPDX-License-Identifier: GPL-2.0-or-later
/* Row kernels of damage: the scalar reference, and the choice. */
#include "server/damage_simd.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "server/damage_avx2.h"

#define COLOUR 0x00ffffffu
#define COLOUR_PAIR 0x00ffffff00ffffffull

static inline uint32_t load32(const uint8_t *src)
{
	uint32_t value;

	memcpy(&value, src, sizeof(value));
	return value;
}

static inline uint64_t load64(const uint8_t *src)
{
	uint64_t value;

	memcpy(&value, src, sizeof(value));
	return value;
}

static void scalar_compare(const uint8_t *a, const uint8_t *b, uint32_t width, uint16_t bit,
		uint16_t *spans)
{
	for (uint32_t start = 0; start < width; start += DAMAGE_SPAN) {
		uint32_t end = width - start < DAMAGE_SPAN ? width : start + DAMAGE_SPAN;
		uint64_t difference = 0;
		uint32_t x = start;

		for (; x + 2 <= end; x += 2)
			difference |= load64(a + (size_t)x * 4) ^ load64(b + (size_t)x * 4);
		difference &= COLOUR_PAIR;
		if (x < end)
			difference |= (load32(a + (size_t)x * 4) ^ load32(b + (size_t)x * 4)) & COLOUR;
		if (difference)
			spans[start / DAMAGE_SPAN] |= bit;
	}
}

static uint64_t scalar_differ(const uint8_t *a, const uint8_t *b, uint32_t width)
{
	uint64_t mask = 0;

	for (uint32_t x = 0; x < width; x++) {
		uint32_t difference = load32(a + (size_t)x * 4) ^ load32(b + (size_t)x * 4);

		mask |= (uint64_t)((difference & COLOUR) != 0) << x;
	}
	return mask;
}

static uint64_t scalar_update(uint8_t *dst, const uint8_t *src, uint32_t width)
{
	uint8_t copy[DAMAGE_SPAN * 4];
	uint64_t mask;

	/* The fence keeps the compiler from reading src again below. */
	memcpy(copy, src, (size_t)width * 4);
	atomic_signal_fence(memory_order_seq_cst);
	mask = scalar_differ(dst, copy, width);
	for (uint32_t x = 0; x < width; x++) {
		uint32_t pixel = load32(copy + (size_t)x * 4) & COLOUR;

		memcpy(dst + (size_t)x * 4, &pixel, sizeof(pixel));
	}
	return mask;
}

uint32_t damage_hash_finish(const uint32_t lanes[DAMAGE_HASH_LANES], uint32_t width)
{
	uint32_t hash = width, weight = 1;

	/* Sums do not wait for each other as a chain of products would. */
	for (unsigned int i = 0; i < DAMAGE_HASH_LANES; i++) {
		weight *= 0x85ebca6bu;
		hash += (lanes[i] ^ lanes[i] >> 15) * weight;
	}
	hash ^= hash >> 15;
	hash *= 0xc2b2ae35u;
	return hash ^ hash >> 13;
}

static uint32_t scalar_hash(const uint8_t *row, uint32_t width)
{
	uint32_t lanes[DAMAGE_HASH_LANES] = { 0 };

	for (uint32_t x = 0; x < width; x++) {
		uint32_t *lane = &lanes[x % DAMAGE_HASH_LANES];

		*lane = *lane * DAMAGE_HASH_MULTIPLIER + (load32(row + (size_t)x * 4) & COLOUR);
	}
	return damage_hash_finish(lanes, width);
}

uint64_t damage_fingerprint_finish(const uint32_t lanes[DAMAGE_FINGERPRINT_LANES], uint32_t width)
{
	uint64_t fingerprint = width;

	for (unsigned int i = 0; i < DAMAGE_FINGERPRINT_LANES; i += 2) {
		fingerprint ^= lanes[i] | (uint64_t)lanes[i + 1] << 32;
		fingerprint *= 0x9e3779b97f4a7c15ull;
		fingerprint ^= fingerprint >> 29;
	}
	return fingerprint ? fingerprint : 1;
}

static uint64_t scalar_fingerprint(const uint8_t *row, uint32_t width)
{
	uint32_t lanes[DAMAGE_FINGERPRINT_LANES] = { 0 };

	for (uint32_t x = 0; x < width; x++) {
		uint32_t *lane = &lanes[x % DAMAGE_FINGERPRINT_LANES];

		*lane = *lane * DAMAGE_HASH_MULTIPLIER + (load32(row + (size_t)x * 4) & COLOUR);
	}
	return damage_fingerprint_finish(lanes, width);
}

static void scalar_mix(uint32_t *hashes, const uint8_t *row, uint32_t width)
{
	for (uint32_t x = 0; x < width; x++) {
		hashes[x] = hashes[x] * DAMAGE_HASH_MULTIPLIER +
				(load32(row + (size_t)x * 4) & COLOUR);
	}
}

static const struct damage_kernels scalar_kernels = {
	.name = "scalar",
	.compare = scalar_compare,
	.differ = scalar_differ,
	.update = scalar_update,
	.hash = scalar_hash,
	.fingerprint = scalar_fingerprint,
	.mix = scalar_mix,
};

const struct damage_kernels *damage_kernels_scalar(void)
{
	return &scalar_kernels;
}

const struct damage_kernels *damage_kernels_best(void)
{
	const struct damage_kernels *avx2 = damage_kernels_avx2();

	return avx2 ? avx2 : &scalar_kernels;
}
