// SPDX-License-Identifier: GPL-2.0-or-later
/* The software driver processes pictures: colours, sizes, regions, tiles. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <drm_fourcc.h>
#include <va/va.h>
#include <va/va_drmcommon.h>

#include "tests/unit/softva_rig.h"

#define WIDTH 66
#define HEIGHT 34

struct processor {
	VADisplay va;
	VAConfigID config;
	VAContextID context;
};

static void open_processor(struct processor *processor, VADisplay va)
{
	processor->va = va;
	assert_va(vaCreateConfig(
			va, VAProfileNone, VAEntrypointVideoProc, NULL, 0, &processor->config));
	assert_va(vaCreateContext(va, processor->config, WIDTH, HEIGHT, VA_PROGRESSIVE, NULL, 0,
			&processor->context));
}

static void close_processor(struct processor *processor)
{
	assert_va(vaDestroyContext(processor->va, processor->context));
	assert_va(vaDestroyConfig(processor->va, processor->config));
}

/* Some passes in one picture, to its end. */
static VAStatus process(const struct processor *processor, VASurfaceID target,
		const VAProcPipelineParameterBuffer *passes, unsigned int count)
{
	VAStatus status = VA_STATUS_SUCCESS, ended;

	assert_va(vaBeginPicture(processor->va, processor->context, target));
	for (unsigned int i = 0; i < count && status == VA_STATUS_SUCCESS; i++) {
		VABufferID buffer;

		assert_va(vaCreateBuffer(processor->va, processor->context,
				VAProcPipelineParameterBufferType, sizeof(passes[i]), 1,
				(void *)&passes[i], &buffer));
		status = vaRenderPicture(processor->va, processor->context, &buffer, 1);
		assert_va(vaDestroyBuffer(processor->va, buffer));
	}
	ended = vaEndPicture(processor->va, processor->context);
	assert_int_equal(ended, status);
	if (status == VA_STATUS_SUCCESS)
		assert_va(vaSyncSurface(processor->va, target));
	return status;
}

static void process_one(VADisplay va, VASurfaceID target, const VAProcPipelineParameterBuffer *pass)
{
	struct processor processor;

	open_processor(&processor, va);
	assert_va(process(&processor, target, pass, 1));
	close_processor(&processor);
}

/* Red, green and blue of a pixel of the picture that most tests begin with. */
static void colour_at(unsigned int x, unsigned int y, uint8_t *rgb)
{
	/* Blocks of two by two, so that chroma is as exact as luma. */
	x /= 2;
	y /= 2;
	rgb[0] = (uint8_t)(x * 7 + y);
	rgb[1] = (uint8_t)(y * 13);
	rgb[2] = (uint8_t)(255 - x * 3 - y * 2);
}

static VASurfaceID make_rgb(VADisplay va)
{
	VASurfaceID surface = rig_surface(va, VA_FOURCC_BGRX, WIDTH, HEIGHT);
	struct rig_image image = rig_map(va, surface);

	for (unsigned int y = 0; y < HEIGHT; y++) {
		for (unsigned int x = 0; x < WIDTH; x++) {
			uint8_t rgb[3], *at = image.data + y * image.va.pitches[0] + x * 4;

			colour_at(x, y, rgb);
			at[0] = rgb[2];
			at[1] = rgb[1];
			at[2] = rgb[0];
			at[3] = 0x99;
		}
	}
	rig_unmap(va, &image);
	return surface;
}

/* By the book (ITU-R BT.601 and BT.709), in floating point. */
static void to_yuv(const uint8_t *rgb, bool bt709, bool full, double *yuv)
{
	double kr = bt709 ? 0.2126 : 0.299, kb = bt709 ? 0.0722 : 0.114;
	double luma = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];

	yuv[0] = full ? luma : 16 + luma * 219 / 255;
	yuv[1] = 128 + (rgb[2] - luma) / (2 - 2 * kb) * (full ? 1 : 224.0 / 255);
	yuv[2] = 128 + (rgb[0] - luma) / (2 - 2 * kr) * (full ? 1 : 224.0 / 255);
}

