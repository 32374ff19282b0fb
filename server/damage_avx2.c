// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Row kernels of damage for x86 with AVX2.
 *
 * There are none for AVX-512: a pass waits for memory, and with cold caches
 * 64 byte loads took 1.18 times as long as these on Zen 4 (1.00 times memcmp).
 * Prefetching by hand cost 10 to 30 % at every distance from 512 to 8192 bytes.
 */
#include "server/damage_avx2.h"

#if defined(__x86_64__) || defined(__i386__)

#include <immintrin.h>
#include <stdatomic.h>
#include <stddef.h>

#define AVX2 __attribute__((target("avx2")))

/* The compiler may not read memory again for what was loaded before. */
static inline void fence(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

/* 8 pixels a vector: a span is 8 vectors. */

static AVX2 inline __m256i load8(const uint8_t *src, uint32_t vector)
{
	return _mm256_loadu_si256((const __m256i *)(src + (size_t)vector * 32));
}

/* The high bit of each lane of the result lets a masked load or store take that lane. */
static AVX2 inline __m256i first_lanes(uint32_t count)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count),
			_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static AVX2 inline __m256i difference8(const uint8_t *a, const uint8_t *b, uint32_t vector)
{
	return _mm256_xor_si256(load8(a, vector), load8(b, vector));
}

static AVX2 inline __m256i load_part(const uint8_t *src, uint32_t vector, __m256i lanes)
{
	return _mm256_maskload_epi32((const int *)(src + (size_t)vector * 32), lanes);
}

static AVX2 void avx2_compare(const uint8_t *a, const uint8_t *b, uint32_t width, uint16_t bit,
		uint16_t *spans)
{
	const __m256i colour = _mm256_set1_epi32(0x00ffffff);
	__m256i difference, lanes;
	uint32_t vector;

	for (; width >= DAMAGE_SPAN; width -= DAMAGE_SPAN) {
		difference = _mm256_or_si256(
				_mm256_or_si256(_mm256_or_si256(difference8(a, b, 0),
							difference8(a, b, 1)),
						_mm256_or_si256(difference8(a, b, 2),
							difference8(a, b, 3))),
				_mm256_or_si256(_mm256_or_si256(difference8(a, b, 4),
							difference8(a, b, 5)),
						_mm256_or_si256(difference8(a, b, 6),
							difference8(a, b, 7))));
		if (!_mm256_testz_si256(difference, colour))
			*spans |= bit;
		a += DAMAGE_SPAN * 4;
		b += DAMAGE_SPAN * 4;
		spans++;
	}
	if (!width)
		return;
	lanes = first_lanes(width % 8);
	difference = _mm256_setzero_si256();
	for (vector = 0; vector < width / 8; vector++)
		difference = _mm256_or_si256(difference, difference8(a, b, vector));
	difference = _mm256_or_si256(difference,
			_mm256_xor_si256(load_part(a, vector, lanes), load_part(b, vector, lanes)));
	if (!_mm256_testz_si256(difference, colour))
		*spans |= bit;
}

/* One bit a pixel. */
static AVX2 inline uint64_t changed8(__m256i a, __m256i b)
{
	const __m256i colour = _mm256_set1_epi32(0x00ffffff);
	__m256i difference = _mm256_and_si256(_mm256_xor_si256(a, b), colour);
	__m256i same = _mm256_cmpeq_epi32(difference, _mm256_setzero_si256());

	return (unsigned int)_mm256_movemask_ps(_mm256_castsi256_ps(same)) ^ 0xffu;
}

static AVX2 uint64_t avx2_differ(const uint8_t *a, const uint8_t *b, uint32_t width)
{
	uint64_t mask = 0;
	uint32_t vector;

	for (vector = 0; vector < width / 8; vector++)
		mask |= changed8(load8(a, vector), load8(b, vector)) << (vector * 8);
	if (width % 8) {
		__m256i lanes = first_lanes(width % 8);

		mask |= changed8(load_part(a, vector, lanes), load_part(b, vector, lanes))
				<< (vector * 8);
	}
	return mask;
}

