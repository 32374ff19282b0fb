// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams in the wire's form, byte by byte, and when their pictures are due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "encoders/h264_bits.h"
#include "encoders/h264_headers.h"
#include "net/spice_filter.h"
#include "net/spice_stream.h"
#include "net/spice_wire.h"
#include "server/clock.h"

static const struct spice_stream even = {
	.id = 51, .codec = PACKET_H264, .box = { 0x102, 0x30, 640, 360 }, .width = 640, .height = 360,
};

static void streams_are_created(void **state)
{
	static const uint8_t expected[] = {
		122, 0, 51, 0, 0, 0, /* type and size */
		0, 0, 0, 0, 51, 0, 0, 0, 1, 3, /* surface, id, top down, H.264 */
		0, 0, 0, 0, 0, 0, 0, 0, /* stamp */
		0x80, 2, 0, 0, 0x68, 1, 0, 0, 0x80, 2, 0, 0, 0x68, 1, 0, 0, /* sizes */
		0x30, 0, 0, 0, 2, 1, 0, 0, 0x98, 1, 0, 0, 0x82, 3, 0, 0, /* top, left, bottom, right */
		0, /* no clip */
	};
	uint8_t data[SPICE_STREAM_CREATE_MAX];

	(void)state;
	assert_int_equal(spice_stream_write_create(data, &even), sizeof(expected));
	assert_memory_equal(data, expected, sizeof(expected));
}

/* Its picture has a row and a column too many; a scaled one has to be stretched. */
static void odd_boxes_are_clipped(void **state)
{
	struct spice_stream odd = even;
	uint8_t data[SPICE_STREAM_CREATE_MAX];

	(void)state;
	odd.box.width = 639;
	odd.box.height = 359;
	assert_int_equal(spice_stream_write_create(data, &odd), SPICE_STREAM_CREATE_MAX);
	assert_int_equal(spice_wire_get_u32(data + 2), SPICE_STREAM_CREATE_MAX - SPICE_FILTER_HEADER_BYTES);
	assert_int_equal(spice_wire_get_u32(data + 40 + 8), 0x30 + 360);
	assert_int_equal(data[56], 1);
	assert_int_equal(spice_wire_get_u32(data + 57), 1);
	assert_int_equal(spice_wire_get_u32(data + 61), 0x30);
	assert_int_equal(spice_wire_get_u32(data + 65), 0x102);
	assert_int_equal(spice_wire_get_u32(data + 69), 0x30 + 359);
	assert_int_equal(spice_wire_get_u32(data + 73), 0x102 + 639);
	odd.scaled = true;
	assert_int_equal(spice_stream_write_create(data, &odd), 57);
	assert_int_equal(spice_wire_get_u32(data + 40 + 8), 0x30 + 359);
}

static void pictures_have_a_time_and_a_trailer(void **state)
{
	const int64_t now_ns = (INT64_C(7) << 32) * NSEC_PER_MSEC + 1000 * NSEC_PER_MSEC;
	struct spice_stream mjpeg = even;
	uint8_t head[SPICE_STREAM_HEAD_BYTES], trailer[64];
	struct h264_writer writer;
	struct packet *packet = packet_new(1000);
	size_t bytes;

	(void)state;
	mjpeg.codec = PACKET_MJPEG;
	assert_int_equal(spice_stream_write_head(head, &even, packet, now_ns), sizeof(head));
	assert_int_equal(spice_wire_get_u16(head), 123);
	assert_int_equal(spice_wire_get_u32(head + 2), 12 + 1000 + 15);
	assert_int_equal(spice_wire_get_u32(head + 6), 51);
	/* Now by the client's clock, which is late. */
	assert_int_equal(spice_wire_get_u32(head + 10), 1000 - 15);
	assert_int_equal(spice_wire_get_u32(head + 14), 1000 + 15);
	spice_stream_write_head(head, &even, packet, SPICE_FILTER_LATE_MS * NSEC_PER_MSEC);
	assert_int_equal(spice_wire_get_u32(head + 10), 1);
	spice_stream_write_head(head, &mjpeg, packet, now_ns);
	assert_int_equal(spice_wire_get_u32(head + 10), 1000);
	assert_int_equal(spice_wire_get_u32(head + 14), 1000);
	assert_null(spice_stream_trailer(PACKET_MJPEG, &bytes));
	assert_int_equal(bytes, 0);
	/* As the one who knows H.264 writes it. */
	writer = h264_writer(trailer, sizeof(trailer));
	assert_int_equal(h264_write_trailer(&writer), 0);
	assert_memory_equal(spice_stream_trailer(PACKET_H264, &bytes), trailer, 15);
	assert_int_equal(bytes, 15);
	packet_unref(packet);
}

