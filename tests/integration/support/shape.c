// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads pointer shapes. */
#include "tests/integration/support/shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SIZE_MAX_PIXELS 1024

static bool read_file(FILE *file, struct shape *shape)
{
	if (fscanf(file, "%" SCNu32 "%" SCNu32 "%" SCNu32 "%" SCNu32, &shape->width, &shape->height, &shape->hot_x,
			    &shape->hot_y) != 4 ||
			shape->width > SIZE_MAX_PIXELS || shape->height > SIZE_MAX_PIXELS)
		return false;
	shape->argb = calloc((size_t)shape->width * shape->height + 1, sizeof(*shape->argb));
	for (size_t i = 0; shape->argb && i < (size_t)shape->width * shape->height; i++)
		if (fscanf(file, "%" SCNx32, &shape->argb[i]) != 1)
			return false;
	return shape->argb;
}

bool shape_read(const char *path, struct shape *ret)
{
	FILE *file = fopen(path, "r");
	bool ok;

	*ret = (struct shape){ 0 };
	if (!file)
		return false;
	ok = read_file(file, ret);
	fclose(file);
	return ok;
}

void shape_finish(struct shape *shape)
{
	free(shape->argb);
	shape->argb = NULL;
}
