// SPDX-License-Identifier: GPL-2.0-or-later
/* H.264 headers against what x264 makes and libavcodec understands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <libavutil/pixfmt.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/h264_rewrite.h"
#include "tests/unit/h264_codecs.h"

static const struct codecs_kind kinds[] = {
	{ .name = "high", .profile = "high", .width = 176, .height = 144, .cabac = true, .transform_8x8 = true,
		.slices = 1, .qp = 24, .deblock = true },
	{ .name = "high, slices", .profile = "high", .width = 320, .height = 192, .cabac = true,
		.transform_8x8 = true, .slices = 3, .qp = 30, .deblock = true, .alpha = 2, .beta = -3 },
	{ .name = "main", .profile = "main", .width = 162, .height = 98, .cabac = true, .slices = 1, .qp = 10,
		.chroma_offset = -5, .constrained_intra = true, .deblock = true },
	{ .name = "main, no CABAC", .profile = "main", .width = 176, .height = 144, .slices = 1, .qp = 35,
		.deblock = false },
	{ .name = "baseline", .profile = "baseline", .width = 176, .height = 144, .slices = 1, .qp = 1,
		.chroma_offset = 4, .deblock = true },
	{ .name = "baseline, slices", .profile = "baseline", .width = 320, .height = 192, .slices = 2, .qp = 28,
		.deblock = true, .alpha = -6, .beta = 6 },
	{ .name = "high, no CABAC", .profile = "high", .width = 176, .height = 144, .transform_8x8 = true,
		.slices = 1, .qp = 20, .deblock = true },
	{ .name = "constant bit rate", .profile = "high", .width = 176, .height = 144, .cabac = true,
		.transform_8x8 = true, .slices = 1, .deblock = true, .hrd = true },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The only NAL of a type. */
static struct h264_nal find_nal(const uint8_t *data, size_t bytes, uint8_t type)
{
	const uint8_t *at = data;
	struct h264_nal nal;

	do
		assert_int_equal(h264_nal_next(&at, data + bytes, &nal), 0);
	while (nal.type != type);
	return nal;
}

static void read_sets(const struct codecs_stream *stream, struct h264_sets *sets)
{
	struct h264_nal sps = find_nal(stream->headers, stream->headers_bytes, H264_NAL_SPS);
	struct h264_nal pps = find_nal(stream->headers, stream->headers_bytes, H264_NAL_PPS);

	assert_int_equal(h264_read_sps(&sps, &sets->sps), 0);
	assert_int_equal(h264_read_pps(&pps, &sets->pps), 0);
}

static void test_reads_what_x264_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		const struct codecs_kind *kind = &kinds[i];
		struct codecs_stream stream;
		struct h264_sets sets;
		struct h264_writer writer;
		uint8_t data[512];

		codecs_encode(kind, &stream);
		read_sets(&stream, &sets);
		assert_int_equal(sets.sps.width_mbs, (kind->width + 15) / 16);
		assert_int_equal(sets.sps.height_mbs, (kind->height + 15) / 16);
		assert_int_equal(sets.sps.width_mbs * 16 - sets.sps.crop_right * 2, kind->width);
		assert_int_equal(sets.sps.height_mbs * 16 - sets.sps.crop_bottom * 2, kind->height);
		assert_int_equal(sets.sps.max_num_ref_frames, 1);
		/* The least that has what it uses. */
		assert_int_equal(sets.sps.profile_idc, kind->transform_8x8 ? H264_PROFILE_HIGH :
				kind->cabac ? H264_PROFILE_MAIN : H264_PROFILE_BASELINE);
		assert_int_equal(sets.sps.vui.nal_hrd_present, kind->hrd);
		assert_int_equal(sets.pps.cabac, kind->cabac);
		assert_int_equal(sets.pps.transform_8x8, kind->transform_8x8);
		assert_int_equal(sets.pps.constrained_intra_pred, kind->constrained_intra);
		assert_int_equal(sets.pps.chroma_qp_index_offset, kind->chroma_offset);
		assert_int_equal(sets.pps.second_chroma_qp_index_offset, kind->chroma_offset);
		/* Every bit was understood: written again they are the same bytes. */
		writer = h264_writer(data, sizeof(data));
		assert_int_equal(h264_write_sps(&writer, &sets.sps), 0);
		assert_int_equal(h264_write_pps(&writer, &sets.pps), 0);
		assert_int_equal(h264_written(&writer), stream.headers_bytes);
		assert_memory_equal(data, stream.headers, stream.headers_bytes);
		codecs_stream_finish(&stream);
	}
}

