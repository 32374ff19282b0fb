// SPDX-License-Identifier: GPL-2.0-or-later
/* The software VA-API driver's objects: displays, configurations, surfaces, images, buffers. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <drm_fourcc.h>
#include <va/va_drmcommon.h>

#include "encoders/va_display.h"
#include "tests/unit/softva_rig.h"

static void test_displays(void **state)
{
	struct va_display *display = NULL;

	assert_int_equal(va_display_new(NULL, NULL, &display), -EINVAL);
	assert_int_equal(va_display_new("/nowhere/renderD128", NULL, &display), -ENOENT);
	assert_int_equal(va_display_new("/dev/null", NULL, &display), -ENODEV);
	assert_int_equal(va_display_new(NULL, "nosuchdriver", &display), -ENODEV);
	assert_null(display);
	/* Whatever the environment asks for; and more than one at a time. */
	setenv("LIBVA_DRIVER_NAME", "nosuchdriver", 1);
	assert_int_equal(va_display_new(NULL, VA_DISPLAY_SOFTWARE, &display), 0);
	unsetenv("LIBVA_DRIVER_NAME");
	assert_ptr_not_equal(va_display_get(display), *state);
	assert_non_null(strstr(vaQueryVendorString(va_display_get(display)), "planecast"));
	va_display_free(display);
	va_display_free(NULL);
}

static void test_configurations(void **state)
{
	static const struct {
		VAConfigAttrib attrib;
		VAStatus status;
	} rows[] = {
		{ { VAConfigAttribRTFormat, VA_RT_FORMAT_YUV420 }, VA_STATUS_SUCCESS },
		{ { VAConfigAttribRTFormat, VA_RT_FORMAT_YUV444 },
				VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT },
		{ { VAConfigAttribRateControl, VA_RC_VBR }, VA_STATUS_SUCCESS },
		{ { VAConfigAttribRateControl, VA_RC_VBR | VA_RC_CBR },
				VA_STATUS_ERROR_INVALID_VALUE },
		{ { VAConfigAttribRateControl, VA_RC_VCM }, VA_STATUS_ERROR_INVALID_VALUE },
		{ { VAConfigAttribEncPackedHeaders, 0x20 }, VA_STATUS_ERROR_INVALID_VALUE },
		{ { VAConfigAttribEncInterlaced, VA_ENC_INTERLACED_FIELD },
				VA_STATUS_ERROR_INVALID_VALUE },
		{ { VAConfigAttribEncMaxRefFrames, 4 }, VA_STATUS_ERROR_INVALID_VALUE },
		{ { VAConfigAttribEncSkipFrame, 1 }, VA_STATUS_ERROR_INVALID_VALUE },
	};
	VADisplay va = *state;
	VAConfigID config;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		VAConfigAttrib attrib = rows[i].attrib, got[32];
		VAEntrypoint entrypoint;
		VAProfile profile;
		int count;

		config = VA_INVALID_ID;
		assert_int_equal(vaCreateConfig(va, VAProfileH264Main, VAEntrypointEncSlice,
						 &attrib, 1, &config),
				rows[i].status);
		if (rows[i].status != VA_STATUS_SUCCESS) {
			assert_int_equal(config, VA_INVALID_ID);
			continue;
		}
		assert_va(vaQueryConfigAttributes(va, config, &profile, &entrypoint, got, &count));
		assert_int_equal(profile, VAProfileH264Main);
		for (int j = 0; j < count; j++)
			if (got[j].type == attrib.type)
				assert_int_equal(got[j].value, attrib.value);
		assert_va(vaDestroyConfig(va, config));
		assert_int_equal(vaDestroyConfig(va, config), VA_STATUS_ERROR_INVALID_CONFIG);
	}
	assert_int_equal(vaCreateConfig(va, VAProfileHEVCMain, VAEntrypointEncSlice, NULL, 0,
					 &config),
			VA_STATUS_ERROR_UNSUPPORTED_PROFILE);
	assert_int_equal(vaCreateConfig(va, VAProfileH264High, VAEntrypointVLD, NULL, 0, &config),
			VA_STATUS_ERROR_UNSUPPORTED_ENTRYPOINT);
}

