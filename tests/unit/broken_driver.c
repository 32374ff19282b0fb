// SPDX-License-Identifier: GPL-2.0-or-later
/* A driver that wraps the software driver's functions and spoils what they do. */
#include "tests/unit/broken_driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <va/va_backend.h>
#include <va/va_drmcommon.h>
#include <va/va_vpp.h>

__attribute__((visibility("default"))) struct broken_driver broken_driver;
__attribute__((visibility("default"))) VAStatus __vaDriverInit_1_0(VADriverContextP va);

static const char *const names[BROKEN_FAULTS] = { "", "hang", "crash", "error", "overflow", "greedy",
	"empty", "garbage", "small", "unprocessed", "old", "init", "unsynced",
	"endless", "outside", "wilful", "yuv" };

/* Of the driver inside; the same for all displays. */
static struct VADriverVTable inner;
static atomic_uint coded; /* the buffer that was waited for last */

static void pause_shortly(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void set_fault(const char *name)
{
	int fault = BROKEN_NOT;

	for (int i = 1; i < BROKEN_FAULTS; i++)
		if (!strcmp(name, names[i]))
			fault = i;
	atomic_store(&broken_driver.fault, fault);
}

static bool is_probe(void)
{
	char line[4096] = "";
	FILE *file = fopen("/proc/self/cmdline", "re");
	size_t bytes = file ? fread(line, 1, sizeof(line) - 1, file) : 0;

	if (file)
		fclose(file);
	return bytes && memmem(line, bytes, "--probe-encoder", strlen("--probe-encoder"));
}

static void obey_orders(void)
{
	const char *directory = getenv(BROKEN_DRIVER_ORDERS_ENV);
	char path[512], order[32] = "", *space;
	FILE *file;

	if (!directory)
		return;
	snprintf(path, sizeof(path), "%s/%s", directory, is_probe() ? "probe" : "worker");
	file = fopen(path, "re");
	if (file) {
		order[fread(order, 1, sizeof(order) - 1, file)] = '\0';
		fclose(file);
	}
	space = strchr(order, ' ');
	if (space) {
		*space = '\0';
		atomic_store(&broken_driver.pictures, 1);
		unlink(path);
	}
	set_fault(order);
}

/* The fault for this picture, if that is the one. */
static int take_fault(void)
{
	int fault;

	obey_orders();
	fault = atomic_load(&broken_driver.fault);

	if (fault && atomic_load(&broken_driver.pictures) &&
			atomic_fetch_sub(&broken_driver.pictures, 1) == 1)
		atomic_store(&broken_driver.fault, BROKEN_NOT);
	return fault;
}

static atomic_int fault_of_picture;

static VAStatus sync_buffer(VADriverContextP va, VABufferID buffer, uint64_t timeout_ns)
{
	int fault = take_fault();

	atomic_store(&fault_of_picture, fault);
	atomic_store(&coded, buffer);
	atomic_fetch_add(&broken_driver.waited, 1);
	while (fault == BROKEN_HANG && atomic_load(&broken_driver.fault) == BROKEN_HANG) {
		pause_shortly();
		obey_orders();
	}
	if (fault == BROKEN_CRASH || (fault && atomic_load(&broken_driver.fault) == BROKEN_CRASH))
		abort();
	if (fault == BROKEN_ERROR)
		return VA_STATUS_ERROR_OPERATION_FAILED;
	if (fault == BROKEN_UNSYNCED)
		return VA_STATUS_ERROR_UNIMPLEMENTED;
	return inner.vaSyncBuffer(va, buffer, timeout_ns);
}

static VAStatus map_buffer(VADriverContextP va, VABufferID buffer, void **data)
{
	VAStatus status = inner.vaMapBuffer(va, buffer, data);
	VACodedBufferSegment *segment;

	if (status != VA_STATUS_SUCCESS || buffer != atomic_load(&coded))
		return status;
	segment = *data;
	switch (atomic_load(&fault_of_picture)) {
	case BROKEN_OVERFLOW:
		segment->status |= VA_CODED_BUF_STATUS_SLICE_OVERFLOW_MASK;
		break;
	case BROKEN_GREEDY:
		segment->size = UINT32_MAX;
		break;
	case BROKEN_EMPTY:
		segment->size = 0;
		break;
	case BROKEN_ENDLESS:
		segment->size = 1;
		segment->next = segment;
		break;
	case BROKEN_GARBAGE:
		memset(segment->buf, 0x55, segment->size);
		break;
	}
	return status;
}

static VAStatus get_attributes(VADriverContextP va, VAProfile profile, VAEntrypoint entrypoint,
		VAConfigAttrib *attribs, int count)
{
	VAStatus status = inner.vaGetConfigAttributes(va, profile, entrypoint, attribs, count);

	for (int i = 0; i < count && broken_driver.fault == BROKEN_WILFUL; i++)
		if (attribs[i].type == VAConfigAttribEncPackedHeaders)
			attribs[i].value = VA_ENC_PACKED_HEADER_NONE;
	for (int i = 0; i < count && broken_driver.fault == BROKEN_SMALL; i++) {
		if (attribs[i].type == VAConfigAttribMaxPictureWidth)
			attribs[i].value = 320;
		if (attribs[i].type == VAConfigAttribMaxPictureHeight)
			attribs[i].value = 240;
	}
	return status;
}

static VAStatus query_entrypoints(
		VADriverContextP va, VAProfile profile, VAEntrypoint *entrypoints, int *count)
{
	if (profile == VAProfileNone && broken_driver.fault == BROKEN_UNPROCESSED)
		return VA_STATUS_ERROR_UNSUPPORTED_PROFILE;
	return inner.vaQueryConfigEntrypoints(va, profile, entrypoints, count);
}

static VAStatus query_surface_attributes(VADriverContextP va, VAConfigID config,
		VASurfaceAttrib *attribs, unsigned int *count)
{
	VAStatus status = inner.vaQuerySurfaceAttributes(va, config, attribs, count);

	for (unsigned int i = 0; attribs && i < *count && broken_driver.fault == BROKEN_OLD; i++)
		if (attribs[i].type == VASurfaceAttribMemoryType)
			attribs[i].value.value.i = VA_SURFACE_ATTRIB_MEM_TYPE_VA |
					VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME;
	for (unsigned int i = 0; attribs && i < *count && broken_driver.fault == BROKEN_YUV; i++)
		if (attribs[i].type == VASurfaceAttribPixelFormat &&
				attribs[i].value.value.i == VA_FOURCC_BGRA)
			attribs[i].value.value.i = VA_FOURCC_YUY2;
	return status;
}

static VAStatus create_surfaces(VADriverContextP va, unsigned int format, unsigned int width,
		unsigned int height, VASurfaceID *surfaces, unsigned int n_surfaces,
		VASurfaceAttrib *attribs, unsigned int n_attribs)
{
	for (unsigned int i = 0; i < n_attribs; i++) {
		if (attribs[i].type != VASurfaceAttribMemoryType)
			continue;
		if (attribs[i].value.value.i == VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME)
			atomic_fetch_add(&broken_driver.imported, 1);
		if (attribs[i].value.value.i == VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2) {
			atomic_fetch_add(&broken_driver.imported_2, 1);
			if (broken_driver.fault == BROKEN_OLD)
				n_attribs = 0;
		}
	}
	if (format == VA_RT_FORMAT_YUV422 && broken_driver.fault == BROKEN_YUV) {
		format = VA_RT_FORMAT_YUV420;
		n_attribs = 0;
	}
	return inner.vaCreateSurfaces2(
			va, format, width, height, surfaces, n_surfaces, attribs, n_attribs);
}

static VAStatus create_buffer(VADriverContextP va, VAContextID context, VABufferType type, unsigned int size,
		unsigned int count, void *data, VABufferID *ret)
{
	const VAProcPipelineParameterBuffer *params = data;

	if (type == VAProcPipelineParameterBufferType && params) {
		atomic_store(&broken_driver.source_standard, params->surface_color_standard);
		atomic_store(&broken_driver.source_range, params->input_color_properties.color_range);
	}
	return inner.vaCreateBuffer(va, context, type, size, count, data, ret);
}

static VAStatus destroy_surfaces(VADriverContextP va, VASurfaceID *surfaces, int count)
{
	atomic_fetch_add(&broken_driver.destroyed, count);
	return inner.vaDestroySurfaces(va, surfaces, count);
}

/* Each time in another way. */
static VAStatus spoil_image(VAStatus status, VAImage *image)
{
	static atomic_uint way;

	if (status != VA_STATUS_SUCCESS || broken_driver.fault != BROKEN_OUTSIDE)
		return status;
	switch (atomic_fetch_add(&way, 1) % 4) {
	case 0:
		image->data_size--;
		break;
	case 1:
		image->pitches[0] = image->width - 1;
		break;
	case 2:
		image->pitches[1] = UINT32_MAX;
		break;
	default:
		image->offsets[1] = UINT32_MAX;
	}
	return status;
}

static VAStatus derive_image(VADriverContextP va, VASurfaceID surface, VAImage *image)
{
	atomic_fetch_add(&broken_driver.derived, 1);
	if (broken_driver.fault == BROKEN_UNSYNCED)
		return VA_STATUS_ERROR_OPERATION_FAILED;
	return spoil_image(inner.vaDeriveImage(va, surface, image), image);
}

static VAStatus create_image(
		VADriverContextP va, VAImageFormat *format, int width, int height, VAImage *image)
{
	return spoil_image(inner.vaCreateImage(va, format, width, height, image), image);
}

static void read_environment(void)
{
	const char *name = getenv(BROKEN_DRIVER_ENV);

	if (name)
		set_fault(name);
	obey_orders();
}

/* Displays may be opened while others are in use. */
static void keep_inner(const struct VADriverVTable *vtable)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool kept;

	pthread_mutex_lock(&lock);
	if (!kept)
		inner = *vtable;
	kept = true;
	pthread_mutex_unlock(&lock);
}

