// SPDX-License-Identifier: GPL-2.0-or-later
/* Profiles, attributes and configurations. */
#include "encoders/softva/caps.h"

#include "encoders/softva/driver.h"
#include "encoders/softva/formats.h"

#include <stdlib.h>
#include <va/va_drmcommon.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ENCODE_PACKED                                                                              \
	(VA_ENC_PACKED_HEADER_SEQUENCE | VA_ENC_PACKED_HEADER_PICTURE |                            \
			VA_ENC_PACKED_HEADER_SLICE | VA_ENC_PACKED_HEADER_MISC |                   \
			VA_ENC_PACKED_HEADER_RAW_DATA)
#define ENCODE_RATE_CONTROL (VA_RC_CQP | VA_RC_CBR | VA_RC_VBR | VA_RC_ICQ)

static const VAConfigAttrib process_attribs[] = {
	{ VAConfigAttribRTFormat,
			VA_RT_FORMAT_YUV420 | VA_RT_FORMAT_RGB16 | VA_RT_FORMAT_RGB32 |
					VA_RT_FORMAT_RGB32_10 },
};

static const VAConfigAttrib encode_attribs[] = {
	{ VAConfigAttribRTFormat, VA_RT_FORMAT_YUV420 },
	{ VAConfigAttribRateControl, ENCODE_RATE_CONTROL },
	{ VAConfigAttribEncPackedHeaders, ENCODE_PACKED },
	{ VAConfigAttribEncInterlaced, VA_ENC_INTERLACED_NONE },
	/* One past picture, none to come: no B slices. */
	{ VAConfigAttribEncMaxRefFrames, 1 },
	{ VAConfigAttribEncMaxSlices, CAPS_SLICES_MAX },
	/* All slices but the last have equally many rows: those that x264 can be told of. */
	{ VAConfigAttribEncSliceStructure,
			VA_ENC_SLICE_STRUCTURE_POWER_OF_TWO_ROWS |
					VA_ENC_SLICE_STRUCTURE_EQUAL_ROWS |
					VA_ENC_SLICE_STRUCTURE_EQUAL_MULTI_ROWS },
	{ VAConfigAttribMaxPictureWidth, CAPS_ENCODE_WIDTH_MAX },
	{ VAConfigAttribMaxPictureHeight, CAPS_ENCODE_HEIGHT_MAX },
	{ VAConfigAttribEncQualityRange, CAPS_QUALITY_LEVELS },
	/* Each has a difference of QP (bit 9), in every kind of rate control. */
	{ VAConfigAttribEncROI, CAPS_REGIONS_MAX | 1u << 9 },
	{ VAConfigAttribEncDirtyRect, CAPS_REGIONS_MAX },
};

#define ENCODE(name) \
	{ \
		VAProfileH264##name, VAEntrypointEncSlice, encode_attribs, COUNT(encode_attribs), \
		CAPS_ENCODE_SIZE_MIN, CAPS_ENCODE_WIDTH_MAX, \
		CAPS_ENCODE_SIZE_MIN, CAPS_ENCODE_HEIGHT_MAX \
	}

/* One entrypoint for each profile. */
static const struct caps table[] = {
	{ VAProfileNone, VAEntrypointVideoProc, process_attribs, COUNT(process_attribs), 1,
			FORMATS_SIZE_MAX, 1, FORMATS_SIZE_MAX },
	ENCODE(ConstrainedBaseline),
	ENCODE(Main),
	ENCODE(High),
};

_Static_assert(COUNT(table) <= CAPS_PROFILES_MAX && COUNT(encode_attribs) <= CAPS_ATTRIBS_MAX,
		"limits told to libva");

static VAStatus find(VAProfile profile, VAEntrypoint entrypoint, const struct caps **ret)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		if (table[i].profile != profile)
			continue;
		if (table[i].entrypoint != entrypoint)
			return VA_STATUS_ERROR_UNSUPPORTED_ENTRYPOINT;
		*ret = &table[i];
		return VA_STATUS_SUCCESS;
	}
	return VA_STATUS_ERROR_UNSUPPORTED_PROFILE;
}

static uint32_t attrib_value(const struct caps *caps, VAConfigAttribType type)
{
	for (unsigned int i = 0; i < caps->n_attribs; i++)
		if (caps->attribs[i].type == type)
			return caps->attribs[i].value;
	return VA_ATTRIB_NOT_SUPPORTED;
}

