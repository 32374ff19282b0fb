/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames' memory as VA-API surfaces, without a copy. A guest shows a few buffers in
 * turn, so each is imported once and its surface hangs on the frame from then on.
 *
 * Two sides: the loop hangs an import, still empty, on the frame that it submits; the
 * encode thread fills it, while it holds the frame. Frames may go on any thread, and
 * before or after the display: surfaces of frames that are gone wait to be destroyed by
 * the encode thread.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_IMPORT_H
#define PLANECAST_ENCODERS_VAAPI_IMPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <va/va.h>

struct frame;
struct vaapi_caps;
struct vaapi_import;
struct vaapi_imports;

/* A frame's format as VA-API names it; there are tiled layouts of those with 4 bytes only. */
struct vaapi_format {
	uint32_t drm, va;
	uint32_t rt; /* VA_RT_FORMAT_* */
	uint8_t bytes_per_pixel;
	uint32_t twin; /* in DRM's words the same with alpha, or without; 0: there is none */
};

const struct vaapi_format *vaapi_format_find(uint32_t drm);
const struct vaapi_format *vaapi_format_table(unsigned int *ret_count);

/* wake: there is a surface to destroy; any thread, under a lock of the imports: it may not call back. */
int vaapi_imports_new(void (*wake)(void *user), void *user, struct vaapi_imports **ret);
/* Those that hang on frames stay, and what they need. NULL is fine. Loop or encode thread. */
void vaapi_imports_unref(struct vaapi_imports *imports);
/* No wake() is called after this has returned. */
void vaapi_imports_mute(struct vaapi_imports *imports);

/* The frame's, made if it has none. Loop thread. NULL: no memory. */
struct vaapi_import *vaapi_imports_attach(struct vaapi_imports *imports, struct frame *frame);

/*
 * The frame's surface, borrowed. -ENOTSUP: it has none and will not get one with this
 * display: no dma-buf, a format or layout that the driver does not take, a
 * buffer smaller than its geometry. Encode thread, with a reference of the frame.
 */
int vaapi_import_surface(struct vaapi_import *import, VADisplay va, const struct vaapi_caps *caps,
		const struct frame *frame, VASurfaceID *ret);

/* Destroys surfaces whose frames are gone. Encode thread. */
void vaapi_imports_reap(struct vaapi_imports *imports, VADisplay va);
/* Destroys all of them: the display goes, frames may stay. Encode thread. */
void vaapi_imports_close(struct vaapi_imports *imports, VADisplay va);

#endif
