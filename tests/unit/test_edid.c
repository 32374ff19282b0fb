// SPDX-License-Identifier: GPL-2.0-or-later
/* What a monitor says of itself, read back by hand and by edid-decode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "server/capture/edid.h"

#define DETAILED 54

static struct edid_monitor monitor(uint32_t width, uint32_t height)
{
	return (struct edid_monitor){ .width = width, .height = height, .name = "planecast", .serial = "win11" };
}

static void assert_sums_to_nothing(const uint8_t *block)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < EDID_BYTES; i++)
		sum = (uint8_t)(sum + block[i]);
	assert_int_equal(sum, 0);
}

static void says_the_mode(void **state)
{
	/* Timings as VESA and its spreadsheet have them. */
	static const struct {
		uint32_t width, height, clock_khz, v_blank, v_sync;
	} modes[] = {
		{ 640, 480, 23500, 14, 4 },
		{ 1280, 720, 64000, 21, 5 },
		{ 1280, 1024, 91000, 30, 7 },
		{ 1680, 1050, 119000, 30, 6 },
		{ 1920, 1080, 138500, 31, 5 },
		{ 1920, 1200, 154000, 35, 6 },
		{ 2560, 1600, 268500, 46, 6 },
		{ 3840, 2160, 533250, 62, 5 },
		{ 1366, 768, 72250, 22, 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const struct edid_monitor wanted = monitor(modes[i].width, modes[i].height);
		uint8_t block[EDID_BYTES];
		const uint8_t *at = block + DETAILED;

		assert_int_equal(edid_make(&wanted, block), 0);
		assert_sums_to_nothing(block);
		assert_int_equal((at[0] | at[1] << 8) * 10, modes[i].clock_khz);
		assert_int_equal(at[2] | at[4] >> 4 << 8, modes[i].width);
		assert_int_equal(at[3] | (at[4] & 15) << 8, 160);
		assert_int_equal(at[5] | at[7] >> 4 << 8, modes[i].height);
		assert_int_equal(at[6] | (at[7] & 15) << 8, modes[i].v_blank);
		assert_int_equal(at[10], 3 << 4 | modes[i].v_sync);
		/* 96 pixels an inch. */
		assert_int_equal(at[12] | at[14] >> 4 << 8, modes[i].width * 254 / 960);
		assert_int_equal(at[13] | (at[14] & 15) << 8, modes[i].height * 254 / 960);
	}
}

/* Each mode that is offered in two letters, as the standard has it. */
static unsigned int count_standard_modes(const uint8_t *block, uint32_t max_width)
{
	unsigned int count = 0;

	for (const uint8_t *at = block + 38; at < block + DETAILED; at += 2) {
		if (at[0] == 1 && at[1] == 1)
			continue;
		assert_true((at[0] + 31u) * 8 <= max_width);
		count++;
	}
	return count;
}

static void offers_common_modes_within_the_limits(void **state)
{
	struct edid_monitor wanted = monitor(800, 600);
	uint8_t block[EDID_BYTES];

	(void)state;
	assert_int_equal(edid_make(&wanted, block), 0);
	assert_int_equal(block[35], 0x21);
	assert_int_equal(block[36], 0x08);
	assert_int_equal(count_standard_modes(block, 1920), 8);

	wanted.max_width = 1280;
	wanted.max_height = 800;
	assert_int_equal(edid_make(&wanted, block), 0);
	assert_int_equal(block[36], 0x08);
	assert_int_equal(count_standard_modes(block, 1280), 2);

	wanted.max_width = 800;
	wanted.max_height = 600;
	assert_int_equal(edid_make(&wanted, block), 0);
	assert_int_equal(block[35], 0x21);
	assert_int_equal(block[36], 0);
	assert_int_equal(count_standard_modes(block, 0), 0);
	assert_sums_to_nothing(block);
}

