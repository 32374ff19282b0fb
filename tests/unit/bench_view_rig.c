// SPDX-License-Identifier: GPL-2.0-or-later
/* A server's bytes and the session that reads them. */
#include "tests/unit/bench_view_rig.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

void rig_put(struct rig *rig, const void *bytes, size_t n)
{
	assert_true(n <= RIG_BYTES_MAX - rig->used);
	memcpy(rig->bytes + rig->used, bytes, n);
	rig->used += n;
}

void rig_u8(struct rig *rig, uint32_t value)
{
	rig_bytes(rig, (uint8_t)value);
}

void rig_u16(struct rig *rig, uint32_t value)
{
	rig_bytes(rig, (uint8_t)(value >> 8), (uint8_t)value);
}

void rig_u32(struct rig *rig, uint32_t value)
{
	rig_u16(rig, value >> 16);
	rig_u16(rig, value);
}

void rig_update(struct rig *rig, uint32_t rects)
{
	rig_u16(rig, 0);
	rig_u16(rig, rects);
}

void rig_rect(struct rig *rig, uint32_t x, uint32_t y, uint32_t width, uint32_t height, int32_t encoding)
{
	rig_u16(rig, x);
	rig_u16(rig, y);
	rig_u16(rig, width);
	rig_u16(rig, height);
	rig_u32(rig, (uint32_t)encoding);
}

size_t rig_deflate(struct rig *rig, const void *bytes, size_t n)
{
	uint8_t *start = rig->bytes + rig->used;

	rig->deflate.next_in = (uint8_t *)bytes;
	rig->deflate.avail_in = (unsigned int)n;
	rig->deflate.next_out = start;
	rig->deflate.avail_out = (unsigned int)(RIG_BYTES_MAX - rig->used);
	assert_int_equal(deflate(&rig->deflate, Z_SYNC_FLUSH), Z_OK);
	assert_int_equal(rig->deflate.avail_in, 0);
	rig->used += (size_t)(rig->deflate.next_out - start);
	return (size_t)(rig->deflate.next_out - start);
}

void rig_deflate_reset(struct rig *rig)
{
	assert_int_equal(deflateReset(&rig->deflate), Z_OK);
}

/* The length is known when the bytes are there: they are moved behind it. */
static void put_before(struct rig *rig, size_t at, const void *length, size_t n)
{
	rig_put(rig, length, n);
	memmove(rig->bytes + at + n, rig->bytes + at, rig->used - n - at);
	memcpy(rig->bytes + at, length, n);
}

void rig_deflate_u32(struct rig *rig, const void *bytes, size_t n)
{
	size_t at = rig->used, length = rig_deflate(rig, bytes, n);

	put_before(rig, at, (uint8_t[]){ 0, (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length }, 4);
}

void rig_deflate_compact(struct rig *rig, const void *bytes, size_t n)
{
	size_t at = rig->used, length = rig_deflate(rig, bytes, n);
	uint8_t text[3];
	size_t used = 0;

	text[used++] = (uint8_t)(length & 127);
	if (length > 127) {
		text[0] |= 128;
		text[used++] = (uint8_t)(length >> 7 & 127);
	}
	if (length > 16383) {
		text[1] |= 128;
		text[used++] = (uint8_t)(length >> 14);
	}
	put_before(rig, at, text, used);
}

int rig_read(struct rig *rig, size_t piece)
{
	size_t taken = 0, known = 0;
	int r = 0;

	while (r == 0 && known < rig->used) {
		size_t n;
		uint8_t *copy;
		struct view_reader reader;

		known = piece && known + piece < rig->used ? known + piece : rig->used;
		n = known - taken;
		copy = malloc(n ? n : 1);
		assert_non_null(copy);
		memcpy(copy, rig->bytes + taken, n);
		reader = (struct view_reader){ .at = copy, .end = copy + n };
		r = view_session_read(&rig->session, &reader);
		taken += (size_t)(reader.at - copy);
		/* It asks for more than it has, or it would have gone on. */
		assert_true(r < 0 || reader.need > (size_t)(reader.end - reader.at));
		free(copy);
	}
	memmove(rig->bytes, rig->bytes + taken, rig->used - taken);
	rig->used -= taken;
	return r;
}

void rig_expect_read(struct rig *rig, size_t piece)
{
	uint64_t before = rig->session.updates;
	int r = rig_read(rig, piece);

	if (r < 0)
		fail_msg("%s", rig->session.decoder.reason);
	assert_int_equal(rig->used, 0);
	assert_true(rig->session.updates > before);
}

void rig_expect_error(struct rig *rig, const char *text)
{
	int r = rig_read(rig, 0);

	if (r != -EPROTO || !strstr(rig->session.decoder.reason, text))
		fail_msg("%d '%s' instead of '%s'", r, rig->session.decoder.reason, text);
}

uint32_t rig_pixel(const struct rig *rig, uint32_t x, uint32_t y)
{
	return *view_picture_at(&rig->session.decoder.picture, x, y) & 0xffffff;
}

void rig_start(struct rig *rig, const struct view_session_options *options, uint32_t width, uint32_t height)
{
	static const struct view_session_options plain = { .quality = -1, .compression = -1 };

	rig->used = 0;
	rig->deflate = (z_stream){ .next_in = NULL };
	assert_int_equal(deflateInit(&rig->deflate, 6), Z_OK);
	view_session_init(&rig->session, options ? options : &plain);
	rig_put(rig, "RFB 003.008\n", 12);
	rig_bytes(rig, 1, 1, 0, 0, 0, 0);
	rig_u16(rig, width);
	rig_u16(rig, height);
	rig_bytes(rig, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0);
	rig_u32(rig, 4);
	rig_put(rig, "test", 4);
	assert_int_equal(rig_read(rig, 1), 0);
	assert_int_equal(rig->used, 0);
	assert_int_equal(rig->session.decoder.picture.width, width);
	rig->session.output.used = 0;
}

void rig_stop(struct rig *rig)
{
	deflateEnd(&rig->deflate);
	view_session_finish(&rig->session);
}
