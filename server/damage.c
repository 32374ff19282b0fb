// SPDX-License-Identifier: GPL-2.0-or-later
/* One look at the picture: compare, find moves, bring the shadow up to date. */
#include "server/damage.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "server/damage_boxes.h"
#include "server/damage_glance.h"
#include "server/damage_pool.h"
#include "server/damage_simd.h"
#include "server/damage_source.h"
#include "server/damage_tiles.h"
#include "server/format.h"
#include "server/frame.h"
#include "server/scroll.h"
#include "server/update.h"

/* Where a pass compares; zeroed: everywhere. */
struct look {
	const pixman_region32_t *hint;
	bool glance, follow;
};

struct damage {
	const struct damage_kernels *kernels;
	struct damage_pool pool;
	uint32_t width, height; /* of the last update, also after a drop; 0: none yet */
	/* Sized for the current shadow, absent without one. */
	struct damage_tiles tiles;
	struct damage_glance glance;
	struct damage_boxes boxes;
	struct scroll_finder *finder;
	/* [tiles.columns], of one band: bit x for a column of pixels of which one changed, and its rows. */
	uint64_t *changed_columns;
	uint16_t *changed_rows;
	uint32_t *line; /* see struct damage_source */
	unsigned int dirty, total;
	bool hint_missed; /* the last pass failed: what it was about is still to be found */
};

int damage_new(unsigned int buffers, struct damage **ret)
{
	struct damage *damage;

	if (buffers < 2 || buffers > DAMAGE_BUFFERS_MAX)
		return -EINVAL;
	damage = calloc(1, sizeof(*damage));
	if (!damage)
		return -ENOMEM;
	damage->kernels = damage_kernels_best();
	damage_pool_init(&damage->pool, buffers);
	*ret = damage;
	return 0;
}

void damage_drop(struct damage *damage)
{
	damage_pool_clear(&damage->pool);
	damage_tiles_finish(&damage->tiles);
	damage_glance_finish(&damage->glance);
	damage_boxes_finish(&damage->boxes);
	scroll_finder_free(damage->finder);
	damage->finder = NULL;
	free(damage->changed_columns);
	damage->changed_columns = NULL;
	free(damage->changed_rows);
	damage->changed_rows = NULL;
	free(damage->line);
	damage->line = NULL;
	damage->dirty = damage->total = 0;
}

void damage_free(struct damage *damage)
{
	if (!damage)
		return;
	damage_drop(damage);
	free(damage);
}

struct frame *damage_shadow(struct damage *damage)
{
	return damage_pool_current(&damage->pool);
}

void damage_stats(const struct damage *damage, unsigned int *ret_dirty, unsigned int *ret_total)
{
	*ret_dirty = damage->dirty;
	*ret_total = damage->total;
}

void update_finish(struct update *update)
{
	pixman_region32_fini(&update->damage);
	pixman_region32_fini(&update->copy_region);
}

static bool source_readable(const struct frame *source, const struct format *format)
{
	uint64_t row_bytes, bytes;

	if (!format || format->refusal || !source->data || !source->width || !source->height ||
			source->width > FRAME_SIZE_MAX || source->height > FRAME_SIZE_MAX)
		return false;
	if (source->modifier != DRM_FORMAT_MOD_LINEAR && source->modifier != DRM_FORMAT_MOD_INVALID)
		return false;
	row_bytes = (uint64_t)source->width * format->bytes_per_pixel;
	bytes = (uint64_t)source->planes[0].stride * (source->height - 1) + row_bytes;
	return source->width % format->width_multiple == 0 &&
			(source->height == 1 || source->planes[0].stride >= row_bytes) &&
			bytes <= source->data_bytes;
}

