// SPDX-License-Identifier: GPL-2.0-or-later
/* The viewer of the rectangle tests: libvncclient fed from memory. */
#include "tests/unit/rects_viewer.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <math.h>
#include <rfb/rfbclient.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define WAIT_SECONDS 30

/* rfbClientCleanup() forgets the JPEG decoder that libvncclient made. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:tjInitDecompress\n";
}

const struct lossless lossless[N_LOSSLESS] = {
	{ "raw", { RECTS_RAW, true, false, -1, -1 } },
	{ "hextile", { RECTS_HEXTILE, true, false, -1, -1 } },
	{ "zlib", { RECTS_ZLIB, true, false, -1, -1 } },
	{ "zlib level 1", { RECTS_ZLIB, true, true, -1, 1 } },
	{ "tight", { RECTS_TIGHT, true, false, -1, -1 } },
	{ "tight with LastRect", { RECTS_TIGHT, true, true, -1, 9 } },
	{ "tight level 0", { RECTS_TIGHT, true, true, -1, 0 } },
	{ "zrle", { RECTS_ZRLE, true, true, -1, -1 } },
};

uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 33);
}

static uint32_t *line(struct frame *frame, uint32_t y)
{
	return (uint32_t *)(frame_memory_pixels(frame) + (size_t)y * frame->planes[0].stride);
}

struct frame *copy_frame(struct frame *from)
{
	struct frame *frame;

	assert_int_equal(frame_new_memory(from->width, from->height, &frame), 0);
	memcpy(frame_memory_pixels(frame), from->data, from->data_bytes);
	return frame;
}

void fill_box(struct frame *frame, const pixman_box32_t *box, uint32_t pixel)
{
	for (int32_t y = box->y1; y < box->y2; y++)
		for (int32_t x = box->x1; x < box->x2; x++)
			line(frame, (uint32_t)y)[x] = pixel;
}

void fill_noise(struct frame *frame, const pixman_box32_t *box, uint64_t *state)
{
	for (int32_t y = box->y1; y < box->y2; y++)
		for (int32_t x = box->x1; x < box->x2; x++)
			line(frame, (uint32_t)y)[x] = next_random(state);
}

void fill_text(struct frame *frame, const pixman_box32_t *box)
{
	static const uint32_t inks[] = { 0x202020, 0x808890, 0xfafafa, 0x202020, 0xfafafa, 0xfafafa, 0xfafafa };

	for (int32_t y = box->y1; y < box->y2; y++) {
		for (int32_t x = box->x1; x < box->x2; x++) {
			uint32_t letter = (uint32_t)(x / 8 * 7 + y / 16 * 13), stroke = (uint32_t)(x % 8 + y % 16 / 3);
			bool ink = y % 16 > 2 && y % 16 < 13 && x % 8 < 7;

			line(frame, (uint32_t)y)[x] = ink ? inks[(letter + stroke) % 7] : 0xfafafa;
		}
	}
}

pixman_box32_t random_box(uint64_t *state, uint32_t width, uint32_t height)
{
	int32_t x = (int32_t)(next_random(state) % width), y = (int32_t)(next_random(state) % height);

	return (pixman_box32_t){
		.x1 = x,
		.y1 = y,
		.x2 = x + 1 + (int32_t)(next_random(state) % (width - (uint32_t)x)),
		.y2 = y + 1 + (int32_t)(next_random(state) % (height - (uint32_t)y)),
	};
}

struct frame *draw_mixed(uint32_t width, uint32_t height, uint64_t seed)
{
	static const uint32_t inks[] = { 0x000000, 0xffffff, 0x2040ff, 0xff8000, 0x10c010 };
	struct frame *frame;

	assert_int_equal(frame_new_memory(width, height, &frame), 0);
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++) {
			/* Cells of 96x80, each of another kind. */
			uint32_t kind = (x / 96 + y / 80 * 3 + (uint32_t)seed) % 5;
			uint32_t noise = next_random(&seed), pixel = 0x336699;

			if (kind == 1)
				pixel = noise % 7 ? 0xf0f0f0 : 0x101010;
			else if (kind == 2)
				pixel = inks[noise % 5];
			else if (kind == 3)
				pixel = (x * 3 & 255) << 16 | (y * 2 & 255) << 8 | ((x + y) & 255);
			else if (kind == 4)
				pixel = noise & 0xffffff;
			line(frame, y)[x] = pixel;
		}
	}
	return frame;
}

