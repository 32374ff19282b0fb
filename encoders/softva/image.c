// SPDX-License-Identifier: GPL-2.0-or-later
/* Images, and the copies between them and surfaces. */
#include "encoders/softva/image.h"

#include "encoders/softva/buffer.h"
#include "encoders/softva/pixels.h"
#include "encoders/softva/queue.h"
#include "encoders/softva/source.h"
#include "encoders/softva/surface.h"

#include <errno.h>
#include <stdlib.h>

struct image {
	const struct format *format;
	uint32_t width, height;
	struct layout layout;
	VABufferID buffer;
};

VAStatus image_query_formats(VADriverContextP va, VAImageFormat *formats, int *ret_count)
{
	const struct format *format;
	int count;

	(void)va;
	for (count = 0; (format = formats_at((unsigned int)count)); count++)
		formats_describe(format, &formats[count]);
	*ret_count = count;
	return VA_STATUS_SUCCESS;
}

/* With the lock. */
static int add_image(struct driver *driver, const struct image *wanted, struct surface *surface,
		VAImage *ret)
{
	struct image *image = malloc(sizeof(*image));
	VAImage described = {
		.width = (uint16_t)wanted->width,
		.height = (uint16_t)wanted->height,
		.data_size = (uint32_t)wanted->layout.bytes,
		.num_planes = wanted->format->n_planes,
	};
	int err;

	if (!image)
		return -ENOMEM;
	*image = *wanted;
	err = buffer_add_image(driver, image->layout.bytes, surface, &image->buffer);
	if (err) {
		free(image);
		return err;
	}
	err = objects_add(&driver->objects, OBJECTS_IMAGE, image, &described.image_id);
	if (err) {
		image_free(driver, image);
		return err;
	}
	formats_describe(image->format, &described.format);
	described.buf = image->buffer;
	for (unsigned int i = 0; i < image->format->n_planes; i++) {
		described.offsets[i] = (uint32_t)image->layout.offset_bytes[i];
		described.pitches[i] = image->layout.pitch_bytes[i];
	}
	*ret = described;
	return 0;
}

VAStatus image_create(VADriverContextP va, VAImageFormat *format, int width, int height,
		VAImage *ret_image)
{
	struct driver *driver = driver_of(va);
	struct image image = { 0 };
	VAStatus status;

	if (!format || !ret_image)
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	image.format = formats_find(format->fourcc);
	if (!image.format)
		return driver_refuse(driver, VA_STATUS_ERROR_INVALID_IMAGE_FORMAT,
				"image of format %#x", format->fourcc);
	if (width < 1 || height < 1 || width > FORMATS_SIZE_MAX || height > FORMATS_SIZE_MAX)
		return driver_refuse(driver, VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED,
				"image of %dx%d", width, height);
	image.width = (uint32_t)width;
	image.height = (uint32_t)height;
	formats_lay_out(image.format, image.width, image.height, &image.layout);
	driver_lock(driver);
	status = driver_status(add_image(driver, &image, NULL, ret_image));
	driver_unlock(driver);
	return status;
}

VAStatus image_derive(VADriverContextP va, VASurfaceID id, VAImage *ret_image)
{
	struct driver *driver = driver_of(va);
	struct surface *surface;
	VAStatus status;

	if (!ret_image)
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	driver_lock(driver);
	surface = surface_find(driver, id);
	if (!surface) {
		status = VA_STATUS_ERROR_INVALID_SURFACE;
	} else if (!surface_is_linear(surface) || !surface->memory.writable) {
		status = driver_refuse(driver, VA_STATUS_ERROR_OPERATION_FAILED,
				"deriving an image of a surface that is tiled or not writable");
	} else {
		const struct image image = {
			.format = surface->format,
			.width = surface->width,
			.height = surface->height,
			.layout = surface->layout,
		};

		status = driver_status(add_image(driver, &image, surface, ret_image));
	}
	driver_unlock(driver);
	return status;
}

void image_free(struct driver *driver, void *data)
{
	struct image *image = data;

	buffer_remove(driver, image->buffer);
	free(image);
}

VAStatus image_destroy(VADriverContextP va, VAImageID id)
{
	struct driver *driver = driver_of(va);
	struct image *image;

	driver_lock(driver);
	image = objects_remove(&driver->objects, OBJECTS_IMAGE, id);
	if (image)
		image_free(driver, image);
	driver_unlock(driver);
	return image ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_IMAGE;
}

/* A copy that is being made; holds what it touches. */
struct copy {
	struct surface *surface;
	struct buffer *buffer;
	const struct memory *derived; /* of another surface, which the image is, and is not mapped; NULL: it is not */
	struct picture picture; /* the image's */
	struct pixels_box in_image, in_surface;
};

static bool is_inside(const struct pixels_box *box, const struct format *format, uint32_t width,
		uint32_t height)
{
	if (!box->width || !box->height || box->x >= width || box->y >= height ||
			box->width > width - box->x || box->height > height - box->y)
		return false;
	if (formats_is_rgb(format))
		return true;
	/* Pairs stay together, but for the last one of an odd picture. */
	return !((box->x | box->y) & 1) && (!(box->width & 1) || box->x + box->width == width) &&
			(!(box->height & 1) || box->y + box->height == height);
}

