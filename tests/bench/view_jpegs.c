// SPDX-License-Identifier: GPL-2.0-or-later
/* A few JPEGs and their pixels, the oldest of which goes when another comes. */
#include "tests/bench/view_jpegs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/view_decoder.h"
#include "tests/bench/view_marks.h"
#include "tests/integration/support/h264_view.h"

#define NAL_TYPE 31
#define NAL_SEQUENCE 7
#define NAL_DELIMITER 9

static void forget(struct view_jpeg *jpeg)
{
	free(jpeg->data);
	free(jpeg->pixels);
	*jpeg = (struct view_jpeg){ .data = NULL };
}

void view_jpegs_finish(struct view_jpegs *jpegs)
{
	for (unsigned int i = 0; i < VIEW_JPEGS; i++) {
		forget(&jpegs->stills.kept[i]);
		forget(&jpegs->video.kept[i]);
	}
	h264_view_free(jpegs->h264);
}

static const struct view_jpeg *find(const struct view_jpegs_ring *ring, const struct view_rect *rect,
		const uint8_t *data, uint32_t length)
{
	for (unsigned int i = 0; i < VIEW_JPEGS; i++) {
		const struct view_jpeg *jpeg = &ring->kept[i];

		if (jpeg->data && jpeg->length == length && jpeg->width == rect->width &&
				jpeg->height == rect->height && !memcmp(jpeg->data, data, length))
			return jpeg;
	}
	return NULL;
}

static int keep(struct view_jpegs_ring *ring, struct view_decoder *decoder, const struct view_rect *rect,
		const uint8_t *data, uint32_t length, view_jpegs_decode decode, const struct view_jpeg **ret)
{
	struct view_jpeg *jpeg = &ring->kept[ring->next];
	int r = -ENOMEM;

	forget(jpeg);
	*jpeg = (struct view_jpeg){ .length = length, .width = rect->width, .height = rect->height };
	jpeg->data = malloc(length ? length : 1);
	jpeg->pixels = malloc((size_t)rect->width * rect->height * sizeof(*jpeg->pixels));
	if (jpeg->data && jpeg->pixels)
		r = decode(decoder, data, length, rect, jpeg->pixels, (size_t)rect->width * 4);
	if (r < 0) {
		forget(jpeg);
		return r;
	}
	memcpy(jpeg->data, data, length);
	jpeg->serial = ring->newest = ++decoder->skim->decoded;
	ring->next = (ring->next + 1) % VIEW_JPEGS;
	*ret = jpeg;
	return 0;
}

static void draw_part(struct view_picture *picture, const struct view_rect *rect, const struct view_jpeg *jpeg,
		const pixman_box32_t *box)
{
	int left = (int)rect->x > box->x1 ? (int)rect->x : box->x1;
	int right = (int)(rect->x + rect->width) < box->x2 ? (int)(rect->x + rect->width) : box->x2;
	int top = (int)rect->y > box->y1 ? (int)rect->y : box->y1;
	int bottom = (int)(rect->y + rect->height) < box->y2 ? (int)(rect->y + rect->height) : box->y2;

	for (int y = top; y < bottom && left < right; y++)
		memcpy(view_picture_at(picture, (uint32_t)left, (uint32_t)y),
				jpeg->pixels + (size_t)((uint32_t)y - rect->y) * jpeg->width +
						((uint32_t)left - rect->x),
				(size_t)(right - left) * 4);
}

/* Those begin with their parameters, behind a delimiter or not. */
static bool is_keyframe(const uint8_t *data, uint32_t length)
{
	for (uint32_t i = 0, zeros = 0; i < length; i++) {
		if (data[i] == 1 && zeros >= 2 && i + 1 < length && (data[i + 1] & NAL_TYPE) != NAL_DELIMITER)
			return (data[i + 1] & NAL_TYPE) == NAL_SEQUENCE;
		zeros = data[i] ? 0 : zeros + 1;
	}
	return false;
}

int view_jpegs_draw(struct view_jpegs *jpegs, struct view_jpegs_ring *ring, struct view_decoder *decoder,
		const struct view_rect *rect, const uint8_t *data, uint32_t length, view_jpegs_decode decode)
{
	const struct view_jpeg *jpeg = find(ring, rect, data, length);
	pixman_box32_t boxes[2];

	jpegs->found += jpeg != NULL;
	if (!jpeg && ring == &jpegs->video && decoder->skim_serial != ring->newest && !is_keyframe(data, length)) {
		jpegs->late++;
		return 0;
	}
	if (!jpeg) {
		int r = keep(ring, decoder, rect, data, length, decode, &jpeg);

		if (r < 0)
			return r;
	}
	if (ring == &jpegs->video)
		decoder->skim_serial = jpeg->serial;
	if (view_marks_boxes(&decoder->picture, boxes))
		for (int i = 0; i < 2; i++)
			draw_part(&decoder->picture, rect, jpeg, &boxes[i]);
	return 0;
}
