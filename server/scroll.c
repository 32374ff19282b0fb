// SPDX-License-Identifier: GPL-2.0-or-later
/* Guesses a displacement from row or column hashes and proves it by comparing. */
#include "server/scroll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/damage.h"
#include "server/damage_simd.h"
#include "server/damage_source.h"
#include "server/damage_tiles.h"
#include "server/frame.h"

/* A guess needs this many rows (columns) that agree on it. */
#define VOTES_MIN 8
/* Where rows are hashed: this many strips of the box, a tile wide. */
#define STRIPS_MAX 4
#define STRIP_WIDTH DAMAGE_TILE_WIDTH
/* Where columns are hashed: this many bands of so many rows. */
#define BANDS_MAX 2
#define BAND_HEIGHT 32
#define ROWS_AHEAD 8
/* A table that is this crowded somewhere has hashes made to collide. */
#define PROBES_MAX 16

/* Where an old row (column) with this hash was. */
struct slot {
	uint32_t hash;
	uint32_t line; /* counted from 1; 0: empty */
	bool repeats;
};

struct scroll_finder {
	uint8_t *seen; /* [tiles] */
	uint32_t *stack; /* [tiles] */
	uint16_t *differ; /* [tiles], rows that differ after the move */
	uint32_t *old_hash, *new_hash; /* [STRIPS_MAX][lines] */
	uint32_t *votes; /* [2 * lines], by displacement + lines */
	int64_t *gains; /* [lines] */
	struct slot *slots;
	uint32_t slots_mask;
};

/* What scroll_find() works on. */
struct search {
	struct scroll_finder *finder;
	const struct damage_kernels *kernels;
	const struct damage_source *source;
	const struct frame *shadow;
	struct damage_tiles *tiles;
};

int scroll_finder_new(uint32_t width, uint32_t height, struct scroll_finder **ret)
{
	struct scroll_finder *finder = calloc(1, sizeof(*finder));
	size_t columns = (width + DAMAGE_TILE_WIDTH - 1) / DAMAGE_TILE_WIDTH;
	size_t n_tiles = columns * ((height + DAMAGE_TILE_HEIGHT - 1) / DAMAGE_TILE_HEIGHT);
	size_t lines = width > height ? width : height;
	size_t n_slots = 1;

	if (!finder)
		return -ENOMEM;
	while (n_slots < lines * 2)
		n_slots *= 2;
	finder->seen = calloc(n_tiles, sizeof(*finder->seen));
	finder->stack = calloc(n_tiles, sizeof(*finder->stack));
	finder->differ = calloc(n_tiles, sizeof(*finder->differ));
	finder->old_hash = calloc(lines * STRIPS_MAX, sizeof(*finder->old_hash));
	finder->new_hash = calloc(lines * STRIPS_MAX, sizeof(*finder->new_hash));
	finder->votes = calloc(lines * 2, sizeof(*finder->votes));
	finder->gains = calloc(lines, sizeof(*finder->gains));
	finder->slots = calloc(n_slots, sizeof(*finder->slots));
	finder->slots_mask = (uint32_t)(n_slots - 1);
	if (!finder->seen || !finder->stack || !finder->differ || !finder->old_hash ||
			!finder->new_hash || !finder->votes || !finder->gains || !finder->slots) {
		scroll_finder_free(finder);
		return -ENOMEM;
	}
	*ret = finder;
	return 0;
}

void scroll_finder_free(struct scroll_finder *finder)
{
	if (!finder)
		return;
	free(finder->seen);
	free(finder->stack);
	free(finder->differ);
	free(finder->old_hash);
	free(finder->new_hash);
	free(finder->votes);
	free(finder->gains);
	free(finder->slots);
	free(finder);
}

static const uint8_t *shadow_row(const struct search *search, uint32_t x, uint32_t y)
{
	return search->shadow->data + (size_t)y * search->shadow->planes[0].stride + (size_t)x * 4;
}

