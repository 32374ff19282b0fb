/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GPUs' own drivers on one that is not there (tests/gpu/gpu_noop.h), and what stands between the encode module
 * and libva: headers are looked for in what drivers submit, pictures of no bytes become some if wanted.
 *
 * Drivers keep state that they never let go of, and abort: each trial is a process of its own, forked before
 * any driver was loaded, so that equal trials have equal addresses. In there gpu_must() takes the place of
 * cmocka's assertions.
 */
#ifndef PLANECAST_TESTS_GPU_RIG_H
#define PLANECAST_TESTS_GPU_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <va/va.h>
#include <va/va_enc_h264.h>

struct frame;
struct vaapi_caps;

struct gpu_row {
	const char *driver, *device; /* as libva and tests/gpu/ name them */
	const char *entrypoint;
	uint32_t memory; /* by which it imports, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_*; 0: not at all */
	uint32_t fourcc; /* in DRM's words, of what it imports; there may be others */
	uint32_t n_dirty; /* rectangles that it takes */
	bool own_headers; /* it takes none, and writes them itself; bookworm's */
};

/* Of a picture's headers, as the module gave them to libva. */
struct gpu_header {
	uint8_t bytes[256];
	size_t count; /* the last one may have begun only */
	unsigned int needle;
};

#define GPU_RIG_HEADERS_MAX 48

/* What drivers are told of a picture. */
struct gpu_params {
	VAEncPictureParameterBufferH264 picture;
	VAEncSliceParameterBufferH264 slice;
};

/*
 * The picture that is so many behind its IDR picture, and the next one of the process after the one that was checked
 * last, to which it has to refer.
 */
void gpu_params_check(const struct gpu_params *params, uint32_t number, int qp, uint32_t mbs);

struct gpu_rig {
	/* Set by tests. */
	bool answers; /* pictures are said to have been coded */
	bool reversed; /* what belongs to one picture goes before its parameters */
	bool self_reference; /* pictures are told to refer to themselves, not to the one before */
	/* Filled in. */
	unsigned int complaints; /* lines of the log that warn */
	char complaint[200]; /* the last one */
	struct gpu_header headers[GPU_RIG_HEADERS_MAX];
	unsigned int n_headers;
	unsigned int dirty; /* buffers with dirty rectangles */
	struct gpu_params params; /* as the module gave them, of the last picture */
};

/* The process'. */
extern struct gpu_rig gpu_rig;

typedef void (*gpu_trial)(const struct gpu_row *row, uintptr_t argument, uint64_t *ret);

/* Runs it on that driver and device, in a process that has to end well. Returns what it filled in, or 0. */
uint64_t gpu_rig_try(const struct gpu_row *row, gpu_trial trial, uintptr_t argument);

/*
 * Needles: the quantiser of a stream, if no other stream has that; the sequence parameter set that Mesa writes for such
 * a size, which says nothing of colours.
 */
unsigned int gpu_mesa_seek_qp(int qp);
unsigned int gpu_mesa_seek_sps(uint32_t width, uint32_t height);
/* Ours, as it writes that, which has longer vectors. */
unsigned int gpu_mesa_seek_our_sps(const struct vaapi_caps *caps, uint32_t width, uint32_t height);

#define gpu_must(condition) gpu_must_at(condition, __FILE__, __LINE__, #condition)
void gpu_must_at(bool condition, const char *file, int line, const char *what);

/* A guest's buffer which the kernel lets no CPU of this process read or map: its descriptor is write-only. */
struct frame *gpu_rig_frame(uint32_t width, uint32_t height, uint32_t fourcc, uint64_t modifier);

#endif
