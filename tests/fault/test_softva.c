// SPDX-License-Identifier: GPL-2.0-or-later
/* The VA-API driver when memory runs out: a call fails and says so, and nothing leaks (asan). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <va/va_backend.h>
#include <va/va_backend_vpp.h>
#include <va/va_drmcommon.h>

#include "encoders/softva/driver.h"
#include "encoders/va_headless.h"
#include "tests/fault/alloc.h"
#include "tests/unit/softva_rig.h"

#define WIDTH 96
#define HEIGHT 80

/* The driver that is linked into this program, where libva would have put the one it loads. */
struct display {
	VADisplay va;
	struct VADriverContext *driver;
};

static void open_display(struct display *display)
{
	display->va = va_headless_new();
	assert_non_null(display->va);
	display->driver = ((struct VADisplayContext *)display->va)->pDriverContext;
	display->driver->vtable = calloc(1, sizeof(*display->driver->vtable));
	display->driver->vtable_vpp = calloc(1, sizeof(*display->driver->vtable_vpp));
	assert_true(display->driver->vtable && display->driver->vtable_vpp);
}

static void close_display(struct display *display)
{
	/* It frees the tables, too; the driver is none of its. */
	vaTerminate(display->va);
}

#define TRY(call)                                                                                  \
	do {                                                                                       \
		VAStatus try_status = (call);                                                      \
		if (try_status != VA_STATUS_SUCCESS)                                               \
			return try_status;                                                         \
	} while (0)

static VAStatus process(VADisplay va, const struct rig_stream *stream)
{
	const VARectangle part = { 0, 0, 48, 40 };
	VAProcPipelineParameterBuffer pass = { .surface_region = &part };
	VAContextID context;
	VAConfigID config;
	VABufferID buffer;
	VASurfaceID wide;

	/* Scaled, and from ten bits a channel: with all the scratch there is. */
	TRY(vaCreateSurfaces(va, VA_RT_FORMAT_RGB32_10, WIDTH, HEIGHT, &wide, 1, NULL, 0));
	TRY(vaCreateConfig(va, VAProfileNone, VAEntrypointVideoProc, NULL, 0, &config));
	TRY(vaCreateContext(va, config, WIDTH, HEIGHT, 0, NULL, 0, &context));
	pass.surface = wide;
	TRY(vaCreateBuffer(va, context, VAProcPipelineParameterBufferType, sizeof(pass), 1, &pass,
			&buffer));
	TRY(vaBeginPicture(va, context, stream->source));
	TRY(vaRenderPicture(va, context, &buffer, 1));
	TRY(vaEndPicture(va, context));
	return vaSyncSurface(va, stream->source);
}

static VAStatus fetch(VADisplay va, const struct rig_stream *stream)
{
	VAImageFormat format = { .fourcc = VA_FOURCC_I420 };
	VADRMPRIMESurfaceDescriptor descriptor;
	VAImage image, derived;

	TRY(vaCreateImage(va, &format, WIDTH, HEIGHT, &image));
	TRY(vaGetImage(va, stream->source, 0, 0, WIDTH, HEIGHT, image.image_id));
	TRY(vaDeriveImage(va, stream->source, &derived));
	TRY(vaExportSurfaceHandle(va, stream->source, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2,
			VA_EXPORT_SURFACE_READ_ONLY | VA_EXPORT_SURFACE_COMPOSED_LAYERS,
			&descriptor));
	close(descriptor.objects[0].fd);
	return VA_STATUS_SUCCESS;
}

static VAStatus encode(struct rig_stream *stream, struct rig_picture *picture)
{
	VAEncROI regions[] = { { { 0, 0, 32, 32 }, -4 } };
	const VAEncMiscParameterBufferROI roi = { .num_roi = 1, .roi = regions };
	VARectangle box = { 0, 0, 16, 16 };
	const VAEncMiscParameterBufferDirtyRect dirty = { .num_roi_rectangle = 1,
		.roi_rectangle = &box };

	for (unsigned int i = 0; i < 2; i++) {
		rig_picture_make(stream, i == 0, picture);
		picture->misc[0].type = VAEncMiscParameterTypeROI;
		picture->misc[0].data = &roi;
		picture->misc[0].bytes = sizeof(roi);
		picture->misc[1].type = VAEncMiscParameterTypeDirtyRect;
		picture->misc[1].data = &dirty;
		picture->misc[1].bytes = sizeof(dirty);
		picture->n_misc = 2;
		TRY(rig_picture_send(stream, picture));
		TRY(vaSyncBuffer(stream->va, stream->coded, VA_TIMEOUT_INFINITE));
	}
	return VA_STATUS_SUCCESS;
}

/* A bit of everything; what it makes is left to the driver's end. */
static VAStatus run(struct display *display, struct rig_picture *picture)
{
	const struct rig_options options = { .width = WIDTH, .height = HEIGHT, .n_slices = 2 };
	struct rig_stream stream;
	VAStatus status;

	TRY(__vaDriverInit_1_0(display->driver));
	status = rig_stream_try_open(&stream, display->va, &options);
	if (status == VA_STATUS_SUCCESS)
		status = process(display->va, &stream);
	if (status == VA_STATUS_SUCCESS)
		status = fetch(display->va, &stream);
	if (status == VA_STATUS_SUCCESS)
		status = encode(&stream, picture);
	assert_int_equal(display->driver->vtable->vaTerminate(display->driver), VA_STATUS_SUCCESS);
	return status;
}

static void test_each_allocation_fails_once(void **state)
{
	struct rig_picture *picture = malloc(sizeof(*picture));
	long number;

	(void)state;
	assert_non_null(picture);
	for (number = 0;; number++) {
		struct display display;
		VAStatus status;

		open_display(&display);
		alloc_fail_at(number);
		status = run(&display, picture);
		alloc_fail_at(-1);
		close_display(&display);
		if (status == VA_STATUS_SUCCESS)
			break;
		assert_int_equal(status, VA_STATUS_ERROR_ALLOCATION_FAILED);
	}
	/* Objects, their tables, jobs, headers, scratch. */
	assert_true(number > 40);
	free(picture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
