// SPDX-License-Identifier: GPL-2.0-or-later
/* Passes of video processing. */
#include "encoders/softva/pipeline.h"

#include "encoders/softva/driver.h"
#include "encoders/softva/scale.h"
#include "encoders/softva/source.h"
#include "encoders/softva/surface.h"

#include <errno.h>
#include <stdlib.h>
#include <va/va_vpp.h>

/* What of the standards this driver tells apart: the matrix. */
static const struct {
	VAProcColorStandardType standard;
	enum colour_matrix matrix;
} standards[] = {
	{ VAProcColorStandardBT601, COLOUR_BT601 },
	{ VAProcColorStandardBT470BG, COLOUR_BT601 },
	{ VAProcColorStandardSMPTE170M, COLOUR_BT601 },
	{ VAProcColorStandardXVYCC601, COLOUR_BT601 },
	{ VAProcColorStandardBT709, COLOUR_BT709 },
	{ VAProcColorStandardXVYCC709, COLOUR_BT709 },
	{ VAProcColorStandardSRGB, COLOUR_BT709 },
};

const VAProcColorStandardType pipeline_standards[] = {
	VAProcColorStandardBT601,
	VAProcColorStandardBT709,
	VAProcColorStandardBT470BG,
	VAProcColorStandardSMPTE170M,
	VAProcColorStandardSRGB,
	VAProcColorStandardXVYCC601,
	VAProcColorStandardXVYCC709,
	VAProcColorStandardExplicit,
};
const unsigned int pipeline_n_standards = sizeof(pipeline_standards) /
		sizeof(pipeline_standards[0]);

/* As ITU-T H.273 numbers them. */
#define H273_BT709 1
#define H273_BT470BG 5
#define H273_SMPTE170M 6

/* Pictures of this many lines are taken for high definition where nobody says. */
#define HIGH_DEFINITION_LINES 720

static bool find_matrix(VAProcColorStandardType standard, const VAProcColorProperties *properties,
		uint32_t height, enum colour_matrix *ret)
{
	*ret = height >= HIGH_DEFINITION_LINES ? COLOUR_BT709 : COLOUR_BT601;
	if (standard == VAProcColorStandardNone)
		return true;
	if (standard == VAProcColorStandardExplicit) {
		if (properties->matrix_coefficients == H273_BT709)
			*ret = COLOUR_BT709;
		if (properties->matrix_coefficients == H273_BT470BG ||
				properties->matrix_coefficients == H273_SMPTE170M)
			*ret = COLOUR_BT601;
		return true;
	}
	for (size_t i = 0; i < sizeof(standards) / sizeof(standards[0]); i++) {
		if (standards[i].standard == standard) {
			*ret = standards[i].matrix;
			return true;
		}
	}
	return false;
}

/* NULL, or what is wrong. */
static const char *read_colour(const struct surface *surface, VAProcColorStandardType standard,
		const VAProcColorProperties *properties, struct pixels_colour *ret)
{
	if (!find_matrix(standard, properties, surface->height, &ret->matrix))
		return "colour standard is not known here";
	if (properties->color_range > VA_SOURCE_RANGE_FULL)
		return "colour range is none";
	if (formats_is_rgb(surface->format)) {
		if (properties->color_range == VA_SOURCE_RANGE_REDUCED)
			return "RGB is full range here";
		ret->range = COLOUR_FULL;
	} else {
		ret->range = properties->color_range == VA_SOURCE_RANGE_FULL ? COLOUR_FULL
									     : COLOUR_LIMITED;
	}
	return NULL;
}

static const char *read_region(
		const struct surface *surface, const VARectangle *region, struct pixels_box *ret)
{
	if (!region) {
		*ret = (struct pixels_box){ .width = surface->width, .height = surface->height };
		return NULL;
	}
	if (region->x < 0 || region->y < 0 || !region->width || !region->height ||
			(uint32_t)region->x + region->width > surface->width ||
			(uint32_t)region->y + region->height > surface->height)
		return "region is not inside its surface";
	*ret = (struct pixels_box){
		.x = (uint32_t)region->x,
		.y = (uint32_t)region->y,
		.width = region->width,
		.height = region->height,
	};
	if (formats_is_rgb(surface->format))
		return NULL;
	if ((ret->x | ret->y) & 1 || (ret->width & 1 && ret->x + ret->width != surface->width) ||
			(ret->height & 1 && ret->y + ret->height != surface->height))
		return "region splits pixels that share chroma";
	return NULL;
}

