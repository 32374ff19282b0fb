// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks that compare a part of the picture: how little they read, and that they miss nothing for long. */
#include "tests/unit/damage_picture.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/damage.h"
#include "server/damage_avx2.h"
#include "server/damage_simd.h"
#include "server/format.h"

struct setup {
	struct damage *damage;
	struct picture picture;
	struct reader reader;
	uint32_t seed;
};

/* Of what moves a look may want to see more, but not for ever. */
static int look_patiently(struct setup *s, struct update *update)
{
	int result = damage_look(s->damage, &s->picture.frame, update);

	if (result == -EAGAIN)
		result = damage_look(s->damage, &s->picture.frame, update);
	assert_true(result >= 0);
	return result;
}

static int look(struct setup *s)
{
	struct update update;
	int result = look_patiently(s, &update);

	if (result) {
		reader_apply(&s->reader, &update);
		update_finish(&update);
	}
	reader_check_shadow(&s->reader, damage_shadow(s->damage));
	return result;
}

static void setup_init(struct setup *s, uint32_t width, uint32_t height, uint32_t seed)
{
	*s = (struct setup){ .seed = seed };
	assert_int_equal(damage_new(3, &s->damage), 0);
	picture_init(&s->picture, width, height, (size_t)width * 4 + seed % 3 * 13, seed % 64);
	picture_noise(&s->picture, 0, 0, width, height, &s->seed);
	assert_int_equal(look(s), 1);
	reader_check(&s->reader, &s->picture);
}

static void setup_finish(struct setup *s)
{
	damage_free(s->damage);
	picture_finish(&s->picture);
	reader_finish(&s->reader);
}

/* Comes back to the same rows for each row that a test goes on to. */
static void look_in_vain(struct setup *s, unsigned int looks)
{
	while (looks--)
		assert_int_equal(look(s), 0);
}

static void test_any_pixel_is_found_in_time(void **state)
{
	static const uint32_t sizes[][2] = { { 131, 41 }, { 64, 16 }, { 200, 7 }, { 1, 1 }, { 3, 129 } };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct setup s;

		setup_init(&s, sizes[i][0], sizes[i][1], (uint32_t)i + 1);
		for (uint32_t y = 0; y < sizes[i][1]; y++) {
			uint32_t x = picture_below(&s.seed, sizes[i][0]);
			unsigned int looks = 1;

			look_in_vain(&s, picture_below(&s.seed, DAMAGE_GLANCE_ROWS));
			picture_set(&s.picture, x, y, picture_get(&s.picture, x, y) ^ 0x10000);
			while (!look(&s))
				looks++;
			assert_true(looks <= DAMAGE_GLANCE_ROWS);
			reader_check(&s.reader, &s.picture);
		}
		look_in_vain(&s, DAMAGE_GLANCE_ROWS);
		setup_finish(&s);
	}
}

static void test_a_letter_is_found_at_once(void **state)
{
	struct setup s;

	(void)state;
	setup_init(&s, 300, 90, 3);
	for (uint32_t y = 0; y + DAMAGE_GLANCE_ROWS <= 90; y++) {
		uint32_t x = picture_below(&s.seed, 300);

		look_in_vain(&s, picture_below(&s.seed, 3));
		for (uint32_t row = y; row < y + DAMAGE_GLANCE_ROWS; row++)
			picture_set(&s.picture, x, row, picture_get(&s.picture, x, row) ^ 1);
		assert_int_equal(look(&s), 1);
		reader_check(&s.reader, &s.picture);
	}
	setup_finish(&s);
}

/* The frame of a window, thin lines a long way from the only edges that a look is sure to meet. */
static void test_what_hangs_together_comes_together(void **state)
{
	struct setup s;

	(void)state;
	setup_init(&s, 1500, 600, 4);
	for (unsigned int i = 0; i < DAMAGE_GLANCE_ROWS; i++) {
		uint32_t left = 10 + picture_below(&s.seed, 100), top = 10 + picture_below(&s.seed, 100);
		uint32_t colour = picture_random(&s.seed) & 0xffffff;

		picture_fill(&s.picture, left, top, 1300, 1, colour);
		picture_fill(&s.picture, left, top, 1, 400, colour);
		picture_fill(&s.picture, left + 1299, top, 1, 400, colour);
		picture_fill(&s.picture, left, top + 399, 1300, 1, colour);
		assert_int_equal(look(&s), 1);
		reader_check(&s.reader, &s.picture);
		look_in_vain(&s, 1);
	}
	setup_finish(&s);
}

