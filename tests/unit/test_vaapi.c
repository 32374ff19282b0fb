// SPDX-License-Identifier: GPL-2.0-or-later
/* The VA-API encoder on the software driver: pictures, keyframes, sizes, colours. */
#include <drm_fourcc.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encoders/h264_headers.h"
#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_thread.h"
#include "server/clock.h"
#include "server/frame.h"
#include "tests/unit/vaapi_rig.h"

#define MSEC NSEC_PER_MSEC
#define WIDTH 640
#define HEIGHT 400

/* Every picture of a lively desktop, decoded, is the one that went in. */
static void test_pictures(void **state)
{
	struct rig_decoder *decoder = rig_decoder_new();
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	assert_false(encoder_is_busy(rig.encoder));
	for (unsigned int i = 0; i < 12; i++) {
		struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, i * 100 * MSEC);
		const struct packet *packet = vaapi_rig_encode(&rig, frame, NULL, 20 + (int)i);
		uint8_t *nv12 = vaapi_rig_nv12(frame, NULL);

		assert_int_equal(packet->number, i + 1);
		assert_int_equal(packet->keyframe, !i);
		assert_int_equal(packet->qp, 20 + i);
		assert_int_equal(packet->width, WIDTH);
		assert_int_equal(packet->height, HEIGHT);
		assert_false(packet->scaled);
		assert_int_equal(packet->capture_ns, frame->capture_ns);
		assert_int_equal(packet->stamp, frame->stamp);
		/* A quantiser's step more costs at most half a dB here. */
		assert_true(vaapi_rig_psnr(decoder, packet, nv12) > 44 - 0.7 * i);
		free(nv12);
		/* Nobody holds it any more. */
		assert_int_equal(frame->refcount, 1);
		frame_unref(frame);
	}
	assert_false(encoder_is_busy(rig.encoder));
	vaapi_rig_close(&rig);
	rig_decoder_free(decoder);
}

/* A higher quantiser makes a smaller packet, a picture at rest a tiny one. */
static void test_bytes(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	size_t fine, coarse;
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	vaapi_rig_submit(&rig, frame, NULL, 20, true);
	vaapi_rig_run(&rig, 1, 0);
	vaapi_rig_submit(&rig, frame, NULL, 40, true);
	vaapi_rig_run(&rig, 2, 0);
	fine = rig.packets[0]->bytes;
	coarse = rig.packets[1]->bytes;
	assert_true(rig.packets[1]->keyframe);
	assert_true(coarse < fine / 2);
	assert_true(vaapi_rig_encode(&rig, frame, NULL, 40)->bytes < coarse / 20);
	vaapi_rig_close(&rig);
	frame_unref(frame);
}

/* The quantiser that a packet's slice begins with; sets are read on the way. */
static int slice_qp(const struct packet *packet, struct h264_sets *sets)
{
	const uint8_t *at = packet->data;
	struct h264_slice slice;
	struct h264_nal nal;

	while (!h264_nal_next(&at, packet->data + packet->bytes, &nal)) {
		if (nal.type == H264_NAL_SPS) {
			assert_int_equal(h264_read_sps(&nal, &sets->sps), 0);
		} else if (nal.type == H264_NAL_PPS) {
			assert_int_equal(h264_read_pps(&nal, &sets->pps), 0);
		} else {
			assert_int_equal(h264_read_slice(&nal, sets, &slice, NULL), 0);
			return h264_slice_qp(&sets->pps, &slice);
		}
	}
	fail_msg("no slice");
	return -1;
}