static VAStatus begin(struct driver *driver, VASurfaceID surface_id, VAImageID image_id,
		struct copy *copy)
{
	struct surface *surface = surface_find(driver, surface_id);
	const struct image *image = objects_find(&driver->objects, OBJECTS_IMAGE, image_id);

	if (!surface)
		return VA_STATUS_ERROR_INVALID_SURFACE;
	if (!image)
		return VA_STATUS_ERROR_INVALID_IMAGE;
	if (!is_inside(&copy->in_image, image->format, image->width, image->height) ||
			!is_inside(&copy->in_surface, surface->format, surface->width,
					surface->height) ||
			formats_is_rgb(image->format) != formats_is_rgb(surface->format))
		return driver_refuse(driver, VA_STATUS_ERROR_INVALID_PARAMETER,
				"copy of %ux%u at %u,%u of a surface (%ux%u) with an image (%ux%u) at %u,%u",
				copy->in_surface.width, copy->in_surface.height, copy->in_surface.x,
				copy->in_surface.y, surface->width, surface->height, image->width,
				image->height, copy->in_image.x, copy->in_image.y);
	copy->surface = surface;
	copy->buffer = buffer_find(driver, image->buffer);
	copy->picture = (struct picture){
		.format = image->format, .width = image->width, .height = image->height
	};
	for (unsigned int i = 0; i < image->format->n_planes; i++) {
		copy->picture.planes[i] = copy->buffer->data + image->layout.offset_bytes[i];
		copy->picture.pitch_bytes[i] = image->layout.pitch_bytes[i];
	}
	surface_ref(surface);
	buffer_ref(copy->buffer);
	queue_wait_surface(driver, surface, VA_TIMEOUT_INFINITE);
	if (copy->buffer->surface)
		queue_wait_surface(driver, copy->buffer->surface, VA_TIMEOUT_INFINITE);
	if (copy->buffer->surface && !copy->buffer->maps)
		copy->derived = &copy->buffer->surface->memory;
	return VA_STATUS_SUCCESS;
}

static void end(struct copy *copy)
{
	buffer_unref(copy->buffer);
	surface_unref(copy->surface);
}

static int run_get(const struct copy *copy)
{
	struct picture to = pixels_crop(&copy->picture, &copy->in_image), from;
	struct source source;
	int err = source_open(copy->surface, &copy->in_surface, &source, &from);

	if (err)
		return err;
	err = pixels_convert(&from, &to, NULL);
	source_close(&source);
	return err;
}

static int run_put(const struct copy *copy)
{
	struct picture all = surface_picture(copy->surface);
	struct picture to = pixels_crop(&all, &copy->in_surface);
	struct picture from = pixels_crop(&copy->picture, &copy->in_image);
	int err = memory_begin_access(&copy->surface->memory, true), ended;

	if (err)
		return err;
	err = pixels_convert(&from, &to, NULL);
	ended = memory_end_access(&copy->surface->memory, true);
	return err ? err : ended;
}

static VAStatus run(const struct copy *copy, int (*run_it)(const struct copy *copy))
{
	int err = copy->derived ? memory_begin_access(copy->derived, true) : 0, ended;

	if (err)
		return driver_status(err);
	err = run_it(copy);
	ended = copy->derived ? memory_end_access(copy->derived, true) : 0;
	return driver_status(err ? err : ended);
}

VAStatus image_get(VADriverContextP va, VASurfaceID surface, int x, int y, unsigned int width,
		unsigned int height, VAImageID id)
{
	struct driver *driver = driver_of(va);
	struct copy copy = {
		.in_image = { .width = width, .height = height },
		.in_surface = { .x = (uint32_t)x,
				.y = (uint32_t)y,
				.width = width,
				.height = height },
	};
	VAStatus status;

	driver_lock(driver);
	status = begin(driver, surface, id, &copy);
	if (status == VA_STATUS_SUCCESS) {
		driver_unlock(driver);
		status = run(&copy, run_get);
		driver_lock(driver);
		end(&copy);
	}
	driver_unlock(driver);
	return status;
}

VAStatus image_put(VADriverContextP va, VASurfaceID surface, VAImageID id, int src_x, int src_y,
		unsigned int src_width, unsigned int src_height, int dst_x, int dst_y,
		unsigned int dst_width, unsigned int dst_height)
{
	struct driver *driver = driver_of(va);
	struct copy copy = {
		.in_image = { .x = (uint32_t)src_x,
				.y = (uint32_t)src_y,
				.width = src_width,
				.height = src_height },
		.in_surface = { .x = (uint32_t)dst_x,
				.y = (uint32_t)dst_y,
				.width = dst_width,
				.height = dst_height },
	};
	VAStatus status;

	if (src_width != dst_width || src_height != dst_height)
		return driver_refuse(driver, VA_STATUS_ERROR_INVALID_PARAMETER,
				"vaPutImage() does not scale here");
	driver_lock(driver);
	status = begin(driver, surface, id, &copy);
	if (status == VA_STATUS_SUCCESS) {
		driver_unlock(driver);
		if (surface_is_linear(copy.surface) && copy.surface->memory.writable)
			status = run(&copy, run_put);
		else
			status = driver_refuse(driver, VA_STATUS_ERROR_INVALID_SURFACE,
					"vaPutImage() to a surface that is tiled or not writable");
		driver_lock(driver);
		end(&copy);
	}
	driver_unlock(driver);
	return status;
}
