/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the kernel's driver of Intel's GPUs. */
#ifndef PLANECAST_TESTS_I915_H
#define PLANECAST_TESTS_I915_H

#include <stdbool.h>
#include <stdint.h>

#include <i915_drm.h>

struct i915_device {
	const char *name;
	uint16_t pci_id;
	uint8_t graphics; /* the generation, as in Gen9 */
	uint8_t subslices, eus_per_subslice;
	uint8_t video_engines;
	bool shares_cache; /* with the CPU */
};

bool i915_choose(const char *device);
uint16_t i915_pci_id(void);
const struct i915_device *i915_device(void);

int i915_answer_getparam(drm_i915_getparam_t *param);
int i915_answer_query(struct drm_i915_query *query);

#endif
