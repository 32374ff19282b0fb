/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A render node of Intel's or AMD's, /dev/dri/renderD128, that is not there: the calls of libc by which drivers get
 * at it are answered in the process, as the kernel's i915 or amdgpu does, but what is submitted for execution is
 * looked at and not executed. Debian's own drivers run on it unmodified, of any generation that they know.
 *
 * Linked into a program, or preloaded (gpu_noop.so); without GPU_NOOP_DEVICE in the environment, or
 * gpu_noop_choose(), there is no such node. Handles are the process', not the open file's. Drivers find
 * that all is done at once and nothing came of it. Any thread.
 */
#ifndef PLANECAST_TESTS_GPU_NOOP_H
#define PLANECAST_TESTS_GPU_NOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GPU_NOOP_NODE "/dev/dri/renderD128"
#define GPU_NOOP_NEEDLES_MAX 64

/* Before the node is opened; a name of the tables in i915_devices.c and amdgpu_devices.c. False: there is none such. */
bool gpu_noop_choose(const char *device);

/* What the kernel would say of a dma-buf that is imported from now on: I915_TILING_*. */
void gpu_noop_set_tiling(uint32_t tiling);

/* How often that file became an object of the GPU, and how often one that was executed referred to it. */
unsigned int gpu_noop_imports(int fd);
unsigned int gpu_noop_uses(int fd);
/* How often a CPU was to read, write or map an object that is somebody else's file. */
unsigned int gpu_noop_touches(void);

/*
 * Bytes to look for in all memory that an execution refers to, when it is submitted, from now on. Copied.
 * Returns its number, for gpu_noop_found().
 */
unsigned int gpu_noop_seek(const void *bytes, size_t count);
bool gpu_noop_found(unsigned int needle);

unsigned int gpu_noop_executions(void);
/* Of all executions so far, of the memory they refer to and its contents; equal for equal histories. */
uint64_t gpu_noop_digest(void);

/* What drivers asked that is not answered; the last one's number in *ret_last. */
unsigned int gpu_noop_unanswered(uint32_t *ret_last);

#endif
