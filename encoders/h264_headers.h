/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * H.264's headers, as our encoder writes them and our VA driver reads them: SPS
 * with VUI, PPS, and the headers of I and P slices (ITU-T H.264, 7.3 and annex E).
 *
 * One description of each header's syntax (h264_sps.c, h264_pps.c, h264_slice.c)
 * serves reading and writing. Both are strict. What the standard allows and this
 * does not understand is -ENOTSUP: other profiles than Baseline, Main and High,
 * other pictures than 4:2:0 of 8 bits, scaling matrices, picture order of type 1,
 * interlaced pictures, slice groups, weighted prediction of P, B and switching slices. What the
 * standard forbids, or is cut off, is -EBADMSG when read and -EINVAL when written.
 *
 * Members are named after the standard's; "minus" and "plus" are undone. All are
 * 32 bits wide because one function walks over them. Those that a header does not
 * have are 0 when read (their inferred value where it says so), and ignored when
 * written. Pure; nothing is allocated. Any thread.
 */
#ifndef PLANECAST_ENCODERS_H264_HEADERS_H
#define PLANECAST_ENCODERS_H264_HEADERS_H

#include <stdint.h>

#include "encoders/h264_bits.h"

#define H264_PROFILE_BASELINE 66
#define H264_PROFILE_MAIN 77
#define H264_PROFILE_HIGH 100
/* Bits of constraint_flags. */
#define H264_CONSTRAINT_SET0 0x80
#define H264_CONSTRAINT_SET1 0x40
#define H264_CONSTRAINT_SET3 0x10

/* Level 6.2's, in macroblocks. */
#define H264_SIZE_MBS_MAX 1055
#define H264_FRAME_MBS_MAX 139264

#define H264_CPBS_MAX 32
#define H264_REFS_MAX 32
/* Commands for the reference list, and for marking, in one slice. */
#define H264_MODIFICATIONS_MAX 33
#define H264_MARKS_MAX 36

/* An extended sample aspect ratio. */
#define H264_SAR_EXTENDED 255

struct h264_hrd {
	uint32_t cpb_cnt; /* 1 to 32 */
	uint32_t bit_rate_scale, cpb_size_scale;
	struct {
		uint32_t bit_rate_value, cpb_size_value, cbr;
	} cpb[H264_CPBS_MAX];
	uint32_t initial_cpb_removal_delay_length, cpb_removal_delay_length, dpb_output_delay_length;
	uint32_t time_offset_length;
};

struct h264_vui {
	uint32_t aspect_ratio_info_present, aspect_ratio_idc, sar_width, sar_height;
	uint32_t overscan_info_present, overscan_appropriate;
	uint32_t video_signal_type_present, video_format, video_full_range;
	uint32_t colour_description_present;
	uint32_t colour_primaries, transfer_characteristics, matrix_coefficients; /* inferred: 2 */
	uint32_t chroma_loc_info_present, chroma_sample_loc_top, chroma_sample_loc_bottom;
	uint32_t timing_info_present, num_units_in_tick, time_scale, fixed_frame_rate;
	uint32_t nal_hrd_present, vcl_hrd_present, low_delay_hrd;
	struct h264_hrd nal_hrd, vcl_hrd;
	uint32_t pic_struct_present;
	uint32_t bitstream_restriction, motion_vectors_over_pic_boundaries;
	uint32_t max_bytes_per_pic_denom, max_bits_per_mb_denom;
	uint32_t log2_max_mv_length_horizontal, log2_max_mv_length_vertical;
	uint32_t max_num_reorder_frames, max_dec_frame_buffering;
};

struct h264_sps {
	uint32_t profile_idc;
	uint32_t constraint_flags; /* constraint_set0_flag is the highest of 8 bits */
	uint32_t level_idc, id;
	uint32_t chroma_format_idc, bit_depth_luma, bit_depth_chroma; /* inferred: 1, 8, 8 */
	uint32_t lossless_bypass, scaling_matrix_present; /* 0 */
	uint32_t log2_max_frame_num;
	uint32_t poc_type, log2_max_poc_lsb; /* type 0 or 2 */
	uint32_t max_num_ref_frames, gaps_in_frame_num_allowed;
	uint32_t width_mbs, height_mbs;
	uint32_t frame_mbs_only, direct_8x8_inference; /* 1 */
	uint32_t cropping, crop_left, crop_right, crop_top, crop_bottom; /* in 2 pixels */
	uint32_t vui_present;
	struct h264_vui vui;
};

