// SPDX-License-Identifier: GPL-2.0-or-later
/* What of surfaces, images and streams lies on the marks. */
#include <errno.h>
#include <spice/enums.h>
#include <string.h>

#include "server/clock.h"
#include "tests/bench/spice_skim.h"
#include "tests/bench/spice_skim_fields.h"
#include "tests/bench/spice_skim_image.h"
#include "tests/bench/view_jpegs.h"
#include "tests/bench/view_marks.h"

#define RECT_BYTES 16u

static int fail(struct spice_skim *skim, const char *why)
{
	return view_decoder_fail(&skim->decoder, "%s", why);
}

static void note_update(struct spice_skim *skim)
{
	skim->screen.drawn = true;
	view_screen_update(&skim->screen, clock_now_ns());
}

/* Top, left, bottom, right. False: not inside the picture. */
static bool read_rect(struct spice_skim *skim, struct spice_skim_fields *fields, struct view_rect *ret)
{
	const uint64_t y1 = spice_skim_get(fields, 4), x1 = spice_skim_get(fields, 4);
	const uint64_t y2 = spice_skim_get(fields, 4), x2 = spice_skim_get(fields, 4);

	if (fields->missed || x1 >= x2 || y1 >= y2 || x2 > skim->decoder.picture.width ||
			y2 > skim->decoder.picture.height)
		return false;
	*ret = (struct view_rect){
		.x = (uint32_t)x1, .y = (uint32_t)y1, .width = (uint32_t)(x2 - x1), .height = (uint32_t)(y2 - y1),
	};
	return true;
}

/* All is drawn that is sent here: a clip only says that a part of the rectangle is not meant. */
static void skip_clip(struct spice_skim_fields *fields)
{
	if (spice_skim_get(fields, 1) == SPICE_CLIP_TYPE_RECTS)
		spice_skim_skip(fields, spice_skim_get(fields, 4) * RECT_BYTES);
}

static int draw_surface(struct spice_skim *skim, const uint8_t *data, struct spice_skim_fields *fields)
{
	uint32_t width, height;
	int r;

	(void)data;
	if (spice_skim_get(fields, 4))
		return fail(skim, "a second surface");
	width = (uint32_t)spice_skim_get(fields, 4);
	height = (uint32_t)spice_skim_get(fields, 4);
	r = view_picture_resize(&skim->decoder.picture, width, height, skim->decoder.pixels_max);
	return r == -E2BIG ? fail(skim, "a surface of no size") : r;
}

/* The image's first pixel comes to the rectangle's. */
static void draw_part(struct view_picture *picture, const struct view_rect *rect,
		const struct spice_skim_image *image, const pixman_box32_t *mark)
{
	const int left = (int)rect->x > mark->x1 ? (int)rect->x : mark->x1;
	const int right = (int)(rect->x + rect->width) < mark->x2 ? (int)(rect->x + rect->width) : mark->x2;
	const int top = (int)rect->y > mark->y1 ? (int)rect->y : mark->y1;
	const int bottom = (int)(rect->y + rect->height) < mark->y2 ? (int)(rect->y + rect->height) : mark->y2;

	for (int y = top; y < bottom && left < right; y++)
		memcpy(view_picture_at(picture, (uint32_t)left, (uint32_t)y),
				image->pixels + (y - (int)rect->y) * image->stride +
						(ptrdiff_t)(left - (int)rect->x) * 4,
				(size_t)(right - left) * 4);
}

static int draw_image(struct spice_skim *skim, const struct view_rect *rect, const uint8_t *data, size_t bytes)
{
	struct view_picture *picture = &skim->decoder.picture;
	struct spice_skim_image image;
	pixman_box32_t marks[2];
	int r = spice_skim_image_read(&skim->decoder, data, bytes, &image);

	if (r == -ENOTSUP)
		return fail(skim, "an image of a kind that nobody asked for");
	if (r < 0)
		return r;
	if (image.width != rect->width || image.height != rect->height)
		return fail(skim, "an image of another size than its place");
	skim->images++;
	if (view_marks_boxes(picture, marks))
		for (int i = 0; i < 2; i++)
			draw_part(picture, rect, &image, &marks[i]);
	return 0;
}

static int draw_copy(struct spice_skim *skim, const uint8_t *data, struct spice_skim_fields *fields)
{
	const size_t bytes = fields->left;
	struct view_rect rect;
	uint64_t at;
	int r = 0;

	if (spice_skim_get(fields, 4))
		return fail(skim, "a drawing elsewhere");
	if (!read_rect(skim, fields, &rect))
		return fail(skim, "a drawing outside of the picture");
	skip_clip(fields);
	at = spice_skim_get(fields, 4);
	if (fields->missed || at > bytes)
		return fail(skim, "a drawing without its image");
	if (view_marks_touched(&skim->decoder.picture, rect.x, rect.y, rect.width, rect.height))
		r = draw_image(skim, &rect, data + at, bytes - at);
	if (r == 0)
		note_update(skim);
	return r;
}

