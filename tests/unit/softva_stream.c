// SPDX-License-Identifier: GPL-2.0-or-later
/* A stream of pictures to the software driver, with headers of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/softva_rig.h"

#define ALL_PACKED                                                                                 \
	(VA_ENC_PACKED_HEADER_SEQUENCE | VA_ENC_PACKED_HEADER_PICTURE |                            \
			VA_ENC_PACKED_HEADER_SLICE | VA_ENC_PACKED_HEADER_RAW_DATA)
#define FPS 30

static unsigned int to_mbs(unsigned int pixels)
{
	return (pixels + 15) / 16;
}

static void make_sets(const struct rig_stream *stream, struct h264_sets *ret)
{
	bool high = stream->profile == VAProfileH264High,
	     baseline = stream->profile == VAProfileH264ConstrainedBaseline;
	struct h264_sets sets = {
		.sps = {
			.profile_idc = high ? H264_PROFILE_HIGH : baseline ? H264_PROFILE_BASELINE : H264_PROFILE_MAIN,
			.constraint_flags = baseline ? H264_CONSTRAINT_SET0 | H264_CONSTRAINT_SET1 : 0,
			.level_idc = 40,
			.chroma_format_idc = 1,
			.bit_depth_luma = 8,
			.bit_depth_chroma = 8,
			.log2_max_frame_num = 8,
			.log2_max_poc_lsb = 8,
			.max_num_ref_frames = 1,
			.width_mbs = to_mbs(stream->width),
			.height_mbs = to_mbs(stream->height),
			.frame_mbs_only = 1,
			.direct_8x8_inference = 1,
			.vui_present = 1,
			.vui = {
				.video_signal_type_present = 1,
				.video_format = 5,
				.colour_description_present = 1,
				.colour_primaries = 1,
				.transfer_characteristics = 1,
				.matrix_coefficients = 1,
				.timing_info_present = 1,
				.num_units_in_tick = 1,
				.time_scale = 2 * FPS,
				.bitstream_restriction = 1,
				.motion_vectors_over_pic_boundaries = 1,
				.log2_max_mv_length_horizontal = 15,
				.log2_max_mv_length_vertical = 15,
				.max_dec_frame_buffering = 1,
			},
		},
		.pps = {
			.cabac = !baseline,
			.num_slice_groups = 1,
			.num_ref_l0 = 1,
			.num_ref_l1 = 1,
			.pic_init_qp = 26,
			.pic_init_qs = 26,
			.deblocking_filter_control_present = 1,
			.extension = high,
			.transform_8x8 = high,
		},
	};

	sets.sps.crop_right = (sets.sps.width_mbs * 16 - stream->width) / 2;
	sets.sps.crop_bottom = (sets.sps.height_mbs * 16 - stream->height) / 2;
	sets.sps.cropping = sets.sps.crop_right || sets.sps.crop_bottom;
	*ret = sets;
}

VAStatus rig_stream_try_open(
		struct rig_stream *stream, VADisplay va, const struct rig_options *options)
{
	VASurfaceID surfaces[3];
	VAStatus status;
	unsigned int mbs = to_mbs(options->width) * to_mbs(options->height), rows;
	size_t coded_bytes = options->coded_bytes ? options->coded_bytes : mbs * 400 + 65536;
	VAConfigAttrib attribs[] = {
		{ VAConfigAttribRTFormat, VA_RT_FORMAT_YUV420 },
		{ VAConfigAttribRateControl,
				options->rate_control ? options->rate_control : VA_RC_CQP },
		{ VAConfigAttribEncPackedHeaders,
				options->no_packed		  ? 0
						: options->packed ? options->packed
								  : ALL_PACKED },
	};

	*stream = (struct rig_stream){
		.va = va,
		.profile = options->profile ? options->profile : VAProfileH264High,
		.rate_control = attribs[1].value,
		.packed = attribs[2].value,
		.width = options->width,
		.height = options->height,
		.n_slices = options->n_slices ? options->n_slices : 1,
		.qp = options->qp ? options->qp : 24,
	};
	make_sets(stream, &stream->sets);
	/* Of equally many rows, but for the last. */
	rows = (stream->sets.sps.height_mbs + stream->n_slices - 1) / stream->n_slices;
	stream->n_slices = (stream->sets.sps.height_mbs + rows - 1) / rows;
	status = vaCreateConfig(
			va, stream->profile, VAEntrypointEncSlice, attribs, 3, &stream->config);
	if (status == VA_STATUS_SUCCESS)
		status = vaCreateSurfaces(va, VA_RT_FORMAT_YUV420, options->width, options->height,
				surfaces, 3, NULL, 0);
	if (status != VA_STATUS_SUCCESS)
		return status;
	stream->source = surfaces[0];
	stream->reconstructed[0] = surfaces[1];
	stream->reconstructed[1] = surfaces[2];
	status = vaCreateContext(va, stream->config, (int)options->width, (int)options->height,
			VA_PROGRESSIVE, NULL, 0, &stream->context);
	if (status == VA_STATUS_SUCCESS)
		status = vaCreateBuffer(va, stream->context, VAEncCodedBufferType,
				(unsigned int)coded_bytes, 1, NULL, &stream->coded);
	return status;
}

