// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the marks are, and what they say together. */
#include "tests/bench/view_marks.h"

#include <errno.h>

#include "server/capture/mark.h"
#include "tests/bench/view_picture.h"

bool view_marks_boxes(const struct view_picture *picture, pixman_box32_t ret_boxes[2])
{
	int x, y;

	if (picture->width < MARK_WIDTH || picture->height < MARK_HEIGHT)
		return false;
	x = (int)((picture->width - MARK_WIDTH) / MARK_BLOCK * MARK_BLOCK);
	y = (int)((picture->height - MARK_HEIGHT) / MARK_BLOCK * MARK_BLOCK);
	ret_boxes[0] = (pixman_box32_t){ 0, 0, MARK_WIDTH, MARK_HEIGHT };
	ret_boxes[1] = (pixman_box32_t){ x, y, x + MARK_WIDTH, y + MARK_HEIGHT };
	return true;
}

bool view_marks_touched(const struct view_picture *picture, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	pixman_box32_t boxes[2];
	bool touched = false;

	if (!view_marks_boxes(picture, boxes))
		return false;
	for (int i = 0; i < 2; i++)
		touched |= (int64_t)x < boxes[i].x2 && (int64_t)x + width > boxes[i].x1 &&
				(int64_t)y < boxes[i].y2 && (int64_t)y + height > boxes[i].y1;
	return touched;
}

int view_marks_read(const struct view_picture *picture, struct mark *ret, bool *ret_whole)
{
	pixman_box32_t boxes[2];
	struct mark marks[2];

	if (!view_marks_boxes(picture, boxes))
		return -ENOENT;
	for (int i = 0; i < 2; i++)
		if (mark_read(view_picture_at(picture, (uint32_t)boxes[i].x1, (uint32_t)boxes[i].y1),
				    view_picture_stride(picture), MARK_WIDTH, MARK_HEIGHT, &marks[i]) < 0)
			return -ENOENT;
	*ret_whole = marks[0].sequence == marks[1].sequence && marks[0].due_us == marks[1].due_us;
	*ret = marks[0].due_us <= marks[1].due_us ? marks[0] : marks[1];
	return 0;
}