/* The cluster around one tile, in tiles; returns how many it holds. */
static uint32_t flood(const struct search *search, uint32_t start, pixman_box32_t *ret_box)
{
	const struct damage_tiles *tiles = search->tiles;
	struct scroll_finder *finder = search->finder;
	int32_t columns = (int32_t)tiles->columns, bands = (int32_t)tiles->bands;
	pixman_box32_t box = { .x1 = columns, .y1 = bands };
	uint32_t depth = 0, count = 0;

	finder->seen[start] = 1;
	finder->stack[depth++] = start;
	while (depth) {
		uint32_t tile = finder->stack[--depth];
		int32_t column = (int32_t)(tile % tiles->columns);
		int32_t band = (int32_t)(tile / tiles->columns);

		count++;
		box.x1 = column < box.x1 ? column : box.x1;
		box.x2 = column >= box.x2 ? column + 1 : box.x2;
		box.y1 = band < box.y1 ? band : box.y1;
		box.y2 = band >= box.y2 ? band + 1 : box.y2;
		/* An empty line of text does not end a window. */
		for (int32_t b = band - 2; b <= band + 2; b++) {
			for (int32_t c = column - 1; c <= column + 1; c++) {
				uint32_t next = (uint32_t)(b * columns + c);

				if (b < 0 || c < 0 || b >= bands || c >= columns)
					continue;
				if (finder->seen[next] || !tiles->rows[next])
					continue;
				finder->seen[next] = 1;
				finder->stack[depth++] = next;
			}
		}
	}
	*ret_box = box;
	return count;
}

static uint32_t largest_cluster(const struct search *search, pixman_box32_t *ret_box)
{
	uint32_t n_tiles = search->tiles->columns * search->tiles->bands;
	uint32_t largest = 0;

	memset(search->finder->seen, 0, n_tiles);
	for (uint32_t tile = 0; tile < n_tiles; tile++) {
		pixman_box32_t box;
		uint32_t count;

		if (!search->tiles->rows[tile] || search->finder->seen[tile])
			continue;
		count = flood(search, tile, &box);
		if (count > largest) {
			largest = count;
			*ret_box = box;
		}
	}
	return largest;
}

/*
 * Which pixels differ anywhere in one column of tiles, until edge, the pixel that
 * cannot be beaten, is among them.
 */
static uint64_t column_difference(const struct search *search, uint32_t column, int32_t first,
		int32_t end, uint64_t edge)
{
	uint32_t x = column * DAMAGE_TILE_WIDTH;
	uint32_t width = search->tiles->width - x;
	uint64_t difference = 0;

	if (width > DAMAGE_TILE_WIDTH)
		width = DAMAGE_TILE_WIDTH;
	for (int32_t band = first; band < end; band++) {
		uint32_t rows = damage_tiles_band(search->tiles, (uint32_t)band)[column];

		for (; rows && !(difference & edge); rows &= rows - 1) {
			uint32_t y = (uint32_t)band * DAMAGE_TILE_HEIGHT +
					(uint32_t)__builtin_ctz(rows);

			difference |= search->kernels->differ(
					damage_source_row(search->source, x, y, width),
					shadow_row(search, x, y), width);
		}
	}
	return difference;
}

static uint32_t band_difference(const struct search *search, int32_t band, int32_t first,
		int32_t end)
{
	const uint16_t *rows = damage_tiles_band(search->tiles, (uint32_t)band);
	uint32_t difference = 0;

	for (int32_t column = first; column < end; column++)
		difference |= rows[column];
	return difference;
}

/* From tiles to the tightest box of pixels. False: the guest took its change back. */
static bool tighten(const struct search *search, const pixman_box32_t *cluster,
		pixman_box32_t *ret_box)
{
	uint64_t left = column_difference(search, (uint32_t)cluster->x1, cluster->y1, cluster->y2,
			1);
	uint64_t right = column_difference(search, (uint32_t)cluster->x2 - 1, cluster->y1,
			cluster->y2, 1ull << (DAMAGE_TILE_WIDTH - 1));
	uint32_t top = band_difference(search, cluster->y1, cluster->x1, cluster->x2);
	uint32_t bottom = band_difference(search, cluster->y2 - 1, cluster->x1, cluster->x2);
	pixman_box32_t box;

	if (!left || !right || !top || !bottom)
		return false;
	box = (pixman_box32_t){
		.x1 = cluster->x1 * DAMAGE_TILE_WIDTH + __builtin_ctzll(left),
		.x2 = cluster->x2 * DAMAGE_TILE_WIDTH - __builtin_clzll(right),
		.y1 = cluster->y1 * DAMAGE_TILE_HEIGHT + __builtin_ctz(top),
		.y2 = cluster->y2 * DAMAGE_TILE_HEIGHT - (__builtin_clz(bottom) - 16),
	};
	/* A guest that draws between two reads can turn it inside out. */
	if (box.x1 >= box.x2)
		return false;
	*ret_box = box;
	return true;
}

static struct slot *find_slot(const struct scroll_finder *finder, uint32_t hash)
{
	uint32_t index = hash;

	for (unsigned int probe = 0; probe < PROBES_MAX; probe++) {
		struct slot *slot = &finder->slots[index++ & finder->slots_mask];

		if (!slot->line || slot->hash == hash)
			return slot;
	}
	return NULL;
}

