// SPDX-License-Identifier: GPL-2.0-or-later
/* What the software driver refuses to encode: each mistake by itself, in an otherwise good picture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/softva_rig.h"

#define WIDTH 96
#define HEIGHT 80

struct mistake {
	const char *name;
	bool idr; /* in which kind of picture */
	void (*make)(const struct rig_stream *stream, struct rig_picture *picture);
	VAStatus status; /* 0: VA_STATUS_ERROR_INVALID_PARAMETER */
};

#define MISTAKE(function, ...) \
	static void function(const struct rig_stream *stream, struct rig_picture *picture) \
	{ \
		(void)stream; \
		__VA_ARGS__; \
	}

/* Of the sequence. */
MISTAKE(seq_wider, picture->seq.picture_width_in_mbs++)
MISTAKE(seq_interlaced, picture->seq.seq_fields.bits.frame_mbs_only_flag = 0)
MISTAKE(seq_444, picture->seq.seq_fields.bits.chroma_format_idc = 3)
MISTAKE(seq_ten_bits, picture->seq.bit_depth_luma_minus8 = 2)
MISTAKE(seq_matrices, picture->seq.seq_fields.bits.seq_scaling_matrix_present_flag = 1)
MISTAKE(seq_frame_nums, picture->seq.seq_fields.bits.log2_max_frame_num_minus4++)
MISTAKE(seq_order, picture->seq.seq_fields.bits.pic_order_cnt_type = 2)
MISTAKE(seq_id, picture->seq.seq_parameter_set_id = 1)

/* Of the picture. */
MISTAKE(pic_no_recon, picture->pic.CurrPic.picture_id = VA_INVALID_SURFACE)
MISTAKE(pic_recon_is_source, picture->pic.CurrPic.picture_id = stream->source)
MISTAKE(pic_recon_is_reference, picture->pic.CurrPic.picture_id = stream->reconstructed[!stream->next])
MISTAKE(pic_field, picture->pic.CurrPic.flags = VA_PICTURE_H264_TOP_FIELD)
MISTAKE(pic_no_coded, picture->pic.coded_buf = VA_INVALID_ID)
MISTAKE(pic_coded_is_surface, picture->pic.coded_buf = stream->source)
MISTAKE(pic_frame_num, picture->pic.frame_num++)
MISTAKE(pic_weighted, picture->pic.pic_fields.bits.weighted_pred_flag = 1)
MISTAKE(pic_cavlc, picture->pic.pic_fields.bits.entropy_coding_mode_flag = 0)
MISTAKE(pic_transform, picture->pic.pic_fields.bits.transform_8x8_mode_flag = 0)
MISTAKE(pic_init_qp, picture->pic.pic_init_qp = 52)
MISTAKE(pic_chroma_offset, picture->pic.chroma_qp_index_offset = 3)
MISTAKE(pic_pps_id, picture->pic.pic_parameter_set_id = 7)
MISTAKE(pic_reference_missing, picture->pic.ReferenceFrames[0].picture_id = VA_INVALID_SURFACE)
MISTAKE(pic_not_idr, picture->pic.pic_fields.bits.idr_pic_flag = 0)
MISTAKE(pic_many_references, picture->pic.num_ref_idx_l0_active_minus1 = 1)

/* Of slices. */
MISTAKE(slices_none, picture->n_slices = 0)
MISTAKE(slices_half, picture->slices[0].num_macroblocks /= 2)
MISTAKE(slices_gap, picture->slices[1].macroblock_address++)
MISTAKE(slices_beyond, picture->slices[1].num_macroblocks += 6)
MISTAKE(slices_odd, picture->slices[0].num_macroblocks--; picture->slices[1].macroblock_address--;
	picture->slices[1].num_macroblocks++)
MISTAKE(slices_swapped, VAEncSliceParameterBufferH264 first = picture->slices[0];
	picture->slices[0] = picture->slices[1]; picture->slices[1] = first)
