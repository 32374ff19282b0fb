// SPDX-License-Identifier: GPL-2.0-or-later
/* Bits of H.264 NAL units: codes, emulation prevention, ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/h264_bits.h"

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static struct h264_nal nal_of(const uint8_t *data, size_t bytes)
{
	return (struct h264_nal){ .data = data, .bytes = bytes, .type = data[0] & 31, .ref_idc = data[0] >> 5 };
}

static void test_codes(void **state)
{
	/* 9.1: 0 is 1, 1 is 010, 2 is 011, 3 is 00100; se 1, -1, 2 are ue 1, 2, 3. */
	static const uint8_t codes[] = { 0x67, 0xa6, 0x44, 0xf8, 0xb0 };
	uint8_t data[16];
	struct h264_writer writer = h264_writer(data, sizeof(data));
	struct h264_nal nal = nal_of(codes, sizeof(codes));
	struct h264_reader reader = h264_reader(&nal);

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(h264_get_ue(&reader), i);
	assert_int_equal(h264_get_se(&reader), 1);
	assert_int_equal(h264_get_se(&reader), -1);
	assert_int_equal(h264_get_se(&reader), 0);
	assert_int_equal(h264_get_bits(&reader, 5), 0x18);
	assert_true(h264_get_more(&reader));
	assert_int_equal(h264_get_bits(&reader, 3), 5);
	assert_false(h264_get_more(&reader));
	h264_get_trailing(&reader);
	assert_false(reader.failed);
	assert_int_equal(h264_get_bits(&reader, 1), 0);
	assert_true(reader.failed);

	h264_put_nal(&writer, H264_NAL_SPS, 3);
	for (uint32_t i = 0; i < 4; i++)
		h264_put_ue(&writer, i);
	h264_put_se(&writer, 1);
	h264_put_se(&writer, -1);
	h264_put_se(&writer, 0);
	h264_put_bits(&writer, 0xffffff18, 5);
	h264_put_bits(&writer, 5, 3);
	h264_put_trailing(&writer);
	assert_false(writer.failed);
	assert_int_equal(h264_written(&writer), 4 + sizeof(codes));
	assert_memory_equal(data, "\0\0\0\1", 4);
	assert_memory_equal(data + 4, codes, sizeof(codes));
}

static void test_extremes(void **state)
{
	static const uint32_t values[] = { 0, 1, 2, 254, 255, 65534, 65535, 65536, INT32_MAX, UINT32_MAX - 1 };
	static const int32_t signs[] = { 0, 1, -1, 127, -128, INT32_MAX, -INT32_MAX };
	uint8_t data[256];
	struct h264_writer writer = h264_writer(data, sizeof(data));
	struct h264_reader reader;
	struct h264_nal nal;

	(void)state;
	h264_put_nal(&writer, H264_NAL_SEI, 0);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		h264_put_ue(&writer, values[i]);
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		h264_put_se(&writer, signs[i]);
	h264_put_trailing(&writer);
	assert_false(writer.failed);
	nal = nal_of(data + 4, h264_written(&writer) - 4);
	reader = h264_reader(&nal);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(h264_get_ue(&reader), values[i]);
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		assert_int_equal(h264_get_se(&reader), signs[i]);
	h264_get_trailing(&reader);
	assert_false(reader.failed);
	h264_put_ue(&writer, UINT32_MAX);
	assert_true(writer.failed);
	writer = h264_writer(data, sizeof(data));
	h264_put_se(&writer, INT32_MIN);
	assert_true(writer.failed);
}

static void test_code_too_long(void **state)
{
	/* 32 zeros and then a one: no code that any table knows. */
	static const uint8_t data[] = { 0x67, 0, 0, 3, 0, 0, 3, 0x00, 0xff, 0xff, 0xff, 0xff, 0x80 };
	struct h264_nal nal = nal_of(data, sizeof(data));
	struct h264_reader reader = h264_reader(&nal);

	(void)state;
	assert_int_equal(h264_get_ue(&reader), 0);
	assert_true(reader.failed);
}