/*
 * Each new line that equals one single old line elsewhere votes for the way
 * from there to here. Lines that repeat (empty ones) would vote for anything.
 */
static void vote(struct scroll_finder *finder, const uint32_t *old_hash, const uint32_t *new_hash,
		uint32_t lines)
{
	struct slot *slot;

	memset(finder->slots, 0, ((size_t)finder->slots_mask + 1) * sizeof(*finder->slots));
	for (uint32_t i = 0; i < lines; i++) {
		slot = find_slot(finder, old_hash[i]);
		if (!slot)
			continue;
		slot->repeats = slot->line != 0;
		slot->hash = old_hash[i];
		slot->line = i + 1;
	}
	for (uint32_t i = 0; i < lines; i++) {
		if (new_hash[i] == old_hash[i])
			continue;
		slot = find_slot(finder, new_hash[i]);
		if (slot && slot->line && !slot->repeats)
			finder->votes[lines + i - (slot->line - 1)]++;
	}
}

/* 0: no displacement has enough votes. */
static int32_t elect(const struct scroll_finder *finder, uint32_t lines)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < lines * 2; i++) {
		if (finder->votes[i] > finder->votes[best])
			best = i;
	}
	return finder->votes[best] < VOTES_MIN ? 0 : (int32_t)best - (int32_t)lines;
}

static void clear_votes(struct scroll_finder *finder, uint32_t lines)
{
	memset(finder->votes, 0, (size_t)lines * 2 * sizeof(*finder->votes));
}

static uint32_t clamp_count(uint32_t count, uint32_t max)
{
	if (count < 1)
		return 1;
	return count < max ? count : max;
}

/* A strip's rows are too far apart for the processor to see them coming. */
static void prefetch(const uint8_t *pixels)
{
	for (unsigned int byte = 0; byte <= STRIP_WIDTH * 4; byte += 64)
		__builtin_prefetch(pixels + byte);
}

static int32_t guess_dy(const struct search *search, const pixman_box32_t *box)
{
	const struct damage_source *source = search->source;
	struct scroll_finder *finder = search->finder;
	uint32_t width = (uint32_t)(box->x2 - box->x1), lines = (uint32_t)(box->y2 - box->y1);
	uint32_t strip = width < STRIP_WIDTH ? width : STRIP_WIDTH;
	uint32_t strips = clamp_count(width / STRIP_WIDTH, STRIPS_MAX);

	for (uint32_t line = 0; line < lines; line++) {
		uint32_t y = (uint32_t)box->y1 + line;
		uint32_t ahead = line + ROWS_AHEAD < lines ? y + ROWS_AHEAD : y;

		for (uint32_t i = 0; i < strips; i++) {
			uint32_t x = (uint32_t)box->x1 +
					(width - strip) * (2 * i + 1) / (2 * strips);

			prefetch(shadow_row(search, x, ahead));
			prefetch(source->data + ahead * source->stride +
					(size_t)x * source->format->bytes_per_pixel);
			finder->old_hash[i * lines + line] =
					search->kernels->hash(shadow_row(search, x, y), strip);
			finder->new_hash[i * lines + line] = search->kernels->hash(
					damage_source_row(source, x, y, strip), strip);
		}
	}
	clear_votes(finder, lines);
	for (uint32_t i = 0; i < strips; i++)
		vote(finder, finder->old_hash + i * lines, finder->new_hash + i * lines, lines);
	return elect(finder, lines);
}

static int32_t guess_dx(const struct search *search, const pixman_box32_t *box)
{
	struct scroll_finder *finder = search->finder;
	uint32_t lines = (uint32_t)(box->x2 - box->x1), height = (uint32_t)(box->y2 - box->y1);
	uint32_t band = height < BAND_HEIGHT ? height : BAND_HEIGHT;
	uint32_t bands = clamp_count(height / BAND_HEIGHT, BANDS_MAX);
	uint32_t x = (uint32_t)box->x1;

	clear_votes(finder, lines);
	for (uint32_t i = 0; i < bands; i++) {
		uint32_t top = (uint32_t)box->y1 + (height - band) * (2 * i + 1) / (2 * bands);

		memset(finder->old_hash, 0, lines * sizeof(*finder->old_hash));
		memset(finder->new_hash, 0, lines * sizeof(*finder->new_hash));
		for (uint32_t y = top; y < top + band; y++) {
			search->kernels->mix(finder->old_hash, shadow_row(search, x, y), lines);
			search->kernels->mix(finder->new_hash,
					damage_source_row(search->source, x, y, lines), lines);
		}
		vote(finder, finder->old_hash, finder->new_hash, lines);
	}
	return elect(finder, lines);
}

