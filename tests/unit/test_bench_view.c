// SPDX-License-Identifier: GPL-2.0-or-later
/* The session of the bench's viewer: handshakes, requests, fences, sizes, and servers that are none. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/unit/bench_view_rig.h"

#define REQUEST_BYTES 10

static struct rig rig;

static const struct view_session_options plain = { .quality = -1, .compression = -1 };

static void begin_handshake(const struct view_session_options *options, const char *version)
{
	rig.used = 0;
	view_session_init(&rig.session, options);
	rig_put(&rig, version, 12);
}

static void expect_output(const void *bytes, size_t n)
{
	assert_int_equal(rig.session.output.used, n);
	assert_memory_equal(rig.session.output.bytes, bytes, n);
	rig.session.output.used = 0;
}

static void expect_request(bool incremental, uint32_t width, uint32_t height)
{
	const uint8_t request[REQUEST_BYTES] = { 3, incremental, 0, 0, 0, 0, (uint8_t)(width >> 8), (uint8_t)width,
		(uint8_t)(height >> 8), (uint8_t)height };

	expect_output(request, sizeof(request));
}

static void put_init(void)
{
	rig_u16(&rig, 300);
	rig_u16(&rig, 200);
	/* The server's own format is another one: no matter. */
	rig_bytes(&rig, 16, 16, 1, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0, 0, 0, 0);
	rig_u32(&rig, 0);
}