/* What a driver says that writes its headers itself is completed: of colours VA-API could not tell it. */
static void test_wilful_driver(void **state)
{
	struct rig_decoder *decoder = rig_decoder_new();
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	uint8_t *nv12 = vaapi_rig_nv12(frame, NULL);
	struct h264_sets sets;
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_break(BROKEN_WILFUL, 0);
	vaapi_rig_open(&rig, VAAPI_HEADLESS "broken", 0);
	for (unsigned int i = 0; i < 4; i++) {
		vaapi_rig_submit(&rig, frame, NULL, 20, i == 2);
		vaapi_rig_run(&rig, i + 1, 0);
		assert_true(vaapi_rig_psnr(decoder, rig.packets[i], nv12) > 42);
		if (i % 2)
			continue;
		assert_int_equal(slice_qp(rig.packets[i], &sets), 20);
		assert_int_equal(sets.sps.width_mbs * 16, WIDTH);
		assert_true(sets.sps.vui.video_signal_type_present && !sets.sps.vui.video_full_range);
		assert_int_equal(sets.sps.vui.colour_primaries, 1);
		assert_int_equal(sets.sps.vui.transfer_characteristics, 1);
		assert_int_equal(sets.sps.vui.matrix_coefficients, 1);
		assert_true(sets.sps.vui.bitstream_restriction);
		assert_int_equal(sets.sps.vui.max_num_reorder_frames, 0);
	}
	vaapi_rig_close(&rig);
	vaapi_rig_break(BROKEN_NOT, 0);
	free(nv12);
	frame_unref(frame);
	rig_decoder_free(decoder);
}

/* Pictures have the quantiser they are submitted with, whatever the one before had. */
static void test_quantisers(void **state)
{
	static const struct {
		int qp;
		bool keyframe;
	} rows[] = { { 26, true }, { 7, false }, { 45, false }, { 20, false }, { 51, true },
		{ 0, false }, { 51, false }, { 30, false }, { 1, true } };
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	struct vaapi_rig rig;
	struct h264_sets sets;

	(void)state;
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		vaapi_rig_submit(&rig, frame, NULL, rows[i].qp, rows[i].keyframe);
		vaapi_rig_run(&rig, i + 1, 0);
		assert_int_equal(slice_qp(rig.packets[i], &sets), rows[i].qp);
	}
	vaapi_rig_close(&rig);
	frame_unref(frame);
}

static void test_keyframes(void **state)
{
	static const struct packet_box boxes[] = {
		{ 0, 0, WIDTH, HEIGHT },
		{ 0, 0, WIDTH, HEIGHT },
		{ 64, 32, 320, 200 },
		{ 64, 32, 320, 200 },
		{ 65, 32, 320, 200 }, /* moves */
		{ 65, 32, 320, 200 },
		{ 65, 32, 321, 199 }, /* odd, and a size of its own */
		{ 65, 32, 321, 199 },
		{ WIDTH - 129, HEIGHT - 131, 129, 131 }, /* odd at the frame's end */
		{ 0, 0, WIDTH, HEIGHT },
	};
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	struct rig_decoder *decoder = rig_decoder_new();
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	for (unsigned int i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		const struct packet *packet = vaapi_rig_encode(&rig, frame, &boxes[i], 22);
		bool moved = !i || memcmp(&boxes[i], &boxes[i - 1], sizeof(boxes[i]));
		uint8_t *nv12 = vaapi_rig_nv12(frame, &boxes[i]);

		assert_int_equal(packet->keyframe, moved);
		assert_memory_equal(&packet->box, &boxes[i], sizeof(boxes[i]));
		assert_int_equal(packet->width, (boxes[i].width + 1) & ~1u);
		assert_int_equal(packet->height, (boxes[i].height + 1) & ~1u);
		if (moved) {
			rig_decoder_free(decoder);
			decoder = rig_decoder_new();
		}
		assert_true(vaapi_rig_psnr(decoder, packet, nv12) > 40);
		free(nv12);
	}
	/* Somebody joins. */
	vaapi_rig_submit(&rig, frame, NULL, 22, true);
	vaapi_rig_run(&rig, rig.n_packets + 1, 0);
	assert_true(rig.packets[rig.n_packets - 1]->keyframe);
	vaapi_rig_close(&rig);
	rig_decoder_free(decoder);
	frame_unref(frame);
}

