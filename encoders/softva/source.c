// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading surfaces. */
#include "encoders/softva/source.h"

#include "encoders/detile.h"
#include "encoders/softva/surface.h"

#include <errno.h>
#include <stdlib.h>

static int detile(const struct surface *surface, const struct pixels_box *box,
		struct source *source, struct picture *ret)
{
	const struct detile_picture tiled = {
		.layout = detile_find(surface->layout.modifier),
		.data = surface->memory.data + surface->layout.offset_bytes[0],
		.bytes = surface->memory.bytes - surface->layout.offset_bytes[0],
		.stride_bytes = surface->layout.pitch_bytes[0],
		.width = surface->width,
		.height = surface->height,
	};
	const struct detile_box wanted = {
		.x = box->x, .y = box->y, .width = box->width, .height = box->height
	};
	struct layout layout;
	int err;

	formats_lay_out(surface->format, box->width, box->height, &layout);
	source->copy = malloc(layout.bytes);
	if (!source->copy)
		return -ENOMEM;
	err = detile_copy(&tiled, &wanted, source->copy, layout.pitch_bytes[0]);
	if (err)
		return err;
	*ret = (struct picture){
		.format = surface->format,
		.width = box->width,
		.height = box->height,
		.planes = { source->copy },
		.pitch_bytes = { layout.pitch_bytes[0] },
	};
	return 0;
}

int source_open(const struct surface *surface, const struct pixels_box *box,
		struct source *ret_source, struct picture *ret_picture)
{
	struct source source = { .surface = surface };
	struct picture all = surface_picture(surface);
	int err;

	err = memory_begin_access(&surface->memory, false);
	if (err)
		return err;
	if (surface_is_linear(surface)) {
		*ret_picture = pixels_crop(&all, box);
	} else {
		err = detile(surface, box, &source, ret_picture);
		if (err) {
			source_close(&source);
			return err;
		}
	}
	*ret_source = source;
	return 0;
}

void source_close(struct source *source)
{
	memory_end_access(&source->surface->memory, false);
	free(source->copy);
}
