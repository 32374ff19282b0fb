// SPDX-License-Identifier: GPL-2.0-or-later
/* RGB to NV12, by video processing or by the CPU. */
#include "encoders/vaapi_convert.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <va/va_vpp.h>

#include "encoders/colour.h"
#include "encoders/detile.h"
#include "encoders/rescale.h"
#include "encoders/vaapi_call.h"
#include "encoders/vaapi_caps.h"
#include "encoders/vaapi_import.h"
#include "server/frame.h"

int vaapi_convert_init(struct vaapi_convert *convert, VADisplay va, const struct vaapi_caps *caps)
{
	*convert = (struct vaapi_convert){
		.va = va,
		.caps = caps,
		.config = VA_INVALID_ID,
		.context = VA_INVALID_ID,
		.target = VA_INVALID_SURFACE,
	};
	if (!caps->process)
		return 0;
	return vaapi_result(vaCreateConfig(va, VAProfileNone, VAEntrypointVideoProc, NULL, 0,
					    &convert->config),
			"vaCreateConfig for processing");
}

static void destroy_context(struct vaapi_convert *convert)
{
	if (convert->context != VA_INVALID_ID)
		vaDestroyContext(convert->va, convert->context);
	convert->context = VA_INVALID_ID;
}

void vaapi_convert_finish(struct vaapi_convert *convert)
{
	if (!convert->va)
		return;
	destroy_context(convert);
	if (convert->config != VA_INVALID_ID)
		vaDestroyConfig(convert->va, convert->config);
	free(convert->scratch.data);
	free(convert->scaled.data);
	*convert = (struct vaapi_convert){ .va = NULL };
}

int vaapi_convert_set_target(struct vaapi_convert *convert, VASurfaceID target, uint32_t width,
		uint32_t height)
{
	destroy_context(convert);
	convert->target = target;
	convert->width = width;
	convert->height = height;
	if (convert->config == VA_INVALID_ID || target == VA_INVALID_SURFACE)
		return 0;
	return vaapi_result(vaCreateContext(convert->va, convert->config, (int)width, (int)height,
					    VA_PROGRESSIVE, &target, 1, &convert->context),
			"vaCreateContext for processing");
}

/* Odd boxes get one more row or column, the frame's own where it has them. */
static VARectangle source_region(
		const struct vaapi_convert *convert, const struct frame *frame, const struct packet_box *box)
{
	VARectangle region = {
		.x = (int16_t)box->x,
		.y = (int16_t)box->y,
		.width = (uint16_t)box->width,
		.height = (uint16_t)box->height,
	};

	if (convert->width == box->width + 1 && box->x + box->width < frame->width)
		region.width++;
	if (convert->height == box->height + 1 && box->y + box->height < frame->height)
		region.height++;
	return region;
}

/* Of YUV nobody says which it is: server/format.h decides it for all. */
static int process(struct vaapi_convert *convert, const struct frame *frame, const VARectangle *region,
		VASurfaceID source)
{
	const struct vaapi_format *format = vaapi_format_find(frame->fourcc);
	bool yuv = format && format->rt == VA_RT_FORMAT_YUV422;
	VAProcPipelineParameterBuffer params = {
		.surface = source,
		.surface_region = region,
		.surface_color_standard = yuv ? VAProcColorStandardBT709 : VAProcColorStandardNone,
		.output_color_standard = VAProcColorStandardBT709,
		.input_color_properties = {
			.color_range = yuv ? VA_SOURCE_RANGE_REDUCED : VA_SOURCE_RANGE_FULL,
		},
		.output_color_properties = { .color_range = VA_SOURCE_RANGE_REDUCED },
	};
	VABufferID buffer;
	VAStatus status, ended;

	status = vaCreateBuffer(convert->va, convert->context, VAProcPipelineParameterBufferType,
			sizeof(params), 1, &params, &buffer);
	if (status != VA_STATUS_SUCCESS)
		return vaapi_result(status, "vaCreateBuffer for processing");
	status = vaBeginPicture(convert->va, convert->context, convert->target);
	if (status == VA_STATUS_SUCCESS) {
		status = vaRenderPicture(convert->va, convert->context, &buffer, 1);
		ended = vaEndPicture(convert->va, convert->context);
		if (status == VA_STATUS_SUCCESS)
			status = ended;
	}
	vaDestroyBuffer(convert->va, buffer);
	return vaapi_result(status, "processing a picture");
}

