/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the driver can do, as clients ask it: profiles, entrypoints, attributes, the
 * pixel formats and sizes of surfaces; and configurations, which clients choose of it.
 */
#ifndef PLANECAST_SOFTVA_CAPS_H
#define PLANECAST_SOFTVA_CAPS_H

#include <va/va_backend.h>

/* Level 6.2's largest picture. */
#define CAPS_ENCODE_WIDTH_MAX 8192
#define CAPS_ENCODE_HEIGHT_MAX 4352
#define CAPS_ENCODE_SIZE_MIN 16
#define CAPS_SLICES_MAX 128
#define CAPS_REGIONS_MAX 32 /* of interest, or dirty */
#define CAPS_QUALITY_LEVELS 7

struct caps {
	VAProfile profile;
	VAEntrypoint entrypoint;
	const VAConfigAttrib *attribs;
	unsigned int n_attribs;
	int width_min, width_max, height_min, height_max;
};

struct config {
	const struct caps *caps;
	uint32_t rate_control; /* one VA_RC_* */
	uint32_t packed_headers; /* which ones the client will send */
	uint32_t rt_format;
};

#define CAPS_PROFILES_MAX 4
#define CAPS_ENTRYPOINTS_MAX 1
#define CAPS_ATTRIBS_MAX 16

VAStatus caps_query_profiles(VADriverContextP va, VAProfile *profiles, int *ret_count);
VAStatus caps_query_entrypoints(
		VADriverContextP va, VAProfile profile, VAEntrypoint *entrypoints, int *ret_count);
VAStatus caps_get_attributes(VADriverContextP va, VAProfile profile, VAEntrypoint entrypoint,
		VAConfigAttrib *attribs, int count);
VAStatus caps_create_config(VADriverContextP va, VAProfile profile, VAEntrypoint entrypoint,
		VAConfigAttrib *attribs, int count, VAConfigID *ret_config);
VAStatus caps_destroy_config(VADriverContextP va, VAConfigID id);
VAStatus caps_query_config(VADriverContextP va, VAConfigID id, VAProfile *ret_profile,
		VAEntrypoint *ret_entrypoint, VAConfigAttrib *attribs, int *ret_count);
VAStatus caps_query_surface_attributes(
		VADriverContextP va, VAConfigID id, VASurfaceAttrib *attribs, unsigned int *count);

#endif
