// SPDX-License-Identifier: GPL-2.0-or-later
/* Profiles, attributes, formats and limits of a VA-API display. */
#include "encoders/vaapi_caps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <va/va_drmcommon.h>

#include "encoders/vaapi_call.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where a driver says nothing of its limits: what the least of them can do. */
#define SIZE_MIN_DEFAULT 32
#define SIZE_MAX_DEFAULT 1920

#define PACKED_WANTED                                                                              \
	(VA_ENC_PACKED_HEADER_SEQUENCE | VA_ENC_PACKED_HEADER_PICTURE | VA_ENC_PACKED_HEADER_SLICE)

struct name {
	int value;
	const char *name;
};

/* Best first, for what has the effort for free; the thrifty begin at the other end. */
static const struct name profiles[] = {
	{ VAProfileH264High, "High" },
	{ VAProfileH264Main, "Main" },
	{ VAProfileH264ConstrainedBaseline, "ConstrainedBaseline" },
};

/* The shaders' way, then that of fixed functions. */
static const struct name entrypoints[] = {
	{ VAEntrypointEncSlice, "EncSlice" },
	{ VAEntrypointEncSliceLP, "EncSliceLP" },
};

static const char *find_name(const struct name *names, size_t count, int value)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].value == value)
			return names[i].name;
	return "none";
}

const char *vaapi_caps_profile_name(const struct vaapi_caps *caps)
{
	return find_name(profiles, COUNT(profiles), caps->profile);
}

const char *vaapi_caps_entrypoint_name(const struct vaapi_caps *caps)
{
	return find_name(entrypoints, COUNT(entrypoints), caps->entrypoint);
}

bool vaapi_caps_has_format(const struct vaapi_caps *caps, uint32_t fourcc)
{
	for (unsigned int i = 0; i < caps->n_formats; i++)
		if (caps->formats[i] == fourcc)
			return true;
	return false;
}

static bool has_entrypoint(VADisplay va, VAProfile profile, VAEntrypoint wanted)
{
	int room = vaMaxNumEntrypoints(va), count = 0;
	VAEntrypoint *list = room > 0 ? calloc((size_t)room, sizeof(*list)) : NULL;
	bool found = false;

	if (list && vaQueryConfigEntrypoints(va, profile, list, &count) == VA_STATUS_SUCCESS)
		for (int i = 0; i < count && i < room; i++)
			found = found || list[i] == wanted;
	free(list);
	return found;
}

static uint32_t or_else(const VAConfigAttrib *attrib, uint32_t otherwise)
{
	return attrib->value == VA_ATTRIB_NOT_SUPPORTED ? otherwise : attrib->value;
}

/* Whether the pair encodes as we need it; what it can do is filled in. */
static bool try_pair(
		VADisplay va, VAProfile profile, VAEntrypoint entrypoint, struct vaapi_caps *caps)
{
	enum { RT_FORMAT, RATE_CONTROL, PACKED, DIRTY, WIDTH, HEIGHT };
	VAConfigAttrib attribs[] = {
		[RT_FORMAT] = { .type = VAConfigAttribRTFormat },
		[RATE_CONTROL] = { .type = VAConfigAttribRateControl },
		[PACKED] = { .type = VAConfigAttribEncPackedHeaders },
		[DIRTY] = { .type = VAConfigAttribEncDirtyRect },
		[WIDTH] = { .type = VAConfigAttribMaxPictureWidth },
		[HEIGHT] = { .type = VAConfigAttribMaxPictureHeight },
	};

	if (!has_entrypoint(va, profile, entrypoint) ||
			vaGetConfigAttributes(va, profile, entrypoint, attribs, COUNT(attribs)) !=
					VA_STATUS_SUCCESS)
		return false;
	caps->rate_control = or_else(&attribs[RATE_CONTROL], 0);
	if (!(or_else(&attribs[RT_FORMAT], 0) & VA_RT_FORMAT_YUV420) ||
			!(caps->rate_control & VA_RC_CQP))
		return false;
	caps->profile = profile;
	caps->entrypoint = entrypoint;
	caps->packed = or_else(&attribs[PACKED], 0) & PACKED_WANTED;
	caps->n_dirty = or_else(&attribs[DIRTY], 0);
	caps->width_max = or_else(&attribs[WIDTH], 0);
	caps->height_max = or_else(&attribs[HEIGHT], 0);
	return true;
}