/* The part of the box whose pixels came from inside the picture. */
static bool clip_to_origin(const struct damage_tiles *tiles, int32_t dx, int32_t dy,
		pixman_box32_t *box)
{
	int32_t right = (int32_t)tiles->width + dx, bottom = (int32_t)tiles->height + dy;

	box->x1 = box->x1 < dx ? dx : box->x1;
	box->y1 = box->y1 < dy ? dy : box->y1;
	box->x2 = box->x2 > right ? right : box->x2;
	box->y2 = box->y2 > bottom ? bottom : box->y2;
	return box->x1 < box->x2 && box->y1 < box->y2;
}

/* Fills finder->differ inside the box: source against the shadow as it would be. */
static void compare_moved(const struct search *search, const pixman_box32_t *box, int32_t dx,
		int32_t dy)
{
	const struct damage_tiles *tiles = search->tiles;
	uint32_t x = (uint32_t)box->x1, width = (uint32_t)(box->x2 - box->x1);
	uint32_t lead = DAMAGE_TILE_WIDTH - x % DAMAGE_TILE_WIDTH;

	/* Up to the first edge of tiles, then from edge to edge. */
	if (lead > width)
		lead = width;
	for (uint32_t y = (uint32_t)box->y1; y < (uint32_t)box->y2; y++) {
		const uint8_t *src = damage_source_row(search->source, x, y, width);
		const uint8_t *old = shadow_row(search, (uint32_t)(box->x1 - dx),
				(uint32_t)((int32_t)y - dy));
		uint16_t bit = (uint16_t)(1u << y % DAMAGE_TILE_HEIGHT);
		uint16_t *differ = search->finder->differ +
				(size_t)(y / DAMAGE_TILE_HEIGHT) * tiles->columns +
				x / DAMAGE_TILE_WIDTH;

		if (y == (uint32_t)box->y1 || y % DAMAGE_TILE_HEIGHT == 0) {
			uint32_t end = ((uint32_t)box->x2 - 1) / DAMAGE_TILE_WIDTH + 1;

			memset(differ, 0, (end - x / DAMAGE_TILE_WIDTH) * sizeof(*differ));
		}
		search->kernels->compare(src, old, lead, bit, differ);
		search->kernels->compare(src + (size_t)lead * 4, old + (size_t)lead * 4, width - lead,
				bit, differ + 1);
	}
}

/* The stretch of gains with the largest sum, which is returned. */
static int64_t best_stretch(const int64_t *gains, int32_t count, int32_t *ret_first,
		int32_t *ret_end)
{
	int64_t best = 0, sum = 0;
	int32_t first = 0;

	*ret_first = *ret_end = 0;
	for (int32_t i = 0; i < count; i++) {
		if (sum <= 0) {
			sum = 0;
			first = i;
		}
		sum += gains[i];
		if (sum > best) {
			best = sum;
			*ret_first = first;
			*ret_end = i + 1;
		}
	}
	return best;
}

/* Pixels of a column of tiles that are inside the box. */
static int32_t covered(const pixman_box32_t *box, int32_t column)
{
	int32_t x1 = column * DAMAGE_TILE_WIDTH, x2 = x1 + DAMAGE_TILE_WIDTH;

	return (x2 < box->x2 ? x2 : box->x2) - (x1 > box->x1 ? x1 : box->x1);
}

/* The rows of a band that are inside the box, one bit each. */
static unsigned int rows_inside(const pixman_box32_t *box, int32_t band)
{
	int32_t top = band * DAMAGE_TILE_HEIGHT;
	int32_t first = box->y1 > top ? box->y1 - top : 0;
	int32_t end = box->y2 - top < DAMAGE_TILE_HEIGHT ? box->y2 - top : DAMAGE_TILE_HEIGHT;

	return (1u << end) - (1u << first);
}

/* How many of these rows of a tile the move spares, less those that it spoils. */
static int rows_gained(const struct search *search, int32_t column, int32_t band, unsigned int rows)
{
	size_t tile = (size_t)band * search->tiles->columns + (size_t)column;

	return __builtin_popcount(search->tiles->rows[tile] & rows) -
			__builtin_popcount(search->finder->differ[tile] & rows);
}

