// SPDX-License-Identifier: GPL-2.0-or-later
/* The sequence parameter set and its video usability information (7.3.2.1, E.1). */
#include <errno.h>

#include "encoders/h264_headers.h"
#include "encoders/h264_syntax.h"

/* Of colour_primaries and its kin. */
#define COLOUR_UNSPECIFIED 2

static void walk_hrd(struct h264_syntax *syntax, struct h264_hrd *hrd)
{
	h264_syntax_ue(syntax, 1, H264_CPBS_MAX, &hrd->cpb_cnt);
	h264_syntax_u(syntax, 4, &hrd->bit_rate_scale);
	h264_syntax_u(syntax, 4, &hrd->cpb_size_scale);
	for (uint32_t i = 0; i < hrd->cpb_cnt && !syntax->err; i++) {
		h264_syntax_ue(syntax, 1, UINT32_MAX, &hrd->cpb[i].bit_rate_value);
		h264_syntax_ue(syntax, 1, UINT32_MAX, &hrd->cpb[i].cpb_size_value);
		h264_syntax_flag(syntax, &hrd->cpb[i].cbr);
	}
	h264_syntax_u_from(syntax, 5, 1, &hrd->initial_cpb_removal_delay_length);
	h264_syntax_u_from(syntax, 5, 1, &hrd->cpb_removal_delay_length);
	h264_syntax_u_from(syntax, 5, 1, &hrd->dpb_output_delay_length);
	h264_syntax_u(syntax, 5, &hrd->time_offset_length);
}

static void walk_signal_type(struct h264_syntax *syntax, struct h264_vui *vui)
{
	vui->colour_description_present = vui->video_signal_type_present && vui->colour_description_present;
	if (vui->video_signal_type_present) {
		h264_syntax_u(syntax, 3, &vui->video_format);
		h264_syntax_flag(syntax, &vui->video_full_range);
		h264_syntax_flag(syntax, &vui->colour_description_present);
	}
	if (!vui->colour_description_present) {
		vui->colour_primaries = COLOUR_UNSPECIFIED;
		vui->transfer_characteristics = COLOUR_UNSPECIFIED;
		vui->matrix_coefficients = COLOUR_UNSPECIFIED;
		return;
	}
	h264_syntax_u(syntax, 8, &vui->colour_primaries);
	h264_syntax_u(syntax, 8, &vui->transfer_characteristics);
	h264_syntax_u(syntax, 8, &vui->matrix_coefficients);
}

static void walk_restriction(struct h264_syntax *syntax, const struct h264_sps *sps, struct h264_vui *vui)
{
	h264_syntax_flag(syntax, &vui->motion_vectors_over_pic_boundaries);
	h264_syntax_ue(syntax, 0, 16, &vui->max_bytes_per_pic_denom);
	h264_syntax_ue(syntax, 0, 16, &vui->max_bits_per_mb_denom);
	/* The standard's limit has come down from 16 to 15; encoders of the older one are about. */
	h264_syntax_ue(syntax, 0, 16, &vui->log2_max_mv_length_horizontal);
	h264_syntax_ue(syntax, 0, 16, &vui->log2_max_mv_length_vertical);
	h264_syntax_ue(syntax, 0, 16, &vui->max_num_reorder_frames);
	h264_syntax_ue(syntax, 0, 16, &vui->max_dec_frame_buffering);
	if (!syntax->err && (vui->max_num_reorder_frames > vui->max_dec_frame_buffering ||
			vui->max_dec_frame_buffering < sps->max_num_ref_frames))
		h264_syntax_wrong(syntax);
}

static void walk_vui(struct h264_syntax *syntax, const struct h264_sps *sps, struct h264_vui *vui)
{
	h264_syntax_flag(syntax, &vui->aspect_ratio_info_present);
	if (vui->aspect_ratio_info_present) {
		h264_syntax_u(syntax, 8, &vui->aspect_ratio_idc);
		if (vui->aspect_ratio_idc == H264_SAR_EXTENDED) {
			h264_syntax_u(syntax, 16, &vui->sar_width);
			h264_syntax_u(syntax, 16, &vui->sar_height);
		}
	}
	h264_syntax_flag(syntax, &vui->overscan_info_present);
	if (vui->overscan_info_present)
		h264_syntax_flag(syntax, &vui->overscan_appropriate);
	h264_syntax_flag(syntax, &vui->video_signal_type_present);
	walk_signal_type(syntax, vui);
	h264_syntax_flag(syntax, &vui->chroma_loc_info_present);
	if (vui->chroma_loc_info_present) {
		h264_syntax_ue(syntax, 0, 5, &vui->chroma_sample_loc_top);
		h264_syntax_ue(syntax, 0, 5, &vui->chroma_sample_loc_bottom);
	}
	h264_syntax_flag(syntax, &vui->timing_info_present);
	if (vui->timing_info_present) {
		h264_syntax_u(syntax, 32, &vui->num_units_in_tick);
		h264_syntax_u(syntax, 32, &vui->time_scale);
		h264_syntax_flag(syntax, &vui->fixed_frame_rate);
		if (!vui->num_units_in_tick || !vui->time_scale)
			h264_syntax_wrong(syntax);
	}
	h264_syntax_flag(syntax, &vui->nal_hrd_present);
	if (vui->nal_hrd_present)
		walk_hrd(syntax, &vui->nal_hrd);
	h264_syntax_flag(syntax, &vui->vcl_hrd_present);
	if (vui->vcl_hrd_present)
		walk_hrd(syntax, &vui->vcl_hrd);
	if (vui->nal_hrd_present || vui->vcl_hrd_present)
		h264_syntax_flag(syntax, &vui->low_delay_hrd);
	h264_syntax_flag(syntax, &vui->pic_struct_present);
	h264_syntax_flag(syntax, &vui->bitstream_restriction);
	if (vui->bitstream_restriction)
		walk_restriction(syntax, sps, vui);
}

