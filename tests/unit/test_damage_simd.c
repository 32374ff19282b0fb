// SPDX-License-Identifier: GPL-2.0-or-later
/* The fast kernels of damage against the scalar ones, and those against the obvious. */
#include "tests/unit/damage_picture.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/damage_simd.h"

#define WIDTH_MAX 200

/* Two rows at any alignment; a byte beyond either is an error that ASan sees. */
struct rows {
	uint8_t *memory_a, *memory_b;
	uint8_t *a, *b;
};

static void rows_init(struct rows *rows, uint32_t width, size_t lead_a, size_t lead_b)
{
	rows->memory_a = malloc(lead_a + (size_t)width * 4);
	rows->memory_b = malloc(lead_b + (size_t)width * 4);
	assert_non_null(rows->memory_a);
	assert_non_null(rows->memory_b);
	rows->a = rows->memory_a + lead_a;
	rows->b = rows->memory_b + lead_b;
}

static void rows_finish(struct rows *rows)
{
	free(rows->memory_a);
	free(rows->memory_b);
}

/* b as a; high bytes differ. */
static void rows_fill(struct rows *rows, uint32_t width, uint32_t *seed)
{
	for (uint32_t x = 0; x < width; x++) {
		uint32_t pixel = picture_random(seed);

		memcpy(rows->a + (size_t)x * 4, &pixel, 4);
		pixel ^= picture_random(seed) << 24;
		memcpy(rows->b + (size_t)x * 4, &pixel, 4);
	}
}

static void check_compare(const struct damage_kernels *kernels, const struct rows *rows,
		uint32_t width, int32_t differing)
{
	uint16_t spans[WIDTH_MAX / DAMAGE_SPAN + 2];
	uint32_t n_spans = (width + DAMAGE_SPAN - 1) / DAMAGE_SPAN;

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		spans[i] = 0x0100;
	kernels->compare(rows->a, rows->b, width, 0x0004, spans);
	for (uint32_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		bool differs = differing >= 0 && (uint32_t)differing / DAMAGE_SPAN == i;

		if (spans[i] != (differs && i < n_spans ? 0x0104 : 0x0100)) {
			fail_msg("%s: width %u, pixel %d, span %u is %04x", kernels->name, width,
					differing, i, spans[i]);
		}
	}
}

/* One bit in every place of every width, also the last one, and the byte that is no colour. */
static void check_single_bits(const struct damage_kernels *kernels)
{
	uint32_t seed = 1;

	for (uint32_t width = 1; width <= WIDTH_MAX; width += width < 140 ? 1 : 7) {
		struct rows rows;

		rows_init(&rows, width, picture_below(&seed, 40), picture_below(&seed, 40));
		rows_fill(&rows, width, &seed);
		check_compare(kernels, &rows, width, -1);
		for (uint32_t x = 0; x < width; x++) {
			uint32_t bit = picture_below(&seed, 24);
			uint8_t *byte = rows.b + (size_t)x * 4 + bit / 8;

			*byte ^= (uint8_t)(1u << bit % 8);
			check_compare(kernels, &rows, width, (int32_t)x);
			if (width <= DAMAGE_SPAN)
				assert_true(kernels->differ(rows.a, rows.b, width) == 1ull << x);
			*byte ^= (uint8_t)(1u << bit % 8);
		}
		rows_finish(&rows);
	}
	for (uint32_t bit = 0; bit < 32; bit++) {
		struct rows rows;

		rows_init(&rows, 64, 0, 0);
		memset(rows.a, 0, 64 * 4);
		memset(rows.b, 0, 64 * 4);
		rows.b[63 * 4 + bit / 8] ^= (uint8_t)(1u << bit % 8);
		check_compare(kernels, &rows, 64, bit < 24 ? 63 : -1);
		assert_true(kernels->differ(rows.a, rows.b, 64) == (uint64_t)(bit < 24) << 63);
		rows_finish(&rows);
	}
}

