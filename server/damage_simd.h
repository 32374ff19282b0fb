/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inner loops of damage: one row of XR24 against another, with the best
 * instructions this CPU has. Every set of kernels gives the same answers; the
 * high byte of each pixel never counts. No pointer needs an alignment.
 *
 * A source may be drawn to while it is read. Each kernel reads every source
 * pixel once and uses what it read, so its answer is true of what it stored.
 *
 * Any thread.
 */
#ifndef PLANECAST_SERVER_DAMAGE_SIMD_H
#define PLANECAST_SERVER_DAMAGE_SIMD_H

#include <stdint.h>

/* Pixels of a tile's row; what one bit or one call below is about. */
#define DAMAGE_SPAN 64

struct damage_kernels {
	const char *name;
	/*
	 * Compares width pixels, span by span, and ORs bit into spans[i] where
	 * the i-th span differs; the last span may be short.
	 */
	void (*compare)(const uint8_t *a, const uint8_t *b, uint32_t width, uint16_t bit,
			uint16_t *spans);
	/* Bit x of the result: pixel x differs. width is at most DAMAGE_SPAN. */
	uint64_t (*differ)(const uint8_t *a, const uint8_t *b, uint32_t width);
	/* The same, and makes dst equal to src; high bytes become 0. */
	uint64_t (*update)(uint8_t *dst, const uint8_t *src, uint32_t width);
	/* Of one span; equal pixels make equal hashes, also between kernels. */
	uint32_t (*hash)(const uint8_t *row, uint32_t width);
	/*
	 * Of a row of any width; never 0. Rows that differ in one pixel have different
	 * ones; two that are made to may have the same.
	 */
	uint64_t (*fingerprint)(const uint8_t *row, uint32_t width);
	/* One more row for width hashes, each of one column of pixels. They start at 0. */
	void (*mix)(uint32_t *hashes, const uint8_t *row, uint32_t width);
};

/* For any processor, and what the others are tested against. */
const struct damage_kernels *damage_kernels_scalar(void);
/* The fastest that this processor can run. */
const struct damage_kernels *damage_kernels_best(void);

#endif