static void test_contexts(void **state)
{
	VADisplay va = *state;
	VASurfaceID surface = rig_surface(va, VA_FOURCC_NV12, 64, 64);
	VAContextID context;
	VAConfigID config;

	assert_va(vaCreateConfig(va, VAProfileH264High, VAEntrypointEncSlice, NULL, 0, &config));
	assert_int_equal(vaCreateContext(va, config + 1, 64, 64, 0, NULL, 0, &context),
			VA_STATUS_ERROR_INVALID_CONFIG);
	assert_int_equal(vaCreateContext(va, config, 8, 64, 0, NULL, 0, &context),
			VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED);
	assert_int_equal(vaCreateContext(va, config, 64, 8000, 0, NULL, 0, &context),
			VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED);
	assert_int_equal(vaCreateContext(va, config, 64, 64, 0x80, NULL, 0, &context),
			VA_STATUS_ERROR_FLAG_NOT_SUPPORTED);
	assert_va(vaCreateContext(va, config, 64, 64, VA_PROGRESSIVE, &surface, 1, &context));
	/* The context has its own copy. */
	assert_va(vaDestroyConfig(va, config));
	/* Calls in a wrong order. */
	assert_int_equal(vaEndPicture(va, context), VA_STATUS_ERROR_OPERATION_FAILED);
	assert_int_equal(vaRenderPicture(va, context, NULL, 0), VA_STATUS_ERROR_OPERATION_FAILED);
	assert_int_equal(vaBeginPicture(va, context, 1), VA_STATUS_ERROR_INVALID_SURFACE);
	assert_va(vaBeginPicture(va, context, surface));
	assert_int_equal(vaBeginPicture(va, context, surface), VA_STATUS_ERROR_OPERATION_FAILED);
	/* Of nothing there is no picture. */
	assert_int_equal(vaEndPicture(va, context), VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_int_equal(vaEndPicture(va, context), VA_STATUS_ERROR_OPERATION_FAILED);
	/* Gone with a picture begun, and its surface before it. */
	assert_va(vaBeginPicture(va, context, surface));
	assert_va(vaDestroySurfaces(va, &surface, 1));
	assert_va(vaDestroyContext(va, context));
	assert_int_equal(vaDestroyContext(va, context), VA_STATUS_ERROR_INVALID_CONTEXT);
	assert_int_equal(vaBeginPicture(va, context, surface), VA_STATUS_ERROR_INVALID_CONTEXT);
}

static void test_buffers(void **state)
{
	VADisplay va = *state;
	VABufferID buffer = VA_INVALID_ID, coded;
	VAContextID context;
	VAConfigID config;
	void *data;

	assert_va(vaCreateConfig(va, VAProfileH264High, VAEntrypointEncSlice, NULL, 0, &config));
	assert_va(vaCreateContext(va, config, 64, 64, 0, NULL, 0, &context));
	assert_int_equal(vaCreateBuffer(va, context + 1, VAEncCodedBufferType, 100, 1, NULL,
					 &buffer),
			VA_STATUS_ERROR_INVALID_CONTEXT);
	assert_int_equal(vaCreateBuffer(va, context, VAProcPipelineParameterBufferType, 100, 1,
					 NULL, &buffer),
			VA_STATUS_ERROR_UNSUPPORTED_BUFFERTYPE);
	assert_int_equal(vaCreateBuffer(va, context, VAEncCodedBufferType, 0, 1, NULL, &buffer),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_int_equal(vaCreateBuffer(va, context, VAEncCodedBufferType, UINT32_MAX, UINT32_MAX,
					 NULL, &buffer),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_int_equal(buffer, VA_INVALID_ID);

	assert_va(vaCreateBuffer(
			va, context, VAEncSliceParameterBufferType, 4, 3, "one two thre", &buffer));
	assert_va(vaBufferSetNumElements(va, buffer, 2));
	assert_int_equal(vaBufferSetNumElements(va, buffer, 4), VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_int_equal(vaUnmapBuffer(va, buffer), VA_STATUS_ERROR_INVALID_BUFFER);
	assert_va(vaMapBuffer(va, buffer, &data));
	assert_memory_equal(data, "one two ", 8);
	assert_int_equal(vaSyncBuffer(va, buffer, 0), VA_STATUS_ERROR_UNSUPPORTED_BUFFERTYPE);
	/* Also while it is mapped. */
	assert_va(vaDestroyBuffer(va, buffer));
	assert_int_equal(vaDestroyBuffer(va, buffer), VA_STATUS_ERROR_INVALID_BUFFER);
	assert_int_equal(vaMapBuffer(va, buffer, &data), VA_STATUS_ERROR_INVALID_BUFFER);

	assert_va(vaCreateBuffer(va, context, VAEncCodedBufferType, 100, 1, NULL, &coded));
	assert_va(vaSyncBuffer(va, coded, VA_TIMEOUT_INFINITE));
	assert_va(vaMapBuffer(va, coded, &data));
	assert_int_equal(((VACodedBufferSegment *)data)->size, 0);
	/* Left behind for vaTerminate(): the coded buffer, mapped, and the context. */
	assert_va(vaDestroyConfig(va, config));
}

static void test_handles_do_not_come_back(void **state)
{
	VADisplay va = *state;
	VASurfaceID first = rig_surface(va, VA_FOURCC_NV12, 32, 32), last = first;

	for (int i = 0; i < 100; i++) {
		assert_va(vaDestroySurfaces(va, &last, 1));
		last = rig_surface(va, VA_FOURCC_NV12, 32, 32);
		assert_int_not_equal(last, first);
		assert_int_equal(vaSyncSurface(va, first), VA_STATUS_ERROR_INVALID_SURFACE);
		assert_int_equal(vaDestroyBuffer(va, last), VA_STATUS_ERROR_INVALID_BUFFER);
	}
	assert_int_equal(vaDestroySurfaces(va, (VASurfaceID[]){ last, first }, 2),
			VA_STATUS_ERROR_INVALID_SURFACE);
	/* All or none. */
	assert_va(vaSyncSurface(va, last));
	assert_va(vaDestroySurfaces(va, &last, 1));
}

static VAImage make_image(VADisplay va, uint32_t fourcc, int width, int height)
{
	int count = vaMaxNumImageFormats(va);
	VAImageFormat *formats = calloc((size_t)count, sizeof(*formats));
	VAImage image = { .image_id = VA_INVALID_ID };

	assert_non_null(formats);
	assert_va(vaQueryImageFormats(va, formats, &count));
	for (int i = 0; i < count; i++)
		if (formats[i].fourcc == fourcc)
			assert_va(vaCreateImage(va, &formats[i], width, height, &image));
	free(formats);
	assert_int_not_equal(image.image_id, VA_INVALID_ID);
	return image;
}

/* Some bytes into an image, through a surface, and back into another. */
static void round_trip(VADisplay va, uint32_t image_fourcc, uint32_t surface_fourcc)
{
	VASurfaceID surface = rig_surface(va, surface_fourcc, 34, 18);
	VAImage in = make_image(va, image_fourcc, 34, 18),
		out = make_image(va, image_fourcc, 34, 18);
	uint8_t *from, *to;
	void *data;

	assert_va(vaMapBuffer(va, in.buf, &data));
	from = data;
	for (uint32_t i = 0; i < in.data_size; i++)
		from[i] = (uint8_t)(i * 7 + i / 251);
	assert_va(vaUnmapBuffer(va, in.buf));
	assert_va(vaPutImage(va, surface, in.image_id, 0, 0, 34, 18, 0, 0, 34, 18));
	assert_va(vaGetImage(va, surface, 0, 0, 34, 18, out.image_id));
	assert_va(vaMapBuffer(va, in.buf, &data));
	from = data;
	assert_va(vaMapBuffer(va, out.buf, &data));
	to = data;
	for (unsigned int plane = 0; plane < in.num_planes; plane++) {
		unsigned int rows = plane ? 9 : 18,
			     bytes = plane ? (in.num_planes == 2 ? 34 : 17) : 34;

		if (in.num_planes == 1)
			bytes = 34 * in.format.bits_per_pixel / 8;
		for (unsigned int y = 0; y < rows; y++)
			assert_memory_equal(to + out.offsets[plane] + y * out.pitches[plane],
					from + in.offsets[plane] + y * in.pitches[plane], bytes);
	}
	assert_va(vaDestroyImage(va, in.image_id));
	assert_va(vaDestroyImage(va, out.image_id));
	assert_va(vaDestroySurfaces(va, &surface, 1));
}

static void test_images(void **state)
{
	VADisplay va = *state;
	VASurfaceID surface = rig_surface(va, VA_FOURCC_NV12, 64, 48),
		    rgb = rig_surface(va, VA_FOURCC_BGRA, 64, 48);
	VAImage image = make_image(va, VA_FOURCC_NV12, 32, 32);
	uint32_t pixel = 0x11223344;
	struct rig_image derived;

	round_trip(va, VA_FOURCC_NV12, VA_FOURCC_NV12);
	round_trip(va, VA_FOURCC_I420, VA_FOURCC_NV12);
	round_trip(va, VA_FOURCC_YV12, VA_FOURCC_NV12);
	round_trip(va, VA_FOURCC_BGRA, VA_FOURCC_BGRA);
	round_trip(va, VA_FOURCC_RGBA, VA_FOURCC_ABGR);
	/* Outside, odd, of another kind, scaled. */
	assert_int_equal(vaGetImage(va, surface, 40, 0, 32, 32, image.image_id),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_int_equal(vaGetImage(va, surface, -2, 0, 32, 32, image.image_id),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_int_equal(vaGetImage(va, surface, 0, 0, 34, 32, image.image_id),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_int_equal(vaGetImage(va, surface, 1, 0, 16, 16, image.image_id),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_int_equal(vaGetImage(va, rgb, 0, 0, 16, 16, image.image_id),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_int_equal(vaPutImage(va, surface, image.image_id, 0, 0, 16, 16, 0, 0, 32, 32),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_va(vaGetImage(va, surface, 32, 16, 32, 32, image.image_id));
	/* A derived image is the surface, not a copy; its buffer is nobody else's. */
	derived = rig_map(va, rgb);
	memcpy(derived.data + derived.va.pitches[0] * 2 + 12, &pixel, 4);
	assert_int_equal(vaDestroyBuffer(va, derived.va.buf), VA_STATUS_ERROR_INVALID_BUFFER);
	rig_unmap(va, &derived);
	derived = rig_map(va, rgb);
	assert_memory_equal(derived.data + derived.va.pitches[0] * 2 + 12, &pixel, 4);
	/* It outlives the surface's name. */
	assert_va(vaDestroySurfaces(va, &rgb, 1));
	assert_memory_equal(derived.data + derived.va.pitches[0] * 2 + 12, &pixel, 4);
	rig_unmap(va, &derived);
	assert_va(vaDestroyImage(va, image.image_id));
	assert_int_equal(vaDestroyImage(va, image.image_id), VA_STATUS_ERROR_INVALID_IMAGE);
	assert_va(vaDestroySurfaces(va, &surface, 1));
}

static int make_memfd(size_t bytes)
{
	int fd = memfd_create("picture", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	return fd;
}

static VAStatus import(VADisplay va, const VADRMPRIMESurfaceDescriptor *descriptor,
		unsigned int width, unsigned int height, VASurfaceID *ret)
{
	VASurfaceAttrib attribs[] = {
		{ VASurfaceAttribMemoryType, VA_SURFACE_ATTRIB_SETTABLE,
				{ VAGenericValueTypeInteger,
						{ .i = VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2 } } },
		{ VASurfaceAttribExternalBufferDescriptor, VA_SURFACE_ATTRIB_SETTABLE,
				{ VAGenericValueTypePointer, { .p = (void *)descriptor } } },
	};

	return vaCreateSurfaces(va, VA_RT_FORMAT_RGB32, width, height, ret, 1, attribs, 2);
}

static VADRMPRIMESurfaceDescriptor describe(int fd, uint64_t modifier)
{
	return (VADRMPRIMESurfaceDescriptor){
		.fourcc = VA_FOURCC_BGRX,
		.width = 100,
		.height = 50,
		.num_objects = 1,
		.objects[0] = { .fd = fd, .drm_format_modifier = modifier },
		.num_layers = 1,
		.layers[0] = { .drm_format = DRM_FORMAT_XRGB8888,
				.num_planes = 1,
				.pitch[0] = 512 },
	};
}

static void test_import(void **state)
{
	VADisplay va = *state;
	int fd = make_memfd(512 * 56);
	uint8_t *pixels = mmap(NULL, 512 * 56, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	VADRMPRIMESurfaceDescriptor descriptor = describe(fd, DRM_FORMAT_MOD_LINEAR);
	VAImage image = make_image(va, VA_FOURCC_BGRX, 100, 50);
	VASurfaceID surface;
	void *data;

	assert_true(pixels != MAP_FAILED);
	assert_va(import(va, &descriptor, 100, 50, &surface));
	/* It is the same memory, also when the client's descriptor is gone. */
	close(fd);
	memset(pixels, 0x5a, 512 * 56);
	assert_va(vaGetImage(va, surface, 0, 0, 100, 50, image.image_id));
	assert_va(vaMapBuffer(va, image.buf, &data));
	assert_int_equal(((uint8_t *)data)[image.pitches[0] * 49 + 399], 0x5a);
	memset(data, 0x77, image.data_size);
	assert_va(vaUnmapBuffer(va, image.buf));
	assert_va(vaPutImage(va, surface, image.image_id, 0, 0, 100, 50, 0, 0, 100, 50));
	assert_int_equal(pixels[512 * 49 + 399], 0x77);
	assert_int_equal(pixels[512 * 49 + 400], 0x5a);
	assert_va(vaDestroySurfaces(va, &surface, 1));
	assert_va(vaDestroyImage(va, image.image_id));
	munmap(pixels, 512 * 56);
}

/* A client's memory goes away under our hands: calls fail, and the program lives. */
static void test_memory_that_shrinks(void **state)
{
	VADisplay va = *state;
	int fd = make_memfd(512 * 50);
	VADRMPRIMESurfaceDescriptor descriptor = describe(fd, DRM_FORMAT_MOD_LINEAR);
	VAImage image = make_image(va, VA_FOURCC_BGRX, 100, 50), derived;
	VASurfaceID surface;
	uint8_t *data;

	assert_va(import(va, &descriptor, 100, 50, &surface));
	assert_va(vaDeriveImage(va, surface, &derived));
	assert_va(vaMapBuffer(va, derived.buf, (void **)&data));
	/* While it is mapped. */
	assert_int_equal(ftruncate(fd, 512 * 10), 0);
	memset(data, 0x33, 512 * 50);
	assert_int_equal(vaUnmapBuffer(va, derived.buf), VA_STATUS_ERROR_OPERATION_FAILED);
	assert_int_equal(vaMapBuffer(va, derived.buf, (void **)&data), VA_STATUS_ERROR_OPERATION_FAILED);
	assert_int_equal(vaGetImage(va, surface, 0, 0, 100, 50, image.image_id), VA_STATUS_ERROR_OPERATION_FAILED);
	assert_int_equal(vaPutImage(va, surface, derived.image_id, 0, 0, 100, 50, 0, 0, 100, 50),
			VA_STATUS_ERROR_OPERATION_FAILED);
	/* And comes back. */
	assert_int_equal(ftruncate(fd, 512 * 50), 0);
	assert_int_equal(pwrite(fd, "\x42", 1, 512 * 49 + 8), 1);
	assert_va(vaMapBuffer(va, derived.buf, (void **)&data));
	assert_int_equal(data[512 * 49 + 8], 0x42);
	assert_va(vaUnmapBuffer(va, derived.buf));
	assert_va(vaDestroyImage(va, derived.image_id));
	assert_va(vaDestroyImage(va, image.image_id));
	assert_va(vaDestroySurfaces(va, &surface, 1));
	close(fd);
}

/* The older kind: what i965 and gstreamer-vaapi know. */
static void test_import_by_plain_descriptors(void **state)
{
	VADisplay va = *state;
	int fds[] = { make_memfd(512 * 50), make_memfd(512 * 50) };
	uintptr_t handles[] = { (uintptr_t)fds[0], (uintptr_t)fds[1] };
	VASurfaceAttribExternalBuffers external = {
		.pixel_format = VA_FOURCC_BGRX,
		.width = 100,
		.height = 50,
		.data_size = 512 * 50,
		.num_planes = 1,
		.pitches[0] = 512,
		.buffers = handles,
		.num_buffers = 2,
	};
	VASurfaceAttrib attribs[] = {
		{ VASurfaceAttribMemoryType, VA_SURFACE_ATTRIB_SETTABLE,
				{ VAGenericValueTypeInteger,
						{ .i = VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME } } },
		{ VASurfaceAttribExternalBufferDescriptor, VA_SURFACE_ATTRIB_SETTABLE,
				{ VAGenericValueTypePointer, { .p = &external } } },
	};
	VASurfaceID surfaces[2];
	struct rig_image image;

	assert_int_equal(pwrite(fds[1], "\x42", 1, 512 * 3 + 8), 1);
	assert_va(vaCreateSurfaces(va, VA_RT_FORMAT_RGB32, 100, 50, surfaces, 2, attribs, 2));
	image = rig_map(va, surfaces[1]);
	assert_int_equal(image.data[512 * 3 + 8], 0x42);
	rig_unmap(va, &image);
	assert_va(vaDestroySurfaces(va, surfaces, 2));
	external.num_buffers = 1;
	assert_int_equal(vaCreateSurfaces(va, VA_RT_FORMAT_RGB32, 100, 50, surfaces, 2, attribs, 2),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	external.num_buffers = 2;
	external.flags = VA_SURFACE_EXTBUF_DESC_ENABLE_TILING;
	assert_int_equal(vaCreateSurfaces(va, VA_RT_FORMAT_RGB32, 100, 50, surfaces, 1, attribs, 2),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	/* Of several surfaces all are there, or none. */
	external.flags = 0;
	handles[1] = UINTPTR_MAX;
	assert_int_equal(vaCreateSurfaces(va, VA_RT_FORMAT_RGB32, 100, 50, surfaces, 2, attribs, 2),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_int_equal(vaSyncSurface(va, surfaces[0]), VA_STATUS_ERROR_INVALID_SURFACE);
	close(fds[0]);
	close(fds[1]);
}

static void test_import_to_read_only(void **state)
{
	VADisplay va = *state;
	int fd = memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	VADRMPRIMESurfaceDescriptor descriptor = describe(fd, DRM_FORMAT_MOD_LINEAR);
	VAImage image = make_image(va, VA_FOURCC_BGRX, 100, 50), derived;
	VASurfaceID surface;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 512 * 50), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	assert_va(import(va, &descriptor, 100, 50, &surface));
	assert_va(vaGetImage(va, surface, 0, 0, 100, 50, image.image_id));
	assert_int_equal(vaPutImage(va, surface, image.image_id, 0, 0, 100, 50, 0, 0, 100, 50),
			VA_STATUS_ERROR_INVALID_SURFACE);
	assert_int_equal(vaDeriveImage(va, surface, &derived), VA_STATUS_ERROR_OPERATION_FAILED);
	assert_va(vaDestroySurfaces(va, &surface, 1));
	assert_va(vaDestroyImage(va, image.image_id));
	close(fd);
}

static void test_import_tiled(void **state)
{
	VADisplay va = *state;
	/* Rows of tiles of 8 lines each, and 512 bytes a line: one tile a row. */
	int fd = make_memfd(7 * 4096);
	uint8_t *tiles = mmap(NULL, 7 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	VADRMPRIMESurfaceDescriptor descriptor = describe(fd, I915_FORMAT_MOD_X_TILED);
	VAImage image = make_image(va, VA_FOURCC_BGRX, 30, 20), derived;
	VASurfaceID surface;
	void *data;

	assert_true(tiles != MAP_FAILED);
	for (unsigned int i = 0; i < 7 * 4096; i++)
		tiles[i] = (uint8_t)(i / 512);
	assert_va(import(va, &descriptor, 100, 50, &surface));
	assert_va(vaGetImage(va, surface, 40, 11, 30, 20, image.image_id));
	assert_va(vaMapBuffer(va, image.buf, &data));
	for (unsigned int y = 0; y < 20; y++)
		assert_int_equal(((uint8_t *)data)[y * image.pitches[0] + 17], 11 + y);
	assert_va(vaUnmapBuffer(va, image.buf));
	assert_int_equal(vaPutImage(va, surface, image.image_id, 0, 0, 30, 20, 0, 0, 30, 20),
			VA_STATUS_ERROR_INVALID_SURFACE);
	assert_int_equal(vaDeriveImage(va, surface, &derived), VA_STATUS_ERROR_OPERATION_FAILED);
	assert_va(vaDestroySurfaces(va, &surface, 1));
	assert_va(vaDestroyImage(va, image.image_id));
	munmap(tiles, 7 * 4096);
	close(fd);
}

static void test_import_of_nonsense(void **state)
{
	VADisplay va = *state;
	int fd = make_memfd(512 * 50);
	const VADRMPRIMESurfaceDescriptor good = describe(fd, DRM_FORMAT_MOD_LINEAR);
	VADRMPRIMESurfaceDescriptor bad;
	VASurfaceID surface = VA_INVALID_SURFACE;

#define REFUSED(...)                                                                               \
	do {                                                                                       \
		bad = good;                                                                        \
		__VA_ARGS__;                                                                       \
		assert_int_equal(import(va, &bad, 100, 50, &surface),                              \
				VA_STATUS_ERROR_INVALID_PARAMETER);                                \
	} while (0)
	REFUSED(bad.objects[0].fd = -1);
	REFUSED(bad.num_objects = 0);
	REFUSED(bad.num_objects = 5);
	REFUSED(bad.layers[0].object_index[0] = 1);
	REFUSED(bad.num_layers = 0);
	REFUSED(bad.num_layers = 2);
	REFUSED(bad.layers[0].num_planes = 2);
	REFUSED(bad.layers[0].drm_format = DRM_FORMAT_XBGR8888);
	REFUSED(bad.width = 99);
	REFUSED(bad.height = 49);
	REFUSED(bad.layers[0].pitch[0] = 396);
	REFUSED(bad.layers[0].pitch[0] = 513);
	REFUSED(bad.layers[0].pitch[0] = UINT32_MAX - 3);
	REFUSED(bad.layers[0].offset[0] = 512);
	REFUSED(bad.layers[0].offset[0] = 2);
	REFUSED(bad.layers[0].offset[0] = UINT32_MAX - 3);
	REFUSED(bad.objects[0].size = 512 * 49);
	REFUSED(bad.objects[0].drm_format_modifier = DRM_FORMAT_MOD_INVALID);
	REFUSED(bad.objects[0].drm_format_modifier = I915_FORMAT_MOD_X_TILED;
			bad.layers[0].pitch[0] = 520);
	REFUSED(bad.objects[0].drm_format_modifier = I915_FORMAT_MOD_Y_TILED);
	REFUSED(bad.objects[0].drm_format_modifier = I915_FORMAT_MOD_Y_TILED_CCS);
	REFUSED(bad.fourcc = VA_FOURCC_NV12; bad.layers[0].drm_format = DRM_FORMAT_NV12);
#undef REFUSED
	bad = good;
	bad.fourcc = VA_FOURCC('N', 'O', 'N', 'E');
	assert_int_equal(
			import(va, &bad, 100, 50, &surface), VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT);
	assert_int_equal(import(va, &good, 0, 50, &surface),
			VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED);
	assert_int_equal(import(va, &good, 100, 16385, &surface),
			VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED);
	assert_int_equal(surface, VA_INVALID_SURFACE);
	close(fd);
}

static void test_export(void **state)
{
	VADisplay va = *state;
	VASurfaceID surface = rig_surface(va, VA_FOURCC_NV12, 64, 48), again;
	VADRMPRIMESurfaceDescriptor descriptor;
	struct rig_image image = rig_map(va, surface);
	uint8_t *pixels;

	memset(image.data + image.va.offsets[1], 0x33, 10);
	rig_unmap(va, &image);
	assert_int_equal(vaExportSurfaceHandle(va, surface, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME,
					 VA_EXPORT_SURFACE_READ_ONLY |
							 VA_EXPORT_SURFACE_COMPOSED_LAYERS,
					 &descriptor),
			VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE);
	assert_int_equal(vaExportSurfaceHandle(va, surface, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2,
					 VA_EXPORT_SURFACE_READ_ONLY, &descriptor),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_va(vaExportSurfaceHandle(va, surface, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2,
			VA_EXPORT_SURFACE_READ_ONLY | VA_EXPORT_SURFACE_SEPARATE_LAYERS,
			&descriptor));
	assert_int_equal(descriptor.num_layers, 2);
	assert_int_equal(descriptor.layers[0].drm_format, DRM_FORMAT_R8);
	assert_int_equal(descriptor.layers[1].drm_format, DRM_FORMAT_GR88);
	pixels = mmap(NULL, descriptor.objects[0].size, PROT_READ, MAP_SHARED,
			descriptor.objects[0].fd, 0);
	assert_true(pixels != MAP_FAILED);
	assert_int_equal(pixels[descriptor.layers[1].offset[0] + 9], 0x33);
	munmap(pixels, descriptor.objects[0].size);
	/* What was exported can be imported, in either form. */
	assert_va(import(va, &descriptor, 64, 48, &again));
	image = rig_map(va, again);
	assert_int_equal(image.data[image.va.offsets[1] + 9], 0x33);
	rig_unmap(va, &image);
	assert_va(vaDestroySurfaces(va, &again, 1));
	close(descriptor.objects[0].fd);
	assert_va(vaExportSurfaceHandle(va, surface, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2,
			VA_EXPORT_SURFACE_READ_WRITE | VA_EXPORT_SURFACE_COMPOSED_LAYERS,
			&descriptor));
	assert_int_equal(descriptor.num_layers, 1);
	assert_int_equal(descriptor.layers[0].num_planes, 2);
	assert_va(import(va, &descriptor, 64, 48, &again));
	assert_va(vaDestroySurfaces(va, &again, 1));
	close(descriptor.objects[0].fd);
	assert_va(vaDestroySurfaces(va, &surface, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_displays),
		cmocka_unit_test(test_configurations),
		cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_handles_do_not_come_back),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_memory_that_shrinks),
		cmocka_unit_test(test_import_by_plain_descriptors),
		cmocka_unit_test(test_import_to_read_only),
		cmocka_unit_test(test_import_tiled),
		cmocka_unit_test(test_import_of_nonsense),
		cmocka_unit_test(test_export),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