/* Whatever is written is free of start codes, and reads as it was. */
static void test_escapes(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 2000; round++) {
		uint8_t payload[64], data[200];
		size_t bytes = 1 + next_random(&seed) % sizeof(payload);
		struct h264_writer writer = h264_writer(data, sizeof(data));
		const uint8_t *at = data;
		struct h264_reader reader;
		struct h264_nal nal;

		h264_put_nal(&writer, H264_NAL_SLICE, 1);
		for (size_t i = 0; i < bytes; i++) {
			payload[i] = (uint8_t)(next_random(&seed) % 4 ? 0 : next_random(&seed) % 6);
			h264_put_bits(&writer, payload[i], 8);
		}
		h264_put_trailing(&writer);
		assert_false(writer.failed);
		assert_int_equal(h264_nal_next(&at, writer.at, &nal), 0);
		assert_ptr_equal(at, writer.at);
		assert_ptr_equal(nal.data + nal.bytes, writer.at);
		for (size_t i = 2; i < nal.bytes; i++)
			assert_false(!nal.data[i - 2] && !nal.data[i - 1] && nal.data[i] < 3);
		reader = h264_reader(&nal);
		for (size_t i = 0; i < bytes; i++)
			assert_int_equal(h264_get_bits(&reader, 8), payload[i]);
		h264_get_trailing(&reader);
		assert_false(reader.failed);
	}
}

static void test_forbidden_bytes(void **state)
{
	static const struct {
		uint8_t data[8];
		size_t bytes;
	} rows[] = {
		{ { 0x67, 0, 0, 0, 0x80 }, 5 }, { { 0x67, 0, 0, 1, 0x80 }, 5 }, { { 0x67, 0, 0, 2, 0x80 }, 5 },
		{ { 0x67, 0, 0, 3, 4, 0x80 }, 6 }, { { 0x67, 0, 0, 3 }, 4 }, { { 0x67, 0, 0 }, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct h264_nal nal = nal_of(rows[i].data, rows[i].bytes);
		struct h264_reader reader = h264_reader(&nal);

		h264_get_bits(&reader, 32);
		assert_true(reader.failed);
	}
}

static void test_trailing(void **state)
{
	static const struct {
		uint8_t data[4];
		size_t bytes;
		unsigned int read;
		bool more, good;
	} rows[] = {
		{ { 0x67, 0x80 }, 2, 0, false, true }, { { 0x67, 0xff }, 2, 7, false, true },
		{ { 0x67, 0xff, 0x80 }, 3, 8, false, true }, { { 0x67, 0xc0 }, 2, 0, true, false },
		{ { 0x67, 0x80, 0x80 }, 3, 0, true, false }, { { 0x67, 0xff }, 2, 8, false, false },
		{ { 0x67 }, 1, 0, false, false }, { { 0x67, 0x40 }, 2, 0, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct h264_nal nal = nal_of(rows[i].data, rows[i].bytes);
		struct h264_reader reader = h264_reader(&nal);

		h264_get_bits(&reader, rows[i].read);
		assert_int_equal(h264_get_more(&reader), rows[i].more);
		h264_get_trailing(&reader);
		assert_int_equal(!reader.failed, rows[i].good);
	}
}

static void test_nals(void **state)
{
	static const uint8_t stream[] = { 0, 0, 0, 1, 0x09, 0xf0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 0, 1,
		0x65, 0, 0, 3, 1, 0, 0 };
	static const uint8_t garbage[] = { 0, 7, 0, 0, 1, 0x67 }, empty[] = { 0, 0, 1, 0, 0, 0, 1, 0x67 };
	static const uint8_t forbidden[] = { 0, 0, 1, 0xe7, 1 }, zeros[] = { 0, 0, 0, 0 }, cut[] = { 0, 0, 1 };
	static const uint8_t none[] = { 1, 2, 3 };
	const uint8_t *at = stream, *end = stream + sizeof(stream);
	struct h264_nal nal;

	(void)state;
	assert_int_equal(h264_nal_next(&at, end, &nal), 0);
	assert_int_equal(nal.type, H264_NAL_AUD);
	assert_int_equal(nal.bytes, 2);
	assert_int_equal(h264_nal_next(&at, end, &nal), 0);
	assert_int_equal(nal.type, H264_NAL_SPS);
	assert_int_equal(nal.ref_idc, 3);
	assert_int_equal(nal.bytes, 3);
	assert_int_equal(h264_nal_next(&at, end, &nal), 0);
	assert_int_equal(nal.type, H264_NAL_IDR);
	assert_int_equal(nal.bytes, 5);
	assert_int_equal(h264_nal_next(&at, end, &nal), -ENOENT);
	at = garbage;
	assert_int_equal(h264_nal_next(&at, garbage + sizeof(garbage), &nal), -EBADMSG);
	at = empty;
	assert_int_equal(h264_nal_next(&at, empty + sizeof(empty), &nal), -EBADMSG);
	at = forbidden;
	assert_int_equal(h264_nal_next(&at, forbidden + sizeof(forbidden), &nal), -EBADMSG);
	at = zeros;
	assert_int_equal(h264_nal_next(&at, zeros + sizeof(zeros), &nal), -ENOENT);
	at = cut;
	assert_int_equal(h264_nal_next(&at, cut + sizeof(cut), &nal), -EBADMSG);
	at = none;
	assert_int_equal(h264_nal_next(&at, none + sizeof(none), &nal), -EBADMSG);
	assert_int_equal(h264_nal_next(&at, at, &nal), -ENOENT);
}

static void test_full(void **state)
{
	uint8_t data[9];

	(void)state;
	memset(data, 0xa5, sizeof(data));
	for (size_t room = 0; room < 8; room++) {
		struct h264_writer writer = h264_writer(data, room);

		h264_put_nal(&writer, H264_NAL_SPS, 3);
		h264_put_bits(&writer, 0, 16);
		h264_put_trailing(&writer);
		assert_true(writer.failed);
		assert_int_equal(data[room], 0xa5);
	}
}

/* From nearly all zeros, where everything is escaped, to noise; and bytes that make zeros when they are shifted. */
static void fill_bits(uint8_t *bits, size_t n, uint32_t *seed)
{
	static const uint8_t bytes[] = { 0x01, 0x02, 0x40, 0x80, 0x08, 0x10, 0x00 };
	uint32_t rarity = next_random(seed) % 12, byte = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 8 == 0)
			byte = bytes[next_random(seed) % (sizeof(bytes) - (rarity == 1))];
		bits[i] = rarity > 1 ? next_random(seed) % rarity == 0 : byte >> (7 - i % 8) & 1;
	}
}