static VAStatus check_features(struct driver *driver, const VAProcPipelineParameterBuffer *params)
{
	const uint32_t filter_flags = VA_SRC_COLOR_MASK | VA_FILTER_SCALING_MASK |
			VA_FILTER_INTERPOLATION_MASK;
	const uint32_t pipeline_flags = VA_PROC_PIPELINE_SUBPICTURES | VA_PROC_PIPELINE_FAST |
			VA_PIPELINE_FLAG_END;
	const char *wrong = NULL;

	if (params->num_filters)
		return driver_refuse(driver, VA_STATUS_ERROR_UNSUPPORTED_FILTER,
				"processing: there are no filters");
	if (params->rotation_state != VA_ROTATION_NONE || params->mirror_state != VA_MIRROR_NONE)
		wrong = "no rotation and no mirroring";
	else if (params->blend_state && params->blend_state->flags)
		wrong = "no blending";
	else if (params->num_forward_references || params->num_backward_references ||
			params->num_additional_outputs)
		wrong = "no references and no further outputs";
	else if (params->input_surface_flag || params->output_surface_flag)
		wrong = "neither fields nor protected content";
	else if (params->filter_flags & ~filter_flags || params->pipeline_flags & ~pipeline_flags)
		wrong = "unknown flags";
	else if (params->output_hdr_metadata)
		wrong = "no high dynamic range";
	if (wrong)
		return driver_refuse(
				driver, VA_STATUS_ERROR_INVALID_PARAMETER, "processing: %s", wrong);
	return VA_STATUS_SUCCESS;
}

static bool can_convert(const struct format *from, const struct format *to)
{
	/* Out of YUV into channels of 8 bits only. */
	return formats_is_rgb(from) == formats_is_rgb(to) || formats_is_rgb(from) ||
			to->rt_format == VA_RT_FORMAT_RGB32;
}

VAStatus pipeline_read(struct driver *driver, const VAProcPipelineParameterBuffer *params,
		struct surface *dst, struct pipeline *ret)
{
	struct pipeline pipeline = {
		.src = surface_find(driver, params->surface),
		.dst = dst,
		.background = params->output_background_color,
	};
	VAStatus status = check_features(driver, params);
	const char *wrong;

	if (status != VA_STATUS_SUCCESS)
		return status;
	if (!pipeline.src || pipeline.src == dst)
		return driver_refuse(driver, VA_STATUS_ERROR_INVALID_SURFACE,
				"processing: source %#x is %s", params->surface,
				pipeline.src ? "the target, too" : "no surface");
	if (!surface_is_linear(dst) || !dst->memory.writable)
		return driver_refuse(driver, VA_STATUS_ERROR_INVALID_SURFACE,
				"processing: target is tiled or not writable");
	wrong = can_convert(pipeline.src->format, dst->format) ? NULL : "no such conversion";
	if (!wrong)
		wrong = read_region(pipeline.src, params->surface_region, &pipeline.from);
	if (!wrong)
		wrong = read_region(dst, params->output_region, &pipeline.to);
	if (!wrong)
		wrong = read_colour(pipeline.src, params->surface_color_standard,
				&params->input_color_properties, &pipeline.src_colour);
	if (!wrong)
		wrong = read_colour(dst, params->output_color_standard,
				&params->output_color_properties, &pipeline.dst_colour);
	if (wrong)
		return driver_refuse(
				driver, VA_STATUS_ERROR_INVALID_PARAMETER, "processing: %s", wrong);
	*ret = pipeline;
	return VA_STATUS_SUCCESS;
}

