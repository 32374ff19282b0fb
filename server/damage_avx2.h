/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the kernels of damage_simd.c and damage_avx2.c; nobody else's business. */
#ifndef PLANECAST_SERVER_DAMAGE_AVX2_H
#define PLANECAST_SERVER_DAMAGE_AVX2_H

#include <stdint.h>

#include "server/damage_simd.h"

/*
 * The hash of a span: eight polynomial hashes side by side, one a vector lane.
 * A multiplier that is 5 modulo 8 keeps its powers apart in the low bits, where
 * changes of a channel's high bits would otherwise cancel out.
 */
#define DAMAGE_HASH_LANES 8
#define DAMAGE_HASH_MULTIPLIER 0x9e3779b5u

/*
 * A fingerprint: as many polynomials as keep the multiplier busy, as each waits for
 * its own last product.
 */
#define DAMAGE_FINGERPRINT_LANES 32

uint64_t damage_fingerprint_finish(const uint32_t lanes[DAMAGE_FINGERPRINT_LANES], uint32_t width);

uint32_t damage_hash_finish(const uint32_t lanes[DAMAGE_HASH_LANES], uint32_t width);

/* NULL where this CPU has no AVX2. */
const struct damage_kernels *damage_kernels_avx2(void);

#endif