/* Sets of a client, as far from x264's as they may be. */
static void client_sets(const struct h264_sets *x264, unsigned int variant, struct h264_sets *ret)
{
	bool plain = variant & 1;

	memset(ret, 0, sizeof(*ret));
	ret->sps.profile_idc = x264->sps.profile_idc;
	ret->sps.constraint_flags = x264->sps.constraint_flags;
	ret->sps.level_idc = 40;
	ret->sps.id = plain ? 0 : 3;
	ret->sps.chroma_format_idc = 1;
	ret->sps.bit_depth_luma = 8;
	ret->sps.bit_depth_chroma = 8;
	ret->sps.log2_max_frame_num = plain ? 8 : 4;
	ret->sps.poc_type = plain ? 0 : 2;
	ret->sps.log2_max_poc_lsb = 5;
	ret->sps.max_num_ref_frames = plain ? 1 : 2;
	ret->sps.width_mbs = x264->sps.width_mbs;
	ret->sps.height_mbs = x264->sps.height_mbs;
	ret->sps.frame_mbs_only = 1;
	ret->sps.direct_8x8_inference = 1;
	ret->sps.cropping = x264->sps.cropping;
	ret->sps.crop_right = x264->sps.crop_right;
	ret->sps.crop_bottom = x264->sps.crop_bottom;
	ret->sps.vui_present = 1;
	ret->sps.vui = (struct h264_vui){
		.video_signal_type_present = 1, .video_format = 5, .colour_description_present = 1,
		.colour_primaries = 1, .transfer_characteristics = 1, .matrix_coefficients = 1,
		.timing_info_present = 1, .num_units_in_tick = 1, .time_scale = 120,
		.bitstream_restriction = 1, .motion_vectors_over_pic_boundaries = 1,
		.log2_max_mv_length_horizontal = 15, .log2_max_mv_length_vertical = 15,
		.max_dec_frame_buffering = plain ? 1 : 2,
	};
	ret->pps = (struct h264_pps){
		.id = plain ? 0 : 17, .sps_id = ret->sps.id,
		.cabac = x264->pps.cabac,
		.num_slice_groups = 1, .num_ref_l0 = plain ? 1 : 2, .num_ref_l1 = 1,
		.pic_init_qp = plain ? 26 : 51, .pic_init_qs = 26,
		.chroma_qp_index_offset = x264->pps.chroma_qp_index_offset,
		.deblocking_filter_control_present = 1,
		.constrained_intra_pred = x264->pps.constrained_intra_pred,
		.extension = x264->pps.extension, .transform_8x8 = x264->pps.transform_8x8,
		.second_chroma_qp_index_offset = x264->pps.second_chroma_qp_index_offset,
	};
}

/* What a client numbers a picture with. */
static struct h264_slice client_header(const struct h264_sets *sets, unsigned int number)
{
	unsigned int in_gop = number % CODECS_GOP;
	struct h264_slice header = {
		.nal_ref_idc = 1 + number % 3,
		.nal_type = in_gop ? H264_NAL_SLICE : H264_NAL_IDR,
		.type = (in_gop ? H264_SLICE_P : H264_SLICE_I) + (number & 1 ? H264_SLICE_ALL : 0),
		.pps_id = sets->pps.id,
		.frame_num = in_gop % (1u << sets->sps.log2_max_frame_num),
		.idr_pic_id = in_gop ? 0 : 100 + number,
		.poc_lsb = sets->sps.poc_type ? 0 : in_gop * 2,
	};

	if (in_gop && number % 2) {
		/* Says what is so anyway: the last picture comes first. */
		header.modification = 1;
		header.n_modifications = 1;
		header.modifications[0].value = 1;
	}
	return header;
}

static void rewrite(const struct codecs_stream *from, const struct h264_sets *from_sets,
		const struct h264_sets *to_sets, struct codecs_stream *to)
{
	struct h264_writer writer;

	*to = (struct codecs_stream){ .width = from->width, .height = from->height };
	to->headers = malloc(512);
	assert_non_null(to->headers);
	writer = h264_writer(to->headers, 512);
	assert_int_equal(h264_write_sps(&writer, &to_sets->sps), 0);
	assert_int_equal(h264_write_pps(&writer, &to_sets->pps), 0);
	to->headers_bytes = h264_written(&writer);
	for (unsigned int i = 0; i < CODECS_PICTURES; i++) {
		struct h264_slice header = client_header(to_sets, i);
		const uint8_t *at = from->pictures[i].data, *end = at + from->pictures[i].bytes;
		size_t room = h264_rewrite_bound(from->pictures[i].bytes) * 4;
		struct h264_nal nal;

		to->pictures[i].data = malloc(room);
		assert_non_null(to->pictures[i].data);
		writer = h264_writer(to->pictures[i].data, room);
		while (!h264_nal_next(&at, end, &nal)) {
			/* Of the rest nothing is true any more. */
			if (nal.type != H264_NAL_SLICE && nal.type != H264_NAL_IDR)
				continue;
			assert_int_equal(h264_rewrite_slice(&nal, from_sets, to_sets, &header, &writer), 0);
		}
		assert_ptr_equal(at, end);
		assert_int_equal(h264_write_trailer(&writer), 0);
		to->pictures[i].bytes = h264_written(&writer);
	}
}

