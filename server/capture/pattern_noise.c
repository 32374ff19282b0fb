// SPDX-License-Identifier: GPL-2.0-or-later
/* Fractal noise for the landscape and the wallpaper. */
#include "server/capture/pattern_noise.h"

#include "server/capture/pattern_widget.h"

static float lattice(uint32_t seed, uint32_t x, uint32_t y)
{
	return (float)(widget_hash(seed ^ (x * 0x9e3779b1 + y * 0x85ebca77)) >> 8) / 16777216.f;
}

static float smooth(float at)
{
	return at * at * (3 - 2 * at);
}

static void add_octave(uint32_t seed, uint32_t cells, float weight, float *sum)
{
	uint32_t step = NOISE_SIZE / cells;

	for (uint32_t y = 0; y < NOISE_SIZE; y++) {
		uint32_t row = y / step, below = (row + 1) % cells;
		float ay = smooth((float)(y % step) / (float)step);

		for (uint32_t column = 0; column < cells; column++) {
			uint32_t right = (column + 1) % cells;
			float left = lattice(seed, column, row) * (1 - ay) + lattice(seed, column, below) * ay;
			float next = lattice(seed, right, row) * (1 - ay) + lattice(seed, right, below) * ay;

			for (uint32_t x = 0; x < step; x++)
				sum[y * NOISE_SIZE + column * step + x] += weight *
						(left + (next - left) * smooth((float)x / (float)step));
		}
	}
}

void noise_field(uint32_t seed, uint32_t cells, uint8_t *ret)
{
	static float sum[NOISE_SIZE * NOISE_SIZE];
	float weight = 1, low = 1e9f, high = -1e9f;

	for (uint32_t i = 0; i < NOISE_SIZE * NOISE_SIZE; i++)
		sum[i] = 0;
	for (; cells <= NOISE_SIZE / 2; cells *= 2, weight *= 0.55f)
		add_octave(seed++, cells, weight, sum);
	for (uint32_t i = 0; i < NOISE_SIZE * NOISE_SIZE; i++) {
		low = sum[i] < low ? sum[i] : low;
		high = sum[i] > high ? sum[i] : high;
	}
	for (uint32_t i = 0; i < NOISE_SIZE * NOISE_SIZE; i++)
		ret[i] = (uint8_t)((sum[i] - low) / (high - low) * 255.f);
}

void noise_line(uint32_t seed, uint32_t cells, float rough, uint16_t *ret)
{
	float sum[NOISE_SIZE] = { 0 }, weight = 1, low = 1e9f, high = -1e9f;

	for (; cells <= NOISE_SIZE; cells *= 2, weight *= rough, seed++) {
		uint32_t step = NOISE_SIZE / cells;

		for (uint32_t x = 0; x < NOISE_SIZE; x++) {
			float a = lattice(seed, x / step, 0), b = lattice(seed, (x / step + 1) % cells, 0);

			sum[x] += weight * (a + (b - a) * smooth((float)(x % step) / (float)step));
		}
	}
	for (uint32_t x = 0; x < NOISE_SIZE; x++) {
		low = sum[x] < low ? sum[x] : low;
		high = sum[x] > high ? sum[x] : high;
	}
	for (uint32_t x = 0; x < NOISE_SIZE; x++)
		ret[x] = (uint16_t)((sum[x] - low) / (high - low) * 65535.f);
}