VAStatus __vaDriverInit_1_0(VADriverContextP va)
{
	/* Kept: what it handed out points into it. */
	void *library = dlopen(INNER_DRIVER, RTLD_NOW | RTLD_LOCAL);
	VAStatus (*init)(VADriverContextP) = NULL;
	VAStatus status;

	if (library)
		*(void **)&init = dlsym(library, "__vaDriverInit_1_0");
	if (!init)
		return VA_STATUS_ERROR_UNKNOWN;
	read_environment();
	/* Some do that. */
	printf("broken driver loaded\n");
	fflush(stdout);
	while (broken_driver.fault == BROKEN_INIT)
		pause_shortly();
	status = init(va);
	if (status != VA_STATUS_SUCCESS)
		return status;
	keep_inner(va->vtable);
	va->vtable->vaSyncBuffer = sync_buffer;
	va->vtable->vaMapBuffer = map_buffer;
	va->vtable->vaGetConfigAttributes = get_attributes;
	va->vtable->vaQueryConfigEntrypoints = query_entrypoints;
	va->vtable->vaQuerySurfaceAttributes = query_surface_attributes;
	va->vtable->vaCreateSurfaces2 = create_surfaces;
	va->vtable->vaCreateBuffer = create_buffer;
	va->vtable->vaDestroySurfaces = destroy_surfaces;
	va->vtable->vaDeriveImage = derive_image;
	va->vtable->vaCreateImage = create_image;
	return VA_STATUS_SUCCESS;
}
