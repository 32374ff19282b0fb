// SPDX-License-Identifier: GPL-2.0-or-later
/* Parameter buffers and headers of a picture. */
#include "encoders/vaapi_picture.h"

#include <errno.h>
#include <string.h>

#include "encoders/vaapi_call.h"
#include "encoders/vaapi_caps.h"

#define INIT_QP 26
#define LOG2_MAX_FRAME_NUM 8
#define LOG2_MAX_POC_LSB 8
#define FPS 60
/* Above it blocks would be seen, even by who is thrifty. */
#define UNFILTERED_QP_MAX 30

/* Table A-1, from the first level on whose vectors reach 512 rows. */
static const struct {
	uint32_t level_idc, max_mbs_per_s, max_mbs;
} levels[] = {
	{ 31, 108000, 3600 },
	{ 32, 216000, 5120 },
	{ 40, 245760, 8192 },
	{ 42, 522240, 8704 },
	{ 50, 589824, 22080 },
	{ 51, 983040, 36864 },
	{ 52, 2073600, 36864 },
	{ 60, 4177920, 139264 },
	{ 61, 8355840, 139264 },
	{ 62, 16711680, H264_FRAME_MBS_MAX },
};

static uint32_t find_level(uint32_t mbs)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (mbs <= levels[i].max_mbs && mbs * FPS <= levels[i].max_mbs_per_s)
			return levels[i].level_idc;
	return 0;
}

static const struct h264_vui vui = {
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
	.log2_max_mv_length_horizontal = 13,
	.log2_max_mv_length_vertical = 11,
	/* Decoders show a picture at once only if they are told that none comes before it. */
	.max_num_reorder_frames = 0,
	.max_dec_frame_buffering = 1,
};

static void choose_profile(const struct vaapi_caps *caps, struct h264_sets *sets)
{
	switch (caps->profile) {
	case VAProfileH264High:
		sets->sps.profile_idc = H264_PROFILE_HIGH;
		sets->pps.extension = sets->pps.transform_8x8 = !caps->thrifty;
		sets->pps.cabac = !caps->thrifty;
		break;
	case VAProfileH264Main:
		sets->sps.profile_idc = H264_PROFILE_MAIN;
		sets->pps.cabac = !caps->thrifty;
		break;
	default:
		sets->sps.profile_idc = H264_PROFILE_BASELINE;
		sets->sps.constraint_flags = H264_CONSTRAINT_SET0 | H264_CONSTRAINT_SET1;
		break;
	}
}

int vaapi_picture_make_sets(const struct vaapi_caps *caps, uint32_t width, uint32_t height,
		struct h264_sets *ret)
{
	uint32_t width_mbs = (width + 15) / 16, height_mbs = (height + 15) / 16;
	struct h264_sets sets = {
		.sps = {
			.chroma_format_idc = 1,
			.bit_depth_luma = 8,
			.bit_depth_chroma = 8,
			.log2_max_frame_num = LOG2_MAX_FRAME_NUM,
			.log2_max_poc_lsb = LOG2_MAX_POC_LSB,
			.max_num_ref_frames = 1,
			.width_mbs = width_mbs,
			.height_mbs = height_mbs,
			.frame_mbs_only = 1,
			.direct_8x8_inference = 1,
			.crop_right = (width_mbs * 16 - width) / 2,
			.crop_bottom = (height_mbs * 16 - height) / 2,
			.vui_present = 1,
			.vui = vui,
		},
		.pps = {
			.num_slice_groups = 1,
			.num_ref_l0 = 1,
			.num_ref_l1 = 1,
			.pic_init_qp = INIT_QP,
			.pic_init_qs = INIT_QP,
			.deblocking_filter_control_present = 1,
		},
	};

	if (width_mbs > H264_SIZE_MBS_MAX || height_mbs > H264_SIZE_MBS_MAX)
		return -ERANGE;
	sets.sps.cropping = sets.sps.crop_right || sets.sps.crop_bottom;
	sets.sps.level_idc = find_level(width_mbs * height_mbs);
	if (!sets.sps.level_idc)
		return -ERANGE;
	choose_profile(caps, &sets);
	*ret = sets;
	return 0;
}

static void fill_sequence(const struct h264_sps *sps, VAEncSequenceParameterBufferH264 *seq)
{
	*seq = (VAEncSequenceParameterBufferH264){
		.level_idc = (uint8_t)sps->level_idc,
		.intra_period = VAAPI_PICTURE_PERIOD,
		.intra_idr_period = VAAPI_PICTURE_PERIOD,
		.ip_period = 1,
		.max_num_ref_frames = 1,
		.picture_width_in_mbs = (uint16_t)sps->width_mbs,
		.picture_height_in_mbs = (uint16_t)sps->height_mbs,
		.seq_fields.bits = {
			.chroma_format_idc = 1,
			.frame_mbs_only_flag = 1,
			.direct_8x8_inference_flag = 1,
			.log2_max_frame_num_minus4 = LOG2_MAX_FRAME_NUM - 4,
			.log2_max_pic_order_cnt_lsb_minus4 = LOG2_MAX_POC_LSB - 4,
		},
		.frame_cropping_flag = (uint8_t)sps->cropping,
		.frame_crop_right_offset = sps->crop_right,
		.frame_crop_bottom_offset = sps->crop_bottom,
		.vui_parameters_present_flag = 1,
		.vui_fields.bits = {
			.timing_info_present_flag = 1,
			.bitstream_restriction_flag = 1,
			.motion_vectors_over_pic_boundaries_flag = 1,
			.log2_max_mv_length_horizontal = vui.log2_max_mv_length_horizontal,
			.log2_max_mv_length_vertical = vui.log2_max_mv_length_vertical,
		},
		.num_units_in_tick = vui.num_units_in_tick,
		.time_scale = vui.time_scale,
	};
}

