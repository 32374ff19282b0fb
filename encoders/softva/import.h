/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attributes of vaCreateSurfaces(): which pixel format, and whose memory.
 */
#ifndef PLANECAST_SOFTVA_IMPORT_H
#define PLANECAST_SOFTVA_IMPORT_H

#include "encoders/softva/surface.h"

struct import {
	const struct format *format;
	uint32_t width, height;
	uint32_t memory_type; /* VA_SURFACE_ATTRIB_MEM_TYPE_*, one */
	const void *descriptor;
};

/* What a client asks for. The descriptor stays the client's. */
VAStatus import_read_attribs(struct driver *driver, unsigned int rt_format, uint32_t width,
		uint32_t height, const VASurfaceAttrib *attribs, unsigned int n_attribs,
		struct import *ret);
static inline bool import_is_foreign(const struct import *import)
{
	return import->descriptor != NULL;
}
/* The memory of the client's surface number index, into a surface with nothing in it. */
VAStatus import_memory(struct driver *driver, const struct import *import, unsigned int index,
		unsigned int count, struct surface *surface);

#endif