/* One pixel a tile, no two of them side by side in a band, there and back over the whole picture. */
static void test_a_long_trail_is_followed(void **state)
{
	struct setup s;
	uint32_t columns = 20, bands = 40;

	(void)state;
	setup_init(&s, columns * DAMAGE_TILE_WIDTH, bands * DAMAGE_TILE_HEIGHT, 5);
	for (uint32_t column = 0; column < columns; column += 4) {
		for (uint32_t band = 0; band < bands; band++)
			picture_set(&s.picture, column * DAMAGE_TILE_WIDTH, band * DAMAGE_TILE_HEIGHT + 5, 1);
		/* The turn, below and above in turns. */
		for (uint32_t i = 1; i < 4 && column + 4 < columns; i++)
			picture_set(&s.picture, (column + i) * DAMAGE_TILE_WIDTH,
					(column / 4 % 2 ? 0 : bands - 1) * DAMAGE_TILE_HEIGHT + 5, 1);
	}
	picture_fill(&s.picture, (columns - 4) * DAMAGE_TILE_WIDTH, 0, 8, DAMAGE_TILE_HEIGHT, 2);
	assert_int_equal(look(&s), 1);
	reader_check(&s.reader, &s.picture);
	setup_finish(&s);
}

static void test_scrolls_are_found(void **state)
{
	struct setup s;
	struct update update;

	(void)state;
	setup_init(&s, 800, 600, 6);
	picture_scroll(&s.picture, 100, 50, 500, 400, 0, -16);
	assert_int_equal(damage_look(s.damage, &s.picture.frame, &update), 1);
	assert_true(pixman_region32_not_empty(&update.copy_region));
	assert_int_equal(update.copy_dy, -16);
	reader_apply(&s.reader, &update);
	update_finish(&update);
	reader_check(&s.reader, &s.picture);
	setup_finish(&s);
}

static void test_half_a_scroll_is_waited_for(void **state)
{
	struct setup s;
	struct update update;

	(void)state;
	setup_init(&s, 800, 600, 14);
	for (unsigned int i = 0; i < 5; i++) {
		picture_scroll(&s.picture, 100, 50, 500, 400, 0, -16);
		assert_int_equal(look(&s), 1);
		/* The guest draws from top to bottom. */
		picture_scroll(&s.picture, 100, 50, 500, 200, 0, -16);
		assert_int_equal(damage_look(s.damage, &s.picture.frame, &update), -EAGAIN);
		if (i % 2)
			picture_scroll(&s.picture, 100, 234, 500, 216, 0, -16);
		/* And this is all there is. */
		assert_int_equal(damage_look(s.damage, &s.picture.frame, &update), 1);
		assert_true(pixman_region32_not_empty(&update.copy_region));
		reader_apply(&s.reader, &update);
		update_finish(&update);
		reader_check(&s.reader, &s.picture);
	}
	setup_finish(&s);
}

static void test_every_format_is_looked_at(void **state)
{
	unsigned int count;
	const struct format *formats = format_table(&count);

	(void)state;
	for (unsigned int i = 0; i < count; i++) {
		struct setup s;

		if (formats[i].refusal)
			continue;
		s = (struct setup){ .seed = i + 1 };
		assert_int_equal(damage_new(2, &s.damage), 0);
		picture_init(&s.picture, 130, 50, 130 * 4, 0);
		picture_noise(&s.picture, 0, 0, 130, 50, &s.seed);
		s.picture.frame.fourcc = formats[i].fourcc;
		assert_int_equal(look(&s), 1);
		look_in_vain(&s, DAMAGE_GLANCE_ROWS);
		for (uint32_t y = 0; y < 50; y++) {
			uint8_t *row = s.picture.pixels + y * s.picture.stride;
			uint32_t pair = picture_below(&s.seed, 65) * formats[i].bytes_per_pixel * 2;
			unsigned int looks = 1;

			/* High bits of every channel: a change of any format. */
			for (uint32_t byte = 0; byte < formats[i].bytes_per_pixel * 2u; byte++)
				row[pair + byte] ^= 0x60;
			while (!look(&s))
				looks++;
			assert_true(looks <= DAMAGE_GLANCE_ROWS);
			look_in_vain(&s, 1);
		}
		setup_finish(&s);
	}
}