/* A picture in memory of its own. */
static int make_scratch(uint32_t fourcc, uint32_t width, uint32_t height, struct picture *ret)
{
	const struct format *format = formats_find(fourcc);
	struct layout layout;
	uint8_t *data;

	formats_lay_out(format, width, height, &layout);
	data = malloc(layout.bytes);
	if (!data)
		return -ENOMEM;
	*ret = (struct picture){ .format = format, .width = width, .height = height };
	for (unsigned int i = 0; i < format->n_planes; i++) {
		ret->planes[i] = data + layout.offset_bytes[i];
		ret->pitch_bytes[i] = layout.pitch_bytes[i];
	}
	return 0;
}

static void free_scratch(struct picture *scratch)
{
	free(scratch->planes[0]);
}

/* src through a scratch picture of the given format and size to dst. */
static int convert_by_way_of(uint32_t fourcc, const struct picture *src,
		const struct pixels_colour *src_colour, const struct picture *dst,
		const struct pixels_colour *dst_colour)
{
	struct picture scratch;
	int err = make_scratch(fourcc, src->width, src->height, &scratch);

	if (err)
		return err;
	err = pixels_convert(src, &scratch, src_colour);
	if (!err)
		err = pixels_convert(&scratch, dst, dst_colour);
	free_scratch(&scratch);
	return err;
}

static int convert(const struct pipeline *pipeline, const struct picture *src,
		const struct picture *dst)
{
	const struct pixels_colour *in = &pipeline->src_colour, *out = &pipeline->dst_colour;
	bool from_rgb = formats_is_rgb(src->format), to_rgb = formats_is_rgb(dst->format);

	if (!from_rgb && !to_rgb && (in->matrix != out->matrix || in->range != out->range))
		return convert_by_way_of(VA_FOURCC_BGRX, src, in, dst, out);
	return pixels_convert(src, dst, from_rgb ? out : in);
}

static int scale(const struct pipeline *pipeline, const struct picture *src,
		const struct picture *dst)
{
	struct picture narrow = { 0 }, scaled;
	int err = 0;

	if (!scale_knows(src->format)) {
		err = make_scratch(VA_FOURCC_BGRA, src->width, src->height, &narrow);
		if (!err)
			err = pixels_convert(src, &narrow, NULL);
		src = &narrow;
	}
	if (!err) {
		err = make_scratch(src->format->fourcc, dst->width, dst->height, &scaled);
		if (!err) {
			err = scale_picture(src, &scaled);
			if (!err)
				err = convert(pipeline, &scaled, dst);
			free_scratch(&scaled);
		}
	}
	free_scratch(&narrow);
	return err;
}

/* The four boxes around the output region; those without pixels are left out. */
static int fill_around(const struct pipeline *pipeline, const struct picture *all)
{
	const struct pixels_box *to = &pipeline->to;
	uint32_t right = to->x + to->width, bottom = to->y + to->height;
	const struct pixels_box around[] = {
		{ 0, 0, all->width, to->y },
		{ 0, bottom, all->width, all->height - bottom },
		{ 0, to->y, to->x, to->height },
		{ right, to->y, all->width - right, to->height },
	};
	int err = 0;

	if (!(pipeline->background >> 24))
		return 0;
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]) && !err; i++) {
		struct picture part;

		if (!around[i].width || !around[i].height)
			continue;
		part = pixels_crop(all, &around[i]);
		err = pixels_fill(&part, pipeline->background, &pipeline->dst_colour);
	}
	return err;
}

int pipeline_run(const struct pipeline *pipeline)
{
	struct picture all = surface_picture(pipeline->dst), dst = pixels_crop(&all, &pipeline->to),
		       src;
	struct source source;
	int err = source_open(pipeline->src, &pipeline->from, &source, &src), ended;

	if (err)
		return err;
	err = memory_begin_access(&pipeline->dst->memory, true);
	if (err) {
		source_close(&source);
		return err;
	}
	err = fill_around(pipeline, &all);
	if (!err && src.width == dst.width && src.height == dst.height)
		err = convert(pipeline, &src, &dst);
	else if (!err)
		err = scale(pipeline, &src, &dst);
	ended = memory_end_access(&pipeline->dst->memory, true);
	source_close(&source);
	return err ? err : ended;
}
