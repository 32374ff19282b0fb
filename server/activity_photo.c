// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether what moves is a photograph. */
#include "server/activity_photo.h"

#include <stdint.h>

#include "encoders/photo.h"
#include "server/activity.h"
#include "server/frame.h"
#include "server/update.h"

int activity_photo_judge(const struct update *update, const pixman_box32_t *box)
{
	int64_t all = 0, photographic = 0;
	pixman_region32_t region;
	const pixman_box32_t *boxes;
	struct photo photo;
	int n;

	if (frame_begin_read(update->frame) < 0)
		return ACTIVITY_PHOTO_UNKNOWN;
	pixman_region32_init_with_extents(&region, (pixman_box32_t *)box);
	pixman_region32_intersect(&region, &region, (pixman_region32_t *)&update->damage);
	photo_find(update->frame, &region, &photo);
	frame_end_read(update->frame);
	boxes = pixman_region32_rectangles(&region, &n);
	for (int i = 0; i < n; i++)
		all += (int64_t)(boxes[i].x2 - boxes[i].x1) * (boxes[i].y2 - boxes[i].y1);
	for (unsigned int i = 0; i < photo.n; i++)
		photographic += (int64_t)(photo.boxes[i].x2 - photo.boxes[i].x1) *
				(photo.boxes[i].y2 - photo.boxes[i].y1);
	pixman_region32_fini(&region);
	return all ? (int)(photographic * 1000 / all) : ACTIVITY_PHOTO_UNKNOWN;
}