/* A source of one page a row: those that are read fault, and are counted. */
static struct {
	uint8_t *memory;
	size_t page_bytes;
	uint32_t rows;
	volatile unsigned int faults[DAMAGE_GLANCE_ROWS * 4];
} trap;

static void handle_fault(int number, siginfo_t *info, void *context)
{
	uintptr_t offset = (uintptr_t)info->si_addr - (uintptr_t)trap.memory;

	(void)context;
	if ((uintptr_t)info->si_addr < (uintptr_t)trap.memory ||
			offset >= trap.page_bytes * trap.rows) {
		signal(number, SIG_DFL);
		return;
	}
	trap.faults[offset / trap.page_bytes]++;
	mprotect(trap.memory + offset / trap.page_bytes * trap.page_bytes, trap.page_bytes, PROT_READ);
}

static void test_a_look_in_vain_reads_little(void **state)
{
	struct sigaction action = { .sa_sigaction = handle_fault, .sa_flags = SA_SIGINFO }, before;
	struct setup s = { .seed = 8 };
	uint8_t *own;

	(void)state;
	trap.page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	trap.rows = sizeof(trap.faults) / sizeof(trap.faults[0]);
	trap.memory = mmap(NULL, trap.page_bytes * trap.rows, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(trap.memory, MAP_FAILED);
	assert_int_equal(damage_new(2, &s.damage), 0);
	picture_init(&s.picture, 300, trap.rows, trap.page_bytes, 0);
	own = s.picture.pixels;
	s.picture.frame.data = s.picture.pixels = trap.memory;
	picture_noise(&s.picture, 0, 0, 300, trap.rows, &s.seed);
	assert_int_equal(look(&s), 1);

	assert_int_equal(sigaction(SIGSEGV, &action, &before), 0);
	for (unsigned int i = 1; i <= DAMAGE_GLANCE_ROWS; i++) {
		unsigned int read = 0;

		assert_int_equal(mprotect(trap.memory, trap.page_bytes * trap.rows, PROT_NONE), 0);
		assert_int_equal(look(&s), 0);
		for (unsigned int row = 0; row < trap.rows; row++) {
			read += trap.faults[row];
			/* None twice before all have had their turn. */
			assert_true(trap.faults[row] <= 1);
		}
		assert_int_equal(read, i * trap.rows / DAMAGE_GLANCE_ROWS);
	}
	assert_int_equal(sigaction(SIGSEGV, &before, NULL), 0);
	munmap(trap.memory, trap.page_bytes * trap.rows);
	s.picture.pixels = own;
	setup_finish(&s);
}

/* Two pixels of one polynomial, 32 columns apart, whose changes cancel out. */
static void test_a_twin_row_is_late_not_lost(void **state)
{
	const struct damage_kernels *kernels = damage_kernels_best();
	uint32_t row[64] = { 0 }, twin[64] = { 0 };
	unsigned int looks = 1;
	struct setup s;

	(void)state;
	for (uint32_t i = 1; i < 1 << 24 && !twin[0]; i++) {
		uint32_t other = 0u - i * DAMAGE_HASH_MULTIPLIER;

		if (other >> 24)
			continue;
		twin[0] = i;
		twin[32] = other;
	}
	assert_true(kernels->fingerprint((uint8_t *)row, 64) == kernels->fingerprint((uint8_t *)twin, 64));

	setup_init(&s, 64, 100, 12);
	picture_fill(&s.picture, 0, 0, 64, 100, 0);
	assert_int_equal(look(&s), 1);
	look_in_vain(&s, DAMAGE_GLANCE_ROWS);
	memcpy(s.picture.pixels + 50 * s.picture.stride, twin, sizeof(twin));
	while (!look(&s))
		looks++;
	assert_in_range(looks, DAMAGE_GLANCE_ROWS + 1, 1000);
	reader_check(&s.reader, &s.picture);
	setup_finish(&s);
}

/* What is remembered of a row must go with the row, however it changed. */
static void test_no_row_is_remembered_wrongly(void **state)
{
	struct setup s;

	(void)state;
	setup_init(&s, 500, 300, 13);
	for (unsigned int round = 0; round < 60; round++) {
		uint32_t y = picture_below(&s.seed, 200), x = picture_below(&s.seed, 100);

		if (round % 3 == 0)
			picture_scroll(&s.picture, x, y, 400, 100, 0, round % 2 ? 9 : -9);
		else
			picture_noise(&s.picture, x, y, 200, 10, &s.seed);
		assert_int_equal(look(&s), 1);
		for (unsigned int i = 0; i < DAMAGE_GLANCE_ROWS; i++)
			look(&s);
		reader_check(&s.reader, &s.picture);
		/* Back to what it was, which a stale memory would take for no change. */
		picture_fill(&s.picture, x, y, 50, 20, round + 1);
		assert_int_equal(look(&s), 1);
		look_in_vain(&s, DAMAGE_GLANCE_ROWS);
		picture_fill(&s.picture, x, y, 50, 20, 1000);
		assert_int_equal(look(&s), 1);
		picture_fill(&s.picture, x, y, 50, 20, round + 1);
		assert_int_equal(look(&s), 1);
		look_in_vain(&s, DAMAGE_GLANCE_ROWS);
		reader_check(&s.reader, &s.picture);
	}
	setup_finish(&s);
}

/* One thing that a desktop does, often the same as before. */
static void edit(struct setup *s, uint32_t kind)
{
	struct picture *p = &s->picture;
	uint32_t width = 1 + picture_below(&s->seed, p->width);
	uint32_t height = 1 + picture_below(&s->seed, p->height);
	uint32_t x = picture_below(&s->seed, p->width - width + 1);
	uint32_t y = picture_below(&s->seed, p->height - height + 1);

	switch (kind) {
	case 0:
	case 1:
	case 2:
		/* A window, and now and then only half of it when we look. */
		picture_scroll(p, 37, 21, p->width - 71, kind == 2 ? 90 : p->height - 51, 0, -7);
		break;
	case 3:
		picture_scroll(p, x, y, width, height, 0, (int32_t)picture_below(&s->seed, 80) - 40);
		break;
	case 4:
		picture_noise(p, x, y, width, height, &s->seed);
		break;
	case 5:
		picture_fill(p, x, y, width, 1 + picture_below(&s->seed, 3) % height,
				picture_random(&s->seed));
		break;
	case 6:
		for (; width >= 32 && height >= 16; y += 16, height -= 16)
			picture_text_line(p, x, y, width, &s->seed);
		break;
	default:
		picture_set(p, x, y, picture_random(&s->seed));
		break;
	}
}

/* What readers are told is always what the shadow is, and soon what the picture is. */
static void test_readers_follow_any_edits(void **state)
{
	unsigned int copies = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 16; seed++) {
		struct setup s;

		setup_init(&s, 200 + seed * 37 % 400, 180 + seed * 91 % 300, seed);
		for (unsigned int i = 0; i < 60; i++) {
			unsigned int edits = picture_below(&s.seed, 3);
			struct update update;
			int result;

			/* Long stretches of the same. */
			edit(&s, i % 20 < 12 ? picture_below(&s.seed, 3) : picture_below(&s.seed, 9));
			while (edits--)
				edit(&s, i % 20 < 12 ? 8 : picture_below(&s.seed, 9));
			result = look_patiently(&s, &update);
			if (result) {
				copies += pixman_region32_not_empty(&update.copy_region);
				reader_apply(&s.reader, &update);
				update_finish(&update);
			}
			reader_check_shadow(&s.reader, damage_shadow(s.damage));
			if (i % 7)
				continue;
			for (unsigned int rest = 0; rest < DAMAGE_GLANCE_ROWS; rest++)
				look(&s);
			reader_check(&s.reader, &s.picture);
		}
		setup_finish(&s);
	}
	/* Or this would say nothing about moves. */
	assert_true(copies > 200);
}