/* What a keyframe says to a decoder before the first slice. */
static void test_headers(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	const struct packet *packet;
	struct vaapi_rig rig;
	struct h264_sps sps;
	struct h264_nal nal;
	const uint8_t *at, *end;

	(void)state;
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	packet = vaapi_rig_encode(&rig, frame, &(struct packet_box){ 0, 0, 330, 250 }, 22);
	at = packet->data;
	end = at + packet->bytes;
	assert_int_equal(h264_nal_next(&at, end, &nal), 0);
	assert_int_equal(nal.type, H264_NAL_SPS);
	assert_int_equal(h264_read_sps(&nal, &sps), 0);
	assert_int_equal(sps.width_mbs * 16 - 2 * sps.crop_right, 330);
	assert_int_equal(sps.height_mbs * 16 - 2 * sps.crop_bottom, 250);
	assert_int_equal(sps.vui.colour_primaries, 1);
	assert_int_equal(sps.vui.transfer_characteristics, 1);
	assert_int_equal(sps.vui.matrix_coefficients, 1);
	assert_int_equal(sps.vui.video_full_range, 0);
	assert_int_equal(sps.vui.max_num_reorder_frames, 0);
	assert_int_equal(sps.vui.max_dec_frame_buffering, 1);
	assert_int_equal(h264_nal_next(&at, end, &nal), 0);
	assert_int_equal(nal.type, H264_NAL_PPS);
	assert_int_equal(h264_nal_next(&at, end, &nal), 0);
	assert_int_equal(nal.type, H264_NAL_IDR);
	assert_int_equal(h264_nal_next(&at, end, &nal), -ENOENT);
	vaapi_rig_close(&rig);
	frame_unref(frame);
}

static const struct colour {
	double red, green, blue;
} colours[] = { { 0, 0, 0 }, { 255, 255, 255 }, { 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 255 },
	{ 18, 52, 86 }, { 192, 128, 64 }, { 127, 127, 127 } };

static int from_rgb(const struct colour *colour, const double *weights, double offset)
{
	return (int)lrint(weights[0] * colour->red + weights[1] * colour->green +
			weights[2] * colour->blue + offset);
}

/* BT.709's, limited range. */
static void assert_colour(const struct packet *packet, struct rig_decoder *decoder,
		const struct colour *colour)
{
	static const double luma[] = { 0.2126 * 219 / 255, 0.7152 * 219 / 255, 0.0722 * 219 / 255 };
	static const double cb[] = { -0.2126 / 1.8556 * 224 / 255, -0.7152 / 1.8556 * 224 / 255,
		0.5 * 224 / 255 };
	static const double cr[] = { 0.5 * 224 / 255, -0.7152 / 1.5748 * 224 / 255,
		-0.0722 / 1.5748 * 224 / 255 };
	struct rig_packet padded = { .data = calloc(1, packet->bytes + 64), .bytes = packet->bytes };
	uint8_t nv12[128 * 128 * 3 / 2];

	assert_non_null(padded.data);
	memcpy(padded.data, packet->data, packet->bytes);
	rig_decode(decoder, &padded, nv12, 128, 128);
	free(padded.data);
	for (unsigned int i = 0; i < 128 * 128; i++)
		assert_in_range(nv12[i] + 1 - from_rgb(colour, luma, 16), 0, 2);
	for (unsigned int i = 128 * 128; i < sizeof(nv12); i += 2) {
		assert_in_range(nv12[i] + 1 - from_rgb(colour, cb, 128), 0, 2);
		assert_in_range(nv12[i + 1] + 1 - from_rgb(colour, cr, 128), 0, 2);
	}
}

/* Plain colours are within 1, whether the CPU or the driver converts them. */
static void test_colours(void **state)
{
	struct rig_decoder *decoder = rig_decoder_new();
	struct frame *frame;
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	assert_int_equal(frame_new_memory(128, 128, &frame), 0);
	for (unsigned int i = 0; i < sizeof(colours) / sizeof(colours[0]); i++) {
		uint32_t *pixels = (uint32_t *)frame_memory_pixels(frame);
		struct frame *imported;

		for (unsigned int j = 0; j < 128 * 128; j++)
			pixels[j] = (uint32_t)colours[i].red << 16 |
					(uint32_t)colours[i].green << 8 | (uint32_t)colours[i].blue;
		assert_colour(vaapi_rig_encode(&rig, frame, NULL, 4), decoder, &colours[i]);
		imported = vaapi_rig_fd_frame(
				frame, DRM_FORMAT_XRGB8888, "0123", DRM_FORMAT_MOD_LINEAR);
		vaapi_rig_submit(&rig, imported, NULL, 4, true);
		vaapi_rig_run(&rig, 2 * i + 2, 0);
		assert_colour(rig.packets[2 * i + 1], decoder, &colours[i]);
		frame_unref(imported);
	}
	vaapi_rig_close(&rig);
	rig_decoder_free(decoder);
	frame_unref(frame);
}