/* A shadow of a new size, and what goes with it. */
static int resize(struct damage *damage, uint32_t width, uint32_t height)
{
	struct damage_tiles *tiles = &damage->tiles;
	int result;

	damage_drop(damage);
	result = damage_tiles_init(tiles, width, height);
	if (result)
		return result;
	result = damage_glance_init(&damage->glance, height);
	if (result)
		goto drop;
	result = damage_boxes_init(&damage->boxes, width, height,
			(size_t)tiles->columns * tiles->bands);
	if (result)
		goto drop;
	result = scroll_finder_new(width, height, &damage->finder);
	if (result)
		goto drop;
	damage->changed_columns = calloc(tiles->columns, sizeof(*damage->changed_columns));
	damage->changed_rows = calloc(tiles->columns, sizeof(*damage->changed_rows));
	damage->total = tiles->columns * tiles->bands;
	damage->line = calloc((size_t)width + 4, sizeof(*damage->line));
	result = -ENOMEM;
	if (!damage->changed_columns || !damage->changed_rows || !damage->line)
		goto drop;
	result = damage_pool_resize(&damage->pool, width, height);
	if (result)
		goto drop;
	return 0;
drop:
	damage_drop(damage);
	return result;
}

/* Makes the shadow equal to the source where one band's tiles differ. */
static void update_band(struct damage *damage, const struct damage_source *source,
		struct frame *shadow, uint32_t band)
{
	const uint16_t *rows = damage_tiles_band(&damage->tiles, band);
	uint8_t *pixels = frame_memory_pixels(shadow);
	size_t stride = shadow->planes[0].stride;
	uint32_t top = band * DAMAGE_TILE_HEIGHT;

	memset(damage->changed_columns, 0, damage->tiles.columns * sizeof(*damage->changed_columns));
	memset(damage->changed_rows, 0, damage->tiles.columns * sizeof(*damage->changed_rows));
	for (uint32_t i = 0; i < DAMAGE_TILE_HEIGHT && top + i < source->height; i++) {
		uint16_t bit = (uint16_t)(1u << i);

		for (uint32_t column = 0; column < damage->tiles.columns; column++) {
			uint32_t x = column * DAMAGE_TILE_WIDTH;
			uint32_t width = source->width - x;
			uint64_t changed;

			if (!(rows[column] & bit))
				continue;
			if (width > DAMAGE_TILE_WIDTH)
				width = DAMAGE_TILE_WIDTH;
			changed = damage->kernels->update(
					pixels + (top + i) * stride + (size_t)x * 4,
					damage_source_row(source, x, top + i, width), width);
			if (!changed)
				continue;
			damage->changed_columns[column] |= changed;
			damage->changed_rows[column] |= bit;
			damage_glance_forget(&damage->glance, top + i, 1);
		}
	}
}

static int first_bit(uint64_t bits)
{
	return __builtin_ctzll(bits);
}

static int end_bit(uint64_t bits)
{
	return 64 - __builtin_clzll(bits);
}

/*
 * Rectangles of one band, each as tight as its tile's change. Those that share
 * rows get the same upper and lower edge: a region would cut them there anyway.
 */
static void collect_band(struct damage *damage, uint32_t band)
{
	const uint16_t *rows = damage->changed_rows;
	uint32_t columns = damage->tiles.columns;
	int32_t top = (int32_t)(band * DAMAGE_TILE_HEIGHT);
	uint32_t filled = 0;

	for (uint32_t column = 0; column < columns; column++) {
		if (rows[column]) {
			filled |= (1u << end_bit(rows[column])) -
					(1u << first_bit(rows[column]));
		}
	}
	for (uint32_t column = 0; column < columns; column++) {
		int32_t x = (int32_t)(column * DAMAGE_TILE_WIDTH);
		int first, end;
		pixman_box32_t box;

		if (!rows[column])
			continue;
		first = end = first_bit(rows[column]);
		while (first > 0 && filled >> (first - 1) & 1)
			first--;
		while (filled >> end & 1)
			end++;
		box = (pixman_box32_t){
			.x1 = x + first_bit(damage->changed_columns[column]),
			.x2 = x + end_bit(damage->changed_columns[column]),
			.y1 = top + first,
			.y2 = top + end,
		};
		damage_boxes_add(&damage->boxes, &box);
	}
	damage_boxes_end_band(&damage->boxes);
}