static int begun, ended, begin_result;

static int begin_read(struct frame *frame)
{
	(void)frame;
	begun += !begin_result;
	return begin_result;
}

static void end_read(struct frame *frame)
{
	(void)frame;
	ended++;
}

static void test_reads_are_announced(void **state)
{
	static const struct frame_impl impl = { picture_release, begin_read, end_read };
	struct setup s;
	struct update update;

	(void)state;
	setup_init(&s, 100, 100, 9);
	s.picture.frame.impl = &impl;
	look_in_vain(&s, 1);
	assert_int_equal(begun, 1);
	picture_fill(&s.picture, 0, 0, 50, 50, 7);
	assert_int_equal(look(&s), 1);
	assert_int_equal(begun, 2);
	assert_int_equal(ended, 2);
	begin_result = -EIO;
	assert_int_equal(damage_look(s.damage, &s.picture.frame, &update), -EIO);
	assert_int_equal(ended, 2);
	setup_finish(&s);
}

/* Found, but not shown: the next look must not wait for the same rows to come round again. */
static void test_a_look_after_a_failed_one_is_whole(void **state)
{
	struct frame *held[3];
	struct update update;
	struct setup s;

	(void)state;
	setup_init(&s, 300, 100, 10);
	for (unsigned int i = 0; i < 3; i++) {
		held[i] = frame_ref(damage_shadow(s.damage));
		picture_fill(&s.picture, 5 * i, 5, 8, 8, i);
		if (i < 2)
			assert_int_equal(look(&s), 1);
	}
	assert_int_equal(damage_look(s.damage, &s.picture.frame, &update), -EBUSY);
	/* A single pixel only whole looks are sure to find. */
	picture_fill(&s.picture, 10, 5, 8, 8, 1);
	picture_set(&s.picture, 250, 90, 1);
	picture_set(&s.picture, 250, 50, 1);
	picture_set(&s.picture, 251, 13, 1);
	for (unsigned int i = 0; i < 3; i++)
		frame_unref(held[i]);
	assert_int_equal(look(&s), 1);
	reader_check(&s.reader, &s.picture);
	setup_finish(&s);
}