static void test_scalar_finds_every_bit(void **state)
{
	(void)state;
	check_single_bits(damage_kernels_scalar());
}

static void test_best_finds_every_bit(void **state)
{
	(void)state;
	print_message("best kernels here: %s\n", damage_kernels_best()->name);
	check_single_bits(damage_kernels_best());
}

/* Few pixels differ: all kinds of masks, from none to all, come up. */
static void spoil(struct rows *rows, uint32_t width, uint32_t *seed)
{
	uint32_t share = picture_below(seed, 5);

	for (uint32_t x = 0; x < width; x++) {
		if (share == 4 || (share && picture_below(seed, 1u << (2 * share)) == 0))
			rows->b[(size_t)x * 4 + picture_below(seed, 4)] ^=
					(uint8_t)(1 + picture_below(seed, 255));
	}
}

static void check_update(const struct damage_kernels *kernels, const struct rows *rows,
		uint32_t width)
{
	uint64_t want = damage_kernels_scalar()->differ(rows->a, rows->b, width);
	uint8_t dst[DAMAGE_SPAN * 4 + 8];

	memcpy(dst, rows->a, (size_t)width * 4);
	memset(dst + (size_t)width * 4, 0xa5, 8);
	assert_true(kernels->update(dst, rows->b, width) == want);
	for (uint32_t x = 0; x < width; x++) {
		assert_memory_equal(dst + (size_t)x * 4, rows->b + (size_t)x * 4, 3);
		assert_int_equal(dst[(size_t)x * 4 + 3], 0);
	}
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(dst[(size_t)width * 4 + i], 0xa5);
}

static void check_mix(const struct damage_kernels *kernels, const struct rows *rows, uint32_t width)
{
	uint32_t want[WIDTH_MAX + 1], got[WIDTH_MAX + 1];

	for (uint32_t x = 0; x <= width; x++)
		want[x] = got[x] = x * 2654435761u;
	damage_kernels_scalar()->mix(want, rows->a, width);
	kernels->mix(got, rows->a, width);
	assert_memory_equal(want, got, (width + 1) * sizeof(*want));
}

static void check_random_rows(const struct damage_kernels *kernels)
{
	const struct damage_kernels *scalar = damage_kernels_scalar();
	uint32_t seed = 2;

	for (unsigned int round = 0; round < 20000; round++) {
		uint32_t width = 1 + picture_below(&seed, WIDTH_MAX);
		uint32_t span = width < DAMAGE_SPAN ? width : DAMAGE_SPAN;
		uint16_t want[WIDTH_MAX / DAMAGE_SPAN + 1] = { 0 };
		uint16_t got[WIDTH_MAX / DAMAGE_SPAN + 1] = { 0 };
		struct rows rows;

		rows_init(&rows, width, picture_below(&seed, 70), picture_below(&seed, 70));
		rows_fill(&rows, width, &seed);
		spoil(&rows, width, &seed);
		scalar->compare(rows.a, rows.b, width, 0x8000, want);
		kernels->compare(rows.a, rows.b, width, 0x8000, got);
		assert_memory_equal(want, got, sizeof(want));
		assert_true(scalar->differ(rows.a, rows.b, span) ==
				kernels->differ(rows.a, rows.b, span));
		check_update(scalar, &rows, span);
		check_update(kernels, &rows, span);
		assert_int_equal(scalar->hash(rows.a, span), kernels->hash(rows.a, span));
		assert_true(scalar->fingerprint(rows.a, width) == kernels->fingerprint(rows.a, width));
		check_mix(kernels, &rows, width);
		rows_finish(&rows);
	}
}

static void test_best_equals_scalar_on_random_rows(void **state)
{
	(void)state;
	check_random_rows(damage_kernels_best());
}

