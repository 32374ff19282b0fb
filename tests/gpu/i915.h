/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of i915_noop.h. All but i915_files.c's calls are under its lock. */
#ifndef PLANECAST_TESTS_I915_H
#define PLANECAST_TESTS_I915_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <i915_drm.h>

struct i915_device {
	const char *name;
	uint16_t pci_id;
	uint8_t graphics; /* the generation, as in Gen9 */
	uint8_t subslices, eus_per_subslice;
	uint8_t video_engines;
	bool shares_cache; /* with the CPU */
};

/* NULL: no node. */
const struct i915_device *i915_device(void);

/*
 * The node's memory: one sparse file, in which each object has its place, and whose descriptor the node's
 * is; so an object is mapped by mapping the node. -1: there is none yet.
 */
int i915_memory(void);
int i915_memory_open(void);
/* Whether that is the node. */
bool i915_is_node(int fd);

/* One that drivers see by its handle. */
struct i915_object {
	bool live;
	uint64_t start, bytes; /* in the memory, or in the file that is imported */
	uint32_t tiling, stride;
	/* Of another's file; ino 0: it is none. */
	dev_t dev;
	ino_t ino;
	unsigned int uses;
};

int i915_object_new(uint64_t bytes, uint32_t *ret_handle, struct i915_object **ret);
/* NULL: no such handle. */
struct i915_object *i915_object_find(uint32_t handle);
int i915_object_close(uint32_t handle);
int i915_object_import(int fd, uint32_t *ret_handle);

/* Whether a CPU may; somebody else's it may not, which is counted. */
int i915_object_touch(const struct i915_object *object);

/* Answers, as the kernel's: 0 or negative errno. */
int i915_answer_getparam(drm_i915_getparam_t *param);
int i915_answer_query(struct drm_i915_query *query);
int i915_answer_execute(struct drm_i915_gem_execbuffer2 *execute);
int i915_answer(unsigned long request, void *data);

#endif
