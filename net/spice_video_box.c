// SPDX-License-Identifier: GPL-2.0-or-later
/* What is not owed while it is video, and the steps in which it is then. */
#include "net/spice_video_box.h"

#include "encoders/packet.h"
#include "encoders/rects_debt.h"

static bool is_empty(const pixman_box32_t *box)
{
	return box->x1 >= box->x2 || box->y1 >= box->y2;
}

/* What is not left is owed. */
static void leave(struct spice_video_box *video, struct rects_debt *debt, const pixman_box32_t *left)
{
	pixman_region32_t before;

	pixman_region32_init_with_extents(&before, &video->left);
	video->left = *left;
	rects_debt_set_video(debt, is_empty(left) ? NULL : left);
	rects_debt_damage(debt, &before);
	pixman_region32_fini(&before);
}

void spice_video_box_set(struct spice_video_box *video, struct rects_debt *debt, const struct packet_box *box)
{
	video->on = box;
	if (!box)
		return;
	leave(video, debt, &(pixman_box32_t){
		.x1 = (int32_t)box->x,
		.y1 = (int32_t)box->y,
		.x2 = (int32_t)(box->x + box->width),
		.y2 = (int32_t)(box->y + box->height),
	});
}

bool spice_video_box_waits(const struct spice_video_box *video)
{
	return !video->on && !is_empty(&video->left);
}

void spice_video_box_step(struct spice_video_box *video, struct rects_debt *debt)
{
	pixman_box32_t left = video->left;
	const int32_t rows = SPICE_VIDEO_BOX_STEP_PIXELS / (left.x2 - left.x1) + 1;

	left.y1 = rows < left.y2 - left.y1 ? left.y1 + rows : left.y2;
	leave(video, debt, &left);
}