static void test_handshakes(void **state)
{
	static const struct { const char *server, *client; bool result; } versions[] = {
		{ "RFB 003.008\n", "RFB 003.008\n", true }, { "RFB 003.889\n", "RFB 003.008\n", true },
		{ "RFB 004.001\n", "RFB 003.008\n", true }, { "RFB 003.007\n", "RFB 003.007\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		begin_handshake(&plain, versions[i].server);
		assert_int_equal(rig_read(&rig, 1), 0);
		expect_output(versions[i].client, 12);
		rig_bytes(&rig, 3, 2, 1, 19);
		assert_int_equal(rig_read(&rig, 1), 0);
		if (versions[i].result) {
			expect_output("\1", 1);
			rig_u32(&rig, 0);
			assert_int_equal(rig_read(&rig, 1), 0);
			expect_output("\1", 1);
		} else {
			expect_output("\1\1", 2);
		}
		put_init();
		assert_int_equal(rig_read(&rig, 1), 0);
		assert_int_equal(rig.session.decoder.picture.width, 300);
		assert_int_equal(rig.session.decoder.picture.height, 200);
		assert_true(rig.session.output.used > REQUEST_BYTES);
		view_session_finish(&rig.session);
	}
}

/* What is asked for, to the byte. */
static void test_wishes(void **state)
{
	static const uint8_t expected[] = {
		0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0, /* XR24 */
		2, 0, 0, 13,
		0, 0, 0, 1, 0, 0, 0, 7, /* CopyRect, Tight */
		0xff, 0xff, 0xfe, 0xc6, 0xff, 0xff, 0xff, 0x11, 0xff, 0xff, 0xff, 0x18, /* -314, -239, -232 */
		0xff, 0xff, 0xfe, 0xcc, 0xff, 0xff, 0xff, 0x21, /* -308, -223 */
		0xff, 0xff, 0xff, 0x20, 0xff, 0xff, 0xfe, 0xcd, /* -224, -307 */
		0xff, 0xff, 0xff, 0xe8, 0xff, 0xff, 0xff, 0x01, /* quality 8: -24; compression 1: -255 */
		0xff, 0xff, 0xfe, 0xc8, 0xff, 0xff, 0xfe, 0xc7, /* -312, -313 */
		3, 0, 0, 0, 0, 0, 1, 44, 0, 200,
	};
	const struct view_session_options options = {
		.encodings = { VIEW_COPY_RECT, VIEW_TIGHT },
		.n_encodings = 2,
		.quality = 8,
		.compression = 1,
		.continuous = true,
	};

	(void)state;
	begin_handshake(&options, "RFB 003.007\n");
	rig_bytes(&rig, 1, 1);
	assert_int_equal(rig_read(&rig, 0), 0);
	rig.session.output.used = 0;
	put_init();
	assert_int_equal(rig_read(&rig, 0), 0);
	expect_output(expected, sizeof(expected));
	view_session_finish(&rig.session);
}

static void test_refusals(void **state)
{
	(void)state;
	begin_handshake(&plain, "SSH-2.0-Open");
	rig_expect_error(&rig, "this is no RFB server");
	view_session_finish(&rig.session);
	begin_handshake(&plain, "RFB 003.003\n");
	rig_expect_error(&rig, "RFB 3.3: needs 3.7 at least");
	view_session_finish(&rig.session);
	begin_handshake(&plain, "RFB 003.008\n");
	rig_bytes(&rig, 0, 0, 0, 0, 8, 't', 'o', 'o', ' ', 'm', 'a', 'n', 7);
	rig_expect_error(&rig, "refused: too man?");
	view_session_finish(&rig.session);
	begin_handshake(&plain, "RFB 003.008\n");
	rig_bytes(&rig, 2, 2, 16);
	rig_expect_error(&rig, "security type None is not offered");
	view_session_finish(&rig.session);
	begin_handshake(&plain, "RFB 003.008\n");
	rig_bytes(&rig, 1, 1, 0, 0, 0, 1, 0, 0, 0, 2, 'n', 'o');
	rig_expect_error(&rig, "refused: no");
	view_session_finish(&rig.session);
	begin_handshake(&plain, "RFB 003.008\n");
	rig_bytes(&rig, 1, 1, 0, 0, 0, 0, 0, 0, 0, 5);
	for (int i = 0; i < 16; i++)
		rig_u8(&rig, 0);
	rig_expect_error(&rig, "a picture of 0x5");
	view_session_finish(&rig.session);
}

static void put_pixel(uint32_t value)
{
	rig_rect(&rig, 0, 0, 1, 1, VIEW_RAW);
	rig_bytes(&rig, (uint8_t)value, 0, 0, 0);
}

/* The next request goes out while the update still arrives, and there is only that one. */
static void test_requests(void **state)
{
	(void)state;
	rig_start(&rig, NULL, 300, 200);
	for (uint32_t i = 0; i < 3; i++) {
		rig_update(&rig, 2);
		assert_int_equal(rig_read(&rig, 1), 0);
		expect_request(true, 300, 200);
		put_pixel(i);
		put_pixel(i + 1);
		rig_expect_read(&rig, 1);
		expect_output("", 0);
		assert_int_equal(rig_pixel(&rig, 0, 0), i + 1);
	}
	assert_int_equal(rig.session.updates, 3);
	assert_int_equal(rig.session.rectangles[view_encoding_find(VIEW_RAW) - view_encodings], 6);
	rig_stop(&rig);
}

static void test_continuous(void **state)
{
	static const uint8_t enable[] = { 150, 1, 0, 0, 0, 0, 1, 44, 0, 200 };
	const struct view_session_options options = { .quality = -1, .compression = -1, .continuous = true };

	(void)state;
	rig_start(&rig, &options, 300, 200);
	rig_u8(&rig, 150);
	assert_int_equal(rig_read(&rig, 0), 0);
	expect_output(enable, sizeof(enable));
	rig_update(&rig, 1);
	put_pixel(1);
	rig_expect_read(&rig, 1);
	expect_output("", 0);
	/* The server ends them. */
	rig_u8(&rig, 150);
	assert_int_equal(rig_read(&rig, 0), 0);
	expect_request(true, 300, 200);
	rig_update(&rig, 1);
	put_pixel(1);
	rig_expect_read(&rig, 1);
	expect_request(true, 300, 200);
	rig_stop(&rig);
	/* Uncalled for. */
	rig_start(&rig, NULL, 300, 200);
	rig_u8(&rig, 150);
	rig_expect_error(&rig, "nobody asked for");
	rig_stop(&rig);
}

static void test_fences(void **state)
{
	static const uint8_t answer[] = { 248, 0, 0, 0, 0, 0, 0, 5, 3, 'a', 'b', 'c' };

	(void)state;
	rig_start(&rig, NULL, 300, 200);
	/* What the flags mean that nobody knows yet, is not said back. */
	rig_bytes(&rig, 248, 0, 0, 0, 0x80, 0, 1, 5, 3, 'a', 'b', 'c');
	assert_int_equal(rig_read(&rig, 1), 0);
	expect_output(answer, sizeof(answer));
	/* An answer is not answered. */
	rig_bytes(&rig, 248, 0, 0, 0, 0, 0, 0, 1, 0);
	assert_int_equal(rig_read(&rig, 1), 0);
	expect_output("", 0);
	assert_int_equal(rig.session.fences, 2);
	rig_bytes(&rig, 248, 0, 0, 0, 0x80, 0, 0, 1, 65);
	rig_expect_error(&rig, "a fence with 65 bytes");
	rig_stop(&rig);
}

static void test_sizes(void **state)
{
	static const uint8_t again[] = { 150, 1, 0, 0, 0, 0, 0, 100, 0, 50, 3, 0, 0, 0, 0, 0, 0, 100, 0, 50 };
	const struct view_session_options options = { .quality = -1, .compression = -1, .continuous = true };

	(void)state;
	rig_start(&rig, &options, 300, 200);
	rig_update(&rig, 1);
	rig_rect(&rig, 0, 0, 301, 201, VIEW_DESKTOP_SIZE);
	rig_expect_read(&rig, 1);
	assert_int_equal(rig.session.decoder.picture.width, 301);
	rig.session.output.used = 0;
	rig_u8(&rig, 150);
	assert_int_equal(rig_read(&rig, 0), 0);
	rig.session.output.used = 0;
	rig_update(&rig, 2);
	rig_rect(&rig, 0, 0, 100, 50, VIEW_EXTENDED_DESKTOP_SIZE);
	rig_bytes(&rig, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 100, 0, 50, 0, 0, 0, 0);
	rig_rect(&rig, 99, 49, 1, 1, VIEW_RAW);
	rig_bytes(&rig, 7, 0, 0, 0);
	rig_expect_read(&rig, 1);
	expect_output(again, sizeof(again));
	assert_int_equal(rig_pixel(&rig, 99, 49), 7);
	/* The same size again is no news. */
	rig_update(&rig, 1);
	rig_rect(&rig, 0, 0, 100, 50, VIEW_EXTENDED_DESKTOP_SIZE);
	rig_bytes(&rig, 0, 0, 0, 0);
	rig_expect_read(&rig, 1);
	expect_output("", 0);
	assert_int_equal(rig_pixel(&rig, 99, 49), 7);
	rig_update(&rig, 1);
	rig_rect(&rig, 0, 0, 65535, 65535, VIEW_DESKTOP_SIZE);
	rig_expect_error(&rig, "a picture of 65535x65535");
	rig_stop(&rig);
}

static void test_other_messages(void **state)
{
	(void)state;
	rig_start(&rig, NULL, 300, 200);
	rig_u8(&rig, 2);
	rig_bytes(&rig, 3, 0, 0, 0, 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o');
	rig_bytes(&rig, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	rig_bytes(&rig, 3, 0, 0, 0, 0, 0, 0, 0);
	rig_update(&rig, 1);
	put_pixel(9);
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 0, 0), 9);
	rig_bytes(&rig, 3, 0, 0, 0, 0xff, 0, 0, 0);
	rig_expect_error(&rig, "a clipboard of 4278190080 bytes");
	rig_stop(&rig);
	rig_start(&rig, NULL, 300, 200);
	rig_u8(&rig, 17);
	rig_expect_error(&rig, "a message of type 17");
	rig_stop(&rig);
	rig_start(&rig, NULL, 300, 200);
	rig_update(&rig, 1);
	rig_rect(&rig, 0, 0, 1, 1, 51);
	rig_expect_error(&rig, "a rectangle in encoding 51");
	rig_stop(&rig);
}

static void test_server_that_only_asks(void **state)
{
	(void)state;
	rig_start(&rig, NULL, 300, 200);
	for (int i = 0; i < 5000; i++)
		rig_bytes(&rig, 248, 0, 0, 0, 0x80, 0, 0, 0, 0);
	rig_expect_error(&rig, "the server asks and does not read");
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshakes),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_continuous),
		cmocka_unit_test(test_fences),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_other_messages),
		cmocka_unit_test(test_server_that_only_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