static AVX2 uint64_t avx2_update(uint8_t *dst, const uint8_t *src, uint32_t width)
{
	const __m256i colour = _mm256_set1_epi32(0x00ffffff);
	uint64_t mask = 0;
	uint32_t vector;
	__m256i pixels;

	for (vector = 0; vector < width / 8; vector++) {
		pixels = load8(src, vector);
		fence();
		mask |= changed8(pixels, load8(dst, vector)) << (vector * 8);
		_mm256_storeu_si256((__m256i *)(dst + (size_t)vector * 32),
				_mm256_and_si256(pixels, colour));
	}
	if (width % 8) {
		__m256i lanes = first_lanes(width % 8);

		pixels = load_part(src, vector, lanes);
		fence();
		mask |= changed8(pixels, load_part(dst, vector, lanes)) << (vector * 8);
		_mm256_maskstore_epi32((int *)(dst + (size_t)vector * 32), lanes,
				_mm256_and_si256(pixels, colour));
	}
	return mask;
}

/* One step of eight polynomials. */
static AVX2 inline __m256i advance8(__m256i hash, __m256i pixels)
{
	const __m256i colour = _mm256_set1_epi32(0x00ffffff);
	const __m256i multiplier = _mm256_set1_epi32((int)DAMAGE_HASH_MULTIPLIER);

	return _mm256_add_epi32(_mm256_mullo_epi32(hash, multiplier),
			_mm256_and_si256(pixels, colour));
}

static AVX2 uint32_t avx2_hash(const uint8_t *row, uint32_t width)
{
	__m256i hash = _mm256_setzero_si256();
	uint32_t lanes[DAMAGE_HASH_LANES];
	uint32_t vector;

	for (vector = 0; vector < width / 8; vector++)
		hash = advance8(hash, load8(row, vector));
	if (width % 8) {
		/* Lanes past the end keep what they have. */
		__m256i part = first_lanes(width % 8);

		hash = _mm256_blendv_epi8(hash, advance8(hash, load_part(row, vector, part)), part);
	}
	_mm256_storeu_si256((__m256i *)lanes, hash);
	return damage_hash_finish(lanes, width);
}

static AVX2 uint64_t avx2_fingerprint(const uint8_t *row, uint32_t width)
{
	uint32_t lanes[DAMAGE_FINGERPRINT_LANES];
	__m256i first = _mm256_setzero_si256(), second = first, third = first, fourth = first;
	__m256i *hash = (__m256i *)lanes;
	uint32_t left = width;

	for (; left >= DAMAGE_FINGERPRINT_LANES; left -= DAMAGE_FINGERPRINT_LANES) {
		first = advance8(first, load8(row, 0));
		second = advance8(second, load8(row, 1));
		third = advance8(third, load8(row, 2));
		fourth = advance8(fourth, load8(row, 3));
		row += (size_t)DAMAGE_FINGERPRINT_LANES * 4;
	}
	_mm256_storeu_si256(hash, first);
	_mm256_storeu_si256(hash + 1, second);
	_mm256_storeu_si256(hash + 2, third);
	_mm256_storeu_si256(hash + 3, fourth);
	for (; left; left -= left < 8 ? left : 8) {
		__m256i part = first_lanes(left), before = _mm256_loadu_si256(hash);

		_mm256_storeu_si256(hash++, _mm256_blendv_epi8(before,
				advance8(before, load_part(row, 0, part)), part));
		row += 8 * 4;
	}
	return damage_fingerprint_finish(lanes, width);
}

static AVX2 void avx2_mix(uint32_t *hashes, const uint8_t *row, uint32_t width)
{
	__m256i *hash = (__m256i *)hashes;
	__m256i lanes = first_lanes(width % 8), last;
	uint32_t vector;

	for (vector = 0; vector < width / 8; vector++) {
		_mm256_storeu_si256(hash + vector,
				advance8(_mm256_loadu_si256(hash + vector), load8(row, vector)));
	}
	last = _mm256_maskload_epi32((const int *)(hash + vector), lanes);
	last = advance8(last, load_part(row, vector, lanes));
	_mm256_maskstore_epi32((int *)(hash + vector), lanes, last);
}

static const struct damage_kernels avx2_kernels = {
	.name = "avx2",
	.compare = avx2_compare,
	.differ = avx2_differ,
	.update = avx2_update,
	.hash = avx2_hash,
	.fingerprint = avx2_fingerprint,
	.mix = avx2_mix,
};

const struct damage_kernels *damage_kernels_avx2(void)
{
	return __builtin_cpu_supports("avx2") ? &avx2_kernels : NULL;
}

#else

const struct damage_kernels *damage_kernels_avx2(void)
{
	return NULL;
}

#endif