/* Shrinks the box to where the move pays. Returns how many pixels it saves. */
static int64_t choose_part(const struct search *search, pixman_box32_t *box)
{
	int64_t *gains = search->finder->gains;
	int32_t column = box->x1 / DAMAGE_TILE_WIDTH;
	int32_t columns = (box->x2 - 1) / DAMAGE_TILE_WIDTH + 1 - column;
	int32_t first_band = box->y1 / DAMAGE_TILE_HEIGHT;
	int32_t end_band = (box->y2 - 1) / DAMAGE_TILE_HEIGHT + 1;
	int32_t first, end, x = column * DAMAGE_TILE_WIDTH, y = box->y1;
	int64_t saved;

	for (int32_t i = 0; i < columns; i++) {
		gains[i] = 0;
		for (int32_t band = first_band; band < end_band; band++)
			gains[i] += rows_gained(search, column + i, band, rows_inside(box, band));
		gains[i] *= covered(box, column + i);
	}
	if (best_stretch(gains, columns, &first, &end) < SCROLL_PIXELS_MIN)
		return 0;
	if (first > 0)
		box->x1 = x + first * DAMAGE_TILE_WIDTH;
	if (end < columns)
		box->x2 = x + end * DAMAGE_TILE_WIDTH;
	for (int32_t row = y; row < box->y2; row++) {
		gains[row - y] = 0;
		for (int32_t i = first; i < end; i++) {
			gains[row - y] += (int64_t)covered(box, column + i) *
					rows_gained(search, column + i, row / DAMAGE_TILE_HEIGHT,
							1u << row % DAMAGE_TILE_HEIGHT);
		}
	}
	saved = best_stretch(gains, box->y2 - y, &first, &end);
	box->y1 = y + first;
	box->y2 = y + end;
	return saved;
}

/* tiles: from what differs now to what will differ after the move. */
static void take_over(const struct search *search, const pixman_box32_t *box)
{
	int32_t first = box->x1 / DAMAGE_TILE_WIDTH, end = (box->x2 - 1) / DAMAGE_TILE_WIDTH + 1;
	int32_t right = (int32_t)search->tiles->width;

	for (int32_t band = box->y1 / DAMAGE_TILE_HEIGHT; band * DAMAGE_TILE_HEIGHT < box->y2;
			band++) {
		unsigned int inside = rows_inside(box, band);

		for (int32_t column = first; column < end; column++) {
			size_t tile = (size_t)band * search->tiles->columns + (size_t)column;
			int32_t x1 = column * DAMAGE_TILE_WIDTH;
			int32_t x2 = x1 + DAMAGE_TILE_WIDTH < right ? x1 + DAMAGE_TILE_WIDTH : right;
			unsigned int rows = search->tiles->rows[tile];

			/* Beside the box, but in its tiles, nothing moves. */
			if (box->x1 <= x1 && box->x2 >= x2)
				rows &= ~inside;
			rows |= search->finder->differ[tile] & inside;
			search->tiles->rows[tile] = (uint16_t)rows;
		}
	}
}

bool scroll_find(struct scroll_finder *finder, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles, struct scroll *ret_scroll)
{
	const struct search search = { finder, kernels, source, shadow, tiles };
	struct scroll scroll = { 0 };
	pixman_box32_t cluster = { 0 }, box;
	uint32_t n_tiles = largest_cluster(&search, &cluster);

	if (n_tiles * DAMAGE_TILE_WIDTH * DAMAGE_TILE_HEIGHT < SCROLL_PIXELS_MIN)
		return false;
	if (!tighten(&search, &cluster, &box))
		return false;
	scroll.dy = guess_dy(&search, &box);
	if (!scroll.dy)
		scroll.dx = guess_dx(&search, &box);
	if (!scroll.dx && !scroll.dy)
		return false;
	if (!clip_to_origin(tiles, scroll.dx, scroll.dy, &box))
		return false;
	compare_moved(&search, &box, scroll.dx, scroll.dy);
	if (choose_part(&search, &box) < SCROLL_PIXELS_MIN)
		return false;
	take_over(&search, &box);
	scroll.box = box;
	*ret_scroll = scroll;
	return true;
}

void scroll_apply(const struct scroll *scroll, struct frame *shadow)
{
	const pixman_box32_t *box = &scroll->box;
	uint8_t *pixels = frame_memory_pixels(shadow);
	size_t stride = shadow->planes[0].stride;
	size_t bytes = (size_t)(box->x2 - box->x1) * 4;
	int32_t rows = box->y2 - box->y1;

	for (int32_t i = 0; i < rows; i++) {
		/* Away from where rows come from, so that none is overwritten before it moved. */
		int32_t y = scroll->dy > 0 ? box->y2 - 1 - i : box->y1 + i;
		uint8_t *dst = pixels + (size_t)y * stride + (size_t)box->x1 * 4;
		const uint8_t *src = pixels + (size_t)(y - scroll->dy) * stride +
				(size_t)(box->x1 - scroll->dx) * 4;

		memmove(dst, src, bytes);
	}
}