MISTAKE(slices_mixed, picture->slices[1].slice_type = H264_SLICE_I)
MISTAKE(slice_b, picture->slices[0].slice_type = 1)
MISTAKE(slice_no_type, picture->slices[0].slice_type = 10)
MISTAKE(slice_p_in_idr, picture->slices[0].slice_type = H264_SLICE_P)
MISTAKE(slice_qp, picture->slices[0].slice_qp_delta = 26)
MISTAKE(slice_other_qp, picture->slices[0].slice_qp_delta++)
MISTAKE(slice_deblocking, picture->slices[0].slice_alpha_c0_offset_div2 = 7)
MISTAKE(slice_other_deblocking, picture->slices[1].disable_deblocking_filter_idc = 1)
MISTAKE(slice_cabac, picture->slices[0].cabac_init_idc = 3)
MISTAKE(slice_mb_info, picture->slices[0].macroblock_info = stream->coded)
MISTAKE(slice_reference, picture->slices[0].RefPicList0[0].picture_id = stream->reconstructed[stream->next])
MISTAKE(slice_no_reference, picture->slices[0].RefPicList0[0].flags = VA_PICTURE_H264_INVALID)
MISTAKE(slice_two_references, picture->slices[0].num_ref_idx_active_override_flag = 1;
	picture->slices[0].num_ref_idx_l0_active_minus1 = 1)
MISTAKE(slice_order, picture->slices[0].pic_order_cnt_lsb += 2)
MISTAKE(slice_idr_id, picture->slices[0].idr_pic_id++)

/* Of packed headers. */
MISTAKE(header_no_sps, picture->headers[0] = picture->headers[1]; picture->n_headers = 1)
MISTAKE(header_no_start, memset(picture->headers[0].data, 0x67, 4))
MISTAKE(header_cut, picture->headers[0].bits = 80)
MISTAKE(header_nonsense, memset(picture->headers[0].data + 8, 0xff, 8))
MISTAKE(header_no_bits, picture->headers[0].bits = 0)
MISTAKE(header_huge, picture->headers[0].bits = UINT32_MAX)
MISTAKE(header_type, picture->headers[0].type = 17)
MISTAKE(header_slice_for_sps, picture->headers[0].type = VAEncPackedHeaderSlice)
MISTAKE(header_raw_slice, picture->slice_headers[0].type = VAEncPackedHeaderRawData)
MISTAKE(header_no_slice, picture->n_slice_headers--)
MISTAKE(header_slice_cut, picture->slice_headers[0].bits = 48)
MISTAKE(header_slice_of_idr, picture->slice_headers[0].data[4] = 0x25)
MISTAKE(header_two_slices, memcpy(picture->slice_headers[0].data + 40, picture->slice_headers[1].data, 40);
	picture->slice_headers[0].bits = 640)

static const VAEncMiscParameterSkipFrame skip = { .skip_frame_flag = 1 };
static const VAEncMiscParameterBufferROI roi = { .num_roi = 3 };
static const VAEncMiscParameterBufferDirtyRect dirty = { .num_roi_rectangle = 1000 };
static const VAEncMiscParameterFrameRate rate;
static const VAEncMiscParameterBufferQualityLevel quality = { .quality_level = 99 };
static const VAEncMiscParameterRateControl control = { .max_qp = 52 };

static void add_misc(struct rig_picture *picture, VAEncMiscParameterType type, const void *data, size_t bytes)
{
	picture->misc[0].type = type;
	picture->misc[0].data = data;
	picture->misc[0].bytes = bytes;
	picture->n_misc = 1;
}

MISTAKE(misc_unknown, add_misc(picture, VAEncMiscParameterTypeSkipFrame, &skip, sizeof(skip)))
MISTAKE(misc_cut, add_misc(picture, VAEncMiscParameterTypeRateControl, &control, 8))
MISTAKE(misc_roi, add_misc(picture, VAEncMiscParameterTypeROI, &roi, sizeof(roi)))
MISTAKE(misc_dirty, add_misc(picture, VAEncMiscParameterTypeDirtyRect, &dirty, sizeof(dirty)))
MISTAKE(misc_rate, add_misc(picture, VAEncMiscParameterTypeFrameRate, &rate, sizeof(rate)))
MISTAKE(misc_quality, add_misc(picture, VAEncMiscParameterTypeQualityLevel, &quality, sizeof(quality)))
MISTAKE(misc_qp, add_misc(picture, VAEncMiscParameterTypeRateControl, &control, sizeof(control)))