static struct spice_skim_stream *find_stream(struct spice_skim *skim, uint32_t id)
{
	for (unsigned int i = 0; i < SPICE_SKIM_STREAMS; i++)
		if (skim->streams[i].open && skim->streams[i].id == id)
			return &skim->streams[i];
	return NULL;
}

static int draw_stream_create(struct spice_skim *skim, const uint8_t *data, struct spice_skim_fields *fields)
{
	struct spice_skim_stream stream = { .open = true };
	uint64_t width, height;

	(void)data;
	spice_skim_get(fields, 4); /* the surface */
	stream.id = (uint32_t)spice_skim_get(fields, 4);
	spice_skim_get(fields, 1);
	stream.codec = (uint8_t)spice_skim_get(fields, 1);
	spice_skim_get(fields, 8);
	width = spice_skim_get(fields, 4);
	height = spice_skim_get(fields, 4);
	spice_skim_get(fields, 8); /* the same again */
	if (!read_rect(skim, fields, &stream.rect) || stream.rect.width != width || stream.rect.height != height)
		return fail(skim, "a stream outside of the picture, or scaled");
	if (find_stream(skim, stream.id))
		return fail(skim, "a stream twice");
	for (unsigned int i = 0; i < SPICE_SKIM_STREAMS; i++)
		if (!skim->streams[i].open) {
			skim->streams[i] = stream;
			return 0;
		}
	return fail(skim, "more streams than anybody needs");
}

static int draw_stream_data(struct spice_skim *skim, const uint8_t *data, struct spice_skim_fields *fields)
{
	const struct spice_skim_stream *stream = find_stream(skim, (uint32_t)spice_skim_get(fields, 4));
	struct view_decoder *decoder = &skim->decoder;
	struct view_jpegs *jpegs = decoder->skim;
	const bool is_h264 = stream && stream->codec == SPICE_VIDEO_CODEC_TYPE_H264;
	uint32_t bytes;
	int r = 0;

	spice_skim_get(fields, 4); /* when to show it */
	bytes = (uint32_t)spice_skim_get(fields, 4);
	data = spice_skim_skip(fields, bytes);
	skim->videos++;
	if (!stream || !data)
		return fail(skim, "a picture of no stream");
	if (view_marks_touched(&decoder->picture, stream->rect.x, stream->rect.y, stream->rect.width,
			    stream->rect.height))
		r = view_jpegs_draw(jpegs, is_h264 ? &jpegs->video : &jpegs->stills, decoder, &stream->rect, data,
				bytes, is_h264 ? view_decoder_h264 : view_decoder_jpeg);
	if (r == 0)
		note_update(skim);
	return r;
}

static int draw_stream_destroy(struct spice_skim *skim, const uint8_t *data, struct spice_skim_fields *fields)
{
	struct spice_skim_stream *stream = find_stream(skim, (uint32_t)spice_skim_get(fields, 4));

	(void)data;
	if (!stream)
		return fail(skim, "the end of no stream");
	stream->open = false;
	return 0;
}

static int draw_streams_destroy(struct spice_skim *skim, const uint8_t *data, struct spice_skim_fields *fields)
{
	(void)data;
	(void)fields;
	memset(skim->streams, 0, sizeof(skim->streams));
	return 0;
}

/* What is copied within the picture never comes to lie on the marks, which differ in each picture. */
int spice_skim_draw(struct spice_skim *skim, uint16_t type, const uint8_t *data, size_t bytes)
{
	static const struct {
		uint16_t type;
		int (*draw)(struct spice_skim *skim, const uint8_t *data, struct spice_skim_fields *fields);
	} rows[] = {
		{ SPICE_MSG_DISPLAY_SURFACE_CREATE, draw_surface },
		{ SPICE_MSG_DISPLAY_DRAW_COPY, draw_copy },
		{ SPICE_MSG_DISPLAY_STREAM_CREATE, draw_stream_create },
		{ SPICE_MSG_DISPLAY_STREAM_DATA, draw_stream_data },
		{ SPICE_MSG_DISPLAY_STREAM_DESTROY, draw_stream_destroy },
		{ SPICE_MSG_DISPLAY_STREAM_DESTROY_ALL, draw_streams_destroy },
	};
	struct spice_skim_fields fields = { .at = data, .left = bytes };
	int r = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			r = rows[i].draw(skim, data, &fields);
	return r == 0 && fields.missed ? fail(skim, "a message that is too short") : r;
}
