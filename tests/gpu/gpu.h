/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of gpu_noop.h. All but gpu_files.c's calls are under its lock. */
#ifndef PLANECAST_TESTS_GPU_H
#define PLANECAST_TESTS_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Numbers of a kernel driver's calls, behind DRM_COMMAND_BASE. */
#define GPU_COMMANDS 0x60

/* A driver of the kernel's. */
struct gpu_kernel {
	const char *name, *date, *description;
	int major, minor;
	uint16_t vendor;
	/* Among its devices; false: there is none such. */
	bool (*choose)(const char *device);
	uint16_t (*pci_id)(void);
	/* By number. As the kernel's: 0 or negative errno. */
	int (*const *answers)(void *data);
};

extern const struct gpu_kernel gpu_i915, gpu_amdgpu;

/* The chosen device's. NULL: no node. */
const struct gpu_kernel *gpu_kernel(void);

/*
 * The node's memory: one sparse file, in which each object has its place, and whose descriptor the node's
 * is; so an object is mapped by mapping the node. -1: there is none yet.
 */
int gpu_memory(void);
int gpu_memory_open(void);
/* Whether that is the node. */
bool gpu_is_node(int fd);

/* One that drivers see by its handle. */
struct gpu_object {
	bool live;
	uint64_t start, bytes; /* in the memory, or in the file that is imported */
	uint32_t tiling, stride;
	/* Of another's file; ino 0: it is none. */
	dev_t dev;
	ino_t ino;
	unsigned int uses;
};

int gpu_object_new(uint64_t bytes, uint32_t *ret_handle, struct gpu_object **ret);
/* NULL: no such handle. */
struct gpu_object *gpu_object_find(uint32_t handle);
int gpu_object_close(uint32_t handle);
int gpu_object_import(int fd, uint32_t *ret_handle);

/* Whether a CPU may; somebody else's it may not, which is counted. */
int gpu_object_touch(const struct gpu_object *object);

/* A submission, and what it refers to. */
void gpu_execute_begin(uint64_t flags);
void gpu_execute_refer(struct gpu_object *object);

int gpu_answer(unsigned long request, void *data);

#endif