static void says_who_it_is(void **state)
{
	struct edid_monitor wanted = monitor(800, 600);
	uint8_t one[EDID_BYTES], other[EDID_BYTES];

	(void)state;
	assert_int_equal(edid_make(&wanted, one), 0);
	assert_memory_equal(one + DETAILED + 36, "\0\0\0\xfc\0planecast\n   ", 18);
	assert_memory_equal(one + DETAILED + 54, "\0\0\0\xff\0win11\n       ", 18);
	wanted.serial = "win10";
	assert_int_equal(edid_make(&wanted, other), 0);
	assert_memory_not_equal(one + 12, other + 12, 4);

	/* As long as it may be, longer, none, and what is no ASCII. */
	wanted.name = "thirteen-char";
	wanted.serial = "fourteen-chars";
	assert_int_equal(edid_make(&wanted, one), 0);
	assert_memory_equal(one + DETAILED + 36 + 5, "thirteen-char", 13);
	assert_memory_equal(one + DETAILED + 54 + 5, "fourteen-char", 13);
	wanted.name = "";
	wanted.serial = "b\xc3\xbcro\n";
	assert_int_equal(edid_make(&wanted, one), 0);
	assert_memory_equal(one + DETAILED + 36 + 5, "\n            ", 13);
	assert_memory_equal(one + DETAILED + 54 + 5, "b??ro?\n      ", 13);
	assert_sums_to_nothing(one);
}

static void refuses_what_it_cannot_say(void **state)
{
	static const struct {
		uint32_t width, height;
	} sizes[] = {
		{ 0, 0 }, { EDID_WIDTH_MIN - 1, 600 }, { 800, EDID_HEIGHT_MIN - 1 }, { EDID_SIZE_MAX + 1, 600 },
		{ 800, EDID_SIZE_MAX + 1 }, { UINT32_MAX, UINT32_MAX },
	};
	uint8_t block[EDID_BYTES] = { 42 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct edid_monitor wanted = monitor(sizes[i].width, sizes[i].height);

		assert_int_equal(edid_make(&wanted, block), -ERANGE);
		assert_int_equal(block[0], 42);
	}
}

/* Whether edid-decode finds nothing to complain of. */
static bool is_conformant(const uint8_t *block)
{
	char path[] = "/tmp/planecast-edid-XXXXXX", command[128], line[256];
	int fd = mkstemp(path);
	bool passed = false;
	FILE *pipe;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, block, EDID_BYTES), EDID_BYTES);
	close(fd);
	snprintf(command, sizeof(command), "edid-decode --check %s 2>&1", path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe)) {
		passed = passed || !strcmp(line, "EDID conformity: PASS\n");
		if (strstr(line, "Warnings") || strstr(line, "Failures"))
			passed = false;
	}
	pclose(pipe);
	unlink(path);
	return passed;
}

static void is_what_a_stranger_reads(void **state)
{
	static const uint32_t widths[] = { EDID_WIDTH_MIN, 801, 1024, 1366, 1920, 2560, 3840, EDID_SIZE_MAX };
	static const uint32_t heights[] = { EDID_HEIGHT_MIN, 601, 768, 1080, 2160, EDID_SIZE_MAX };

	(void)state;
	if (system("edid-decode --help >/dev/null 2>&1") == 127 << 8) {
		if (getenv("CI"))
			fail_msg("there is no edid-decode; tools/setup test installs it");
		print_message("no edid-decode here: nothing is asked of it\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		for (size_t j = 0; j < sizeof(heights) / sizeof(heights[0]); j++) {
			struct edid_monitor wanted = monitor(widths[i], heights[j]);
			uint8_t block[EDID_BYTES];

			wanted.max_width = j % 2 ? 1920 : 0;
			assert_int_equal(edid_make(&wanted, block), 0);
			if (!is_conformant(block))
				fail_msg("%ux%u", wanted.width, wanted.height);
			block[DETAILED]++;
			assert_false(is_conformant(block));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_the_mode),
		cmocka_unit_test(offers_common_modes_within_the_limits),
		cmocka_unit_test(says_who_it_is),
		cmocka_unit_test(refuses_what_it_cannot_say),
		cmocka_unit_test(is_what_a_stranger_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