struct frame *draw_photo(uint32_t width, uint32_t height)
{
	struct frame *frame;

	assert_int_equal(frame_new_memory(width, height, &frame), 0);
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++) {
			uint32_t r = (uint32_t)(128 + 100 * sin(x * 0.013) * cos(y * 0.007));
			uint32_t g = (uint32_t)(128 + 100 * sin(x * 0.005 + y * 0.011));
			uint32_t b = (uint32_t)(128 + 100 * cos((x + y) * 0.009));

			line(frame, y)[x] = r << 16 | g << 8 | b;
		}
	}
	return frame;
}

void move_region(struct frame *frame, pixman_region32_t *region, int32_t dx, int32_t dy)
{
	struct frame *before = copy_frame(frame);
	int n;
	const pixman_box32_t *box = pixman_region32_rectangles(region, &n);

	for (int i = 0; i < n; i++)
		for (int32_t y = box[i].y1; y < box[i].y2; y++)
			memcpy(line(frame, (uint32_t)y) + box[i].x1,
					line(before, (uint32_t)(y - dy)) + box[i].x1 - dx,
					(size_t)(box[i].x2 - box[i].x1) * 4);
	frame_unref(before);
}

static void ignore_log(const char *fmt, ...)
{
	(void)fmt;
}

static void decode(struct viewer *viewer, struct evbuffer *output)
{
	size_t length = evbuffer_get_length(output);
	const uint8_t *data = evbuffer_pullup(output, -1);
	int fd = viewer->client->sock;

	assert_non_null(data);
	assert_int_equal(data[0], 0); /* FramebufferUpdate */
	/* A count left open is for clients that know LastRect. */
	if (!viewer->last_rect)
		assert_false(data[2] == 0xff && data[3] == 0xff);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, data, length, 0), length);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_true(HandleRFBServerMessage(viewer->client));
	/* All of it was this one message. */
	assert_int_equal(viewer->client->buffered, 0);
	assert_true(lseek(fd, 0, SEEK_CUR) >= (off_t)length);
	viewer->updates++;
	viewer->bytes += length;
}

static void handle_done(void *user, struct evbuffer *output, int result)
{
	struct viewer *viewer = user;

	assert_true(viewer->running);
	assert_false(rects_busy(viewer->rects));
	viewer->running = false;
	viewer->result = result;
	if (!result && evbuffer_get_length(output))
		decode(viewer, output);
}

static void handle_due(void *user)
{
	struct viewer *viewer = user;

	viewer->due++;
}

void viewer_resize(struct viewer *viewer, uint32_t width, uint32_t height)
{
	rfbClient *client = viewer->client;

	free(client->frameBuffer);
	client->width = (int)width;
	client->height = (int)height;
	client->updateRect.w = (int)width;
	client->updateRect.h = (int)height;
	client->frameBuffer = calloc((size_t)width * height, client->format.bitsPerPixel / 8);
	assert_non_null(client->frameBuffer);
}

void viewer_set_format(struct viewer *viewer, const struct rects_pixel_format *format,
		uint32_t width, uint32_t height)
{
	bool mirror = format->big_endian && format->bits_per_pixel == 32;
	rfbClient *client = viewer->client;

	viewer->format = *format;
	if (mirror) {
		viewer->format.big_endian = false;
		viewer->format.red_shift = 24 - format->red_shift;
		viewer->format.green_shift = 24 - format->green_shift;
		viewer->format.blue_shift = 24 - format->blue_shift;
	}
	client->format = (rfbPixelFormat){
		.bitsPerPixel = format->bits_per_pixel,
		.depth = format->depth,
		.bigEndian = viewer->format.big_endian,
		.trueColour = TRUE,
		.redMax = format->red_max,
		.greenMax = format->green_max,
		.blueMax = format->blue_max,
		.redShift = viewer->format.red_shift,
		.greenShift = viewer->format.green_shift,
		.blueShift = viewer->format.blue_shift,
	};
	/* libvncclient's ZRLE for 15 bits takes pixels of one byte; for 16 bits it is the same code. */
	client->si.format = client->format;
	client->si.format.greenMax = 63;
	viewer_resize(viewer, width, height);
}