/* The heart of it: every pixel is as x264 meant it. */
static void test_rewritten_streams_decode_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS * 2; i++) {
		struct codecs_stream original, rewritten;
		struct codecs_decoded want, got;
		struct h264_sets x264, client;

		codecs_encode(&kinds[i / 2], &original);
		read_sets(&original, &x264);
		client_sets(&x264, i & 1, &client);
		rewrite(&original, &x264, &client, &rewritten);
		codecs_decode(&original, &want);
		codecs_decode(&rewritten, &got);
		assert_int_equal(want.pictures, CODECS_PICTURES);
		assert_int_equal(got.pictures, want.pictures);
		assert_int_equal(got.picture_bytes, want.picture_bytes);
		assert_memory_equal(got.data, want.data, want.picture_bytes * want.pictures);
		assert_int_equal(got.width, kinds[i / 2].width);
		assert_int_equal(got.height, kinds[i / 2].height);
		/* What the headers told it besides. */
		assert_int_equal(got.primaries, AVCOL_PRI_BT709);
		assert_int_equal(got.transfer, AVCOL_TRC_BT709);
		assert_int_equal(got.matrix, AVCOL_SPC_BT709);
		assert_int_equal(got.range, AVCOL_RANGE_MPEG);
		assert_int_equal(got.delay, 0);
		assert_int_equal(got.rate_num, 60 * got.rate_den);
		codecs_decoded_finish(&want);
		codecs_decoded_finish(&got);
		codecs_stream_finish(&original);
		codecs_stream_finish(&rewritten);
	}
}

/* From the first delimiter to the last picture's trailer. */
static uint8_t *join(const struct codecs_stream *stream, size_t *ret_bytes)
{
	size_t bytes = 6 + stream->headers_bytes;
	struct h264_writer writer;
	uint8_t *data;

	for (unsigned int i = 0; i < CODECS_PICTURES; i++)
		bytes += stream->pictures[i].bytes;
	data = malloc(bytes);
	assert_non_null(data);
	writer = h264_writer(data, bytes);
	assert_int_equal(h264_write_aud(&writer, 0), 0);
	memcpy(writer.at, stream->headers, stream->headers_bytes);
	writer.at += stream->headers_bytes;
	for (unsigned int i = 0; i < CODECS_PICTURES; i++) {
		memcpy(writer.at, stream->pictures[i].data, stream->pictures[i].bytes);
		writer.at += stream->pictures[i].bytes;
	}
	assert_int_equal(h264_written(&writer), bytes);
	*ret_bytes = bytes;
	return data;
}

/* libavcodec's own reader and writer of headers yields our bytes again. */
static void test_libavcodec_reads_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS * 2; i++) {
		struct codecs_stream original, rewritten;
		struct h264_sets x264, client;
		const uint8_t *our_at, *their_at;
		struct h264_nal ours, their;
		uint8_t *stream, *theirs;
		size_t bytes, their_bytes;

		codecs_encode(&kinds[i / 2], &original);
		read_sets(&original, &x264);
		client_sets(&x264, i & 1, &client);
		rewrite(&original, &x264, &client, &rewritten);
		stream = join(&rewritten, &bytes);
		codecs_rewritten(stream, bytes, &theirs, &their_bytes);
		/* Start codes may differ in length. */
		our_at = stream;
		their_at = theirs;
		while (!h264_nal_next(&our_at, stream + bytes, &ours)) {
			assert_int_equal(h264_nal_next(&their_at, theirs + their_bytes, &their), 0);
			assert_int_equal(their.bytes, ours.bytes);
			assert_memory_equal(their.data, ours.data, ours.bytes);
		}
		assert_int_equal(h264_nal_next(&their_at, theirs + their_bytes, &their), -ENOENT);
		free(theirs);
		free(stream);
		codecs_stream_finish(&original);
		codecs_stream_finish(&rewritten);
	}
}

/* A header that lies about the data is found out where it can be. */
static void test_lies_are_refused(void **state)
{
	struct codecs_stream stream;
	struct h264_sets x264, client;
	struct h264_slice header;
	struct h264_writer writer;
	struct h264_nal nal;
	const uint8_t *at;
	uint8_t *data;

	(void)state;
	codecs_encode(&kinds[0], &stream);
	read_sets(&stream, &x264);
	client_sets(&x264, 1, &client);
	header = client_header(&client, 1);
	at = stream.pictures[1].data;
	assert_int_equal(h264_nal_next(&at, at + stream.pictures[1].bytes, &nal), 0);
	data = malloc(h264_rewrite_bound(nal.bytes));
	assert_non_null(data);
	writer = h264_writer(data, h264_rewrite_bound(nal.bytes));
	header.type = H264_SLICE_I;
	assert_int_equal(h264_rewrite_slice(&nal, &x264, &client, &header, &writer), -EINVAL);
	header = client_header(&client, 0);
	assert_int_equal(h264_rewrite_slice(&nal, &x264, &client, &header, &writer), -EINVAL);
	header = client_header(&client, 1);
	client.pps.transform_8x8 = 0;
	assert_int_equal(h264_rewrite_slice(&nal, &x264, &client, &header, &writer), -EINVAL);
	client.pps.transform_8x8 = 1;
	assert_int_equal(h264_rewrite_slice(&nal, &x264, &client, &header, &writer), 0);
	free(data);
	codecs_stream_finish(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_what_x264_writes),
		cmocka_unit_test(test_rewritten_streams_decode_the_same),
		cmocka_unit_test(test_libavcodec_reads_the_same),
		cmocka_unit_test(test_lies_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
