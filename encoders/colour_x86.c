// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RGB to NV12 for x86 with SSE4.1 and with AVX2.
 *
 * Both do the same: for luma, the bytes of a pixel are multiplied and summed in
 * two steps (blue with green, then red). For chroma, they are reordered so that
 * neighbours lie side by side and sum in one step; a register of blue and green
 * sums and one of red ones then serve U and V. The bias of chroma hides in the
 * empty half of the red ones.
 */
#include "encoders/colour_kernels.h"

#if defined(__x86_64__) || defined(__i386__)

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>

#define SSE41 __attribute__((target("sse4.1")))
#define AVX2 __attribute__((target("avx2")))
#define INLINE __attribute__((always_inline)) inline

/* Their product is COLOUR_CHROMA_BIAS. */
#define BIAS_FACTOR 16384
#define BIAS_COUNT (COLOUR_CHROMA_BIAS / BIAS_FACTOR)

static int two_words(int32_t low, int32_t high)
{
	return (int)((uint16_t)low | (uint32_t)(uint16_t)high << 16);
}

static int three_bytes(const int8_t bytes[3])
{
	return (uint8_t)bytes[0] | (uint8_t)bytes[1] << 8 | (uint8_t)bytes[2] << 16;
}

/* The plan, spread over registers. */
struct sse41_plan {
	__m128i luma, luma_scale, luma_bias;
	__m128i u_first, u_red, v_first, v_red;
	__m128i bgr, pairs;
};

static SSE41 INLINE struct sse41_plan sse41_prepare(const struct colour_plan *plan)
{
	const struct colour_weights *weights = plan->weights;

	return (struct sse41_plan){
		.luma = _mm_set1_epi32(three_bytes(weights->luma)),
		.luma_scale = _mm_set1_epi32(two_words(weights->luma_scale[0], weights->luma_scale[1])),
		.luma_bias = _mm_set1_epi32(weights->luma_bias),
		.u_first = _mm_set1_epi32(two_words(weights->u[0], weights->u[1])),
		.u_red = _mm_set1_epi32(two_words(weights->u[2], BIAS_FACTOR)),
		.v_first = _mm_set1_epi32(two_words(weights->v[0], weights->v[1])),
		.v_red = _mm_set1_epi32(two_words(weights->v[2], BIAS_FACTOR)),
		.bgr = _mm_loadu_si128((const __m128i *)plan->bgr),
		.pairs = _mm_loadu_si128((const __m128i *)plan->pairs),
	};
}

static SSE41 INLINE __m128i sse41_luma4(__m128i pixels, const struct sse41_plan *plan)
{
	__m128i sums = _mm_maddubs_epi16(_mm_shuffle_epi8(pixels, plan->bgr), plan->luma);

	sums = _mm_add_epi32(_mm_madd_epi16(sums, plan->luma_scale), plan->luma_bias);
	return _mm_srai_epi32(sums, COLOUR_LUMA_SHIFT);
}

/* 16 pixels. */
static SSE41 INLINE void sse41_luma(uint8_t *dst, const __m128i pixels[4], const struct sse41_plan *plan)
{
	__m128i low = _mm_packs_epi32(sse41_luma4(pixels[0], plan), sse41_luma4(pixels[1], plan));
	__m128i high = _mm_packs_epi32(sse41_luma4(pixels[2], plan), sse41_luma4(pixels[3], plan));

	_mm_storeu_si128((__m128i *)dst, _mm_packus_epi16(low, high));
}

/* Words: blue, green, red, 0 of two blocks. */
static SSE41 INLINE __m128i sse41_sums(__m128i row0, __m128i row1, __m128i pairs)
{
	const __m128i ones = _mm_set1_epi8(1);

	return _mm_add_epi16(_mm_maddubs_epi16(_mm_shuffle_epi8(row0, pairs), ones),
			_mm_maddubs_epi16(_mm_shuffle_epi8(row1, pairs), ones));
}