void rig_stream_open(struct rig_stream *stream, VADisplay va, const struct rig_options *options)
{
	assert_va(rig_stream_try_open(stream, va, options));
}

void rig_stream_close(struct rig_stream *stream)
{
	assert_va(vaDestroyBuffer(stream->va, stream->coded));
	assert_va(vaDestroyContext(stream->va, stream->context));
	assert_va(vaDestroyConfig(stream->va, stream->config));
	assert_va(vaDestroySurfaces(stream->va, &stream->source, 1));
	assert_va(vaDestroySurfaces(stream->va, stream->reconstructed, 2));
}

static void fill_seq(const struct rig_stream *stream, VAEncSequenceParameterBufferH264 *seq)
{
	const struct h264_sps *sps = &stream->sets.sps;

	seq->level_idc = (uint8_t)sps->level_idc;
	seq->intra_period = 32767;
	seq->intra_idr_period = 32767;
	seq->ip_period = 1;
	seq->bits_per_second = stream->rate_control == VA_RC_CQP ? 0 : 1000000;
	seq->max_num_ref_frames = 1;
	seq->picture_width_in_mbs = (uint16_t)sps->width_mbs;
	seq->picture_height_in_mbs = (uint16_t)sps->height_mbs;
	seq->seq_fields.bits.chroma_format_idc = 1;
	seq->seq_fields.bits.frame_mbs_only_flag = 1;
	seq->seq_fields.bits.direct_8x8_inference_flag = 1;
	seq->seq_fields.bits.log2_max_frame_num_minus4 = sps->log2_max_frame_num - 4;
	seq->seq_fields.bits.log2_max_pic_order_cnt_lsb_minus4 = sps->log2_max_poc_lsb - 4;
	seq->frame_cropping_flag = (uint8_t)sps->cropping;
	seq->frame_crop_right_offset = sps->crop_right;
	seq->frame_crop_bottom_offset = sps->crop_bottom;
	seq->vui_parameters_present_flag = 1;
	seq->vui_fields.bits.timing_info_present_flag = 1;
	seq->num_units_in_tick = sps->vui.num_units_in_tick;
	seq->time_scale = sps->vui.time_scale;
}

static void fill_pic(
		const struct rig_stream *stream, bool idr, VAEncPictureParameterBufferH264 *pic)
{
	const struct h264_pps *pps = &stream->sets.pps;
	unsigned int number = idr ? 0 : stream->number;

	for (unsigned int i = 0; i < 16; i++)
		pic->ReferenceFrames[i] = (VAPictureH264){ VA_INVALID_SURFACE, 0,
			VA_PICTURE_H264_INVALID, 0, 0, { 0 } };
	pic->CurrPic.picture_id = stream->reconstructed[stream->next];
	pic->CurrPic.frame_idx = number;
	pic->CurrPic.TopFieldOrderCnt = (int32_t)(2 * number);
	if (!idr) {
		pic->ReferenceFrames[0].picture_id = stream->reconstructed[!stream->next];
		pic->ReferenceFrames[0].flags = VA_PICTURE_H264_SHORT_TERM_REFERENCE;
	}
	pic->coded_buf = stream->coded;
	pic->frame_num = (uint16_t)(number & 0xff);
	pic->pic_init_qp = (uint8_t)pps->pic_init_qp;
	pic->pic_fields.bits.idr_pic_flag = idr;
	pic->pic_fields.bits.reference_pic_flag = 1;
	pic->pic_fields.bits.entropy_coding_mode_flag = pps->cabac;
	pic->pic_fields.bits.transform_8x8_mode_flag = pps->transform_8x8;
	pic->pic_fields.bits.deblocking_filter_control_present_flag = 1;
}

