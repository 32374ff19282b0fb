/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Natural-looking chance: sums of smooth noise that joins at its edges. Loop thread. */
#ifndef PLANECAST_SERVER_CAPTURE_PATTERN_NOISE_H
#define PLANECAST_SERVER_CAPTURE_PATTERN_NOISE_H

#include <stdint.h>

#define NOISE_SIZE 512u /* each way, of both fields */

/* NOISE_SIZE * NOISE_SIZE values, coarsest features NOISE_SIZE / cells wide. */
void noise_field(uint32_t seed, uint32_t cells, uint8_t *ret);
/* NOISE_SIZE values 0..65535; rough: how much finer features count, 0..1. */
void noise_line(uint32_t seed, uint32_t cells, float rough, uint16_t *ret);

#endif
