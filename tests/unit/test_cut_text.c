// SPDX-License-Identifier: GPL-2.0-or-later
/* Text of Extended Clipboard: what is packed is unpacked, and what is hostile takes no memory. */
#include "net/cut_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <zlib.h>

#include "net/bytes.h"

#define MAX 1000

static uint8_t packed[1 << 20];

/* A length and that many bytes, deflated. */
static size_t pack(uint32_t length, const void *text, size_t bytes)
{
	uLongf packed_bytes = sizeof(packed);
	uint8_t *plain = calloc(1, 4 + bytes);
	struct bytes_writer writer = bytes_writer(plain, 4 + bytes);

	bytes_put_u32(&writer, length);
	bytes_put(&writer, text, bytes);
	assert_int_equal(compress(packed, &packed_bytes, plain, 4 + bytes), Z_OK);
	free(plain);
	return packed_bytes;
}

static void comes_back(void **state)
{
	static const char text[] = "one\ntwo\xe2\x82\xac\n";
	size_t bytes, length;
	uint8_t *data;
	char *back;

	(void)state;
	data = cut_text_pack(text, sizeof(text) - 1, &bytes);
	assert_non_null(data);
	assert_memory_equal(data, "\x10\0\0\1", 4);
	assert_int_equal(cut_text_unpack(data + 4, bytes - 4, MAX, &back, &length), 0);
	/* As it is on the wire, but for NUL. */
	assert_int_equal(length, sizeof(text) - 1 + 2);
	assert_memory_equal(back, "one\r\ntwo\xe2\x82\xac\r\n", length);
	free(back);
	/* Cut short anywhere it is none. */
	for (size_t cut = 0; cut + 4 < bytes - 5; cut++) {
		assert_int_equal(cut_text_unpack(data + 4, cut, MAX, &back, &length), -EPROTO);
	}
	free(data);
	data = cut_text_pack("", 0, &bytes);
	assert_int_equal(cut_text_unpack(data + 4, bytes - 4, 0, &back, &length), 0);
	assert_int_equal(length, 0);
	free(back);
	free(data);
}

static void is_no_longer_than_the_limit(void **state)
{
	static char text[MAX + 100];
	size_t length, bytes;
	char *back;

	(void)state;
	memset(text, 'x', MAX);
	bytes = pack(MAX + 1, text, MAX + 1);
	assert_int_equal(cut_text_unpack(packed, bytes, MAX, &back, &length), 0);
	assert_non_null(back);
	assert_int_equal(length, MAX);
	free(back);
	bytes = pack(MAX + 2, text, MAX + 2);
	assert_int_equal(cut_text_unpack(packed, bytes, MAX, &back, &length), 0);
	assert_null(back);
	assert_int_equal(length, MAX + 2);
	/* Without its NUL it is one byte longer than it seems. */
	bytes = pack(MAX, text, MAX);
	assert_int_equal(cut_text_unpack(packed, bytes, MAX, &back, &length), 0);
	assert_int_equal(length, MAX);
	free(back);
}

static void what_inflates_without_end_is_not_inflated(void **state)
{
	const size_t much = 100 << 20;
	char *zeros = calloc(1, much), *back;
	size_t length, bytes;

	(void)state;
	bytes = pack(UINT32_MAX, zeros, much);
	assert_true(bytes < much / 500);
	assert_int_equal(cut_text_unpack(packed, bytes, MAX, &back, &length), 0);
	assert_null(back);
	assert_int_equal(length, UINT32_MAX);
	/* What is behind the text is not looked at. */
	bytes = pack(10, zeros, much);
	assert_int_equal(cut_text_unpack(packed, bytes, MAX, &back, &length), 0);
	assert_int_equal(length, 9);
	free(back);
	/* A length that does not come. */
	bytes = pack(MAX, zeros, MAX - 1);
	assert_int_equal(cut_text_unpack(packed, bytes, MAX, &back, &length), -EPROTO);
	free(zeros);
}

static void junk_is_none(void **state)
{
	uint8_t junk[64];
	size_t length;
	char *back;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		for (size_t n = 0; n < sizeof(junk); n++)
			junk[n] = (uint8_t)((i + 1) * (n + 7) * 2654435761u >> 24);
		assert_int_equal(cut_text_unpack(junk, sizeof(junk), MAX, &back, &length), -EPROTO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(is_no_longer_than_the_limit),
		cmocka_unit_test(what_inflates_without_end_is_not_inflated),
		cmocka_unit_test(junk_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
