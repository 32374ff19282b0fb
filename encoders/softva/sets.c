// SPDX-License-Identifier: GPL-2.0-or-later
/* Parameter sets out of VA-API's structures. */
#include "encoders/softva/sets.h"

static const struct {
	VAProfile va;
	uint32_t idc, constraints;
} profiles[] = {
	{ VAProfileH264ConstrainedBaseline, H264_PROFILE_BASELINE,
			H264_CONSTRAINT_SET0 | H264_CONSTRAINT_SET1 },
	{ VAProfileH264Main, H264_PROFILE_MAIN, 0 },
	{ VAProfileH264High, H264_PROFILE_HIGH, 0 },
};

static void make_vui(const VAEncSequenceParameterBufferH264 *seq, struct h264_vui *ret)
{
	ret->colour_primaries = ret->transfer_characteristics = ret->matrix_coefficients = 2;
	ret->aspect_ratio_info_present = seq->vui_fields.bits.aspect_ratio_info_present_flag;
	ret->aspect_ratio_idc = seq->aspect_ratio_idc;
	ret->sar_width = seq->sar_width;
	ret->sar_height = seq->sar_height;
	ret->timing_info_present = seq->vui_fields.bits.timing_info_present_flag;
	ret->num_units_in_tick = seq->num_units_in_tick;
	ret->time_scale = seq->time_scale;
	ret->fixed_frame_rate = seq->vui_fields.bits.fixed_frame_rate_flag;
	ret->bitstream_restriction = seq->vui_fields.bits.bitstream_restriction_flag;
	ret->motion_vectors_over_pic_boundaries =
			seq->vui_fields.bits.motion_vectors_over_pic_boundaries_flag;
	ret->log2_max_mv_length_horizontal = seq->vui_fields.bits.log2_max_mv_length_horizontal;
	ret->log2_max_mv_length_vertical = seq->vui_fields.bits.log2_max_mv_length_vertical;
	ret->max_dec_frame_buffering = seq->max_num_ref_frames;
}

void sets_make_sps(const VAEncSequenceParameterBufferH264 *seq, VAProfile profile,
		struct h264_sps *ret)
{
	struct h264_sps sps = {
		.level_idc = seq->level_idc,
		.id = seq->seq_parameter_set_id,
		.chroma_format_idc = 1,
		.bit_depth_luma = 8,
		.bit_depth_chroma = 8,
		.log2_max_frame_num = seq->seq_fields.bits.log2_max_frame_num_minus4 + 4,
		.poc_type = seq->seq_fields.bits.pic_order_cnt_type,
		.log2_max_poc_lsb = seq->seq_fields.bits.log2_max_pic_order_cnt_lsb_minus4 + 4,
		.max_num_ref_frames = seq->max_num_ref_frames,
		.width_mbs = seq->picture_width_in_mbs,
		.height_mbs = seq->picture_height_in_mbs,
		.frame_mbs_only = 1,
		.direct_8x8_inference = 1,
		.cropping = seq->frame_cropping_flag,
		.crop_left = seq->frame_crop_left_offset,
		.crop_right = seq->frame_crop_right_offset,
		.crop_top = seq->frame_crop_top_offset,
		.crop_bottom = seq->frame_crop_bottom_offset,
		.vui_present = seq->vui_parameters_present_flag,
	};

	for (unsigned int i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		if (profiles[i].va == profile) {
			sps.profile_idc = profiles[i].idc;
			sps.constraint_flags = profiles[i].constraints;
		}
	}
	if (sps.vui_present)
		make_vui(seq, &sps.vui);
	*ret = sps;
}

void sets_make_pps(
		const VAEncPictureParameterBufferH264 *pic, VAProfile profile, struct h264_pps *ret)
{
	*ret = (struct h264_pps){
		.id = pic->pic_parameter_set_id,
		.sps_id = pic->seq_parameter_set_id,
		.cabac = pic->pic_fields.bits.entropy_coding_mode_flag,
		.bottom_field_pic_order = pic->pic_fields.bits.pic_order_present_flag,
		.num_slice_groups = 1,
		.num_ref_l0 = pic->num_ref_idx_l0_active_minus1 + 1u,
		.num_ref_l1 = pic->num_ref_idx_l1_active_minus1 + 1u,
		.weighted_pred = pic->pic_fields.bits.weighted_pred_flag,
		.weighted_bipred_idc = pic->pic_fields.bits.weighted_bipred_idc,
		.pic_init_qp = pic->pic_init_qp,
		.pic_init_qs = 26,
		.chroma_qp_index_offset = pic->chroma_qp_index_offset,
		.deblocking_filter_control_present =
				pic->pic_fields.bits.deblocking_filter_control_present_flag,
		.constrained_intra_pred = pic->pic_fields.bits.constrained_intra_pred_flag,
		.extension = profile == VAProfileH264High,
		.transform_8x8 = pic->pic_fields.bits.transform_8x8_mode_flag,
		.second_chroma_qp_index_offset = pic->second_chroma_qp_index_offset,
	};
	if (!ret->extension)
		ret->second_chroma_qp_index_offset = ret->chroma_qp_index_offset;
}