static void assert_yuv(VADisplay va, VASurfaceID surface, bool bt709, bool full, double tolerance)
{
	struct rig_image image = rig_map(va, surface);

	for (unsigned int y = 0; y < HEIGHT; y++) {
		for (unsigned int x = 0; x < WIDTH; x++) {
			const uint8_t *luma = image.data + image.va.offsets[0] +
					y * image.va.pitches[0] + x;
			const uint8_t *chroma = image.data + image.va.offsets[1] +
					y / 2 * image.va.pitches[1] + x / 2 * 2;
			uint8_t rgb[3];
			double yuv[3];

			colour_at(x, y, rgb);
			to_yuv(rgb, bt709, full, yuv);
			assert_true(fabs(*luma - yuv[0]) <= tolerance);
			/* Full range has no place for the last half of it. */
			assert_true(fabs(chroma[0] - fmin(yuv[1], 255)) <= tolerance);
			assert_true(fabs(chroma[1] - fmin(yuv[2], 255)) <= tolerance);
		}
	}
	rig_unmap(va, &image);
}

static void test_colours(void **state)
{
	static const struct {
		VAProcColorStandardType standard;
		uint8_t matrix, range;
		bool bt709, full;
	} rows[] = {
		{ VAProcColorStandardBT709, 0, VA_SOURCE_RANGE_REDUCED, true, false },
		{ VAProcColorStandardBT709, 0, VA_SOURCE_RANGE_FULL, true, true },
		{ VAProcColorStandardBT601, 0, VA_SOURCE_RANGE_UNKNOWN, false, false },
		{ VAProcColorStandardSMPTE170M, 0, VA_SOURCE_RANGE_FULL, false, true },
		{ VAProcColorStandardExplicit, 1, VA_SOURCE_RANGE_REDUCED, true, false },
		{ VAProcColorStandardExplicit, 5, VA_SOURCE_RANGE_REDUCED, false, false },
		/* A small picture of which nobody says anything. */
		{ VAProcColorStandardNone, 0, VA_SOURCE_RANGE_UNKNOWN, false, false },
	};
	VADisplay va = *state;
	VASurfaceID rgb = make_rgb(va), nv12 = rig_surface(va, VA_FOURCC_NV12, WIDTH, HEIGHT);

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const VAProcPipelineParameterBuffer pass = {
			.surface = rgb,
			.output_color_standard = rows[i].standard,
			.output_color_properties = {
				.matrix_coefficients = rows[i].matrix,
				.color_range = rows[i].range,
			},
		};

		process_one(va, nv12, &pass);
		assert_yuv(va, nv12, rows[i].bt709, rows[i].full, 1);
	}
	assert_va(vaDestroySurfaces(va, &rgb, 1));
	assert_va(vaDestroySurfaces(va, &nv12, 1));
}

static void test_every_way_through_every_format(void **state)
{
	static const uint32_t fourccs[] = { VA_FOURCC_BGRA, VA_FOURCC_RGBX, VA_FOURCC_RGBA,
		VA_FOURCC_XRGB, VA_FOURCC_ARGB, VA_FOURCC_XBGR, VA_FOURCC_ABGR,
		VA_FOURCC_X2R10G10B10, VA_FOURCC_A2B10G10R10, VA_FOURCC_RGB565 };
	const VAProcColorProperties limited = { .color_range = VA_SOURCE_RANGE_REDUCED };
	VADisplay va = *state;
	VASurfaceID rgb = make_rgb(va), nv12 = rig_surface(va, VA_FOURCC_NV12, WIDTH, HEIGHT);

	for (unsigned int i = 0; i < sizeof(fourccs) / sizeof(fourccs[0]); i++) {
		VASurfaceID between = rig_surface(va, fourccs[i], WIDTH, HEIGHT);
		const VAProcPipelineParameterBuffer first = { .surface = rgb };
		const VAProcPipelineParameterBuffer second = {
			.surface = between,
			.output_color_standard = VAProcColorStandardBT709,
			.output_color_properties = limited,
		};

		process_one(va, between, &first);
		process_one(va, nv12, &second);
		assert_yuv(va, nv12, true, false, fourccs[i] == VA_FOURCC_RGB565 ? 9 : 1);
		assert_va(vaDestroySurfaces(va, &between, 1));
	}
	assert_va(vaDestroySurfaces(va, &rgb, 1));
	assert_va(vaDestroySurfaces(va, &nv12, 1));
}