struct h264_pps {
	uint32_t id, sps_id;
	uint32_t cabac, bottom_field_pic_order;
	uint32_t num_slice_groups; /* 1 */
	uint32_t num_ref_l0, num_ref_l1; /* by default */
	uint32_t weighted_pred, weighted_bipred_idc;
	int32_t pic_init_qp, pic_init_qs;
	int32_t chroma_qp_index_offset;
	uint32_t deblocking_filter_control_present, constrained_intra_pred;
	uint32_t redundant_pic_cnt_present; /* 0 */
	uint32_t extension; /* what follows is there, for High */
	uint32_t transform_8x8, scaling_matrix_present; /* the latter 0 */
	int32_t second_chroma_qp_index_offset; /* inferred: the first */
};

enum h264_slice_type {
	H264_SLICE_P = 0,
	H264_SLICE_I = 2,
	H264_SLICE_ALL = 5, /* added: all slices of the picture are such */
};

struct h264_slice {
	uint32_t nal_ref_idc, nal_type; /* H264_NAL_SLICE, H264_NAL_IDR */
	uint32_t first_mb, type, pps_id, frame_num;
	uint32_t idr_pic_id;
	uint32_t poc_lsb;
	int32_t delta_poc_bottom;
	uint32_t num_ref_override, num_ref_l0; /* the latter inferred: the PPS' */
	uint32_t modification; /* of the reference list */
	uint32_t n_modifications;
	struct {
		uint32_t idc, value; /* idc 0 to 2; abs_diff_pic_num (from 1), or long_term_pic_num */
	} modifications[H264_MODIFICATIONS_MAX];
	uint32_t no_output_of_prior_pics, long_term_reference; /* IDR */
	uint32_t adaptive_marking; /* not IDR */
	uint32_t n_marks;
	struct {
		/* Operation 1 to 6; what it takes, in the standard's order, plus ones undone only for differences. */
		uint32_t operation, first, second;
	} marks[H264_MARKS_MAX];
	uint32_t cabac_init_idc;
	int32_t slice_qp_delta;
	uint32_t disable_deblocking_filter_idc;
	int32_t alpha_c0_offset_div2, beta_offset_div2;
};

/* The sets that a slice refers to. */
struct h264_sets {
	struct h264_sps sps;
	struct h264_pps pps;
};

/* As above; -EINVAL, too: the NAL is of another type. */
int h264_read_sps(const struct h264_nal *nal, struct h264_sps *ret_sps);
int h264_read_pps(const struct h264_nal *nal, struct h264_pps *ret_pps);
/*
 * The header of a slice; ret_data, which may be NULL, then stands at the slice's
 * data. -EBADMSG, too: it belongs to another PPS, or the PPS to another SPS.
 */
int h264_read_slice(const struct h264_nal *nal, const struct h264_sets *sets,
		struct h264_slice *ret_slice, struct h264_reader *ret_data);

/* Whole NAL units with start codes. -ENOSPC: they do not fit. A writer that failed is of no further use. */
int h264_write_sps(struct h264_writer *writer, const struct h264_sps *sps);
int h264_write_pps(struct h264_writer *writer, const struct h264_pps *pps);
/*
 * A slice's header only: NAL header and all up to the slice's data, which may begin
 * inside a byte. That is what a VA driver takes as packed header: its length in
 * bits is that of h264_written() and writer->used; put zeros behind for the bytes.
 */
int h264_write_slice(struct h264_writer *writer, const struct h264_sets *sets,
		const struct h264_slice *slice);
/* Access unit delimiter; the type is the standard's primary_pic_type: 0 I, 1 I and P, 7 any. */
int h264_write_aud(struct h264_writer *writer, unsigned int primary_pic_type);
/*
 * An access unit delimiter and an SEI of one byte of filler. Behind a picture they
 * let decoders that wait for the next one's start know that this one is complete.
 */
int h264_write_trailer(struct h264_writer *writer);

/* The quantiser a slice starts with, 0 to 51 when both were read or written without an error. */
static inline int32_t h264_slice_qp(const struct h264_pps *pps, const struct h264_slice *slice)
{
	return pps->pic_init_qp + slice->slice_qp_delta;
}

#endif
