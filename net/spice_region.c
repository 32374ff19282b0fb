// SPDX-License-Identifier: GPL-2.0-or-later
/* Rectangles on a grid. */
#include "net/spice_region.h"

#include <errno.h>
#include <stdbool.h>
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