#define IDR(function) { #function, true, function, 0 }
#define P(function) { #function, false, function, 0 }

static const struct mistake mistakes[] = {
	IDR(seq_wider), IDR(seq_interlaced), IDR(seq_444), IDR(seq_ten_bits),
	IDR(seq_matrices), IDR(seq_frame_nums), IDR(seq_order), IDR(seq_id),
	IDR(pic_no_recon), IDR(pic_recon_is_source), P(pic_recon_is_reference), IDR(pic_field),
	IDR(pic_no_coded), IDR(pic_coded_is_surface), P(pic_frame_num), IDR(pic_frame_num),
	P(pic_weighted), P(pic_cavlc), P(pic_transform), IDR(pic_init_qp), IDR(pic_chroma_offset),
	P(pic_pps_id), P(pic_reference_missing), IDR(pic_not_idr), P(pic_many_references),
	P(slices_none), P(slices_half), P(slices_gap), P(slices_beyond), P(slices_odd),
	P(slices_swapped), P(slices_mixed), P(slice_b), P(slice_no_type), IDR(slice_p_in_idr),
	P(slice_qp), P(slice_other_qp), P(slice_deblocking), P(slice_other_deblocking),
	P(slice_cabac), P(slice_mb_info), P(slice_reference), P(slice_no_reference),
	P(slice_two_references), P(slice_order), IDR(slice_idr_id),
	IDR(header_no_sps), IDR(header_no_start), IDR(header_cut), IDR(header_nonsense),
	IDR(header_no_bits), IDR(header_huge), IDR(header_type), IDR(header_slice_for_sps),
	P(header_raw_slice), P(header_no_slice), P(header_slice_cut), P(header_slice_of_idr),
	P(header_two_slices),
	{ "misc_unknown", false, misc_unknown, VA_STATUS_ERROR_ATTR_NOT_SUPPORTED },
	P(misc_cut), P(misc_roi), P(misc_dirty), P(misc_rate), P(misc_quality), P(misc_qp),
};

static void assert_stream_goes_on(struct rig_stream *stream, struct rig_decoder *decoder)
{
	uint8_t *decoded = malloc(rig_nv12_bytes(WIDTH, HEIGHT));
	struct rig_packet packet = rig_stream_packet(stream);

	assert_non_null(decoded);
	rig_decode(decoder, &packet, decoded, WIDTH, HEIGHT);
	free(packet.data);
	free(decoded);
}

static void open_stream(struct rig_stream *stream, VADisplay va)
{
	const struct rig_options options = { .width = WIDTH, .height = HEIGHT, .n_slices = 2 };
	uint8_t *nv12 = malloc(rig_nv12_bytes(WIDTH, HEIGHT));

	assert_non_null(nv12);
	rig_stream_open(stream, va, &options);
	rig_paint(nv12, WIDTH, HEIGHT, 0);
	rig_upload(va, stream->source, nv12, WIDTH, HEIGHT);
	free(nv12);
}

static char last_reason[300];

static void keep_reason(void *context, const char *message)
{
	(void)context;
	snprintf(last_reason, sizeof(last_reason), "%s", message);
}

static void test_every_mistake(void **state)
{
	struct rig_picture *picture = malloc(sizeof(*picture));
	struct rig_decoder *decoder = rig_decoder_new();
	struct rig_stream stream;
	VAMessageCallback before = vaSetInfoCallback(*state, keep_reason, NULL);

	assert_non_null(picture);
	open_stream(&stream, *state);
	rig_stream_encode(&stream, true);
	assert_stream_goes_on(&stream, decoder);
	for (unsigned int i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct mistake *mistake = &mistakes[i];
		VAStatus expected = mistake->status ? mistake->status : VA_STATUS_ERROR_INVALID_PARAMETER;
		VAStatus status;

		rig_picture_make(&stream, mistake->idr, picture);
		mistake->make(&stream, picture);
		last_reason[0] = '\0';
		status = rig_picture_send(&stream, picture);
		if (status != expected)
			fail_msg("%s: status %#x, not %#x", mistake->name, (unsigned int)status,
					(unsigned int)expected);
		/* It says why. */
		if (!last_reason[0])
			fail_msg("%s: refused without a word", mistake->name);
		/* Nothing of it is left: the stream goes on as if it had not been. */
		rig_stream_encode(&stream, mistake->idr);
		assert_stream_goes_on(&stream, decoder);
	}
	rig_stream_close(&stream);
	rig_decoder_free(decoder);
	free(picture);
	vaSetInfoCallback(*state, before, NULL);
}