static VAPictureH264 no_picture(void)
{
	return (VAPictureH264){ .picture_id = VA_INVALID_SURFACE, .flags = VA_PICTURE_H264_INVALID };
}

static uint32_t frame_num(const struct vaapi_picture *picture)
{
	return picture->number & ((1u << LOG2_MAX_FRAME_NUM) - 1);
}

static VAPictureH264 name_picture(VASurfaceID surface, uint32_t number)
{
	int32_t order = (int32_t)(2 * number);

	return (VAPictureH264){
		.picture_id = surface,
		.frame_idx = number & ((1u << LOG2_MAX_FRAME_NUM) - 1),
		.flags = VA_PICTURE_H264_SHORT_TERM_REFERENCE,
		.TopFieldOrderCnt = order,
		.BottomFieldOrderCnt = order,
	};
}

/* Those that follow in the slices are relative to it. */
static int init_qp(const struct vaapi_picture *picture)
{
	return picture->caps->stream_qp ? picture->qp : (int)picture->sets->pps.pic_init_qp;
}

static void fill_picture(const struct vaapi_picture *picture, VAEncPictureParameterBufferH264 *pic)
{
	const struct h264_pps *pps = &picture->sets->pps;

	*pic = (VAEncPictureParameterBufferH264){
		.CurrPic = name_picture(picture->reconstructed, picture->number),
		.coded_buf = picture->coded,
		.frame_num = (uint16_t)frame_num(picture),
		.pic_init_qp = (uint8_t)init_qp(picture),
		.pic_fields.bits = {
			.idr_pic_flag = picture->idr,
			.reference_pic_flag = 1,
			.entropy_coding_mode_flag = pps->cabac,
			.transform_8x8_mode_flag = pps->transform_8x8,
			.deblocking_filter_control_present_flag = 1,
		},
	};
	for (unsigned int i = 0; i < 16; i++)
		pic->ReferenceFrames[i] = no_picture();
	if (!picture->idr)
		pic->ReferenceFrames[0] = name_picture(picture->reference, picture->number - 1);
}

static void fill_header(const struct vaapi_picture *picture, struct h264_slice *header)
{
	*header = (struct h264_slice){
		.nal_ref_idc = 1,
		.nal_type = picture->idr ? H264_NAL_IDR : H264_NAL_SLICE,
		.type = (picture->idr ? H264_SLICE_I : H264_SLICE_P) + H264_SLICE_ALL,
		.frame_num = frame_num(picture),
		.idr_pic_id = picture->idr_id,
		.poc_lsb = 2 * picture->number & ((1u << LOG2_MAX_POC_LSB) - 1),
		.num_ref_l0 = 1,
		.slice_qp_delta = picture->qp - init_qp(picture),
		.disable_deblocking_filter_idc = picture->caps->thrifty &&
				picture->qp <= UNFILTERED_QP_MAX,
	};
}

static void fill_slice(const struct vaapi_picture *picture, const struct h264_slice *header,
		VAEncSliceParameterBufferH264 *slice)
{
	*slice = (VAEncSliceParameterBufferH264){
		.num_macroblocks = picture->sets->sps.width_mbs * picture->sets->sps.height_mbs,
		.macroblock_info = VA_INVALID_ID,
		.slice_type = (uint8_t)(header->type % H264_SLICE_ALL),
		.idr_pic_id = (uint16_t)header->idr_pic_id,
		.pic_order_cnt_lsb = (uint16_t)header->poc_lsb,
		.slice_qp_delta = (int8_t)header->slice_qp_delta,
		.disable_deblocking_filter_idc = (uint8_t)header->disable_deblocking_filter_idc,
	};
	for (unsigned int i = 0; i < 32; i++)
		slice->RefPicList0[i] = slice->RefPicList1[i] = no_picture();
	if (!picture->idr)
		slice->RefPicList0[0] = name_picture(picture->reference, picture->number - 1);
}

/* Where a picture's buffers go. */
struct sender {
	VADisplay va;
	VAContextID context;
	struct vaapi_picture_buffers *buffers;
	int err; /* the first one; nothing is sent after it */
};

