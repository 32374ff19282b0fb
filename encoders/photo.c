// SPDX-License-Identifier: GPL-2.0-or-later
/* Cells of a picture by the steps between their pixels, joined to few rectangles. */
#include "encoders/photo.h"

#include "server/frame.h"

#include <stddef.h>
#include <string.h>

/* Of eight rows one is looked at. */
#define ROW_STEP 8
/* Share of small steps that makes a photograph, of small or no steps that is flat; percent. */
#define SMALL_MIN 25
#define FLAT_MIN 98
/* Fewer steps than that tell nothing: the sliver of a cell goes with its neighbour. */
#define STEPS_MIN 64

#define GRID_MAX (PHOTO_SIZE_MAX / PHOTO_CELL)

/* How many of a cell's four neighbours must be photographs for it to become one; 0: it is. */
enum kind { PHOTO = 0, SLIVER = 1, FLAT = 3, BUSY = 5 };

struct cell {
	uint16_t steps, equal, near; /* near: small or none */
};

_Static_assert(PHOTO_CELL * PHOTO_CELL <= UINT16_MAX, "counts overflow");

struct grid {
	int width, height; /* in cells */
	struct cell cells[GRID_MAX * GRID_MAX];
	uint8_t kinds[GRID_MAX * GRID_MAX];
	bool found[GRID_MAX * GRID_MAX];
};

/*
 * A channel's step plus 16 and a bit that borrows come from: from -16 to 15 it
 * leaves that bit and nothing else above the lowest five. Two channels a word.
 */
#define BIAS 0x01100110u
#define HIGH 0xffe0ffe0u
#define NEAR 0x01000100u
#define RED_BLUE 0x00ff00ffu

static void count_steps(const uint32_t *pixels, int n, struct cell *cell)
{
	uint32_t equal = 0, near = 0;

	for (int i = 0; i < n; i++) {
		uint32_t a = pixels[i], b = pixels[i - 1];
		uint32_t red_blue = (a & RED_BLUE) + BIAS - (b & RED_BLUE);
		uint32_t green = (a >> 8 & 0xff) + BIAS - (b >> 8 & 0xff);

		equal += !((a ^ b) & 0xffffff);
		near += !(((red_blue ^ NEAR) | (green ^ NEAR)) & HIGH);
	}
	cell->steps = (uint16_t)(cell->steps + n);
	cell->equal = (uint16_t)(cell->equal + equal);
	cell->near = (uint16_t)(cell->near + near);
}

static int min(int a, int b)
{
	return a < b ? a : b;
}

static int max(int a, int b)
{
	return a > b ? a : b;
}

static void look_at_box(struct grid *grid, const struct frame *frame, const pixman_box32_t *box)
{
	for (int y = box->y1; y < box->y2; y += ROW_STEP) {
		const uint32_t *row = (const uint32_t *)(const void *)(frame->data +
				(size_t)y * frame->planes[0].stride);
		struct cell *cells = grid->cells + y / PHOTO_CELL * grid->width;

		/* The first pixel of a row has none before it. */
		for (int x = max(box->x1, 1), end; x < box->x2; x = end) {
			end = min((x / PHOTO_CELL + 1) * PHOTO_CELL, box->x2);
			count_steps(row + x, end - x, &cells[x / PHOTO_CELL]);
		}
	}
}

static enum kind kind_of(const struct cell *cell)
{
	if (!cell->steps)
		return BUSY;
	if (cell->steps < STEPS_MIN)
		return SLIVER;
	if ((cell->near - cell->equal) * 100 > cell->steps * SMALL_MIN)
		return PHOTO;
	return cell->near * 100 >= cell->steps * FLAT_MIN ? FLAT : BUSY;
}

static bool is_photo(const struct grid *grid, int x, int y)
{
	return x >= 0 && y >= 0 && x < grid->width && y < grid->height &&
			grid->kinds[y * grid->width + x] == PHOTO;
}

/* A bit of plain sky belongs to the photograph around it; letters on it do not. */
static void classify(struct grid *grid)
{
	for (int i = 0; i < grid->width * grid->height; i++)
		grid->kinds[i] = (uint8_t)kind_of(&grid->cells[i]);
	for (int y = 0, i = 0; y < grid->height; y++)
		for (int x = 0; x < grid->width; x++, i++)
			grid->found[i] = is_photo(grid, x - 1, y) + is_photo(grid, x + 1, y) +
					is_photo(grid, x, y - 1) + is_photo(grid, x, y + 1) >=
					grid->kinds[i];
}

/* As wide as it goes, then as deep as it goes at that width; in cells. */
static pixman_box32_t take_cells(struct grid *grid, int x, int y)
{
	pixman_box32_t box = { x, y, x + 1, y + 1 };
	bool *row = grid->found + y * grid->width;

	while (box.x2 < grid->width && row[box.x2])
		box.x2++;
	for (; box.y2 < grid->height; box.y2++)
		for (int i = box.x1; i < box.x2; i++)
			if (!grid->found[box.y2 * grid->width + i])
				goto end;
end:
	for (int i = y; i < box.y2; i++)
		memset(grid->found + i * grid->width + x, 0, (size_t)(box.x2 - x));
	return box;
}

/* What of the region lies in some cells. Returns the pixels added. */
static int64_t add_boxes(struct photo *photo, const pixman_region32_t *region,
		const pixman_box32_t *cells)
{
	int64_t pixels = 0;
	pixman_region32_t part;
	const pixman_box32_t *box;
	int n;

	pixman_region32_init(&part);
	/* Out of memory: it stays empty. */
	pixman_region32_intersect_rect(&part, (pixman_region32_t *)(uintptr_t)region,
			cells->x1 * PHOTO_CELL, cells->y1 * PHOTO_CELL,
			(unsigned int)(cells->x2 - cells->x1) * PHOTO_CELL,
			(unsigned int)(cells->y2 - cells->y1) * PHOTO_CELL);
	box = pixman_region32_rectangles(&part, &n);
	for (; n && photo->n < PHOTO_BOXES_MAX; n--, box++) {
		int64_t area = (int64_t)(box->x2 - box->x1) * (box->y2 - box->y1);

		if (area < PHOTO_BOX_PIXELS_MIN)
			continue;
		photo->boxes[photo->n++] = *box;
		pixels += area;
	}
	pixman_region32_fini(&part);
	return pixels;
}

void photo_find(const struct frame *frame, const pixman_region32_t *region, struct photo *ret)
{
	struct grid grid;
	int64_t pixels = 0;
	const pixman_box32_t *box;
	int n;

	ret->n = 0;
	if (frame->width > PHOTO_SIZE_MAX || frame->height > PHOTO_SIZE_MAX)
		return;
	grid.width = ((int)frame->width + PHOTO_CELL - 1) / PHOTO_CELL;
	grid.height = ((int)frame->height + PHOTO_CELL - 1) / PHOTO_CELL;
	memset(grid.cells, 0, (size_t)(grid.width * grid.height) * sizeof(grid.cells[0]));
	for (box = pixman_region32_rectangles((pixman_region32_t *)(uintptr_t)region, &n); n; n--, box++)
		look_at_box(&grid, frame, box);
	classify(&grid);
	for (int y = 0; y < grid.height; y++) {
		for (int x = 0; x < grid.width; x++) {
			pixman_box32_t cells;

			if (!grid.found[y * grid.width + x])
				continue;
			cells = take_cells(&grid, x, y);
			pixels += add_boxes(ret, region, &cells);
		}
	}
	if (pixels < PHOTO_PIXELS_MIN)
		ret->n = 0;
}