/* Words: U and V of four blocks, from the sums of two each. */
static SSE41 INLINE __m128i sse41_chroma4(__m128i a, __m128i b, const struct sse41_plan *plan)
{
	__m128 fa = _mm_castsi128_ps(a), fb = _mm_castsi128_ps(b);
	__m128i first = _mm_castps_si128(_mm_shuffle_ps(fa, fb, _MM_SHUFFLE(2, 0, 2, 0)));
	__m128i red = _mm_castps_si128(_mm_shuffle_ps(fa, fb, _MM_SHUFFLE(3, 1, 3, 1)));
	__m128i u, v;

	red = _mm_or_si128(red, _mm_set1_epi32(BIAS_COUNT << 16));
	u = _mm_add_epi32(_mm_madd_epi16(first, plan->u_first), _mm_madd_epi16(red, plan->u_red));
	v = _mm_add_epi32(_mm_madd_epi16(first, plan->v_first), _mm_madd_epi16(red, plan->v_red));
	return _mm_blend_epi16(_mm_srli_epi32(u, COLOUR_CHROMA_SHIFT), v, 0xaa);
}

static SSE41 void sse41_convert(const struct colour_plan *plan, const struct colour_rows *rows, uint32_t blocks)
{
	const struct sse41_plan ready = sse41_prepare(plan);
	const struct colour_rows at = *rows;

	for (size_t x = 0; x < (size_t)blocks * COLOUR_BLOCK; x += 16) {
		__m128i row0[4], row1[4], sums[4];

		for (unsigned int i = 0; i < 4; i++) {
			row0[i] = _mm_loadu_si128((const __m128i *)(at.row0 + x * 4) + i);
			row1[i] = _mm_loadu_si128((const __m128i *)(at.row1 + x * 4) + i);
			sums[i] = sse41_sums(row0[i], row1[i], ready.pairs);
		}
		sse41_luma(at.luma0 + x, row0, &ready);
		sse41_luma(at.luma1 + x, row1, &ready);
		_mm_storeu_si128((__m128i *)(at.chroma + x),
				_mm_packus_epi16(sse41_chroma4(sums[0], sums[1], &ready),
						sse41_chroma4(sums[2], sums[3], &ready)));
	}
}

struct avx2_plan {
	__m256i luma, luma_scale, luma_bias;
	__m256i u_first, u_red, v_first, v_red;
	__m256i bgr, pairs;
};

static AVX2 INLINE struct avx2_plan avx2_prepare(const struct colour_plan *plan)
{
	const struct colour_weights *weights = plan->weights;

	return (struct avx2_plan){
		.luma = _mm256_set1_epi32(three_bytes(weights->luma)),
		.luma_scale = _mm256_set1_epi32(two_words(weights->luma_scale[0], weights->luma_scale[1])),
		.luma_bias = _mm256_set1_epi32(weights->luma_bias),
		.u_first = _mm256_set1_epi32(two_words(weights->u[0], weights->u[1])),
		.u_red = _mm256_set1_epi32(two_words(weights->u[2], BIAS_FACTOR)),
		.v_first = _mm256_set1_epi32(two_words(weights->v[0], weights->v[1])),
		.v_red = _mm256_set1_epi32(two_words(weights->v[2], BIAS_FACTOR)),
		.bgr = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)plan->bgr)),
		.pairs = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)plan->pairs)),
	};
}

/* Packing goes by halves of a register; this puts right the order it leaves. */
static AVX2 INLINE void avx2_store(uint8_t *dst, __m256i packed)
{
	_mm256_storeu_si256((__m256i *)dst,
			_mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)));
}

static AVX2 INLINE __m256i avx2_luma8(__m256i pixels, const struct avx2_plan *plan, bool shuffle)
{
	__m256i sums = shuffle ? _mm256_shuffle_epi8(pixels, plan->bgr) : pixels;

	sums = _mm256_maddubs_epi16(sums, plan->luma);
	sums = _mm256_add_epi32(_mm256_madd_epi16(sums, plan->luma_scale), plan->luma_bias);
	return _mm256_srai_epi32(sums, COLOUR_LUMA_SHIFT);
}

/* 32 pixels. */
static AVX2 INLINE void avx2_luma(uint8_t *dst, const __m256i pixels[4], const struct avx2_plan *plan,
		bool shuffle)
{
	__m256i low = _mm256_packs_epi32(avx2_luma8(pixels[0], plan, shuffle),
			avx2_luma8(pixels[1], plan, shuffle));
	__m256i high = _mm256_packs_epi32(avx2_luma8(pixels[2], plan, shuffle),
			avx2_luma8(pixels[3], plan, shuffle));

	avx2_store(dst, _mm256_packus_epi16(low, high));
}