static void test_out_of_yuv(void **state)
{
	VADisplay va = *state;
	VASurfaceID rgb = make_rgb(va), back = rig_surface(va, VA_FOURCC_RGBA, WIDTH, HEIGHT);
	VASurfaceID first = rig_surface(va, VA_FOURCC_NV12, WIDTH, HEIGHT);
	VASurfaceID second = rig_surface(va, VA_FOURCC_NV12, WIDTH, HEIGHT);
	VAProcPipelineParameterBuffer pass = {
		.surface = rgb,
		.output_color_standard = VAProcColorStandardBT601,
		.output_color_properties = { .color_range = VA_SOURCE_RANGE_FULL },
	};
	struct rig_image image;

	process_one(va, first, &pass);
	/* From one YUV to another. */
	pass.surface = first;
	pass.surface_color_standard = VAProcColorStandardBT601;
	pass.input_color_properties.color_range = VA_SOURCE_RANGE_FULL;
	pass.output_color_standard = VAProcColorStandardBT709;
	pass.output_color_properties.color_range = VA_SOURCE_RANGE_REDUCED;
	process_one(va, second, &pass);
	assert_yuv(va, second, true, false, 3);
	/* And to RGB, which then has all of its alpha. */
	pass.output_color_standard = VAProcColorStandardNone;
	pass.output_color_properties.color_range = VA_SOURCE_RANGE_FULL;
	process_one(va, back, &pass);
	image = rig_map(va, back);
	for (unsigned int y = 0; y < HEIGHT; y++) {
		for (unsigned int x = 0; x < WIDTH; x++) {
			const uint8_t *at = image.data + y * image.va.pitches[0] + x * 4;
			uint8_t expected[3];

			colour_at(x, y, expected);
			for (unsigned int i = 0; i < 3; i++)
				assert_true(abs(at[i] - expected[i]) <= 3);
			assert_int_equal(at[3], 255);
		}
	}
	rig_unmap(va, &image);
	assert_va(vaDestroySurfaces(va, (VASurfaceID[]){ rgb, back, first, second }, 4));
}

/* A plane of brightness, which stays one at any size. */
static VASurfaceID make_slope(VADisplay va, unsigned int width, unsigned int height)
{
	VASurfaceID surface = rig_surface(va, VA_FOURCC_NV12, width, height);
	struct rig_image image = rig_map(va, surface);

	for (unsigned int y = 0; y < height; y++)
		for (unsigned int x = 0; x < width; x++)
			image.data[image.va.offsets[0] + y * image.va.pitches[0] + x] =
					(uint8_t)(20 + x * 150 / width + y * 60 / height);
	for (unsigned int y = 0; y < height / 2; y++)
		for (unsigned int x = 0; x < width / 2; x++) {
			uint8_t *chroma = image.data + image.va.offsets[1] +
					y * image.va.pitches[1] + x * 2;

			chroma[0] = (uint8_t)(30 + x * 300 / width);
			chroma[1] = (uint8_t)(200 - y * 300 / height);
		}
	rig_unmap(va, &image);
	return surface;
}

static void test_scaling(void **state)
{
	static const unsigned int sizes[][2] = { { 50, 30 }, { 64, 100 }, { 200, 120 },
		{ 130, 36 }, { 16, 16 }, { 101, 61 } };
	VADisplay va = *state;
	VASurfaceID slope = make_slope(va, 100, 60);

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned int width = sizes[i][0], height = sizes[i][1];
		VASurfaceID scaled = rig_surface(va, VA_FOURCC_NV12, width, height);
		const VAProcPipelineParameterBuffer pass = { .surface = slope };
		struct rig_image image;

		process_one(va, scaled, &pass);
		image = rig_map(va, scaled);
		for (unsigned int y = 0; y < height; y++) {
			for (unsigned int x = 0; x < width; x++) {
				double expected = 20 + (x + 0.5) * 150 / width - 0.75 +
						(y + 0.5) * 60 / height - 0.5;
				double got = image.data[image.va.offsets[0] +
						y * image.va.pitches[0] + x];

				bool edge = x < 2 || y < 2 || x + 2 >= width || y + 2 >= height;

				/* At the edges there is no more slope to take the mean of. */
				assert_true(fabs(got - expected) <= (edge ? 2 + 200.0 / width : 1.5));
			}
		}
		rig_unmap(va, &image);
		assert_va(vaDestroySurfaces(va, &scaled, 1));
	}
	assert_va(vaDestroySurfaces(va, &slope, 1));
}