VAStatus caps_query_profiles(VADriverContextP va, VAProfile *profiles, int *ret_count)
{
	(void)va;
	for (size_t i = 0; i < COUNT(table); i++)
		profiles[i] = table[i].profile;
	*ret_count = (int)COUNT(table);
	return VA_STATUS_SUCCESS;
}

VAStatus caps_query_entrypoints(
		VADriverContextP va, VAProfile profile, VAEntrypoint *entrypoints, int *ret_count)
{
	(void)va;
	for (size_t i = 0; i < COUNT(table); i++) {
		if (table[i].profile == profile) {
			entrypoints[0] = table[i].entrypoint;
			*ret_count = 1;
			return VA_STATUS_SUCCESS;
		}
	}
	return VA_STATUS_ERROR_UNSUPPORTED_PROFILE;
}

VAStatus caps_get_attributes(VADriverContextP va, VAProfile profile, VAEntrypoint entrypoint,
		VAConfigAttrib *attribs, int count)
{
	const struct caps *caps;
	VAStatus status = find(profile, entrypoint, &caps);

	(void)va;
	if (status != VA_STATUS_SUCCESS)
		return status;
	for (int i = 0; i < count; i++)
		attribs[i].value = attrib_value(caps, attribs[i].type);
	return VA_STATUS_SUCCESS;
}

static VAStatus choose(struct driver *driver, struct config *config, const VAConfigAttrib *wish)
{
	uint32_t can = attrib_value(config->caps, wish->type);
	bool possible = can != VA_ATTRIB_NOT_SUPPORTED && !(wish->value & ~can);

	switch (wish->type) {
	case VAConfigAttribRTFormat:
		if (!possible || !wish->value)
			return driver_refuse(driver, VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT,
					"configuration: surface format %#x", wish->value);
		config->rt_format = wish->value;
		return VA_STATUS_SUCCESS;
	case VAConfigAttribRateControl:
		/* One of them. */
		possible = possible && wish->value && !(wish->value & (wish->value - 1));
		config->rate_control = wish->value;
		break;
	case VAConfigAttribEncPackedHeaders:
		config->packed_headers = wish->value;
		break;
	case VAConfigAttribEncInterlaced:
	case VAConfigAttribEncSliceStructure:
		break;
	default: /* only to be read */
		possible = can != VA_ATTRIB_NOT_SUPPORTED && wish->value == can;
	}
	if (possible)
		return VA_STATUS_SUCCESS;
	return driver_refuse(driver, VA_STATUS_ERROR_INVALID_VALUE,
			"configuration: attribute %d with value %#x", (int)wish->type, wish->value);
}

VAStatus caps_create_config(VADriverContextP va, VAProfile profile, VAEntrypoint entrypoint,
		VAConfigAttrib *attribs, int count, VAConfigID *ret_config)
{
	struct driver *driver = driver_of(va);
	struct config chosen = { 0 }, *config;
	VAStatus status = find(profile, entrypoint, &chosen.caps);
	int err;

	if (status != VA_STATUS_SUCCESS)
		return status;
	if (count < 0 || (count && !attribs))
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	chosen.rt_format = attrib_value(chosen.caps, VAConfigAttribRTFormat);
	chosen.rate_control = VA_RC_CQP;
	chosen.packed_headers = VA_ENC_PACKED_HEADER_NONE;
	for (int i = 0; i < count; i++) {
		status = choose(driver, &chosen, &attribs[i]);
		if (status != VA_STATUS_SUCCESS)
			return status;
	}
	config = malloc(sizeof(*config));
	if (!config)
		return VA_STATUS_ERROR_ALLOCATION_FAILED;
	*config = chosen;
	driver_lock(driver);
	err = objects_add(&driver->objects, OBJECTS_CONFIG, config, ret_config);
	driver_unlock(driver);
	if (err)
		free(config);
	return driver_status(err);
}

VAStatus caps_destroy_config(VADriverContextP va, VAConfigID id)
{
	struct driver *driver = driver_of(va);
	struct config *config;

	/* Contexts made of it have copies. */
	driver_lock(driver);
	config = objects_remove(&driver->objects, OBJECTS_CONFIG, id);
	driver_unlock(driver);
	free(config);
	return config ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_CONFIG;
}