/* Words: blue, green, red, 0 of four blocks. */
static AVX2 INLINE __m256i avx2_sums(__m256i row0, __m256i row1, __m256i pairs)
{
	const __m256i ones = _mm256_set1_epi8(1);

	return _mm256_add_epi16(_mm256_maddubs_epi16(_mm256_shuffle_epi8(row0, pairs), ones),
			_mm256_maddubs_epi16(_mm256_shuffle_epi8(row1, pairs), ones));
}

/* Words: U and V of eight blocks, from the sums of four each. */
static AVX2 INLINE __m256i avx2_chroma8(__m256i a, __m256i b, const struct avx2_plan *plan)
{
	__m256 fa = _mm256_castsi256_ps(a), fb = _mm256_castsi256_ps(b);
	__m256i first = _mm256_castps_si256(_mm256_shuffle_ps(fa, fb, _MM_SHUFFLE(2, 0, 2, 0)));
	__m256i red = _mm256_castps_si256(_mm256_shuffle_ps(fa, fb, _MM_SHUFFLE(3, 1, 3, 1)));
	__m256i u, v;

	red = _mm256_or_si256(red, _mm256_set1_epi32(BIAS_COUNT << 16));
	u = _mm256_add_epi32(_mm256_madd_epi16(first, plan->u_first), _mm256_madd_epi16(red, plan->u_red));
	v = _mm256_add_epi32(_mm256_madd_epi16(first, plan->v_first), _mm256_madd_epi16(red, plan->v_red));
	return _mm256_blend_epi16(_mm256_srli_epi32(u, COLOUR_CHROMA_SHIFT), v, 0xaa);
}

static AVX2 INLINE void avx2_blocks(const struct colour_plan *plan, const struct colour_rows *rows,
		uint32_t blocks, bool shuffle)
{
	const struct avx2_plan ready = avx2_prepare(plan);
	const struct colour_rows at = *rows;

	for (size_t x = 0; x < (size_t)blocks * COLOUR_BLOCK; x += COLOUR_BLOCK) {
		__m256i row0[4], row1[4], sums[4];

		for (unsigned int i = 0; i < 4; i++) {
			row0[i] = _mm256_loadu_si256((const __m256i *)(at.row0 + x * 4) + i);
			row1[i] = _mm256_loadu_si256((const __m256i *)(at.row1 + x * 4) + i);
			sums[i] = avx2_sums(row0[i], row1[i], ready.pairs);
		}
		avx2_luma(at.luma0 + x, row0, &ready, shuffle);
		avx2_luma(at.luma1 + x, row1, &ready, shuffle);
		avx2_store(at.chroma + x, _mm256_packus_epi16(avx2_chroma8(sums[0], sums[1], &ready),
				avx2_chroma8(sums[2], sums[3], &ready)));
	}
}

static AVX2 void avx2_convert(const struct colour_plan *plan, const struct colour_rows *rows, uint32_t blocks)
{
	/* The layout that nearly every guest has needs no shuffle. */
	if (plan->order[0] == 0 && plan->order[1] == 1)
		avx2_blocks(plan, rows, blocks, false);
	else
		avx2_blocks(plan, rows, blocks, true);
}

static const struct colour_kernel sse41_kernel = { .name = "sse4.1", .convert = sse41_convert };
static const struct colour_kernel avx2_kernel = { .name = "avx2", .convert = avx2_convert };

const struct colour_kernel *colour_kernel_sse41(void)
{
	return __builtin_cpu_supports("sse4.1") ? &sse41_kernel : NULL;
}

const struct colour_kernel *colour_kernel_avx2(void)
{
	return __builtin_cpu_supports("avx2") ? &avx2_kernel : NULL;
}

#else

#include <stddef.h>

const struct colour_kernel *colour_kernel_sse41(void)
{
	return NULL;
}

const struct colour_kernel *colour_kernel_avx2(void)
{
	return NULL;
}

#endif
