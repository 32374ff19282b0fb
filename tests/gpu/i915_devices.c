// SPDX-License-Identifier: GPL-2.0-or-later
/* Which GPUs of Intel's there are, and what the kernel says of them. */
#include <errno.h>
#include <string.h>

#include "tests/gpu/i915.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One slice each. From Gen12 on a subslice is what Intel calls a dual one. */
static const struct i915_device devices[] = {
	{ "sandybridge", 0x0122, 6, 1, 12, 1, true },
	{ "ivybridge", 0x0162, 7, 1, 16, 1, true },
	{ "haswell", 0x0412, 7, 2, 10, 1, true },
	{ "broadwell", 0x1616, 8, 3, 8, 1, true },
	{ "skylake", 0x1912, 9, 3, 8, 1, true },
	{ "apollolake", 0x5a84, 9, 3, 6, 1, false },
	{ "kabylake", 0x5912, 9, 3, 8, 1, true },
	{ "geminilake", 0x3184, 9, 3, 6, 1, false },
	{ "coffeelake", 0x3e92, 9, 3, 8, 1, true },
	{ "icelake", 0x8a52, 11, 8, 8, 2, true },
	{ "elkhartlake", 0x4571, 11, 4, 8, 1, false },
	{ "tigerlake", 0x9a49, 12, 6, 16, 2, true },
	{ "rocketlake", 0x4c8a, 12, 2, 16, 2, true },
	{ "alderlake-s", 0x4680, 12, 2, 16, 2, true },
	{ "alderlake-p", 0x46a6, 12, 6, 16, 2, true },
};

static const struct i915_device *chosen;

bool i915_choose(const char *device)
{
	for (size_t i = 0; i < COUNT(devices); i++)
		if (!strcmp(devices[i].name, device)) {
			chosen = &devices[i];
			return true;
		}
	return false;
}

uint16_t i915_pci_id(void)
{
	return chosen->pci_id;
}

const struct i915_device *i915_device(void)
{
	return chosen;
}

static uint32_t bits(unsigned int count)
{
	return (1u << count) - 1;
}

static int device_param(const struct i915_device *device, int32_t param, int *ret)
{
	switch (param) {
	case I915_PARAM_CHIPSET_ID:
		*ret = device->pci_id;
		return 0;
	case I915_PARAM_HAS_LLC:
		*ret = device->shares_cache;
		return 0;
	case I915_PARAM_HAS_BSD2:
		*ret = device->video_engines > 1;
		return 0;
	case I915_PARAM_HAS_VEBOX:
		*ret = device->graphics >= 8 || device->pci_id == 0x0412;
		return 0;
	case I915_PARAM_HAS_EXEC_SOFTPIN:
		*ret = device->graphics >= 8;
		return 0;
	case I915_PARAM_SLICE_MASK:
		*ret = 1;
		return 0;
	case I915_PARAM_SUBSLICE_MASK:
		*ret = (int)bits(device->subslices);
		return 0;
	case I915_PARAM_SUBSLICE_TOTAL:
		*ret = device->subslices;
		return 0;
	case I915_PARAM_EU_TOTAL:
		*ret = device->subslices * device->eus_per_subslice;
		return 0;
	default:
		return -EINVAL;
	}
}

int i915_answer_getparam(drm_i915_getparam_t *param)
{
	/* What is neither here nor the device's it has. */
	static const struct {
		int32_t param;
		int value;
	} values[] = {
		{ I915_PARAM_HAS_OVERLAY, 0 },
		{ I915_PARAM_HAS_EXEC_CONSTANTS, 0 },
		{ I915_PARAM_HAS_SECURE_BATCHES, 0 },
		{ I915_PARAM_HAS_WT, 0 },
		{ I915_PARAM_HAS_RESOURCE_STREAMER, 0 },
		{ I915_PARAM_HAS_POOLED_EU, 0 },
		{ I915_PARAM_MIN_EU_IN_POOL, 0 },
		{ I915_PARAM_PERF_REVISION, 0 },
		/* Its firmware is not loaded, as on most hosts of the older generations. */
		{ I915_PARAM_HUC_STATUS, 0 },
		{ I915_PARAM_REVISION, 3 },
		{ I915_PARAM_NUM_FENCES_AVAIL, 32 },
		/* Each process has addresses of its own, of 48 bits. */
		{ I915_PARAM_HAS_ALIASING_PPGTT, 3 },
		{ I915_PARAM_CMD_PARSER_VERSION, 10 },
		{ I915_PARAM_MMAP_GTT_VERSION, 4 },
		{ I915_PARAM_CS_TIMESTAMP_FREQUENCY, 12000000 },
	};

	if (param->param < I915_PARAM_CHIPSET_ID || param->param > I915_PARAM_HAS_USERPTR_PROBE)
		return -EINVAL;
	if (!device_param(i915_device(), param->param, param->value))
		return 0;
	*param->value = 1;
	for (size_t i = 0; i < COUNT(values); i++)
		if (values[i].param == param->param)
			*param->value = values[i].value;
	return 0;
}