static void test_a_stream_begins_with_an_idr_picture(void **state)
{
	struct rig_picture *picture = malloc(sizeof(*picture));
	struct rig_stream stream;

	assert_non_null(picture);
	open_stream(&stream, *state);
	rig_picture_make(&stream, false, picture);
	assert_int_equal(rig_picture_send(&stream, picture), VA_STATUS_ERROR_INVALID_PARAMETER);
	picture->with_seq = true;
	assert_int_equal(rig_picture_send(&stream, picture), VA_STATUS_ERROR_INVALID_PARAMETER);
	rig_stream_close(&stream);
	free(picture);
}

static void test_buffers_that_are_not_what_they_seem(void **state)
{
	VAEncPictureParameterBufferH264 params = { 0 };
	VABufferID buffer;
	struct rig_stream stream;
	VASurfaceID rgb;
	void *data;

	open_stream(&stream, *state);
	/* Too short, of a type that is no parameter, mapped, gone. */
	assert_va(vaBeginPicture(stream.va, stream.context, stream.source));
	assert_va(vaCreateBuffer(stream.va, stream.context, VAEncPictureParameterBufferType,
			sizeof(params) - 1, 1, &params, &buffer));
	assert_int_equal(vaRenderPicture(stream.va, stream.context, &buffer, 1),
			VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_va(vaDestroyBuffer(stream.va, buffer));
	assert_int_equal(vaRenderPicture(stream.va, stream.context, &buffer, 1), VA_STATUS_ERROR_INVALID_BUFFER);
	assert_int_equal(vaRenderPicture(stream.va, stream.context, &stream.coded, 1),
			VA_STATUS_ERROR_INVALID_BUFFER);
	assert_va(vaCreateBuffer(stream.va, stream.context, VAEncPictureParameterBufferType,
			sizeof(params), 1, &params, &buffer));
	assert_va(vaMapBuffer(stream.va, buffer, &data));
	assert_int_equal(vaRenderPicture(stream.va, stream.context, &buffer, 1), VA_STATUS_ERROR_INVALID_BUFFER);
	assert_va(vaDestroyBuffer(stream.va, buffer));
	/* The first thing that went wrong is what the picture ends with. */
	assert_int_equal(vaEndPicture(stream.va, stream.context), VA_STATUS_ERROR_INVALID_PARAMETER);

	/* A coded buffer that its reader still has. */
	assert_va(vaMapBuffer(stream.va, stream.coded, &data));
	{
		struct rig_picture *picture = malloc(sizeof(*picture));

		assert_non_null(picture);
		rig_picture_make(&stream, true, picture);
		assert_int_equal(rig_picture_send(&stream, picture), VA_STATUS_ERROR_INVALID_PARAMETER);
		assert_va(vaUnmapBuffer(stream.va, stream.coded));
		assert_va(rig_picture_send(&stream, picture));
		free(picture);
	}

	/* A source that no encoder reads. */
	rgb = rig_surface(stream.va, VA_FOURCC_BGRX, WIDTH, HEIGHT);
	{
		VASurfaceID source = stream.source;
		struct rig_picture *picture = malloc(sizeof(*picture));

		assert_non_null(picture);
		stream.source = rgb;
		rig_picture_make(&stream, false, picture);
		assert_int_equal(rig_picture_send(&stream, picture), VA_STATUS_ERROR_INVALID_PARAMETER);
		stream.source = source;
		free(picture);
	}
	assert_va(vaDestroySurfaces(stream.va, &rgb, 1));
	rig_stream_close(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_mistake),
		cmocka_unit_test(test_a_stream_begins_with_an_idr_picture),
		cmocka_unit_test(test_buffers_that_are_not_what_they_seem),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