static void fill_slice(const struct rig_stream *stream, const VAEncPictureParameterBufferH264 *pic,
		unsigned int index, VAEncSliceParameterBufferH264 *slice)
{
	const struct h264_sps *sps = &stream->sets.sps;
	unsigned int rows = (sps->height_mbs + stream->n_slices - 1) / stream->n_slices,
		     first = index * rows;
	bool idr = pic->pic_fields.bits.idr_pic_flag;

	if (first + rows > sps->height_mbs)
		rows = sps->height_mbs - first;
	slice->macroblock_address = first * sps->width_mbs;
	slice->num_macroblocks = rows * sps->width_mbs;
	slice->macroblock_info = VA_INVALID_ID;
	slice->slice_type = idr ? H264_SLICE_I : H264_SLICE_P;
	slice->idr_pic_id = (uint16_t)(stream->idrs & 0xff);
	slice->pic_order_cnt_lsb = (uint16_t)(2 * pic->frame_num & 0xff);
	for (unsigned int i = 0; i < 32; i++) {
		slice->RefPicList0[i] = (VAPictureH264){ VA_INVALID_SURFACE, 0,
			VA_PICTURE_H264_INVALID, 0, 0, { 0 } };
		slice->RefPicList1[i] = slice->RefPicList0[i];
	}
	if (!idr)
		slice->RefPicList0[0] = pic->ReferenceFrames[0];
	slice->slice_qp_delta = (int8_t)(stream->qp - stream->sets.pps.pic_init_qp);
}

static void write_slice_header(const struct rig_stream *stream,
		const VAEncPictureParameterBufferH264 *pic,
		const VAEncSliceParameterBufferH264 *slice, struct rig_header *ret)
{
	bool idr = pic->pic_fields.bits.idr_pic_flag;
	const struct h264_slice header = {
		.nal_ref_idc = 1,
		.nal_type = idr ? H264_NAL_IDR : H264_NAL_SLICE,
		.first_mb = slice->macroblock_address,
		.type = slice->slice_type,
		.frame_num = pic->frame_num,
		.idr_pic_id = slice->idr_pic_id,
		.poc_lsb = slice->pic_order_cnt_lsb,
		.num_ref_l0 = 1,
		.slice_qp_delta = slice->slice_qp_delta,
	};
	struct h264_writer writer;

	memset(ret, 0, sizeof(*ret));
	writer = h264_writer(ret->data, sizeof(ret->data) - 1);
	assert_int_equal(h264_write_slice(&writer, &stream->sets, &header), 0);
	ret->type = VAEncPackedHeaderSlice;
	ret->bits = (uint32_t)(h264_written(&writer) * 8 + writer.used);
	*writer.at = writer.byte;
}

static void add_header(struct rig_picture *picture, uint32_t type, const struct h264_writer *writer)
{
	struct rig_header *header = &picture->headers[picture->n_headers++];

	header->type = type;
	header->bits = (uint32_t)h264_written(writer) * 8;
}

void rig_picture_make(const struct rig_stream *stream, bool idr, struct rig_picture *ret)
{
	struct h264_writer writer;

	memset(ret, 0, sizeof(*ret));
	ret->with_seq = idr;
	fill_seq(stream, &ret->seq);
	fill_pic(stream, idr, &ret->pic);
	ret->n_slices = stream->n_slices;
	for (unsigned int i = 0; i < ret->n_slices; i++)
		fill_slice(stream, &ret->pic, i, &ret->slices[i]);
	if (idr && stream->packed & VA_ENC_PACKED_HEADER_SEQUENCE) {
		writer = h264_writer(
				ret->headers[ret->n_headers].data, sizeof(ret->headers[0].data));
		assert_int_equal(h264_write_sps(&writer, &stream->sets.sps), 0);
		add_header(ret, VAEncPackedHeaderSequence, &writer);
	}
	if (idr && stream->packed & VA_ENC_PACKED_HEADER_PICTURE) {
		writer = h264_writer(
				ret->headers[ret->n_headers].data, sizeof(ret->headers[0].data));
		assert_int_equal(h264_write_pps(&writer, &stream->sets.pps), 0);
		add_header(ret, VAEncPackedHeaderPicture, &writer);
	}
	for (unsigned int i = 0; i < ret->n_slices && stream->packed & VA_ENC_PACKED_HEADER_SLICE;
			i++) {
		write_slice_header(stream, &ret->pic, &ret->slices[i], &ret->slice_headers[i]);
		ret->n_slice_headers++;
	}
}