/* The kernel's way with items of varying size: it says it, or fills in what has it. */
static void fill_item(struct drm_i915_query_item *item, const void *data, size_t bytes)
{
	if (item->length && item->length < (int32_t)bytes) {
		item->length = -EINVAL;
		return;
	}
	if (item->length)
		memcpy((void *)(uintptr_t)item->data_ptr, data, bytes);
	item->length = (int32_t)bytes;
}

static void query_topology(const struct i915_device *device, struct drm_i915_query_item *item)
{
	union {
		struct drm_i915_query_topology_info info;
		uint8_t bytes[sizeof(struct drm_i915_query_topology_info) + 64];
	} answer = { .info = {
			.max_slices = 1,
			.max_subslices = device->subslices,
			.max_eus_per_subslice = device->eus_per_subslice,
			.subslice_offset = 1,
			.subslice_stride = 1,
			.eu_offset = 2,
			.eu_stride = (uint16_t)((device->eus_per_subslice + 7) / 8),
	} };
	uint8_t *data = answer.info.data;

	data[0] = 1;
	data[1] = (uint8_t)bits(device->subslices);
	for (unsigned int i = 0; i < device->subslices; i++)
		for (unsigned int j = 0; j < answer.info.eu_stride; j++)
			data[2 + i * answer.info.eu_stride + j] =
					(uint8_t)(bits(device->eus_per_subslice) >> 8 * j);
	fill_item(item, &answer, sizeof(answer.info) + 2 + (size_t)device->subslices * answer.info.eu_stride);
}

static void query_engines(const struct i915_device *device, struct drm_i915_query_item *item)
{
	enum { ENGINES_MAX = 8 };
	union {
		struct drm_i915_query_engine_info info;
		uint8_t bytes[sizeof(struct drm_i915_query_engine_info) +
				ENGINES_MAX * sizeof(struct drm_i915_engine_info)];
	} answer = { .info = { .num_engines = 0 } };
	const struct {
		uint16_t class;
		unsigned int count;
	} kinds[] = {
		{ I915_ENGINE_CLASS_RENDER, 1 },
		{ I915_ENGINE_CLASS_COPY, 1 },
		{ I915_ENGINE_CLASS_VIDEO, device->video_engines },
		{ I915_ENGINE_CLASS_VIDEO_ENHANCE, 1 },
	};

	for (size_t i = 0; i < COUNT(kinds); i++)
		for (unsigned int j = 0; j < kinds[i].count; j++) {
			struct drm_i915_engine_info *engine = &answer.info.engines[answer.info.num_engines++];

			*engine = (struct drm_i915_engine_info){
				.engine = { kinds[i].class, (uint16_t)j },
				.flags = I915_ENGINE_INFO_HAS_LOGICAL_INSTANCE,
				.logical_instance = (uint16_t)j,
			};
			if (kinds[i].class == I915_ENGINE_CLASS_VIDEO)
				engine->capabilities = I915_VIDEO_CLASS_CAPABILITY_HEVC |
						I915_VIDEO_AND_ENHANCE_CLASS_CAPABILITY_SFC;
			if (kinds[i].class == I915_ENGINE_CLASS_VIDEO_ENHANCE)
				engine->capabilities = I915_VIDEO_AND_ENHANCE_CLASS_CAPABILITY_SFC;
		}
	fill_item(item, &answer, sizeof(answer.info) + answer.info.num_engines * sizeof(answer.info.engines[0]));
}

int i915_answer_query(struct drm_i915_query *query)
{
	struct drm_i915_query_item *items = (void *)(uintptr_t)query->items_ptr;

	for (uint32_t i = 0; i < query->num_items; i++) {
		if (items[i].query_id == DRM_I915_QUERY_TOPOLOGY_INFO)
			query_topology(i915_device(), &items[i]);
		else if (items[i].query_id == DRM_I915_QUERY_ENGINE_INFO)
			query_engines(i915_device(), &items[i]);
		else
			items[i].length = -EINVAL;
	}
	return 0;
}
