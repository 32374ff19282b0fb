// SPDX-License-Identifier: GPL-2.0-or-later
/* Keeps a pointer's picture for who cannot borrow it. */
#include "server/cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int cursor_follow(struct cursor *copy, const struct cursor *news)
{
	const size_t bytes = (size_t)news->width * news->height * sizeof(uint32_t);
	int changed = copy->visible != news->visible;

	/* The rest of the shape goes with its pixels only. */
	if (news->visible && (!copy->argb || copy->shape_serial != news->shape_serial)) {
		uint32_t *argb;

		if (!bytes || !news->argb || news->width > CURSOR_SIZE_MAX || news->height > CURSOR_SIZE_MAX)
			return -EINVAL;
		argb = malloc(bytes);
		if (!argb)
			return -ENOMEM;
		memcpy(argb, news->argb, bytes);
		cursor_finish(copy);
		*copy = *news;
		copy->argb = argb;
		changed = 1;
	}
	copy->visible = news->visible;
	copy->position_known = news->position_known;
	copy->x = news->x;
	copy->y = news->y;
	return changed;
}

void cursor_finish(struct cursor *copy)
{
	free((void *)(uintptr_t)copy->argb);
	copy->argb = NULL;
}