static void test_regions(void **state)
{
	VADisplay va = *state;
	VASurfaceID rgb = make_rgb(va), target = rig_surface(va, VA_FOURCC_BGRA, 100, 80);
	const VARectangle left = { 10, 4, 20, 8 }, right = { 32, 16, 10, 12 };
	const VARectangle to_left = { 7, 5, 20, 8 }, to_right = { 60, 40, 20, 24 };
	const VAProcPipelineParameterBuffer passes[] = {
		{
			.surface = rgb,
			.surface_region = &left,
			.output_region = &to_left,
			.output_background_color = 0xff102030,
		},
		/* Twice as large; what is around it stays. */
		{ .surface = rgb, .surface_region = &right, .output_region = &to_right },
	};
	struct processor processor;
	struct rig_image image;

	open_processor(&processor, va);
	assert_va(process(&processor, target, passes, 2));
	image = rig_map(va, target);
	for (unsigned int y = 0; y < 80; y++) {
		for (unsigned int x = 0; x < 100; x++) {
			const uint8_t *at = image.data + y * image.va.pitches[0] + x * 4;
			uint8_t expected[3] = { 0x10, 0x20, 0x30 };

			if (x - 60u < 20 && y - 40u < 24)
				continue;
			if (x - 7u < 20 && y - 5u < 8)
				colour_at(x - 7 + 10, y - 5 + 4, expected);
			assert_int_equal(at[0], expected[2]);
			assert_int_equal(at[1], expected[1]);
			assert_int_equal(at[2], expected[0]);
			assert_int_equal(at[3], 255);
		}
	}
	/* In the middle of a block that was two by two, and is four by four. */
	for (unsigned int y = 41; y < 64; y += 4) {
		for (unsigned int x = 61; x < 80; x += 4) {
			const uint8_t *at = image.data + y * image.va.pitches[0] + x * 4;
			uint8_t expected[3];

			colour_at(32 + (x - 60) / 2, 16 + (y - 40) / 2, expected);
			assert_true(abs(at[2] - expected[0]) <= 2 && abs(at[1] - expected[1]) <= 4);
		}
	}
	rig_unmap(va, &image);
	close_processor(&processor);
	assert_va(vaDestroySurfaces(va, (VASurfaceID[]){ rgb, target }, 2));
}

/* The test picture in tiles of 512 bytes by 8 lines, as a guest's dma-buf has them. */
static VASurfaceID import_tiled(VADisplay va)
{
	size_t bytes = (HEIGHT + 7) / 8 * 4096;
	int fd = memfd_create("tiles", MFD_CLOEXEC);
	const VADRMPRIMESurfaceDescriptor descriptor = {
		.fourcc = VA_FOURCC_BGRX,
		.width = WIDTH,
		.height = HEIGHT,
		.num_objects = 1,
		.objects[0] = { .fd = fd, .drm_format_modifier = I915_FORMAT_MOD_X_TILED },
		.num_layers = 1,
		.layers[0] = { .drm_format = DRM_FORMAT_XRGB8888, .num_planes = 1, .pitch[0] = 512 },
	};
	VASurfaceAttrib attribs[] = {
		{ VASurfaceAttribMemoryType, VA_SURFACE_ATTRIB_SETTABLE,
				{ VAGenericValueTypeInteger,
						{ .i = VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2 } } },
		{ VASurfaceAttribExternalBufferDescriptor, VA_SURFACE_ATTRIB_SETTABLE,
				{ VAGenericValueTypePointer, { .p = (void *)&descriptor } } },
	};
	VASurfaceID surface;
	uint8_t *tiles;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	tiles = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(tiles != MAP_FAILED);
	for (unsigned int y = 0; y < HEIGHT; y++) {
		for (unsigned int x = 0; x < WIDTH; x++) {
			uint8_t rgb[3], *at = tiles + y / 8 * 4096 + y % 8 * 512 + x * 4;

			colour_at(x, y, rgb);
			at[0] = rgb[2];
			at[1] = rgb[1];
			at[2] = rgb[0];
		}
	}
	munmap(tiles, bytes);
	assert_va(vaCreateSurfaces(va, VA_RT_FORMAT_RGB32, WIDTH, HEIGHT, &surface, 1, attribs, 2));
	close(fd);
	return surface;
}

static void test_tiles(void **state)
{
	VADisplay va = *state;
	VASurfaceID tiled = import_tiled(va), nv12 = rig_surface(va, VA_FOURCC_NV12, WIDTH, HEIGHT);
	const VAProcPipelineParameterBuffer pass = {
		.surface = tiled,
		.output_color_standard = VAProcColorStandardBT709,
	};
	struct processor processor;

	process_one(va, nv12, &pass);
	assert_yuv(va, nv12, true, false, 1);
	open_processor(&processor, va);
	assert_int_equal(process(&processor, tiled,
					 &(VAProcPipelineParameterBuffer){ .surface = nv12 }, 1),
			VA_STATUS_ERROR_INVALID_SURFACE);
	close_processor(&processor);
	assert_va(vaDestroySurfaces(va, (VASurfaceID[]){ tiled, nv12 }, 2));
}