static bool band_is_clean(const struct damage_tiles *tiles, uint32_t band)
{
	const uint16_t *rows = damage_tiles_band(tiles, band);

	for (uint32_t column = 0; column < tiles->columns; column++) {
		if (rows[column])
			return false;
	}
	return true;
}

/* Initialises *ret_damage: what became different in the shadow. */
static void update_shadow(struct damage *damage, const struct damage_source *source,
		struct frame *shadow, pixman_region32_t *ret_damage)
{
	damage->dirty = 0;
	damage_boxes_start(&damage->boxes);
	for (uint32_t band = 0; band < damage->tiles.bands; band++) {
		if (band_is_clean(&damage->tiles, band)) {
			damage_tiles_settle(&damage->tiles, band, NULL);
			damage_boxes_end_band(&damage->boxes);
			continue;
		}
		update_band(damage, source, shadow, band);
		damage->dirty += damage_tiles_settle(&damage->tiles, band, damage->changed_rows);
		collect_band(damage, band);
	}
	damage_boxes_region(&damage->boxes, ret_damage);
}

/* The first look at a size, or the first after a drop: no comparing. */
static int run_whole(struct damage *damage, const struct damage_source *source,
		struct frame **ret_shadow, struct update *update)
{
	struct frame *shadow = damage_pool_current(&damage->pool);

	damage_tiles_fill(&damage->tiles);
	update_shadow(damage, source, shadow, &update->damage);
	damage->dirty = damage->total;
	pixman_region32_fini(&update->damage);
	pixman_region32_init_rect(&update->damage, 0, 0, source->width, source->height);
	pixman_region32_init(&update->copy_region);
	update->resized = source->width != damage->width || source->height != damage->height;
	damage->width = source->width;
	damage->height = source->height;
	*ret_shadow = shadow;
	return 1;
}

/* As glance(), of a picture that goes on as it did. */
static int follow(struct damage *damage, const struct damage_source *source)
{
	struct frame *shadow = damage_pool_current(&damage->pool);
	struct damage_tiles *tiles = &damage->tiles;
	uint16_t glanced;

	damage_tiles_clear(tiles);
	glanced = damage_glance_peek(&damage->glance, damage->kernels, source, shadow, tiles);
	if (!glanced)
		return 0;
	damage_tiles_clear(tiles);
	damage_tiles_expect(tiles, damage->kernels, source, shadow, glanced);
	return (int)damage_tiles_spread(tiles, damage->kernels, source, shadow, glanced);
}

/*
 * Leaves in damage->tiles what differs, and returns how many do; or -EAGAIN, or as
 * damage_pool_writable(). A move that goes on is made at once.
 */
static int glance(struct damage *damage, const struct damage_source *source,
		struct scroll *ret_scroll, bool *ret_moved)
{
	struct frame *shadow = damage_pool_current(&damage->pool);
	struct damage_tiles *tiles = &damage->tiles;
	uint16_t glanced;
	int result;

	damage_tiles_clear(tiles);
	glanced = damage_glance_take(&damage->glance, damage->kernels, source, shadow, tiles);
	if (!glanced)
		return 0;
	result = scroll_repeat(damage->finder, damage->kernels, source, shadow, tiles, ret_scroll);
	if (result < 0)
		return result;
	if (result) {
		result = damage_pool_writable(&damage->pool, &shadow);
		if (result)
			return result;
		scroll_follow(damage->finder, damage->kernels, source, shadow, tiles, ret_scroll);
		*ret_moved = true;
	}
	return (int)damage_tiles_spread(tiles, damage->kernels, source, shadow, glanced);
}

