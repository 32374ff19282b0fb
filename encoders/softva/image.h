/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images: how clients bring pixels to surfaces and take them from there, by copy or
 * (derived) in place. In libva's table.
 */
#ifndef PLANECAST_SOFTVA_IMAGE_H
#define PLANECAST_SOFTVA_IMAGE_H

#include "encoders/softva/driver.h"

#define IMAGE_FORMATS_MAX 20

VAStatus image_query_formats(VADriverContextP va, VAImageFormat *formats, int *ret_count);
VAStatus image_create(VADriverContextP va, VAImageFormat *format, int width, int height,
		VAImage *ret_image);
VAStatus image_derive(VADriverContextP va, VASurfaceID surface, VAImage *ret_image);
VAStatus image_destroy(VADriverContextP va, VAImageID id);
VAStatus image_get(VADriverContextP va, VASurfaceID surface, int x, int y, unsigned int width,
		unsigned int height, VAImageID id);
VAStatus image_put(VADriverContextP va, VASurfaceID surface, VAImageID id, int src_x, int src_y,
		unsigned int src_width, unsigned int src_height, int dst_x, int dst_y,
		unsigned int dst_width, unsigned int dst_height);

/* Takes an image out of the tables, with the driver's lock. */
void image_free(struct driver *driver, void *image);

#endif
