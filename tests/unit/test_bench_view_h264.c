// SPDX-License-Identifier: GPL-2.0-or-later
/* Open H.264 as the bench's viewer reads it: by one decoder a place, and once for viewers that skim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <x264.h>

#include <cmocka.h>

#include "tests/bench/view_jpegs.h"
#include "tests/unit/bench_view_rig.h"

#define WIDTH 640
#define HEIGHT 400
#define PICTURES 4
#define KEYFRAME 3 /* beside the first */

static struct rig rig;
static uint8_t *coded[PICTURES];
static uint32_t lengths[PICTURES];

static uint32_t grey_of(unsigned int picture)
{
	return 60 + 60 * picture;
}

static void encode_all(void)
{
	static uint8_t planes[WIDTH * HEIGHT * 3 / 2];
	x264_param_t param;
	x264_picture_t in, out;
	x264_t *x264;

	x264_param_default_preset(&param, "ultrafast", "zerolatency");
	param.i_log_level = X264_LOG_NONE;
	param.i_threads = 1;
	param.i_width = WIDTH;
	param.i_height = HEIGHT;
	param.i_csp = X264_CSP_NV12;
	param.vui.b_fullrange = 0;
	param.vui.i_colorprim = param.vui.i_transfer = param.vui.i_colmatrix = 1;
	param.i_keyint_max = X264_KEYINT_MAX_INFINITE;
	param.i_scenecut_threshold = 0;
	x264 = x264_encoder_open(&param);
	assert_non_null(x264);
	for (unsigned int i = 0; i < PICTURES; i++) {
		x264_nal_t *nals;
		int n, bytes;

		memset(planes, (int)(16 + grey_of(i) * 219 / 255), WIDTH * HEIGHT);
		memset(planes + WIDTH * HEIGHT, 128, WIDTH * HEIGHT / 2);
		x264_picture_init(&in);
		in.img.i_csp = X264_CSP_NV12;
		in.img.i_plane = 2;
		in.img.plane[0] = planes;
		in.img.plane[1] = planes + WIDTH * HEIGHT;
		in.img.i_stride[0] = in.img.i_stride[1] = WIDTH;
		in.i_pts = i;
		in.i_type = i == KEYFRAME ? X264_TYPE_IDR : X264_TYPE_AUTO;
		bytes = x264_encoder_encode(x264, &nals, &n, &in, &out);
		assert_true(bytes > 0);
		lengths[i] = (uint32_t)bytes;
		coded[i] = malloc((size_t)bytes);
		assert_non_null(coded[i]);
		memcpy(coded[i], nals[0].p_payload, (size_t)bytes);
	}
	x264_encoder_close(x264);
}

static int setup_group(void **state)
{
	(void)state;
	encode_all();
	return 0;
}

static int teardown_group(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < PICTURES; i++)
		free(coded[i]);
	return 0;
}

static void put_to(struct rig *to, uint32_t x, uint32_t y, uint32_t flags, unsigned int picture)
{
	rig_update(to, 1);
	rig_rect(to, x, y, WIDTH, HEIGHT, VIEW_OPEN_H264);
	rig_u32(to, lengths[picture]);
	rig_u32(to, flags);
	rig_put(to, coded[picture], lengths[picture]);
}

static void put(uint32_t x, uint32_t y, uint32_t flags, unsigned int picture)
{
	put_to(&rig, x, y, flags, picture);
}

static void assert_grey_of(struct rig *of, uint32_t x, uint32_t y, uint32_t grey)
{
	const uint32_t pixel = rig_pixel(of, x, y);

	for (unsigned int shift = 0; shift < 24; shift += 8)
		assert_in_range((pixel >> shift & 255) + 4, grey, grey + 8);
}

static void assert_grey(uint32_t x, uint32_t y, uint32_t grey)
{
	assert_grey_of(&rig, x, y, grey);
}

static void pictures_follow_each_other(void **state)
{
	(void)state;
	rig_start(&rig, NULL, 2 * WIDTH, HEIGHT + 10);
	for (unsigned int i = 0; i < PICTURES; i++) {
		put(8, 10, i ? 0 : 1, i);
		rig_expect_read(&rig, 100);
		assert_grey(8, 10, grey_of(i));
		assert_grey(8 + WIDTH - 1, 10 + HEIGHT - 1, grey_of(i));
		assert_int_equal(rig_pixel(&rig, 7, 10), 0);
		assert_int_equal(rig_pixel(&rig, 8 + WIDTH, 10), 0);
	}
	/* One that begins elsewhere begins with a keyframe. */
	put(0, 0, 0, 1);
	rig_expect_error(&rig, "h264:");
	rig_stop(&rig);
}

