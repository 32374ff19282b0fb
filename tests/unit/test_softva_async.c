// SPDX-License-Identifier: GPL-2.0-or-later
/* The software driver works in the background, in order, whatever its clients do meanwhile. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encoders/va_display.h"
#include "tests/unit/softva_rig.h"

#define WIDTH 640
#define HEIGHT 368
#define PICTURES 6

/* A processor in front of an encoder, with everything once for each picture. */
struct pipeline {
	VADisplay va;
	VAConfigID config;
	VAContextID context;
	struct rig_stream stream;
	VASurfaceID rgb[PICTURES], nv12[PICTURES];
	VABufferID coded[PICTURES];
};

static void fill(VADisplay va, VASurfaceID surface, unsigned int index)
{
	struct rig_image image = rig_map(va, surface);

	for (unsigned int y = 0; y < HEIGHT; y++)
		for (unsigned int x = 0; x < WIDTH * 4; x++)
			image.data[y * image.va.pitches[0] + x] =
					(uint8_t)((x * 3 + y * 5 + index * 11) ^ (x * y >> 6));
	rig_unmap(va, &image);
}

static void open_pipeline(struct pipeline *pipeline, VADisplay va)
{
	const struct rig_options options = { .width = WIDTH, .height = HEIGHT };

	pipeline->va = va;
	assert_va(vaCreateConfig(
			va, VAProfileNone, VAEntrypointVideoProc, NULL, 0, &pipeline->config));
	assert_va(vaCreateContext(va, pipeline->config, WIDTH, HEIGHT, VA_PROGRESSIVE, NULL, 0,
			&pipeline->context));
	rig_stream_open(&pipeline->stream, va, &options);
	for (unsigned int i = 0; i < PICTURES; i++) {
		pipeline->rgb[i] = rig_surface(va, VA_FOURCC_BGRX, WIDTH, HEIGHT);
		pipeline->nv12[i] = rig_surface(va, VA_FOURCC_NV12, WIDTH, HEIGHT);
		fill(va, pipeline->rgb[i], i);
		assert_va(vaCreateBuffer(va, pipeline->stream.context, VAEncCodedBufferType,
				WIDTH * HEIGHT * 4, 1, NULL, &pipeline->coded[i]));
	}
}

static void close_pipeline(struct pipeline *pipeline)
{
	for (unsigned int i = 0; i < PICTURES; i++)
		assert_va(vaDestroyBuffer(pipeline->va, pipeline->coded[i]));
	assert_va(vaDestroySurfaces(pipeline->va, pipeline->rgb, PICTURES));
	assert_va(vaDestroySurfaces(pipeline->va, pipeline->nv12, PICTURES));
	rig_stream_close(&pipeline->stream);
	assert_va(vaDestroyContext(pipeline->va, pipeline->context));
	assert_va(vaDestroyConfig(pipeline->va, pipeline->config));
}

static void convert(struct pipeline *pipeline, VASurfaceID from, VASurfaceID to)
{
	VAProcPipelineParameterBuffer pass = {
		.surface = from,
		.output_color_standard = VAProcColorStandardBT709,
	};
	VABufferID buffer;

	assert_va(vaBeginPicture(pipeline->va, pipeline->context, to));
	assert_va(vaCreateBuffer(pipeline->va, pipeline->context, VAProcPipelineParameterBufferType,
			sizeof(pass), 1, &pass, &buffer));
	assert_va(vaRenderPicture(pipeline->va, pipeline->context, &buffer, 1));
	assert_va(vaEndPicture(pipeline->va, pipeline->context));
	assert_va(vaDestroyBuffer(pipeline->va, buffer));
}

static void encode(struct pipeline *pipeline, VASurfaceID from, VABufferID to, bool idr)
{
	VASurfaceID source = pipeline->stream.source;
	VABufferID coded = pipeline->stream.coded;

	pipeline->stream.source = from;
	pipeline->stream.coded = to;
	rig_stream_encode(&pipeline->stream, idr);
	pipeline->stream.source = source;
	pipeline->stream.coded = coded;
}

static uint64_t hash_coded(VADisplay va, VABufferID coded)
{
	uint64_t hash = 1469598103934665603u;
	const VACodedBufferSegment *segment;
	void *mapped;

	assert_va(vaMapBuffer(va, coded, &mapped));
	segment = mapped;
	assert_true(segment->size > 0);
	for (uint32_t i = 0; i < segment->size; i++)
		hash = (hash ^ ((const uint8_t *)segment->buf)[i]) * 1099511628211u;
	assert_va(vaUnmapBuffer(va, coded));
	return hash;
}

/* Of the film's packets, each picture waited for. */
static void run_in_step(VADisplay va, uint64_t *hashes)
{
	struct pipeline pipeline = { 0 };

	open_pipeline(&pipeline, va);
	for (unsigned int i = 0; i < PICTURES; i++) {
		convert(&pipeline, pipeline.rgb[i], pipeline.nv12[i]);
		assert_va(vaSyncSurface(va, pipeline.nv12[i]));
		encode(&pipeline, pipeline.nv12[i], pipeline.coded[i], i == 0);
		assert_va(vaSyncBuffer(va, pipeline.coded[i], VA_TIMEOUT_INFINITE));
		hashes[i] = hash_coded(va, pipeline.coded[i]);
	}
	close_pipeline(&pipeline);
}

static uint64_t expected[PICTURES];

static int setup(void **state)
{
	int err = rig_setup(state);

	if (!err)
		run_in_step(*state, expected);
	return err;
}