void viewer_start(struct viewer *viewer, struct event_base *base, struct rects_pool *pool,
		uint32_t width, uint32_t height, const struct rects_pixel_format *format,
		const struct rects_encodings *encodings)
{
	rfbClient *client = rfbGetClient(8, 3, 4);

	assert_non_null(client);
	rfbClientLog = ignore_log;
	rfbClientErr = ignore_log;
	*viewer = (struct viewer){ .base = base, .client = client };
	assert_int_equal(rects_new(pool, width, height, handle_done,
					 handle_due, viewer, &viewer->rects), 0);
	client->sock = memfd_create("viewer", MFD_CLOEXEC);
	assert_true(client->sock >= 0);
	if (format)
		assert_int_equal(rects_set_pixel_format(viewer->rects, format), 0);
	viewer_set_format(viewer, format ? format : &rects_native_format, width, height);
	viewer->last_rect = encodings && encodings->last_rect;
	if (encodings)
		assert_int_equal(rects_set_encodings(viewer->rects, encodings), 0);
}

void viewer_stop(struct viewer *viewer)
{
	rects_free(viewer->rects);
	free(viewer->client->frameBuffer);
	viewer->client->frameBuffer = NULL;
	rfbClientCleanup(viewer->client);
}

static void handle_deadline(evutil_socket_t fd, short what, void *data)
{
	bool *late = data;

	(void)fd;
	(void)what;
	*late = true;
}

void wait_while(struct event_base *base, const bool *running)
{
	const struct timeval limit = { .tv_sec = WAIT_SECONDS };
	bool late = false;
	struct event *deadline = event_new(base, -1, 0, handle_deadline, &late);

	assert_non_null(deadline);
	event_add(deadline, &limit);
	while (*running && !late)
		event_base_loop(base, EVLOOP_ONCE);
	event_free(deadline);
	assert_false(late);
}

int viewer_wait(struct viewer *viewer)
{
	wait_while(viewer->base, &viewer->running);
	return viewer->result;
}

int viewer_update(struct viewer *viewer, struct frame *frame, const pixman_region32_t *clip)
{
	int err = rects_encode(viewer->rects, frame, clip);

	if (err)
		return err;
	viewer->running = true;
	return viewer_wait(viewer);
}

static uint32_t scale(uint32_t value, uint32_t max)
{
	return (value * max + 127) / 255;
}

static uint32_t wanted(const struct rects_pixel_format *format, uint32_t pixel)
{
	return scale(pixel >> 16 & 255, format->red_max) << format->red_shift |
			scale(pixel >> 8 & 255, format->green_max) << format->green_shift |
			scale(pixel & 255, format->blue_max) << format->blue_shift;
}

static uint32_t shown(struct viewer *viewer, uint32_t x, uint32_t y)
{
	const struct rects_pixel_format *format = &viewer->format;
	size_t i = (size_t)y * (size_t)viewer->client->width + x;
	uint32_t mask = (uint32_t)format->red_max << format->red_shift |
			(uint32_t)format->green_max << format->green_shift |
			(uint32_t)format->blue_max << format->blue_shift;
	uint32_t pixel;

	if (format->bits_per_pixel == 8) {
		pixel = viewer->client->frameBuffer[i];
	} else if (format->bits_per_pixel == 16) {
		pixel = ((uint16_t *)viewer->client->frameBuffer)[i];
		pixel = format->big_endian ? __builtin_bswap16((uint16_t)pixel) : pixel;
	} else {
		pixel = ((uint32_t *)viewer->client->frameBuffer)[i];
	}
	return pixel & mask;
}