static void ids_are_few_and_not_the_librarys(void **state)
{
	uint32_t id = 0;
	uint8_t data[SPICE_STREAM_DESTROY_BYTES];

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		struct spice_stream stream = { .id = spice_stream_next_id(id) };

		assert_int_not_equal(stream.id, id);
		id = stream.id;
		assert_in_range(id, 50, 63);
		assert_int_equal(spice_stream_write_destroy(data, &stream), sizeof(data));
		assert_int_equal(spice_wire_get_u16(data), 125);
		assert_int_equal(spice_wire_get_u32(data + 2), 4);
		assert_int_equal(spice_wire_get_u32(data + 6), id);
	}
}

static void other_pictures_are_another_streams(void **state)
{
	struct packet *packet = packet_new(1);
	struct spice_stream none = even;

	(void)state;
	packet->codec = even.codec;
	packet->box = even.box;
	packet->width = even.width;
	packet->height = even.height;
	assert_true(spice_stream_takes(&even, packet));
	none.id = 0;
	assert_false(spice_stream_takes(&none, packet));
	packet->width -= 2;
	assert_false(spice_stream_takes(&even, packet));
	packet->width = even.width;
	packet->box.x++;
	assert_false(spice_stream_takes(&even, packet));
	packet->box = even.box;
	packet->codec = PACKET_MJPEG;
	assert_false(spice_stream_takes(&even, packet));
	packet_unref(packet);
}

static void reports_tell_what_cannot_be_shown(void **state)
{
	static const struct {
		uint32_t shown, thrown;
		bool cannot;
	} cases[] = {
		{ 0, UINT32_MAX, true },
		{ 1, UINT32_MAX, false },
		{ 0, UINT32_MAX - 1, false },
		{ 30, 0, false },
	};
	uint8_t data[32] = { 51 };
	uint32_t id = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		spice_wire_put_u32(data + 16, cases[i].shown);
		spice_wire_put_u32(data + 20, cases[i].thrown);
		for (size_t bytes = 0; bytes <= sizeof(data); bytes++) {
			id = 0;
			assert_int_equal(spice_stream_read_report(data, bytes, &id),
					cases[i].cannot && bytes == sizeof(data));
			assert_int_equal(id, cases[i].cannot && bytes == sizeof(data) ? 51 : 0);
		}
	}
}

static void wishes_are_lists(void **state)
{
	static const struct {
		uint8_t data[4];
		size_t bytes;
		int codec; /* negative: none */
	} cases[] = {
		{ { 2, 1, 3 }, 3, PACKET_MJPEG },
		{ { 2, 3, 1 }, 3, PACKET_H264 },
		{ { 3, 2, 4, 3 }, 4, PACKET_H264 }, /* behind VP8 and VP9 */
		{ { 1, 3, 1 }, 3, PACKET_H264 },
		{ { 1, 2, 1 }, 3, -1 }, /* what is behind the list is no part of it */
		{ { 3, 1, 3 }, 3, -1 }, /* shorter than it says */
		{ { 255, 1, 3 }, 3, -1 },
		{ { 0, 1 }, 2, -1 },
		{ { 1 }, 1, -1 },
		{ { 0 }, 0, -1 },
	};
	enum packet_codec codec;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		codec = PACKET_CODECS;
		assert_int_equal(spice_stream_read_wish(cases[i].data, cases[i].bytes, &codec), cases[i].codec >= 0);
		assert_int_equal(codec, cases[i].codec >= 0 ? cases[i].codec : PACKET_CODECS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_created),
		cmocka_unit_test(odd_boxes_are_clipped),
		cmocka_unit_test(pictures_have_a_time_and_a_trailer),
		cmocka_unit_test(ids_are_few_and_not_the_librarys),
		cmocka_unit_test(other_pictures_are_another_streams),
		cmocka_unit_test(reports_tell_what_cannot_be_shown),
		cmocka_unit_test(wishes_are_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