const char *sets_check_sps(const VAEncSequenceParameterBufferH264 *seq, VAProfile profile,
		const struct h264_sps *sps)
{
	struct h264_sps made;

	if (seq->seq_fields.bits.chroma_format_idc != 1 || seq->bit_depth_luma_minus8 ||
			seq->bit_depth_chroma_minus8)
		return "sequence is not 4:2:0 of 8 bits";
	if (!seq->seq_fields.bits.frame_mbs_only_flag ||
			seq->seq_fields.bits.mb_adaptive_frame_field_flag)
		return "sequence is interlaced";
	if (seq->seq_fields.bits.seq_scaling_matrix_present_flag)
		return "sequence has scaling matrices";
	sets_make_sps(seq, profile, &made);
	if (made.profile_idc != sps->profile_idc)
		return "SPS is of another profile than the configuration";
	if (made.id != sps->id)
		return "SPS and sequence parameters differ: seq_parameter_set_id";
	if (made.width_mbs != sps->width_mbs || made.height_mbs != sps->height_mbs)
		return "SPS and sequence parameters differ: size";
	if (made.log2_max_frame_num != sps->log2_max_frame_num)
		return "SPS and sequence parameters differ: log2_max_frame_num";
	if (made.poc_type != sps->poc_type ||
			(!made.poc_type && made.log2_max_poc_lsb != sps->log2_max_poc_lsb))
		return "SPS and sequence parameters differ: picture order count";
	if (!sps->max_num_ref_frames && seq->max_num_ref_frames)
		return "SPS and sequence parameters differ: max_num_ref_frames";
	return NULL;
}

const char *sets_check_pps(const VAEncPictureParameterBufferH264 *pic, VAProfile profile,
		const struct h264_pps *pps)
{
	const struct {
		int64_t pic, pps;
		const char *difference;
	} rows[] = {
		{ pic->pic_parameter_set_id, pps->id,
				"PPS and picture parameters differ: pic_parameter_set_id" },
		{ pic->seq_parameter_set_id, pps->sps_id,
				"PPS and picture parameters differ: seq_parameter_set_id" },
		{ pic->pic_fields.bits.entropy_coding_mode_flag, pps->cabac,
				"PPS and picture parameters differ: entropy_coding_mode_flag" },
		{ pic->pic_fields.bits.transform_8x8_mode_flag, pps->transform_8x8,
				"PPS and picture parameters differ: transform_8x8_mode_flag" },
		{ pic->pic_init_qp, pps->pic_init_qp,
				"PPS and picture parameters differ: pic_init_qp" },
		{ pic->chroma_qp_index_offset, pps->chroma_qp_index_offset,
				"PPS and picture parameters differ: chroma_qp_index_offset" },
		{ pic->pic_fields.bits.constrained_intra_pred_flag, pps->constrained_intra_pred,
				"PPS and picture parameters differ: constrained_intra_pred_flag" },
		{ pic->pic_fields.bits.deblocking_filter_control_present_flag,
				pps->deblocking_filter_control_present,
				"PPS and picture parameters differ: deblocking_filter_control_present_flag" },
		{ pic->pic_fields.bits.pic_order_present_flag, pps->bottom_field_pic_order,
				"PPS and picture parameters differ: pic_order_present_flag" },
	};

	if (pic->pic_fields.bits.weighted_pred_flag)
		return "picture with weighted prediction";
	if (pic->pic_fields.bits.pic_scaling_matrix_present_flag)
		return "picture with scaling matrices";
	if (pic->pic_fields.bits.redundant_pic_cnt_present_flag)
		return "picture with redundant slices";
	if (profile == VAProfileH264ConstrainedBaseline &&
			pic->pic_fields.bits.entropy_coding_mode_flag)
		return "picture with CABAC in Constrained Baseline";
	if (profile != VAProfileH264High && pic->pic_fields.bits.transform_8x8_mode_flag)
		return "picture with 8x8 transforms in another profile than High";
	if (pps->second_chroma_qp_index_offset != pps->chroma_qp_index_offset)
		return "picture with two chroma_qp_index_offsets";
	if (pic->pic_init_qp > 51 || pic->chroma_qp_index_offset < -12 ||
			pic->chroma_qp_index_offset > 12)
		return "picture with a QP that is none";
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].pic != rows[i].pps)
			return rows[i].difference;
	return NULL;
}