/* An NV12 image whose bytes can be written, of the target itself or to be put there. */
struct canvas {
	VAImage image;
	bool derived;
	struct colour_nv12 nv12;
};

static int create_image(struct vaapi_convert *convert, struct canvas *canvas)
{
	VAImageFormat format = {
		.fourcc = VA_FOURCC_NV12, .byte_order = VA_LSB_FIRST, .bits_per_pixel = 12
	};

	canvas->derived = false;
	return vaapi_result(vaCreateImage(convert->va, &format, (int)convert->width,
					    (int)convert->height, &canvas->image),
			"vaCreateImage");
}

/* Whether the picture that is written there lies in it, whatever the driver says. */
static bool is_whole(const VAImage *image, uint32_t width, uint32_t height)
{
	for (unsigned int i = 0; i < 2; i++) {
		const uint64_t rows = i ? height / 2 : height;

		if (image->pitches[i] < width ||
				image->offsets[i] + image->pitches[i] * (rows - 1) + width > image->data_size)
			return false;
	}
	return true;
}

static int open_canvas(struct vaapi_convert *convert, struct canvas *canvas)
{
	void *data;
	int err;

	canvas->derived = vaDeriveImage(convert->va, convert->target, &canvas->image) ==
			VA_STATUS_SUCCESS;
	if (canvas->derived && canvas->image.format.fourcc != VA_FOURCC_NV12) {
		vaDestroyImage(convert->va, canvas->image.image_id);
		canvas->derived = false;
	}
	if (!canvas->derived) {
		err = create_image(convert, canvas);
		if (err)
			return err;
	}
	if (is_whole(&canvas->image, convert->width, convert->height))
		err = vaapi_result(vaMapBuffer(convert->va, canvas->image.buf, &data), "vaMapBuffer");
	else
		err = -EIO;
	if (err) {
		vaDestroyImage(convert->va, canvas->image.image_id);
		return err;
	}
	canvas->nv12 = (struct colour_nv12){
		.luma = (uint8_t *)data + canvas->image.offsets[0],
		.chroma = (uint8_t *)data + canvas->image.offsets[1],
		.luma_stride_bytes = canvas->image.pitches[0],
		.chroma_stride_bytes = canvas->image.pitches[1],
		.width = convert->width,
		.height = convert->height,
	};
	return 0;
}

static int close_canvas(struct vaapi_convert *convert, struct canvas *canvas, bool filled)
{
	int err = vaapi_result(vaUnmapBuffer(convert->va, canvas->image.buf), "vaUnmapBuffer");

	if (!err && filled && !canvas->derived)
		err = vaapi_result(
				vaPutImage(convert->va, convert->target, canvas->image.image_id, 0,
						0, convert->width, convert->height, 0, 0,
						convert->width, convert->height),
				"vaPutImage");
	vaDestroyImage(convert->va, canvas->image.image_id);
	return err;
}

static int make_room(struct vaapi_scratch *scratch, size_t bytes)
{
	uint8_t *data;

	if (scratch->bytes >= bytes)
		return 0;
	data = realloc(scratch->data, bytes);
	if (!data)
		return -ENOMEM;
	*scratch = (struct vaapi_scratch){ data, bytes };
	return 0;
}