/* What put_rest() makes of the rest at every distance from the source, bit by bit. */
static void test_rest(void **state)
{
	uint32_t seed = 5;

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		unsigned int skip = next_random(&seed) % 20, put = next_random(&seed) % 20;
		size_t bits = skip + 1 + next_random(&seed) % 300;
		uint8_t payload[400], from[200], to[300];
		struct h264_writer writer = h264_writer(from, sizeof(from));
		struct h264_nal nal;
		struct h264_reader reader;

		h264_put_nal(&writer, H264_NAL_SLICE, 1);
		fill_bits(payload, bits, &seed);
		for (size_t i = 0; i < bits; i++)
			h264_put_bits(&writer, payload[i], 1);
		h264_put_trailing(&writer);
		nal = nal_of(from + 4, h264_written(&writer) - 4);
		reader = h264_reader(&nal);
		h264_get_bits(&reader, skip);
		writer = h264_writer(to, sizeof(to));
		h264_put_nal(&writer, H264_NAL_SLICE, 1);
		h264_put_bits(&writer, 0, put);
		h264_put_rest(&writer, &reader);
		assert_false(writer.failed || reader.failed);
		for (size_t i = 6; i < h264_written(&writer); i++)
			assert_false(!to[i - 2] && !to[i - 1] && to[i] < 3);
		nal = nal_of(to + 4, h264_written(&writer) - 4);
		reader = h264_reader(&nal);
		assert_int_equal(h264_get_bits(&reader, put), 0);
		for (size_t i = skip; i < bits; i++)
			assert_int_equal(h264_get_bits(&reader, 1), payload[i]);
		h264_get_trailing(&reader);
		assert_false(reader.failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_code_too_long),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_forbidden_bytes),
		cmocka_unit_test(test_trailing),
		cmocka_unit_test(test_nals),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