static void test_drop_and_resize_look_whole(void **state)
{
	struct setup s;

	(void)state;
	setup_init(&s, 300, 100, 11);
	picture_finish(&s.picture);
	picture_init(&s.picture, 301, 99, 301 * 4, 0);
	picture_noise(&s.picture, 0, 0, 301, 99, &s.seed);
	assert_int_equal(look(&s), 1);
	reader_check(&s.reader, &s.picture);
	picture_set(&s.picture, 300, 98, 1);
	damage_drop(s.damage);
	assert_int_equal(look(&s), 1);
	reader_check(&s.reader, &s.picture);
	setup_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_pixel_is_found_in_time),
		cmocka_unit_test(test_a_letter_is_found_at_once),
		cmocka_unit_test(test_what_hangs_together_comes_together),
		cmocka_unit_test(test_a_long_trail_is_followed),
		cmocka_unit_test(test_scrolls_are_found),
		cmocka_unit_test(test_half_a_scroll_is_waited_for),
		cmocka_unit_test(test_every_format_is_looked_at),
		cmocka_unit_test(test_a_look_in_vain_reads_little),
		cmocka_unit_test(test_a_twin_row_is_late_not_lost),
		cmocka_unit_test(test_no_row_is_remembered_wrongly),
		cmocka_unit_test(test_readers_follow_any_edits),
		cmocka_unit_test(test_reads_are_announced),
		cmocka_unit_test(test_a_look_after_a_failed_one_is_whole),
		cmocka_unit_test(test_drop_and_resize_look_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