static int detile(struct vaapi_convert *convert, const struct frame *frame,
		const struct packet_box *box, struct colour_rgb *ret)
{
	const struct detile_picture picture = {
		.layout = detile_find(frame->modifier),
		.data = frame->data,
		.bytes = frame->data_bytes,
		.stride_bytes = frame->planes[0].stride,
		.width = frame->width,
		.height = frame->height,
	};
	const struct detile_box from = { box->x, box->y, box->width, box->height };
	size_t stride = (size_t)box->width * 4, bytes = stride * box->height;
	int err = picture.layout ? detile_check(&picture) : -ENOTSUP;

	if (err)
		return -ENOTSUP;
	err = make_room(&convert->scratch, bytes);
	if (err)
		return err;
	ret->data = convert->scratch.data;
	ret->stride_bytes = stride;
	return detile_copy(&picture, &from, convert->scratch.data, stride);
}

/* The box as a linear picture. Who makes frames has checked them; what a guest says is checked twice. */
static int find_pixels(struct vaapi_convert *convert, const struct frame *frame,
		const struct packet_box *box, struct colour_rgb *ret)
{
	const struct vaapi_format *format = vaapi_format_find(frame->fourcc);

	uint64_t row;

	if (!frame->data || !format || !colour_knows(frame->fourcc))
		return -ENOTSUP;
	row = (uint64_t)frame->width * format->bytes_per_pixel;
	*ret = (struct colour_rgb){ .width = box->width, .height = box->height, .fourcc = frame->fourcc };
	if (frame->modifier != DRM_FORMAT_MOD_LINEAR)
		return format->bytes_per_pixel == 4 ? detile(convert, frame, box, ret) : -ENOTSUP;
	if (frame->planes[0].stride < row || !frame->height ||
			frame->planes[0].stride * (uint64_t)(frame->height - 1) + row > frame->data_bytes)
		return -ENOTSUP;
	ret->data = frame->data + (size_t)box->y * frame->planes[0].stride +
			(size_t)box->x * format->bytes_per_pixel;
	ret->stride_bytes = frame->planes[0].stride;
	return 0;
}

/* The same picture as large as the target. */
static int scale(struct vaapi_convert *convert, struct colour_rgb *pixels)
{
	int err = make_room(&convert->scaled, (size_t)convert->width * 4 * convert->height);

	if (!err)
		err = rescale_rgb(pixels, convert->scaled.data, convert->width, convert->height);
	if (err)
		return err;
	pixels->data = convert->scaled.data;
	pixels->stride_bytes = (size_t)convert->width * 4;
	pixels->width = convert->width;
	pixels->height = convert->height;
	return 0;
}

static int compute(struct vaapi_convert *convert, const struct frame *frame,
		const struct packet_box *box, bool scales)
{
	struct colour_rgb pixels;
	struct colour_box all;
	struct canvas canvas;
	int err, closed;

	err = find_pixels(convert, frame, box, &pixels);
	if (!err && scales)
		err = scale(convert, &pixels);
	if (!err)
		err = open_canvas(convert, &canvas);
	if (err)
		return err;
	all = (struct colour_box){ .width = pixels.width, .height = pixels.height };
	err = colour_to_nv12(&pixels, &all, COLOUR_BT709, COLOUR_LIMITED, &canvas.nv12);
	closed = close_canvas(convert, &canvas, !err);
	/* The canvas and the driver's numbers do not go together. */
	if (err)
		return -EIO;
	return closed;
}

int vaapi_convert_run(struct vaapi_convert *convert, struct frame *frame,
		const struct packet_box *box, VASurfaceID source)
{
	bool scales = convert->width != ((box->width + 1) & ~1u) ||
			convert->height != ((box->height + 1) & ~1u);
	VARectangle region = source_region(convert, frame, box);
	/* Processing would stretch an odd picture's last pixels over all of it. */
	bool exact = region.width == convert->width && region.height == convert->height;
	int err;

	if (source != VA_INVALID_SURFACE && (exact || scales || !frame->data))
		return process(convert, frame, &region, source);
	if (!frame->data)
		return -ENOTSUP;
	err = frame_begin_read(frame);
	if (err)
		return -EACCES;
	err = compute(convert, frame, box, scales);
	frame_end_read(frame);
	return err;
}
