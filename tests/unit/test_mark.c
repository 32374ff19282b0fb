// SPDX-License-Identifier: GPL-2.0-or-later
/* The mark survives what lossy encoders do to a picture, and nothing else passes for one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/capture/mark.h"

#define WIDTH 300u
#define HEIGHT 50u
#define STRIDE (WIDTH * 4)

static uint32_t pixels[HEIGHT][WIDTH];
static uint32_t random_state = 1;

static const struct mark marks[] = {
	{ 0, 0 },
	{ 1, 123456789012345 },
	{ 0xffffffff, 0xffffffffffffffff },
	{ 0xaaaaaaaa, 0x5555555555555555 },
};

#define N_MARKS (sizeof(marks) / sizeof(marks[0]))

static uint32_t random_next(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8;
}

static uint8_t clamp(int value)
{
	return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

static void add_noise(int amplitude)
{
	uint8_t *bytes = (uint8_t *)pixels;

	for (size_t i = 0; i < sizeof(pixels); i++)
		bytes[i] = clamp(bytes[i] + (int)(random_next() % (2 * (unsigned int)amplitude + 1)) -
				amplitude);
}

static void blur(void)
{
	static uint32_t copy[HEIGHT][WIDTH];

	memcpy(copy, pixels, sizeof(copy));
	for (unsigned int y = 1; y < HEIGHT - 1; y++) {
		for (unsigned int i = 4; i < STRIDE - 4; i++) {
			unsigned int sum = 0;

			for (unsigned int j = 0; j < 9; j++)
				sum += ((uint8_t *)copy[y - 1 + j / 3])[i - 4 + 4 * (j % 3)];
			((uint8_t *)pixels[y])[i] = (uint8_t)(sum / 9);
		}
	}
}

static void draw(const struct mark *mark)
{
	memset(pixels, 0x55, sizeof(pixels));
	mark_draw(pixels, STRIDE, mark);
}

static void assert_reads(const struct mark *expected)
{
	struct mark mark = { 77, 77 };

	assert_int_equal(mark_read(pixels, STRIDE, WIDTH, HEIGHT, &mark), 0);
	assert_int_equal(mark.sequence, expected->sequence);
	assert_true(mark.due_us == expected->due_us);
}

static void assert_refused(void)
{
	struct mark mark = { 77, 77 };

	assert_int_equal(mark_read(pixels, STRIDE, WIDTH, HEIGHT, &mark), -ENOENT);
	assert_int_equal(mark.sequence, 77);
	assert_true(mark.due_us == 77);
}

static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_MARKS; i++) {
		draw(&marks[i]);
		assert_reads(&marks[i]);
		/* Nothing beside it is touched. */
		assert_int_equal(pixels[0][MARK_WIDTH], 0x55555555);
		assert_int_equal(pixels[MARK_HEIGHT][0], 0x55555555);
	}
}

static void test_survives_noise_and_blur(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_MARKS; i++) {
		draw(&marks[i]);
		blur();
		add_noise(48);
		assert_reads(&marks[i]);
	}
}

static void shift(int by)
{
	uint8_t *bytes = (uint8_t *)pixels;

	for (size_t i = 0; i < sizeof(pixels); i++)
		bytes[i] = clamp(bytes[i] + by);
}

/* Limited range taken for full range, a viewer's gamma: brighter or darker as a whole. */
static void test_survives_other_brightness(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_MARKS; i++) {
		draw(&marks[i]);
		shift(50);
		assert_reads(&marks[i]);
		draw(&marks[i]);
		shift(-50);
		assert_reads(&marks[i]);
	}
}

static void test_torn_mark_is_refused(void **state)
{
	static uint32_t old[HEIGHT][WIDTH];

	(void)state;
	mark_draw(old, STRIDE, &(struct mark){ 1000, 5000000000 });
	for (unsigned int row = 1; row < MARK_ROWS; row++) {
		/* Above row the new one, from row on the old one. */
		draw(&(struct mark){ 1001, 9000033333 });
		memcpy(pixels[row * MARK_BLOCK], old[row * MARK_BLOCK],
				(MARK_ROWS - row) * MARK_BLOCK * STRIDE);
		assert_refused();
	}
}

static void test_any_wrong_block_is_refused(void **state)
{
	(void)state;
	draw(&marks[1]);
	for (unsigned int bit = 0; bit < MARK_COLUMNS * MARK_ROWS; bit++) {
		unsigned int x = bit % MARK_COLUMNS * MARK_BLOCK, y = bit / MARK_COLUMNS * MARK_BLOCK;
		uint32_t saved = pixels[y][x];

		for (unsigned int i = 0; i < MARK_BLOCK * MARK_BLOCK; i++)
			pixels[y + i / MARK_BLOCK][x + i % MARK_BLOCK] = saved ^ 0xffffff;
		assert_refused();
		for (unsigned int i = 0; i < MARK_BLOCK * MARK_BLOCK; i++)
			pixels[y + i / MARK_BLOCK][x + i % MARK_BLOCK] = saved;
	}
	assert_reads(&marks[1]);
}

static void test_other_pictures_have_none(void **state)
{
	struct mark mark;

	(void)state;
	memset(pixels, 0, sizeof(pixels));
	assert_refused();
	memset(pixels, 0xff, sizeof(pixels));
	assert_refused();
	add_noise(255);
	assert_refused();
	assert_int_equal(mark_read(pixels, STRIDE, MARK_WIDTH - 1, HEIGHT, &mark), -EINVAL);
	assert_int_equal(mark_read(pixels, STRIDE, WIDTH, MARK_HEIGHT - 1, &mark), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_survives_noise_and_blur),
		cmocka_unit_test(test_survives_other_brightness),
		cmocka_unit_test(test_torn_mark_is_refused),
		cmocka_unit_test(test_any_wrong_block_is_refused),
		cmocka_unit_test(test_other_pictures_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
