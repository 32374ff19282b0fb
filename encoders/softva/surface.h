/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Surfaces: pictures that clients name by number. Ours, or a client's memory
 * imported. With the driver's lock where nothing else is said; what does not change
 * (format, size, memory, layout) may be read without.
 */
#ifndef PLANECAST_SOFTVA_SURFACE_H
#define PLANECAST_SOFTVA_SURFACE_H

#include "encoders/softva/driver.h"
#include "encoders/softva/formats.h"
#include "encoders/softva/memory.h"

struct use;

struct surface {
	unsigned int refs;
	const struct format *format;
	uint32_t width, height;
	struct memory memory;
	struct layout layout;
	struct use *uses; /* of jobs that have not ended, the oldest first */
	VAStatus outcome; /* of the last job that did */
};

/* NULL: no such surface. */
struct surface *surface_find(struct driver *driver, VASurfaceID id);
void surface_ref(struct surface *surface);
void surface_unref(struct surface *surface);

bool surface_is_linear(const struct surface *surface);
/* All of a linear one. */
struct picture surface_picture(const struct surface *surface);

/* In libva's table. */
VAStatus surface_create(VADriverContextP va, int width, int height, int rt_format, int count,
		VASurfaceID *ret_surfaces);
VAStatus surface_create_with(VADriverContextP va, unsigned int rt_format, unsigned int width,
		unsigned int height, VASurfaceID *ret_surfaces, unsigned int count,
		VASurfaceAttrib *attribs, unsigned int n_attribs);
VAStatus surface_destroy(VADriverContextP va, VASurfaceID *surfaces, int count);
VAStatus surface_sync(VADriverContextP va, VASurfaceID id);
VAStatus surface_sync_for(VADriverContextP va, VASurfaceID id, uint64_t timeout_ns);
VAStatus surface_query_status(VADriverContextP va, VASurfaceID id, VASurfaceStatus *ret_status);
VAStatus surface_export(VADriverContextP va, VASurfaceID id, uint32_t memory_type, uint32_t flags,
		void *ret_descriptor);

#endif