static void walk_high(struct h264_syntax *syntax, struct h264_sps *sps)
{
	h264_syntax_ue(syntax, 0, 3, &sps->chroma_format_idc);
	if (sps->chroma_format_idc != 1) {
		h264_syntax_unsupported(syntax);
		return;
	}
	h264_syntax_ue(syntax, 8, 14, &sps->bit_depth_luma);
	h264_syntax_ue(syntax, 8, 14, &sps->bit_depth_chroma);
	h264_syntax_flag(syntax, &sps->lossless_bypass);
	h264_syntax_flag(syntax, &sps->scaling_matrix_present);
	if (sps->bit_depth_luma != 8 || sps->bit_depth_chroma != 8 || sps->lossless_bypass ||
			sps->scaling_matrix_present)
		h264_syntax_unsupported(syntax);
}

static void walk_profile(struct h264_syntax *syntax, struct h264_sps *sps)
{
	h264_syntax_u(syntax, 8, &sps->profile_idc);
	h264_syntax_u(syntax, 8, &sps->constraint_flags);
	h264_syntax_u(syntax, 8, &sps->level_idc);
	h264_syntax_ue(syntax, 0, 31, &sps->id);
	if (sps->constraint_flags & 3)
		h264_syntax_wrong(syntax);
	switch (sps->profile_idc) {
	case H264_PROFILE_BASELINE:
	case H264_PROFILE_MAIN:
		sps->chroma_format_idc = 1;
		sps->bit_depth_luma = 8;
		sps->bit_depth_chroma = 8;
		sps->lossless_bypass = 0;
		sps->scaling_matrix_present = 0;
		break;
	case H264_PROFILE_HIGH:
		walk_high(syntax, sps);
		break;
	default:
		h264_syntax_unsupported(syntax);
	}
}

static void walk_size(struct h264_syntax *syntax, struct h264_sps *sps)
{
	h264_syntax_ue(syntax, 1, H264_SIZE_MBS_MAX, &sps->width_mbs);
	h264_syntax_ue(syntax, 1, H264_SIZE_MBS_MAX, &sps->height_mbs);
	if (sps->width_mbs * sps->height_mbs > H264_FRAME_MBS_MAX)
		h264_syntax_wrong(syntax);
	h264_syntax_flag(syntax, &sps->frame_mbs_only);
	if (!sps->frame_mbs_only)
		h264_syntax_unsupported(syntax);
	h264_syntax_flag(syntax, &sps->direct_8x8_inference);
	h264_syntax_flag(syntax, &sps->cropping);
	if (!sps->cropping)
		return;
	h264_syntax_ue(syntax, 0, H264_SIZE_MBS_MAX * 8, &sps->crop_left);
	h264_syntax_ue(syntax, 0, H264_SIZE_MBS_MAX * 8, &sps->crop_right);
	h264_syntax_ue(syntax, 0, H264_SIZE_MBS_MAX * 8, &sps->crop_top);
	h264_syntax_ue(syntax, 0, H264_SIZE_MBS_MAX * 8, &sps->crop_bottom);
	/* A macroblock is 8 units wide and high; something has to be left. */
	if (!syntax->err && (sps->crop_left + sps->crop_right >= sps->width_mbs * 8 ||
			sps->crop_top + sps->crop_bottom >= sps->height_mbs * 8))
		h264_syntax_wrong(syntax);
}

static void walk_sps(struct h264_syntax *syntax, struct h264_sps *sps)
{
	walk_profile(syntax, sps);
	h264_syntax_ue(syntax, 4, 16, &sps->log2_max_frame_num);
	h264_syntax_ue(syntax, 0, 2, &sps->poc_type);
	if (sps->poc_type == 1)
		h264_syntax_unsupported(syntax);
	if (sps->poc_type == 0)
		h264_syntax_ue(syntax, 4, 16, &sps->log2_max_poc_lsb);
	h264_syntax_ue(syntax, 0, 16, &sps->max_num_ref_frames);
	h264_syntax_flag(syntax, &sps->gaps_in_frame_num_allowed);
	walk_size(syntax, sps);
	h264_syntax_flag(syntax, &sps->vui_present);
	if (sps->vui_present)
		walk_vui(syntax, sps, &sps->vui);
}

int h264_read_sps(const struct h264_nal *nal, struct h264_sps *ret_sps)
{
	struct h264_reader reader = h264_reader(nal);
	struct h264_syntax syntax = { .reader = &reader };
	struct h264_sps sps = { 0 };
	int err;

	if (nal->type != H264_NAL_SPS)
		return -EINVAL;
	walk_sps(&syntax, &sps);
	err = h264_syntax_end(&syntax);
	if (err)
		return err;
	h264_get_trailing(&reader);
	if (reader.failed || !nal->ref_idc)
		return -EBADMSG;
	*ret_sps = sps;
	return 0;
}

int h264_write_sps(struct h264_writer *writer, const struct h264_sps *sps)
{
	struct h264_syntax syntax = { .writer = writer };
	struct h264_sps copy = *sps;

	h264_put_nal(writer, H264_NAL_SPS, 3);
	walk_sps(&syntax, &copy);
	h264_put_trailing(writer);
	return h264_syntax_end(&syntax);
}