static void what_is_no_picture(void **state)
{
	(void)state;
	rig_start(&rig, NULL, WIDTH, HEIGHT);
	rig_update(&rig, 1);
	rig_rect(&rig, 0, 0, 64, 64, VIEW_OPEN_H264);
	rig_u32(&rig, 0x7fffffff);
	rig_u32(&rig, 0);
	rig_expect_error(&rig, "h264: a picture of");
	rig_stop(&rig);

	rig_start(&rig, NULL, WIDTH, HEIGHT);
	rig_update(&rig, 1);
	rig_rect(&rig, 0, 0, 64, 64, VIEW_OPEN_H264);
	rig_u32(&rig, 4);
	rig_u32(&rig, 0);
	rig_bytes(&rig, 1, 2, 3, 4);
	rig_expect_error(&rig, "that are no picture");
	rig_stop(&rig);
}

static int decode_nothing(struct view_decoder *decoder, const uint8_t *data, uint32_t length,
		const struct view_rect *rect, uint32_t *to, size_t stride)
{
	(void)decoder, (void)data, (void)length, (void)rect, (void)to, (void)stride;
	return 0;
}

/* As many as are kept, from viewers that have no video yet. */
static void show_stills(struct view_jpegs *jpegs)
{
	const struct view_rect rect = { .x = 300, .y = 200, .width = 8, .height = 8 };

	for (uint8_t i = 0; i < VIEW_JPEGS; i++)
		assert_int_equal(view_jpegs_draw(jpegs, &jpegs->stills, &rig.session.decoder, &rect, &i, 1,
						 decode_nothing), 0);
}

/* Two viewers, one far behind: each picture is decoded once, and each has its marks. */
static void skimmed_once(void **state)
{
	struct view_jpegs jpegs = { .decoded = 0 };
	struct view_session_options options = { .skim = &jpegs };

	(void)state;
	for (unsigned int viewer = 0; viewer < 2; viewer++) {
		rig_start(&rig, &options, WIDTH, HEIGHT);
		for (unsigned int i = 0; i < PICTURES; i++) {
			put(0, 0, i ? 0 : 2, i);
			rig_expect_read(&rig, 0);
			assert_grey(0, 0, grey_of(i));
			assert_grey(WIDTH - 1, HEIGHT - 1, grey_of(i));
			assert_int_equal(rig_pixel(&rig, WIDTH / 2, HEIGHT / 2), 0);
		}
		if (!viewer)
			show_stills(&jpegs);
		rig_stop(&rig);
	}
	assert_int_equal(jpegs.decoded, PICTURES + VIEW_JPEGS);
	assert_int_equal(jpegs.found, PICTURES);
	view_jpegs_finish(&jpegs);
}

/* One does without a picture that the other had, and is ahead of him with the keyframe for both. */
static void skimmed_late(void **state)
{
	static struct rig behind;
	struct view_jpegs jpegs = { .decoded = 0 };
	struct view_session_options options = { .skim = &jpegs };

	(void)state;
	rig_start(&rig, &options, WIDTH, HEIGHT);
	rig_start(&behind, &options, WIDTH, HEIGHT);
	put(0, 0, 0, 0);
	put(0, 0, 0, KEYFRAME);
	rig_expect_read(&rig, 0);
	assert_grey(0, 0, grey_of(KEYFRAME));
	put_to(&behind, 0, 0, 0, 0);
	put_to(&behind, 0, 0, 0, 1);
	rig_expect_read(&behind, 0);
	assert_grey_of(&behind, 0, 0, grey_of(0));
	put_to(&behind, 0, 0, 0, KEYFRAME);
	rig_expect_read(&behind, 0);
	assert_grey_of(&behind, 0, 0, grey_of(KEYFRAME));
	assert_int_equal(jpegs.decoded, 2);
	assert_int_equal(jpegs.late, 1);
	rig_stop(&behind);
	rig_stop(&rig);
	view_jpegs_finish(&jpegs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pictures_follow_each_other),
		cmocka_unit_test(what_is_no_picture),
		cmocka_unit_test(skimmed_once),
		cmocka_unit_test(skimmed_late),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