/* Rows that look alike: one stroke moved, one channel's high bit flipped in two pixels. */
static void test_hash_tells_similar_rows_apart(void **state)
{
	const struct damage_kernels *kernels = damage_kernels_best();
	uint32_t row[DAMAGE_SPAN], hashes[DAMAGE_SPAN * DAMAGE_SPAN];
	size_t count = 0;

	(void)state;
	for (uint32_t i = 0; i < DAMAGE_SPAN; i++) {
		for (uint32_t j = i; j < DAMAGE_SPAN; j++) {
			memset(row, 0xff, sizeof(row));
			row[i] ^= 0x800000;
			row[j] ^= 0x008000;
			hashes[count++] = kernels->hash((const uint8_t *)row, DAMAGE_SPAN);
			row[i] |= 0xff000000u;
			row[j] &= 0x00ffffffu;
			assert_int_equal(kernels->hash((const uint8_t *)row, DAMAGE_SPAN),
					hashes[count - 1]);
		}
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++)
			assert_int_not_equal(hashes[i], hashes[j]);
	}
}

static void test_one_pixel_changes_the_fingerprint(void **state)
{
	const struct damage_kernels *kernels = damage_kernels_best();
	uint32_t row[WIDTH_MAX];
	uint64_t before;

	(void)state;
	for (uint32_t width = 1; width <= WIDTH_MAX; width += width < 140 ? 1 : 7) {
		memset(row, 0x80, sizeof(row));
		before = kernels->fingerprint((const uint8_t *)row, width);
		for (uint32_t x = 0; x < width; x++) {
			for (uint32_t bit = 0; bit < 32; bit++) {
				row[x] ^= 1u << bit;
				assert_int_equal(kernels->fingerprint((const uint8_t *)row, width) == before,
						bit >= 24);
				row[x] ^= 1u << bit;
			}
		}
		/* Where a pixel is counts as well. */
		row[0] = 0x123456;
		before = kernels->fingerprint((const uint8_t *)row, width);
		for (uint32_t x = 1; x < width; x++) {
			row[x - 1] = 0x80808080;
			row[x] = 0x123456;
			assert_true(kernels->fingerprint((const uint8_t *)row, width) != before);
		}
	}
}

/*
 * A guest that flips pixels all the time: what update says is true of what it
 * stored. A kernel that reads the source twice is caught within a few thousand.
 */
static void check_reads_once(const struct damage_kernels *kernels)
{
	int64_t deadline = clock_now_ns() + 150 * NSEC_PER_MSEC;
	uint8_t dst[DAMAGE_SPAN * 4] = { 0 }, old[DAMAGE_SPAN * 4];
	volatile uint32_t *source = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t guest;

	assert_ptr_not_equal(source, MAP_FAILED);
	guest = fork();
	assert_true(guest >= 0);
	if (guest == 0) {
		/* A test that fails leaves without us. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (uint32_t i = 0;; i++)
			source[i * 5 % DAMAGE_SPAN] = i >> 6 & 1;
	}
	while (clock_now_ns() < deadline) {
		for (unsigned int i = 0; i < 1000; i++) {
			uint64_t changed;

			memcpy(old, dst, sizeof(dst));
			changed = kernels->update(dst, (const uint8_t *)source, DAMAGE_SPAN);
			if (changed != damage_kernels_scalar()->differ(old, dst, DAMAGE_SPAN))
				fail_msg("%s: read twice", kernels->name);
		}
	}
	assert_int_equal(kill(guest, SIGKILL), 0);
	assert_int_equal(waitpid(guest, NULL, 0), guest);
	munmap((void *)(uintptr_t)source, 4096);
}

static void test_update_reads_once(void **state)
{
	(void)state;
	check_reads_once(damage_kernels_scalar());
	check_reads_once(damage_kernels_best());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalar_finds_every_bit),
		cmocka_unit_test(test_best_finds_every_bit),
		cmocka_unit_test(test_best_equals_scalar_on_random_rows),
		cmocka_unit_test(test_hash_tells_similar_rows_apart),
		cmocka_unit_test(test_one_pixel_changes_the_fingerprint),
		cmocka_unit_test(test_update_reads_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