static bool choose_pair(VADisplay va, struct vaapi_caps *caps)
{
	for (size_t i = 0; i < COUNT(profiles); i++) {
		size_t index = caps->thrifty ? COUNT(profiles) - 1 - i : i;

		for (size_t j = 0; j < COUNT(entrypoints); j++)
			if (try_pair(va, (VAProfile)profiles[index].value,
					    (VAEntrypoint)entrypoints[j].value, caps))
				return true;
	}
	return false;
}

/* Of surfaces for such a configuration; freed by the caller. */
static int query_surfaces(VADisplay va, VAProfile profile, VAEntrypoint entrypoint,
		VASurfaceAttrib **ret, unsigned int *ret_count)
{
	VASurfaceAttrib *list = NULL;
	unsigned int count = 0;
	VAConfigID config;
	int err = vaapi_result(vaCreateConfig(va, profile, entrypoint, NULL, 0, &config),
			"vaCreateConfig");

	if (err)
		return err;
	err = vaapi_result(vaQuerySurfaceAttributes(va, config, NULL, &count),
			"vaQuerySurfaceAttributes");
	if (!err) {
		/* One more, so that none is no special case. */
		list = calloc(count + 1, sizeof(*list));
		err = list ? vaapi_result(vaQuerySurfaceAttributes(va, config, list, &count),
				"vaQuerySurfaceAttributes")
			   : -ENOMEM;
	}
	vaDestroyConfig(va, config);
	if (err) {
		free(list);
		return err;
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

static void lower(uint32_t *limit, int32_t to)
{
	if (to > 0 && (!*limit || (uint32_t)to < *limit))
		*limit = (uint32_t)to;
}

static int query_encode_limits(VADisplay va, struct vaapi_caps *caps)
{
	VASurfaceAttrib *list;
	unsigned int count;
	int err = query_surfaces(va, caps->profile, caps->entrypoint, &list, &count);

	if (err)
		return err;
	for (unsigned int i = 0; i < count; i++) {
		int32_t value = list[i].value.value.i;

		if (list[i].type == VASurfaceAttribMinWidth && value > 0)
			caps->width_min = (uint32_t)value;
		if (list[i].type == VASurfaceAttribMinHeight && value > 0)
			caps->height_min = (uint32_t)value;
		if (list[i].type == VASurfaceAttribMaxWidth)
			lower(&caps->width_max, value);
		if (list[i].type == VASurfaceAttribMaxHeight)
			lower(&caps->height_max, value);
	}
	free(list);
	if (!caps->width_min)
		caps->width_min = SIZE_MIN_DEFAULT;
	if (!caps->height_min)
		caps->height_min = SIZE_MIN_DEFAULT;
	if (!caps->width_max)
		caps->width_max = SIZE_MAX_DEFAULT;
	if (!caps->height_max)
		caps->height_max = SIZE_MAX_DEFAULT;
	return 0;
}

/* Whatever goes wrong here only means that there is no processing. */
static void query_process(VADisplay va, struct vaapi_caps *caps)
{
	VASurfaceAttrib *list;
	unsigned int count;

	if (!has_entrypoint(va, VAProfileNone, VAEntrypointVideoProc) ||
			query_surfaces(va, VAProfileNone, VAEntrypointVideoProc, &list, &count))
		return;
	caps->process = true;
	for (unsigned int i = 0; i < count; i++) {
		uint32_t value = (uint32_t)list[i].value.value.i;

		if (list[i].type == VASurfaceAttribMemoryType)
			caps->memory_types = value;
		if (list[i].type == VASurfaceAttribPixelFormat && caps->n_formats < VAAPI_FORMATS_MAX)
			caps->formats[caps->n_formats++] = value;
	}
	free(list);
}

/* What VA-API has no words for depends on who wrote the driver. */
static bool is_of(const struct vaapi_caps *caps, const char *vendor)
{
	return !strncmp(caps->vendor, vendor, strlen(vendor));
}

int vaapi_caps_query(VADisplay va, bool thrifty, struct vaapi_caps *ret)
{
	struct vaapi_caps caps = { .thrifty = thrifty };
	const char *vendor = vaQueryVendorString(va);
	int err;

	snprintf(caps.vendor, sizeof(caps.vendor), "%s", vendor ? vendor : "unnamed");
	if (!choose_pair(va, &caps))
		return -ENOTSUP;
	err = query_encode_limits(va, &caps);
	if (err)
		return err;
	query_process(va, &caps);
	caps.stream_qp = !caps.packed && is_of(&caps, "Mesa Gallium ");
	caps.tilings = is_of(&caps, "Intel ") || is_of(&caps, "planecast ");
	*ret = caps;
	return 0;
}