/* With what changed said rightly, pictures are as good; and a hint that lies shows that it is heeded. */
static void test_damage(void **state)
{
	const struct encoder_params first = { .qp = 22 };
	struct rig_decoder *decoder = rig_decoder_new();
	struct frame *frame;
	struct vaapi_rig rig;
	double honest, lied;

	(void)state;
	assert_int_equal(frame_new_memory(256, 256, &frame), 0);
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	assert_int_equal(encoder_submit(rig.encoder, frame, &(struct packet_box){ 0, 0, 256, 256 },
					 &first),
			0);
	vaapi_rig_run(&rig, 1, 0);
	for (unsigned int i = 0; i < 2; i++) {
		uint32_t *pixels = (uint32_t *)frame_memory_pixels(frame);
		struct encoder_params params = { .qp = 22 };
		pixman_region32_t damage;
		uint8_t *nv12;
		double psnr;

		for (unsigned int y = 40 + 100 * i; y < 80 + 100 * i; y++)
			for (unsigned int x = 40; x < 200; x++)
				pixels[y * 256 + x] = (x * y * 2654435761u) | 0x808080;
		pixman_region32_init_rect(&damage, 40, 40, 160, 40);
		params.damage = &damage;
		assert_int_equal(encoder_submit(rig.encoder, frame,
						 &(struct packet_box){ 0, 0, 256, 256 }, &params),
				0);
		pixman_region32_fini(&damage);
		vaapi_rig_run(&rig, 2 + i, 0);
		nv12 = vaapi_rig_nv12(frame, NULL);
		if (!i)
			vaapi_rig_psnr(decoder, rig.packets[0], nv12);
		psnr = vaapi_rig_psnr(decoder, rig.packets[1 + i], nv12);
		*(i ? &lied : &honest) = psnr;
		free(nv12);
	}
	assert_true(honest > 38);
	assert_true(lied < 25);
	vaapi_rig_close(&rig);
	rig_decoder_free(decoder);
	frame_unref(frame);
}

static void test_refusals(void **state)
{
	static const struct {
		struct packet_box box;
		int qp;
	} rows[] = {
		{ { 0, 0, WIDTH + 1, HEIGHT }, 22 },
		{ { 0, 0, WIDTH, HEIGHT + 1 }, 22 },
		{ { WIDTH, 0, 128, 128 }, 22 },
		{ { UINT32_MAX, 0, 128, 128 }, 22 },
		{ { 0, 0, ENCODER_SIZE_MIN - 1, 200 }, 22 },
		{ { 0, 0, 200, ENCODER_SIZE_MIN - 1 }, 22 },
		{ { 0, 0, 0, 0 }, 22 },
		{ { 0, 0, WIDTH, HEIGHT }, 52 },
		{ { 0, 0, WIDTH, HEIGHT }, -1 },
	};
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct encoder_params params = { .qp = rows[i].qp };

		assert_int_equal(encoder_submit(rig.encoder, frame, &rows[i].box, &params), -EINVAL);
	}
	/* A format that nothing knows, and the next picture after it. */
	frame->fourcc = 0x20203843;
	vaapi_rig_submit(&rig, frame, NULL, 22, false);
	vaapi_rig_run(&rig, 0, 1);
	assert_int_equal(rig.err, -ENOTSUP);
	frame->fourcc = DRM_FORMAT_XRGB8888;
	assert_true(vaapi_rig_encode(&rig, frame, NULL, 22)->keyframe);
	vaapi_rig_close(&rig);
	frame_unref(frame);
}

/* Freed while it works, or by its own packet: the frame comes back, and nothing leaks. */
static void test_free_while_busy(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	vaapi_rig_submit(&rig, frame, NULL, 22, false);
	vaapi_rig_submit(&rig, frame, NULL, 22, false);
	assert_true(encoder_is_busy(rig.encoder));
	vaapi_rig_close(&rig);
	assert_true(vaapi_threads_wait(30 * NSEC_PER_SEC));
	assert_int_equal(frame->refcount, 1);
	frame_unref(frame);
	encoder_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pictures),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_wilful_driver),
		cmocka_unit_test(test_quantisers),
		cmocka_unit_test(test_keyframes),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_free_while_busy),
	};

	return cmocka_run_group_tests(tests, vaapi_rig_setup, vaapi_rig_teardown);
}