static void note_move(struct damage *damage, const struct scroll *scroll, struct update *update)
{
	damage_glance_forget(&damage->glance, (uint32_t)scroll->box.y1,
			(uint32_t)(scroll->box.y2 - scroll->box.y1));
	pixman_region32_fini(&update->copy_region);
	pixman_region32_init_with_extents(&update->copy_region, &scroll->box);
	damage_pool_changed(&damage->pool, &update->copy_region);
	update->copy_dx = scroll->dx;
	update->copy_dy = scroll->dy;
}

static int run_compare(struct damage *damage, const struct damage_source *source,
		const struct look *look, struct frame **ret_shadow, struct update *update)
{
	struct damage_tiles *tiles = &damage->tiles;
	struct frame *shadow = damage_pool_current(&damage->pool);
	struct scroll scroll;
	bool moved = false, found = false;
	int result;

	/* What scrolls is followed in another way. */
	if (look->follow && scroll_is_unlikely(damage->finder))
		result = follow(damage, source);
	else if (look->glance)
		result = glance(damage, source, &scroll, &moved);
	else
		result = (int)damage_tiles_compare(tiles, damage->kernels, source, shadow, look->hint);
	if (result < 0)
		return result;
	damage->dirty = (unsigned int)result;
	if (!result && !moved)
		return 0;
	if (!moved)
		found = scroll_find(damage->finder, damage->kernels, source, shadow, tiles, &scroll);
	result = damage_pool_writable(&damage->pool, &shadow);
	if (result)
		return result;
	if (found)
		scroll_apply(&scroll, shadow);
	pixman_region32_init(&update->copy_region);
	if (moved || found)
		note_move(damage, &scroll, update);
	update_shadow(damage, source, shadow, &update->damage);
	if (!moved && !found && !pixman_region32_not_empty(&update->damage)) {
		/* The guest took its change back while we looked. */
		update_finish(update);
		return 0;
	}
	damage_pool_changed(&damage->pool, &update->damage);
	*ret_shadow = shadow;
	return 1;
}

static struct damage_source source_of(const struct damage *damage, const struct frame *frame,
		const struct format *format)
{
	return (struct damage_source){
		.data = frame->data,
		.stride = frame->planes[0].stride,
		.format = format,
		.width = frame->width,
		.height = frame->height,
		.line = damage->line,
	};
}

static int run(struct damage *damage, struct frame *frame, const struct look *look,
		struct update *ret_update)
{
	static const struct look everything = { 0 };
	const struct format *format = format_find(frame->fourcc);
	struct frame *shadow = damage_pool_current(&damage->pool);
	bool whole = !shadow || shadow->width != frame->width || shadow->height != frame->height;
	struct damage_source source;
	struct update update = { 0 };
	int result;

	if (!source_readable(frame, format))
		return -ENOTSUP;
	if (damage->hint_missed)
		look = &everything;
	result = frame_begin_read(frame);
	if (result)
		goto failed;
	if (whole) {
		result = resize(damage, frame->width, frame->height);
		if (result)
			goto end_read;
	}
	source = source_of(damage, frame, format);
	result = whole ? run_whole(damage, &source, &shadow, &update) :
			run_compare(damage, &source, look, &shadow, &update);
end_read:
	frame_end_read(frame);
failed:
	damage->hint_missed = result < 0 && result != -EAGAIN;
	if (result <= 0)
		return result;
	shadow->sequence = frame->sequence;
	shadow->capture_ns = frame->capture_ns;
	shadow->stamp = frame_new_stamp();
	update.frame = shadow;
	*ret_update = update;
	return 1;
}

int damage_run(struct damage *damage, struct frame *frame, const pixman_region32_t *hint,
		struct update *ret_update)
{
	return run(damage, frame, &(struct look){ .hint = hint }, ret_update);
}

int damage_look(struct damage *damage, struct frame *frame, struct update *ret_update)
{
	return run(damage, frame, &(struct look){ .glance = true }, ret_update);
}

int damage_follow(struct damage *damage, struct frame *frame, struct update *ret_update)
{
	return run(damage, frame, &(struct look){ .glance = true, .follow = true }, ret_update);
}