static void test_what_is_refused(void **state)
{
	VADisplay va = *state;
	VASurfaceID rgb = make_rgb(va), nv12 = rig_surface(va, VA_FOURCC_NV12, WIDTH, HEIGHT);
	VASurfaceID wide = rig_surface(va, VA_FOURCC_X2R10G10B10, WIDTH, HEIGHT);
	const VARectangle outside = { 60, 0, 8, 8 }, before = { -2, 0, 8, 8 }, empty = { 0, 0, 0, 8 };
	const VARectangle odd = { 1, 0, 8, 8 }, odd_size = { 0, 0, 7, 8 };
	const VABlendState blend = { .flags = VA_BLEND_GLOBAL_ALPHA, .global_alpha = 0.5f };
	const VAProcPipelineParameterBuffer good = { .surface = rgb };
	VABufferID filter = 1;
	VAHdrMetaData hdr;
	struct {
		VAProcPipelineParameterBuffer pass;
		VAStatus status;
	} rows[20];
	struct processor processor;
	unsigned int n = 0;

#define ROW(expected, ...) do { \
		rows[n].pass = good; \
		rows[n].pass.__VA_ARGS__; \
		rows[n++].status = VA_STATUS_ERROR_##expected; \
	} while (0)
	ROW(INVALID_SURFACE, surface = nv12);
	ROW(INVALID_SURFACE, surface = VA_INVALID_SURFACE);
	ROW(INVALID_PARAMETER, surface_region = &outside);
	ROW(INVALID_PARAMETER, surface_region = &before);
	ROW(INVALID_PARAMETER, surface_region = &empty);
	ROW(INVALID_PARAMETER, output_region = &outside);
	ROW(INVALID_PARAMETER, output_region = &odd);
	ROW(INVALID_PARAMETER, output_region = &odd_size);
	ROW(INVALID_PARAMETER, rotation_state = VA_ROTATION_90);
	ROW(INVALID_PARAMETER, mirror_state = VA_MIRROR_VERTICAL);
	ROW(INVALID_PARAMETER, blend_state = &blend);
	ROW(INVALID_PARAMETER, num_forward_references = 1);
	ROW(INVALID_PARAMETER, input_surface_flag = VA_TOP_FIELD);
	ROW(INVALID_PARAMETER, output_color_standard = VAProcColorStandardBT2020);
	ROW(INVALID_PARAMETER, output_hdr_metadata = &hdr);
	ROW(INVALID_PARAMETER, input_color_properties.color_range = VA_SOURCE_RANGE_REDUCED);
	ROW(UNSUPPORTED_FILTER, num_filters = 1; rows[n].pass.filters = &filter);
#undef ROW
	open_processor(&processor, va);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(process(&processor, nv12, &rows[i].pass, 1), rows[i].status);
		/* The context is as good as before. */
		assert_va(process(&processor, nv12, &good, 1));
	}
	assert_int_equal(process(&processor, wide,
					 &(VAProcPipelineParameterBuffer){ .surface = nv12 }, 1),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	close_processor(&processor);
	assert_va(vaDestroySurfaces(va, (VASurfaceID[]){ rgb, nv12, wide }, 3));
}

static void test_what_can_be_asked(void **state)
{
	VADisplay va = *state;
	VAProcFilterType filters[VAProcFilterCount];
	unsigned int count = VAProcFilterCount;
	VAProcPipelineCaps caps;
	struct processor processor;
	bool bt709 = false, nv12 = false;

	open_processor(&processor, va);
	assert_va(vaQueryVideoProcFilters(va, processor.context, filters, &count));
	assert_int_equal(count, 0);
	assert_va(vaQueryVideoProcPipelineCaps(va, processor.context, NULL, 0, &caps));
	for (uint32_t i = 0; i < caps.num_output_color_standards; i++)
		bt709 = bt709 || caps.output_color_standards[i] == VAProcColorStandardBT709;
	for (uint32_t i = 0; i < caps.num_output_pixel_formats; i++)
		nv12 = nv12 || caps.output_pixel_format[i] == VA_FOURCC_NV12;
	assert_true(bt709 && nv12);
	assert_int_equal(vaQueryVideoProcFilters(va, processor.config, filters, &count),
			VA_STATUS_ERROR_INVALID_CONTEXT);
	close_processor(&processor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_every_way_through_every_format),
		cmocka_unit_test(test_out_of_yuv),
		cmocka_unit_test(test_scaling),
		cmocka_unit_test(test_regions),
		cmocka_unit_test(test_tiles),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_what_can_be_asked),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
