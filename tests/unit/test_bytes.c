// SPDX-License-Identifier: GPL-2.0-or-later
/* Checked readers and writers: values, order, and nothing outside the memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/bytes.h"

static void reads_big_endian(void **state)
{
	const uint8_t data[] = { 0x01, 0x02, 0x03, 0xff, 0xff, 0xfe, 0xcc, 0x80, 0, 0, 0 };
	struct bytes_reader reader = bytes_reader(data, sizeof(data));

	(void)state;
	assert_int_equal(bytes_get_u8(&reader), 0x01);
	assert_int_equal(bytes_get_u16(&reader), 0x0203);
	assert_int_equal(bytes_get_s32(&reader), -308);
	assert_int_equal(bytes_get_u32(&reader), 0x80000000u);
	assert_false(reader.failed);
	assert_non_null(bytes_get(&reader, 0));
	assert_false(reader.failed);
}

static void reading_past_the_end_sticks(void **state)
{
	const uint8_t data[] = { 1, 2, 3 };

	(void)state;
	for (size_t bytes = 0; bytes < sizeof(data); bytes++) {
		struct bytes_reader reader = bytes_reader(data, bytes);

		assert_int_equal(bytes_get_u32(&reader), 0);
		assert_true(reader.failed);
		assert_ptr_equal(reader.at, data);
		/* What would still fit does not come either. */
		assert_int_equal(bytes_get_u8(&reader), 0);
		assert_null(bytes_get(&reader, 0));
	}
}

static void skips_and_borrows(void **state)
{
	const uint8_t data[] = { 1, 2, 3, 4 };
	struct bytes_reader reader = bytes_reader(data, sizeof(data));

	(void)state;
	bytes_skip(&reader, 1);
	assert_ptr_equal(bytes_get(&reader, 2), data + 1);
	bytes_skip(&reader, SIZE_MAX);
	assert_true(reader.failed);
	assert_ptr_equal(reader.at, data + 3);
}

static void writes_big_endian(void **state)
{
	const uint8_t expected[] = { 0x7f, 0x01, 0x02, 0xff, 0xff, 0xff, 0x11, 0xde, 0xad, 0xbe, 0xef,
		0, 0, 'o', 'k' };
	uint8_t data[sizeof(expected)];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	(void)state;
	bytes_put_u8(&writer, 0x7f);
	bytes_put_u16(&writer, 0x0102);
	bytes_put_s32(&writer, -239);
	bytes_put_u32(&writer, 0xdeadbeef);
	bytes_put_zeros(&writer, 2);
	bytes_put(&writer, "ok", 2);
	assert_false(writer.failed);
	assert_int_equal(bytes_written(&writer), sizeof(expected));
	assert_memory_equal(data, expected, sizeof(expected));
}

static void writing_past_the_end_writes_nothing(void **state)
{
	uint8_t data[8];

	(void)state;
	for (size_t room = 0; room < 4; room++) {
		struct bytes_writer writer = bytes_writer(data, room);

		memset(data, 0x55, sizeof(data));
		bytes_put_u32(&writer, 0);
		bytes_put_u8(&writer, 0);
		assert_true(writer.failed);
		assert_int_equal(bytes_written(&writer), 0);
		for (size_t i = 0; i < sizeof(data); i++)
			assert_int_equal(data[i], 0x55);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_big_endian),
		cmocka_unit_test(reading_past_the_end_sticks),
		cmocka_unit_test(skips_and_borrows),
		cmocka_unit_test(writes_big_endian),
		cmocka_unit_test(writing_past_the_end_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