static void send(struct sender *sender, VABufferType type, const void *data, size_t bytes,
		const char *what)
{
	VABufferID buffer;

	if (!sender->err && sender->buffers->count == VAAPI_PICTURE_BUFFERS_MAX)
		sender->err = -EIO;
	if (sender->err)
		return;
	/* It is copied; libva's prototype only does not say so. */
	sender->err = vaapi_result(vaCreateBuffer(sender->va, sender->context, type,
						   (unsigned int)bytes, 1, (void *)(uintptr_t)data, &buffer),
			"vaCreateBuffer");
	if (sender->err)
		return;
	sender->buffers->ids[sender->buffers->count++] = buffer;
	sender->err = vaapi_result(
			vaRenderPicture(sender->va, sender->context, &buffer, 1), what);
}

static void send_header(struct sender *sender, VAEncPackedHeaderType type, const uint8_t *data, size_t bits)
{
	const VAEncPackedHeaderParameterBuffer params = {
		.type = type,
		.bit_length = (uint32_t)bits,
		.has_emulation_bytes = 1,
	};

	send(sender, VAEncPackedHeaderParameterBufferType, &params, sizeof(params),
			"announcing a header");
	send(sender, VAEncPackedHeaderDataBufferType, data, (bits + 7) / 8, "a header");
}

/* Of a header, with room for one begun byte. */
#define HEADER_BYTES_MAX 256

static void send_sets(struct sender *sender, const struct vaapi_picture *picture)
{
	uint8_t data[HEADER_BYTES_MAX];
	struct h264_writer writer = h264_writer(data, sizeof(data));

	if (picture->caps->packed & VA_ENC_PACKED_HEADER_SEQUENCE) {
		if (h264_write_sps(&writer, &picture->sets->sps))
			sender->err = -EIO;
		else
			send_header(sender, VAEncPackedHeaderSequence, data,
					h264_written(&writer) * 8);
	}
	if (picture->caps->packed & VA_ENC_PACKED_HEADER_PICTURE) {
		writer = h264_writer(data, sizeof(data));
		if (h264_write_pps(&writer, &picture->sets->pps))
			sender->err = -EIO;
		else
			send_header(sender, VAEncPackedHeaderPicture, data,
					h264_written(&writer) * 8);
	}
}

static void send_slice_header(struct sender *sender, const struct vaapi_picture *picture,
		const struct h264_slice *header)
{
	uint8_t data[HEADER_BYTES_MAX];
	struct h264_writer writer = h264_writer(data, sizeof(data) - 1);

	if (!(picture->caps->packed & VA_ENC_PACKED_HEADER_SLICE))
		return;
	if (h264_write_slice(&writer, picture->sets, header)) {
		sender->err = -EIO;
		return;
	}
	*writer.at = writer.byte;
	send_header(sender, VAEncPackedHeaderSlice, data, h264_written(&writer) * 8 + writer.used);
}

static void send_dirty(struct sender *sender, const struct vaapi_picture *picture)
{
	VAEncMiscParameterBufferDirtyRect dirty = {
		.num_roi_rectangle = picture->n_dirty,
		.roi_rectangle = (VARectangle *)(uintptr_t)picture->dirty,
	};
	const uint32_t type = VAEncMiscParameterTypeDirtyRect;
	/* By its definition the structure lies behind four bytes, and its pointer where none belongs. */
	uint8_t bytes[sizeof(type) + sizeof(dirty)];

	if (picture->idr || !picture->n_dirty)
		return;
	memcpy(bytes, &type, sizeof(type));
	memcpy(bytes + sizeof(type), &dirty, sizeof(dirty));
	send(sender, VAEncMiscParameterBufferType, bytes, sizeof(bytes), "dirty rectangles");
}

void vaapi_picture_destroy_buffers(VADisplay va, const struct vaapi_picture_buffers *buffers)
{
	for (unsigned int i = 0; i < buffers->count; i++)
		vaDestroyBuffer(va, buffers->ids[i]);
}

int vaapi_picture_render(VADisplay va, VAContextID context, const struct vaapi_picture *picture,
		struct vaapi_picture_buffers *ret_buffers)
{
	struct sender sender = { .va = va, .context = context, .buffers = ret_buffers };
	VAEncSequenceParameterBufferH264 seq;
	VAEncPictureParameterBufferH264 pic;
	VAEncSliceParameterBufferH264 slice;
	struct h264_slice header;

	ret_buffers->count = 0;
	fill_sequence(&picture->sets->sps, &seq);
	fill_picture(picture, &pic);
	fill_header(picture, &header);
	fill_slice(picture, &header, &slice);
	if (picture->idr)
		send(&sender, VAEncSequenceParameterBufferType, &seq, sizeof(seq),
				"sequence parameters");
	send(&sender, VAEncPictureParameterBufferType, &pic, sizeof(pic), "picture parameters");
	send_dirty(&sender, picture);
	if (picture->idr)
		send_sets(&sender, picture);
	send_slice_header(&sender, picture, &header);
	send(&sender, VAEncSliceParameterBufferType, &slice, sizeof(slice), "slice parameters");
	return sender.err;
}