static void test_what_depends_waits_by_itself(void **state)
{
	VASurfaceStatus status;
	struct pipeline pipeline = { 0 };

	open_pipeline(&pipeline, *state);
	/* One surface for all: each conversion has to wait for the encoder to have read the one before. */
	for (unsigned int i = 0; i < PICTURES; i++) {
		convert(&pipeline, pipeline.rgb[i], pipeline.nv12[0]);
		encode(&pipeline, pipeline.nv12[0], pipeline.coded[i], i == 0);
	}
	/* Nothing of it took place within the calls. */
	assert_va(vaQuerySurfaceStatus(*state, pipeline.nv12[0], &status));
	assert_int_equal(status, VASurfaceRendering);
	assert_int_equal(vaSyncSurface2(*state, pipeline.nv12[0], 0), VA_STATUS_ERROR_TIMEDOUT);
	assert_int_equal(vaSyncBuffer(*state, pipeline.coded[PICTURES - 1], 1000), VA_STATUS_ERROR_TIMEDOUT);
	for (unsigned int i = 0; i < PICTURES; i++)
		assert_int_equal(hash_coded(*state, pipeline.coded[i]), expected[i]);
	assert_va(vaSyncSurface2(*state, pipeline.nv12[0], VA_TIMEOUT_INFINITE));
	assert_va(vaQuerySurfaceStatus(*state, pipeline.nv12[0], &status));
	assert_int_equal(status, VASurfaceReady);
	close_pipeline(&pipeline);
}

static void test_pixels_are_fetched_when_they_are_there(void **state)
{
	struct pipeline pipeline = { 0 };
	uint8_t *first;
	struct rig_image image;

	open_pipeline(&pipeline, *state);
	convert(&pipeline, pipeline.rgb[0], pipeline.nv12[0]);
	image = rig_map(*state, pipeline.nv12[0]);
	first = malloc(image.va.data_size);
	assert_non_null(first);
	memcpy(first, image.data, image.va.data_size);
	rig_unmap(*state, &image);
	for (unsigned int i = 1; i < PICTURES; i++)
		convert(&pipeline, pipeline.rgb[i], pipeline.nv12[0]);
	convert(&pipeline, pipeline.rgb[0], pipeline.nv12[0]);
	image = rig_map(*state, pipeline.nv12[0]);
	assert_memory_equal(first, image.data, image.va.data_size);
	rig_unmap(*state, &image);
	free(first);
	close_pipeline(&pipeline);
}

static void test_all_is_taken_away_meanwhile(void **state)
{
	struct pipeline pipeline = { 0 };

	open_pipeline(&pipeline, *state);
	for (unsigned int i = 0; i < PICTURES; i++) {
		convert(&pipeline, pipeline.rgb[i], pipeline.nv12[i]);
		encode(&pipeline, pipeline.nv12[i], pipeline.coded[i], i == 0);
	}
	/* Names are gone at once; the last ones are still being worked on. */
	for (unsigned int i = 0; i < PICTURES; i++)
		assert_va(vaDestroyBuffer(*state, pipeline.coded[i]));
	assert_va(vaDestroySurfaces(*state, pipeline.rgb, PICTURES));
	assert_va(vaDestroySurfaces(*state, pipeline.nv12, PICTURES));
	assert_int_equal(vaSyncSurface(*state, pipeline.nv12[0]), VA_STATUS_ERROR_INVALID_SURFACE);
	assert_va(vaDestroySurfaces(*state, pipeline.stream.reconstructed, 2));
	assert_va(vaDestroyContext(*state, pipeline.stream.context));
	assert_va(vaDestroyContext(*state, pipeline.context));
	assert_va(vaDestroyConfig(*state, pipeline.config));
}

static void test_the_display_is_closed_meanwhile(void **state)
{
	struct pipeline pipeline = { 0 };
	struct va_display *display;

	(void)state;
	assert_int_equal(va_display_new(NULL, VA_DISPLAY_SOFTWARE, &display), 0);
	open_pipeline(&pipeline, va_display_get(display));
	for (unsigned int i = 0; i < PICTURES; i++) {
		convert(&pipeline, pipeline.rgb[i], pipeline.nv12[i]);
		encode(&pipeline, pipeline.nv12[i], pipeline.coded[i], i == 0);
	}
	va_display_free(display);
}

static void *run_pipeline(void *data)
{
	uint64_t *hashes = calloc(PICTURES, sizeof(*hashes));
	struct pipeline pipeline = { 0 };

	if (!hashes)
		return NULL;
	open_pipeline(&pipeline, data);
	for (unsigned int i = 0; i < PICTURES; i++) {
		convert(&pipeline, pipeline.rgb[i], pipeline.nv12[i % 2]);
		encode(&pipeline, pipeline.nv12[i % 2], pipeline.coded[i], i == 0);
	}
	for (unsigned int i = 0; i < PICTURES; i++)
		hashes[i] = hash_coded(data, pipeline.coded[i]);
	close_pipeline(&pipeline);
	return hashes;
}

static void test_threads_do_not_meet(void **state)
{
	pthread_t threads[3];

	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_pipeline, *state), 0);
	for (unsigned int i = 0; i < 3; i++) {
		void *hashes;

		assert_int_equal(pthread_join(threads[i], &hashes), 0);
		assert_non_null(hashes);
		assert_memory_equal(hashes, expected, sizeof(expected));
		free(hashes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_depends_waits_by_itself),
		cmocka_unit_test(test_pixels_are_fetched_when_they_are_there),
		cmocka_unit_test(test_all_is_taken_away_meanwhile),
		cmocka_unit_test(test_the_display_is_closed_meanwhile),
		cmocka_unit_test(test_threads_do_not_meet),
	};

	return cmocka_run_group_tests(tests, setup, rig_teardown);
}