unsigned int viewer_wrong(struct viewer *viewer, struct frame *frame, pixman_region32_t *region)
{
	pixman_box32_t all = { 0, 0, (int32_t)frame->width, (int32_t)frame->height };
	int n = 1;
	const pixman_box32_t *box = region ? pixman_region32_rectangles(region, &n) : &all;
	unsigned int wrong = 0;

	for (int i = 0; i < n; i++)
		for (int32_t y = box[i].y1; y < box[i].y2; y++)
			for (int32_t x = box[i].x1; x < box[i].x2; x++)
				wrong += shown(viewer, (uint32_t)x, (uint32_t)y) !=
						wanted(&viewer->format, line(frame, (uint32_t)y)[x]);
	return wrong;
}

double viewer_psnr(struct viewer *viewer, struct frame *frame, pixman_region32_t *region)
{
	pixman_box32_t all = { 0, 0, (int32_t)frame->width, (int32_t)frame->height };
	int n = 1;
	const pixman_box32_t *box = region ? pixman_region32_rectangles(region, &n) : &all;
	double pixels = 0;
	uint64_t sum = 0;

	for (; n; n--, box++) {
		pixels += (double)(box->x2 - box->x1) * (box->y2 - box->y1);
		for (int32_t y = box->y1; y < box->y2; y++) {
			for (int32_t x = box->x1; x < box->x2; x++) {
				uint32_t a = shown(viewer, (uint32_t)x, (uint32_t)y);
				uint32_t b = line(frame, (uint32_t)y)[x];

				for (unsigned int shift = 0; shift < 24; shift += 8) {
					int d = (int)(a >> shift & 255) - (int)(b >> shift & 255);

					sum += (uint64_t)(d * d);
				}
			}
		}
	}
	return sum ? 10 * log10(255.0 * 255.0 * 3 * pixels / (double)sum) : INFINITY;
}

void expect_right(struct viewer *viewer, struct frame *frame, const char *what,
		const char *how)
{
	unsigned int wrong = viewer_wrong(viewer, frame, NULL);

	if (wrong)
		fail_msg("%s, %s: %u of %ux%u pixels are wrong", what, how, wrong, frame->width,
				frame->height);
}

struct frame *change_frame(struct frame *frame, uint64_t *seed, struct change *ret)
{
	struct frame *next = copy_frame(frame);
	pixman_box32_t box = random_box(seed, frame->width, frame->height);
	pixman_region32_t region, source;
	int32_t dx = 0, dy = 0;

	frame_unref(frame);
	pixman_region32_init_with_extents(&region, &box);
	switch (next_random(seed) % 4) {
	case 0:
		fill_box(next, &box, next_random(seed) & 0xffffff);
		break;
	case 1:
		box.x2 = box.x1 + (box.x2 - box.x1 + 7) / 8;
		box.y2 = box.y1 + (box.y2 - box.y1 + 7) / 8;
		pixman_region32_reset(&region, &box);
		fill_noise(next, &box, seed);
		break;
	default:
		/* Often the same displacement twice, as scrolling does. */
		if (next_random(seed) % 4)
			dy = 8 * ((int32_t)(next_random(seed) % 3) - 1);
		else
			dx = (int32_t)(next_random(seed) % 41) - 20;
		/* Now and then a region of several rectangles. */
		box = random_box(seed, next->width, next->height);
		if (next_random(seed) % 2)
			pixman_region32_union_rect(&region, &region, box.x1, box.y1,
					(unsigned int)(box.x2 - box.x1),
					(unsigned int)(box.y2 - box.y1));
		pixman_region32_init_rect(&source, 0, 0, next->width, next->height);
		pixman_region32_translate(&source, dx, dy);
		pixman_region32_intersect(&region, &region, &source);
		pixman_region32_fini(&source);
		move_region(next, &region, dx, dy);
	}
	*ret = (struct change){ .region = region, .dx = dx, .dy = dy };
	return next;
}

void viewer_tell(struct viewer *viewer, const struct change *change)
{
	if (change->dx || change->dy)
		rects_copy(viewer->rects, &change->region, change->dx, change->dy);
	else
		rects_damage(viewer->rects, &change->region);
}

struct frame *mutate(struct frame *frame, struct viewer *viewer, uint64_t *seed)
{
	struct change change;
	struct frame *next = change_frame(frame, seed, &change);

	viewer_tell(viewer, &change);
	pixman_region32_fini(&change.region);
	return next;
}
