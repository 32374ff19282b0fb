// SPDX-License-Identifier: GPL-2.0-or-later
/* Rectangles on a grid, and bands of them. */
#include "net/spice_region.h"

#include <errno.h>
#include <stdlib.h>

/* What changes is found in tiles of this size. */
#define GRID_MIN 16

static int snap(pixman_region32_t *region, int32_t grid, uint32_t width, uint32_t height)
{
	int n;
	const pixman_box32_t *from = pixman_region32_rectangles(region, &n);
	pixman_box32_t *boxes = malloc((size_t)n * sizeof(boxes[0]));
	bool done;

	if (!boxes)
		return -ENOMEM;
	for (int i = 0; i < n; i++)
		boxes[i] = (pixman_box32_t){
			.x1 = from[i].x1 / grid * grid,
			.y1 = from[i].y1 / grid * grid,
			.x2 = (from[i].x2 + grid - 1) / grid * grid,
			.y2 = (from[i].y2 + grid - 1) / grid * grid,
		};
	pixman_region32_fini(region);
	done = pixman_region32_init_rects(region, boxes, n) &&
			pixman_region32_intersect_rect(region, region, 0, 0, width, height);
	free(boxes);
	if (done)
		return 0;
	pixman_region32_fini(region);
	pixman_region32_init_rect(region, 0, 0, width, height);
	return -ENOMEM;
}

int spice_region_simplify(pixman_region32_t *region, int rects_max, uint32_t width, uint32_t height)
{
	int r = 0;

	for (int32_t grid = GRID_MIN; !r && pixman_region32_n_rects(region) > rects_max; grid *= 2)
		r = snap(region, grid, width, height);
	return r;
}

/* pixman's rectangles are sorted by y, then x, and those of one band have the same height. */
bool spice_region_copy(const pixman_region32_t *region, int32_t dx, int32_t dy,
		spice_region_copy_fn copy, void *user)
{
	const pixman_box32_t *boxes;
	int n, first, last, step;

	boxes = pixman_region32_rectangles((pixman_region32_t *)(uintptr_t)region, &n);
	for (int band = dy > 0 ? n - 1 : 0; band >= 0 && band < n; band = dy > 0 ? first - 1 : last + 1) {
		for (first = band; first > 0 && boxes[first - 1].y1 == boxes[band].y1;)
			first--;
		for (last = band; last < n - 1 && boxes[last + 1].y1 == boxes[band].y1;)
			last++;
		step = dx > 0 ? -1 : 1;
		for (int i = dx > 0 ? last : first; i >= first && i <= last; i += step) {
			if (!copy(user, &boxes[i], dx, dy))
				return false;
		}
	}
	return true;
}