static VAStatus find_config(struct driver *driver, VAConfigID id, struct config *ret)
{
	const struct config *config;

	driver_lock(driver);
	config = objects_find(&driver->objects, OBJECTS_CONFIG, id);
	if (config)
		*ret = *config;
	driver_unlock(driver);
	return config ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_CONFIG;
}

VAStatus caps_query_config(VADriverContextP va, VAConfigID id, VAProfile *ret_profile,
		VAEntrypoint *ret_entrypoint, VAConfigAttrib *attribs, int *ret_count)
{
	struct config config;
	VAStatus status = find_config(driver_of(va), id, &config);

	if (status != VA_STATUS_SUCCESS)
		return status;
	*ret_profile = config.caps->profile;
	*ret_entrypoint = config.caps->entrypoint;
	*ret_count = (int)config.caps->n_attribs;
	for (unsigned int i = 0; i < config.caps->n_attribs; i++) {
		attribs[i] = config.caps->attribs[i];
		if (attribs[i].type == VAConfigAttribRTFormat)
			attribs[i].value = config.rt_format;
		if (attribs[i].type == VAConfigAttribRateControl)
			attribs[i].value = config.rate_control;
		if (attribs[i].type == VAConfigAttribEncPackedHeaders)
			attribs[i].value = config.packed_headers;
	}
	return VA_STATUS_SUCCESS;
}

#define SURFACE_ATTRIBS_MAX 32

static void add_attrib(VASurfaceAttrib *list, unsigned int *count, VASurfaceAttribType type,
		uint32_t flags, VAGenericValueType kind, int value)
{
	list[*count] = (VASurfaceAttrib){ .type = type, .flags = flags, .value.type = kind };
	if (kind == VAGenericValueTypeInteger)
		list[*count].value.value.i = value;
	++*count;
}

static unsigned int list_surface_attribs(const struct config *config, VASurfaceAttrib *list)
{
	const uint32_t both = VA_SURFACE_ATTRIB_GETTABLE | VA_SURFACE_ATTRIB_SETTABLE;
	const struct caps *caps = config->caps;
	const struct format *format;
	unsigned int count = 0;

	for (unsigned int i = 0; (format = formats_at(i)); i++)
		if (format->drm && format->rt_format & config->rt_format)
			add_attrib(list, &count, VASurfaceAttribPixelFormat, both,
					VAGenericValueTypeInteger, (int)format->fourcc);
	add_attrib(list, &count, VASurfaceAttribMinWidth, VA_SURFACE_ATTRIB_GETTABLE,
			VAGenericValueTypeInteger, caps->width_min);
	add_attrib(list, &count, VASurfaceAttribMaxWidth, VA_SURFACE_ATTRIB_GETTABLE,
			VAGenericValueTypeInteger, caps->width_max);
	add_attrib(list, &count, VASurfaceAttribMinHeight, VA_SURFACE_ATTRIB_GETTABLE,
			VAGenericValueTypeInteger, caps->height_min);
	add_attrib(list, &count, VASurfaceAttribMaxHeight, VA_SURFACE_ATTRIB_GETTABLE,
			VAGenericValueTypeInteger, caps->height_max);
	add_attrib(list, &count, VASurfaceAttribMemoryType, both, VAGenericValueTypeInteger,
			VA_SURFACE_ATTRIB_MEM_TYPE_VA | VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME |
					VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2);
	add_attrib(list, &count, VASurfaceAttribExternalBufferDescriptor,
			VA_SURFACE_ATTRIB_SETTABLE, VAGenericValueTypePointer, 0);
	return count;
}

VAStatus caps_query_surface_attributes(
		VADriverContextP va, VAConfigID id, VASurfaceAttrib *attribs, unsigned int *count)
{
	VASurfaceAttrib list[SURFACE_ATTRIBS_MAX];
	struct config config;
	VAStatus status = find_config(driver_of(va), id, &config);
	unsigned int room;

	if (status != VA_STATUS_SUCCESS)
		return status;
	if (!count)
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	room = *count;
	*count = list_surface_attribs(&config, list);
	if (!attribs)
		return VA_STATUS_SUCCESS;
	if (*count > room)
		return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
	for (unsigned int i = 0; i < *count; i++)
		attribs[i] = list[i];
	return VA_STATUS_SUCCESS;
}