static VAStatus render(struct rig_stream *stream, VABufferType type, const void *data, size_t bytes)
{
	VABufferID buffer;
	VAStatus status;

	status = vaCreateBuffer(stream->va, stream->context, type, (unsigned int)bytes, 1,
			(void *)data, &buffer);
	if (status != VA_STATUS_SUCCESS)
		return status;
	status = vaRenderPicture(stream->va, stream->context, &buffer, 1);
	/* The driver has what it needs. */
	assert_va(vaDestroyBuffer(stream->va, buffer));
	return status;
}

static VAStatus render_header(struct rig_stream *stream, const struct rig_header *header)
{
	const VAEncPackedHeaderParameterBuffer params = {
		.type = header->type,
		.bit_length = header->bits,
		.has_emulation_bytes = 1,
	};
	VAStatus status = render(
			stream, VAEncPackedHeaderParameterBufferType, &params, sizeof(params));

	if (status == VA_STATUS_SUCCESS)
		status = render(stream, VAEncPackedHeaderDataBufferType, header->data,
				(header->bits + 7) / 8);
	return status;
}

static VAStatus render_misc(
		struct rig_stream *stream, const struct rig_picture *picture, unsigned int index)
{
	uint8_t bytes[512] = { 0 };
	uint32_t type = picture->misc[index].type;

	memcpy(bytes, &type, sizeof(type));
	memcpy(bytes + sizeof(type), picture->misc[index].data, picture->misc[index].bytes);
	return render(stream, VAEncMiscParameterBufferType, bytes,
			sizeof(type) + picture->misc[index].bytes);
}

static VAStatus render_all(struct rig_stream *stream, const struct rig_picture *picture)
{
	VAStatus status = VA_STATUS_SUCCESS;

	if (picture->with_seq)
		status = render(stream, VAEncSequenceParameterBufferType, &picture->seq,
				sizeof(picture->seq));
	if (status == VA_STATUS_SUCCESS)
		status = render(stream, VAEncPictureParameterBufferType, &picture->pic,
				sizeof(picture->pic));
	for (unsigned int i = 0; i < picture->n_misc && status == VA_STATUS_SUCCESS; i++)
		status = render_misc(stream, picture, i);
	for (unsigned int i = 0; i < picture->n_headers && status == VA_STATUS_SUCCESS; i++)
		status = render_header(stream, &picture->headers[i]);
	for (unsigned int i = 0; i < picture->n_slices && status == VA_STATUS_SUCCESS; i++) {
		if (i < picture->n_slice_headers)
			status = render_header(stream, &picture->slice_headers[i]);
		if (status == VA_STATUS_SUCCESS)
			status = render(stream, VAEncSliceParameterBufferType, &picture->slices[i],
					sizeof(picture->slices[i]));
	}
	return status;
}

VAStatus rig_picture_send(struct rig_stream *stream, const struct rig_picture *picture)
{
	bool idr = picture->pic.pic_fields.bits.idr_pic_flag;
	VAStatus status, ended;

	assert_va(vaBeginPicture(stream->va, stream->context, stream->source));
	status = render_all(stream, picture);
	ended = vaEndPicture(stream->va, stream->context);
	if (status != VA_STATUS_SUCCESS) {
		/* A picture with a refused part must not be encoded. */
		assert_int_not_equal(ended, VA_STATUS_SUCCESS);
		return status;
	}
	if (ended != VA_STATUS_SUCCESS)
		return ended;
	stream->number = idr ? 1 : stream->number + 1;
	stream->idrs += idr;
	stream->next = !stream->next;
	return VA_STATUS_SUCCESS;
}

void rig_stream_encode(struct rig_stream *stream, bool idr)
{
	struct rig_picture *picture = malloc(sizeof(*picture));

	assert_non_null(picture);
	rig_picture_make(stream, idr, picture);
	assert_va(rig_picture_send(stream, picture));
	free(picture);
}

struct rig_packet rig_stream_packet(struct rig_stream *stream)
{
	struct rig_packet packet = { 0 };
	VACodedBufferSegment *segment;
	void *mapped;

	assert_va(vaSyncBuffer(stream->va, stream->coded, VA_TIMEOUT_INFINITE));
	assert_va(vaMapBuffer(stream->va, stream->coded, &mapped));
	segment = mapped;
	assert_null(segment->next);
	packet.bytes = segment->size;
	packet.status = segment->status;
	/* Decoders read some bytes ahead. */
	packet.data = calloc(1, packet.bytes + 64);
	assert_non_null(packet.data);
	memcpy(packet.data, segment->buf, packet.bytes);
	assert_va(vaUnmapBuffer(stream->va, stream->coded));
	return packet;
}
