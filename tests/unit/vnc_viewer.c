// SPDX-License-Identifier: GPL-2.0-or-later
/* A viewer for tests that speaks RFB byte by byte: raw pixels, scrolls, all pseudo-rectangles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/vnc_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <rfb/rfb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/bytes.h"
#include "server/clock.h"
#include "tests/unit/pump.h"

#define VIEWERS_MAX 1024

static struct viewer *viewers[VIEWERS_MAX];
static unsigned int n_viewers;

struct viewer *viewer_new(void)
{
	const struct sockaddr_in source = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(rig.source) };
	const struct sockaddr peer = { .sa_family = AF_UNIX };
	struct viewer *viewer = calloc(1, sizeof(*viewer));
	int fds[2];

	assert_non_null(viewer);
	assert_true(n_viewers < VIEWERS_MAX);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	viewer->fd = fds[0];
	viewer->reads = true;
	viewer->format = rects_native_format;
	viewers[n_viewers++] = viewer;
	if (rig.proof.user)
		rig.vnc->impl->admit(rig.vnc, fds[1], (const void *)&source, sizeof(source), &rig.proof);
	else
		rig.vnc->impl->accept(rig.vnc, rig.listener, fds[1], &peer, sizeof(sa_family_t));
	return viewer;
}

void viewer_free(struct viewer *viewer)
{
	for (unsigned int i = 0; i < n_viewers; i++) {
		if (viewers[i] == viewer)
			viewers[i] = viewers[--n_viewers];
	}
	if (viewer->fd >= 0)
		close(viewer->fd);
	free(viewer->pixels);
	free(viewer->in);
	free(viewer);
}

void viewer_free_all(void)
{
	while (n_viewers)
		viewer_free(viewers[0]);
}

/* A server that does not read now gets the rest later; one that is gone, nothing. */
void viewer_say(struct viewer *viewer, const void *data, size_t bytes)
{
	const uint8_t *at = data;

	while (bytes && viewer->fd >= 0) {
		ssize_t n = send(viewer->fd, at, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return;
		if (n < 0) {
			pump_round(rig.base);
			continue;
		}
		at += n;
		bytes -= (size_t)n;
	}
}

static void receive(struct viewer *viewer)
{
	ssize_t n;

	while (viewer->fd >= 0) {
		if (viewer->in_room - viewer->in_bytes < 65536) {
			viewer->in_room += 1 << 20;
			viewer->in = realloc(viewer->in, viewer->in_room);
			assert_non_null(viewer->in);
		}
		n = recv(viewer->fd, viewer->in + viewer->in_bytes, 65536, 0);
		if (n > 0) {
			viewer->in_bytes += (size_t)n;
			viewer->bytes += (uint64_t)n;
			continue;
		}
		if (n == 0 || errno != EAGAIN) {
			close(viewer->fd);
			viewer->fd = -1;
		}
		return;
	}
}

static void consume(struct viewer *viewer, size_t bytes)
{
	memmove(viewer->in, viewer->in + bytes, viewer->in_bytes - bytes);
	viewer->in_bytes -= bytes;
}

void viewer_expect(struct viewer *viewer, const void *data, size_t bytes)
{
	PUMP_UNTIL(rig.base, (receive(viewer), viewer->in_bytes >= bytes) || viewer->fd < 0);
	assert_int_equal(viewer->in_bytes < bytes ? viewer->in_bytes : bytes, bytes);
	assert_memory_equal(viewer->in, data, bytes);
	consume(viewer, bytes);
}

static void set_size(struct viewer *viewer, uint32_t width, uint32_t height)
{
	viewer->width = width;
	viewer->height = height;
	free(viewer->pixels);
	viewer->pixels = calloc((size_t)width * height, 4);
	assert_non_null(viewer->pixels);
}

static void answer_challenge(struct viewer *viewer, const char *password)
{
	uint8_t response[RFB_CHALLENGE_BYTES];
	char key[9] = "";

	PUMP_UNTIL(rig.base, (receive(viewer), viewer->in_bytes >= sizeof(response)));
	memcpy(response, viewer->in, sizeof(response));
	consume(viewer, sizeof(response));
	snprintf(key, sizeof(key), "%s", password);
	rfbEncryptBytes(response, key);
	viewer_say(viewer, response, sizeof(response));
}

struct viewer *viewer_join(bool shared, const int32_t *encodings, size_t n)
{
	return viewer_join_with(NULL, shared, encodings, n);
}

struct viewer *viewer_join_with(const char *password, bool shared, const int32_t *encodings, size_t n)
{
	struct viewer *viewer = viewer_new();
	const uint8_t init = shared;
	struct bytes_reader reader;
	uint32_t name_bytes;
	uint16_t width, height;

	VIEWER_EXPECT(viewer, "RFB 003.008\n");
	VIEWER_SAY(viewer, "RFB 003.008\n");
	if (password) {
		VIEWER_EXPECT(viewer, "\1\2");
		VIEWER_SAY(viewer, "\2");
		answer_challenge(viewer, password);
		PUMP_UNTIL(rig.base, (receive(viewer), viewer->in_bytes >= 4));
		if (viewer->in[3]) {
			PUMP_UNTIL(rig.base, (receive(viewer), viewer->fd < 0));
			return viewer;
		}
	} else {
		VIEWER_EXPECT(viewer, "\1\1");
		VIEWER_SAY(viewer, "\1");
	}
	VIEWER_EXPECT(viewer, "\0\0\0\0");
	viewer_say(viewer, &init, 1);
	PUMP_UNTIL(rig.base, (receive(viewer), viewer->in_bytes >= 24) || viewer->fd < 0);
	if (viewer->fd < 0)
		return viewer;
	reader = bytes_reader(viewer->in, viewer->in_bytes);
	width = bytes_get_u16(&reader);
	height = bytes_get_u16(&reader);
	bytes_skip(&reader, RFB_PIXEL_FORMAT_BYTES);
	name_bytes = bytes_get_u32(&reader);
	assert_true(name_bytes < sizeof(viewer->name));
	memcpy(viewer->name, bytes_get(&reader, name_bytes), name_bytes);
	consume(viewer, 24 + name_bytes);
	set_size(viewer, width, height);
	if (n)
		viewer_set_encodings(viewer, encodings, n);
	return viewer;
}

void viewer_set_encodings(struct viewer *viewer, const int32_t *encodings, size_t n)
{
	uint8_t data[4 + 64 * 4];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	bytes_put_u8(&writer, RFB_SET_ENCODINGS);
	bytes_put_u8(&writer, 0);
	bytes_put_u16(&writer, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		bytes_put_s32(&writer, encodings[i]);
	assert_false(writer.failed);
	viewer_say(viewer, data, bytes_written(&writer));
}

void viewer_set_format(struct viewer *viewer, const struct rects_pixel_format *format)
{
	uint8_t data[20];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	bytes_put_u32(&writer, RFB_SET_PIXEL_FORMAT << 24);
	bytes_put_u8(&writer, format->bits_per_pixel);
	bytes_put_u8(&writer, format->depth);
	bytes_put_u8(&writer, format->big_endian);
	bytes_put_u8(&writer, format->true_colour);
	bytes_put_u16(&writer, format->red_max);
	bytes_put_u16(&writer, format->green_max);
	bytes_put_u16(&writer, format->blue_max);
	bytes_put_u8(&writer, format->red_shift);
	bytes_put_u8(&writer, format->green_shift);
	bytes_put_u8(&writer, format->blue_shift);
	bytes_put_zeros(&writer, 3);
	viewer_say(viewer, data, bytes_written(&writer));
}

static void say_box(struct viewer *viewer, uint8_t type, bool flag, uint16_t x, uint16_t y,
		uint16_t width, uint16_t height)
{
	uint8_t data[10];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	bytes_put_u8(&writer, type);
	bytes_put_u8(&writer, flag);
	bytes_put_u16(&writer, x);
	bytes_put_u16(&writer, y);
	bytes_put_u16(&writer, width);
	bytes_put_u16(&writer, height);
	viewer_say(viewer, data, bytes_written(&writer));
}

void viewer_request(struct viewer *viewer, bool incremental, uint16_t x, uint16_t y, uint16_t width,
		uint16_t height)
{
	say_box(viewer, RFB_UPDATE_REQUEST, incremental, x, y, width, height);
}

void viewer_request_all(struct viewer *viewer, bool incremental)
{
	viewer_request(viewer, incremental, 0, 0, (uint16_t)viewer->width, (uint16_t)viewer->height);
}

void viewer_continuous(struct viewer *viewer, bool enable)
{
	say_box(viewer, RFB_ENABLE_CONTINUOUS_UPDATES, enable, 0, 0, (uint16_t)viewer->width,
			(uint16_t)viewer->height);
}

void viewer_fence(struct viewer *viewer, uint32_t flags, const void *payload, uint8_t bytes)
{
	uint8_t data[9 + 255];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	bytes_put_u32(&writer, (uint32_t)RFB_CLIENT_FENCE << 24);
	bytes_put_u32(&writer, flags);
	bytes_put_u8(&writer, bytes);
	bytes_put(&writer, payload, bytes);
	viewer_say(viewer, data, bytes_written(&writer));
}

void viewer_ask_size(struct viewer *viewer, uint16_t width, uint16_t height, uint8_t screens)
{
	uint8_t data[8 + 4 * RFB_SCREEN_BYTES];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	bytes_put_u16(&writer, RFB_SET_DESKTOP_SIZE << 8);
	bytes_put_u16(&writer, width);
	bytes_put_u16(&writer, height);
	bytes_put_u8(&writer, screens);
	bytes_put_u8(&writer, 0);
	for (uint8_t i = 0; i < screens; i++) {
		bytes_put_u32(&writer, i);
		bytes_put_u32(&writer, 0);
		bytes_put_u16(&writer, width);
		bytes_put_u16(&writer, height);
		bytes_put_u32(&writer, 0);
	}
	assert_false(writer.failed);
	viewer_say(viewer, data, bytes_written(&writer));
}

void viewer_pointer(struct viewer *viewer, uint8_t buttons, uint16_t x, uint16_t y)
{
	uint8_t data[6];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	bytes_put_u8(&writer, RFB_POINTER_EVENT);
	bytes_put_u8(&writer, buttons);
	bytes_put_u16(&writer, x);
	bytes_put_u16(&writer, y);
	viewer_say(viewer, data, sizeof(data));
}

static uint32_t get_pixel(const struct rects_pixel_format *format, struct bytes_reader *reader)
{
	size_t bytes = format->bits_per_pixel / 8;
	const uint8_t *at = bytes_get(reader, bytes);
	uint32_t value = 0, red, green, blue;

	for (size_t i = 0; at && i < bytes; i++)
		value |= (uint32_t)at[i] << 8 * (format->big_endian ? bytes - 1 - i : i);
	red = value >> format->red_shift & format->red_max;
	green = value >> format->green_shift & format->green_max;
	blue = value >> format->blue_shift & format->blue_max;
	return red * 255 / format->red_max << 16 | green * 255 / format->green_max << 8 |
			blue * 255 / format->blue_max;
}

struct rect {
	uint16_t x, y, width, height;
};

static void take_raw(struct viewer *viewer, const struct rect *rect, struct bytes_reader *reader)
{
	size_t pixel_bytes = viewer->format.bits_per_pixel / 8;

	if ((size_t)(reader->end - reader->at) < (size_t)rect->width * rect->height * pixel_bytes) {
		reader->failed = true;
		return;
	}
	assert_true(rect->x + rect->width <= viewer->width && rect->y + rect->height <= viewer->height);
	for (uint32_t y = rect->y; y < (uint32_t)rect->y + rect->height; y++) {
		for (uint32_t x = rect->x; x < (uint32_t)rect->x + rect->width; x++)
			viewer->pixels[y * viewer->width + x] = get_pixel(&viewer->format, reader);
	}
}

static void take_copy(struct viewer *viewer, const struct rect *rect, struct bytes_reader *reader)
{
	uint16_t from_x = bytes_get_u16(reader), from_y = bytes_get_u16(reader);
	uint32_t *copy = malloc((size_t)rect->width * rect->height * 4 + 1);

	assert_non_null(copy);
	assert_true(from_x + rect->width <= viewer->width && from_y + rect->height <= viewer->height);
	for (uint32_t y = 0; y < rect->height; y++)
		memcpy(copy + y * rect->width,
				viewer->pixels + (from_y + y) * viewer->width + from_x, rect->width * 4u);
	for (uint32_t y = 0; y < rect->height; y++)
		memcpy(viewer->pixels + (rect->y + y) * viewer->width + rect->x, copy + y * rect->width,
				rect->width * 4u);
	free(copy);
	viewer->copies++;
}

static void take_size(struct viewer *viewer, const struct rect *rect, struct bytes_reader *reader)
{
	uint16_t width, height;

	assert_int_equal(bytes_get_u8(reader), 1);
	bytes_skip(reader, 3 + 4 + 4);
	width = bytes_get_u16(reader);
	height = bytes_get_u16(reader);
	bytes_skip(reader, 4);
	if (reader->failed)
		return;
	assert_int_equal(width, rect->width);
	assert_int_equal(height, rect->height);
	viewer->size_reason = rect->x;
	viewer->size_status = rect->y;
	viewer->sizes++;
	if (width != viewer->width || height != viewer->height)
		set_size(viewer, width, height);
}

static void take_cursor(struct viewer *viewer, const struct rect *rect, size_t bytes,
		struct bytes_reader *reader)
{
	const uint8_t *at = bytes_get(reader, bytes);

	assert_true(bytes <= sizeof(viewer->cursor));
	if (!at)
		return;
	memcpy(viewer->cursor, at, bytes);
	viewer->cursor_bytes = bytes;
	viewer->cursor_width = rect->width;
	viewer->cursor_height = rect->height;
	viewer->cursor_hot_x = rect->x;
	viewer->cursor_hot_y = rect->y;
}

/* What it would look like nobody knows: no picture has this colour everywhere. */
static void take_h264(struct viewer *viewer, const struct rect *rect, struct bytes_reader *reader)
{
	const uint32_t bytes = bytes_get_u32(reader), flags = bytes_get_u32(reader);
	const uint8_t *data = bytes_get(reader, bytes);

	if (!data)
		return;
	assert_true(bytes && rect->x + rect->width <= viewer->width && rect->y + rect->height <= viewer->height);
	viewer->video.n++;
	viewer->video.flags = flags;
	viewer->video.x = rect->x;
	viewer->video.y = rect->y;
	viewer->video.width = rect->width;
	viewer->video.height = rect->height;
	viewer->video.bytes = bytes;
	viewer->video.first = data[0];
	for (uint32_t y = rect->y; y < (uint32_t)rect->y + rect->height; y++)
		for (uint32_t x = rect->x; x < (uint32_t)rect->x + rect->width; x++)
			viewer->pixels[y * viewer->width + x] = 0x808080;
}

static void take_rect(struct viewer *viewer, struct bytes_reader *reader)
{
	struct rect rect;
	uint32_t n;
	int32_t encoding;

	rect.x = bytes_get_u16(reader);
	rect.y = bytes_get_u16(reader);
	rect.width = bytes_get_u16(reader);
	rect.height = bytes_get_u16(reader);
	encoding = bytes_get_s32(reader);
	if (reader->failed)
		return;
	n = (uint32_t)rect.width * rect.height;
	switch (encoding) {
	case RECTS_RAW:
		take_raw(viewer, &rect, reader);
		break;
	case RFB_ENCODING_COPY_RECT:
		if (reader->end - reader->at >= 4)
			take_copy(viewer, &rect, reader);
		else
			reader->failed = true;
		break;
	case RFB_ENCODING_OPEN_H264:
		take_h264(viewer, &rect, reader);
		break;
	case RFB_PSEUDO_EXTENDED_DESKTOP_SIZE:
		take_size(viewer, &rect, reader);
		break;
	case RFB_PSEUDO_DESKTOP_SIZE:
		viewer->plain_sizes++;
		set_size(viewer, rect.width, rect.height);
		break;
	case RFB_PSEUDO_CURSOR:
		take_cursor(viewer, &rect, n * (viewer->format.bits_per_pixel / 8u) +
				(rect.width + 7u) / 8 * rect.height, reader);
		viewer->cursors++;
		break;
	case RFB_PSEUDO_CURSOR_WITH_ALPHA:
		assert_int_equal(bytes_get_u32(reader), RECTS_RAW);
		take_cursor(viewer, &rect, n * 4, reader);
		viewer->alpha_cursors++;
		break;
	default:
		if (!viewer_take_told(viewer, encoding, rect.x, reader))
			fail_msg("unexpected encoding %d", encoding);
	}
	viewer->rects++;
}

static void take_fence(struct viewer *viewer, struct bytes_reader *reader)
{
	uint32_t flags;
	uint8_t bytes;
	const uint8_t *payload;

	bytes_skip(reader, 3);
	flags = bytes_get_u32(reader);
	bytes = bytes_get_u8(reader);
	payload = bytes_get(reader, bytes);
	if (!payload)
		return;
	if (flags & RFB_FENCE_REQUEST) {
		viewer->fences++;
		if (viewer->answers_fences)
			viewer_fence(viewer, flags & RFB_FENCE_ANSWERABLE, payload, bytes);
		return;
	}
	viewer->fence_answers++;
	viewer->fence_flags = flags;
	viewer->fence_bytes = bytes;
	memcpy(viewer->fence_payload, payload, bytes);
	if (viewer->next_format.bits_per_pixel) {
		viewer->format = viewer->next_format;
		viewer->next_format = (struct rects_pixel_format){ 0 };
	}
}

/* One whole message, if there is one; what half a one did is undone. */
static bool take_message(struct viewer *viewer)
{
	struct bytes_reader reader = bytes_reader(viewer->in, viewer->in_bytes);
	const size_t bytes = (size_t)viewer->width * viewer->height * 4;
	struct viewer before = *viewer;
	uint32_t *pixels = NULL;
	uint16_t n;

	switch (bytes_get_u8(&reader)) {
	case RFB_UPDATE:
		pixels = malloc(bytes);
		assert_non_null(pixels);
		memcpy(pixels, viewer->pixels, bytes);
		bytes_skip(&reader, 1);
		n = bytes_get_u16(&reader);
		for (uint16_t i = 0; i < n && !reader.failed; i++)
			take_rect(viewer, &reader);
		break;
	case RFB_END_OF_CONTINUOUS_UPDATES:
		viewer->ends += !reader.failed;
		break;
	case RFB_SERVER_FENCE:
		take_fence(viewer, &reader);
		break;
	case RFB_SERVER_CUT_TEXT:
		viewer_take_cut_text(viewer, &reader);
		break;
	default:
		fail_msg("unexpected message %u", viewer->in[0]);
	}
	if (reader.failed) {
		if (pixels) {
			free(viewer->pixels);
			before.pixels = pixels;
		}
		*viewer = before;
		return false;
	}
	free(pixels);
	n = viewer->in[0] == RFB_UPDATE;
	consume(viewer, (size_t)(reader.at - viewer->in));
	viewer->updates += n;
	if (n && viewer->sends_requests)
		viewer_request_all(viewer, true);
	return true;
}

void viewer_pump(struct viewer *viewer)
{
	if (!viewer->reads)
		return;
	receive(viewer);
	while (viewer->pixels && viewer->in_bytes && take_message(viewer))
		;
}

void rig_round(void)
{
	pump_round(rig.base);
	for (unsigned int i = 0; i < n_viewers; i++)
		viewer_pump(viewers[i]);
}

void rig_settle(void)
{
	uint64_t before, after = 0;
	unsigned int calm = 0;

	/* A job on another thread may be under way: some rounds of rest, each of 10 ms. */
	while (calm < 10) {
		before = after;
		after = rig_stats().bytes_sent;
		for (unsigned int i = 0; i < n_viewers; i++)
			after += viewers[i]->bytes;
		calm = before == after ? calm + 1 : 0;
		rig_round();
	}
}
