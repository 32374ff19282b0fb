/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VA-API display can do of what we need: one profile and entrypoint to encode
 * H.264 with, and how pictures get there. Asked, never assumed.
 *
 * Read-only once made. Any thread that may block.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_CAPS_H
#define PLANECAST_ENCODERS_VAAPI_CAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <va/va.h>

#define VAAPI_FORMATS_MAX 64

struct vaapi_caps {
	char vendor[128];
	VAProfile profile;
	VAEntrypoint entrypoint;
	uint32_t rate_control; /* VA_RC_*; CQP is among them */
	uint32_t packed; /* VA_ENC_PACKED_HEADER_* that we write and the driver takes */
	/*
	 * The quantiser is a stream's, which its first picture's parameters say; those of slices, and later ones,
	 * are not looked at: Mesa before it took headers.
	 */
	bool stream_qp;
	uint32_t n_dirty; /* rectangles that can be said to have changed; 0: none */
	uint32_t width_min, height_min, width_max, height_max; /* of what is encoded */
	bool process; /* has video processing: formats and memory types are its */
	uint32_t memory_types; /* VA_SURFACE_ATTRIB_MEM_TYPE_* */
	/* Intel's tilings, which other GPUs' drivers import without an error, and take for something else. */
	bool tilings;
	uint32_t formats[VAAPI_FORMATS_MAX]; /* VA_FOURCC_* */
	unsigned int n_formats;
	/*
	 * CPUs do the work: what costs much and helps little is left out.
	 */
	bool thrifty;
};

/* -ENOTSUP: it cannot encode H.264 as we need it; -EIO, -ENOMEM. */
int vaapi_caps_query(VADisplay va, bool thrifty, struct vaapi_caps *ret);
bool vaapi_caps_has_format(const struct vaapi_caps *caps, uint32_t fourcc);

/* "High", "EncSlice". */
const char *vaapi_caps_profile_name(const struct vaapi_caps *caps);
const char *vaapi_caps_entrypoint_name(const struct vaapi_caps *caps);

#endif
