// SPDX-License-Identifier: GPL-2.0-or-later
/* The headers of I and P slices (7.3.3), and the small units around pictures. */
#include <errno.h>

#include "encoders/h264_headers.h"
#include "encoders/h264_syntax.h"

/* The value of an element that ends a list of commands. */
#define MODIFICATION_END 3
#define MARK_END 0

static void walk_modifications(struct h264_syntax *syntax, struct h264_slice *slice)
{
	uint32_t written = slice->n_modifications;

	h264_syntax_flag(syntax, &slice->modification);
	if (!slice->modification)
		return;
	for (uint32_t i = 0; !syntax->err; i++) {
		uint32_t idc = MODIFICATION_END;

		if (!syntax->reader && i < written && i < H264_MODIFICATIONS_MAX)
			idc = slice->modifications[i].idc;
		h264_syntax_ue(syntax, 0, MODIFICATION_END, &idc);
		if (syntax->err)
			break;
		if (idc == MODIFICATION_END) {
			/* At least one, and where they were written, all. */
			if (!i || (!syntax->reader && i != written))
				h264_syntax_wrong(syntax);
			break;
		}
		if (i >= H264_MODIFICATIONS_MAX) {
			h264_syntax_wrong(syntax);
			break;
		}
		slice->modifications[i].idc = idc;
		h264_syntax_ue(syntax, idc < 2, UINT16_MAX + (idc < 2), &slice->modifications[i].value);
		if (syntax->reader)
			slice->n_modifications = i + 1;
	}
}

/* How many operands each memory management operation has; 1 and 3 start with a difference. */
static const uint8_t mark_operands[] = { 0, 1, 1, 2, 1, 0, 1 };

static void walk_marks(struct h264_syntax *syntax, struct h264_slice *slice)
{
	uint32_t written = slice->n_marks;

	h264_syntax_flag(syntax, &slice->adaptive_marking);
	if (!slice->adaptive_marking)
		return;
	for (uint32_t i = 0; !syntax->err; i++) {
		uint32_t operation = MARK_END, difference;

		if (!syntax->reader && i < written && i < H264_MARKS_MAX)
			operation = slice->marks[i].operation;
		h264_syntax_ue(syntax, 0, 6, &operation);
		if (syntax->err)
			break;
		if (operation == MARK_END) {
			if (!syntax->reader && i != written)
				h264_syntax_wrong(syntax);
			break;
		}
		if (i >= H264_MARKS_MAX) {
			h264_syntax_wrong(syntax);
			break;
		}
		slice->marks[i].operation = operation;
		difference = operation == 1 || operation == 3;
		if (mark_operands[operation] > 0)
			h264_syntax_ue(syntax, difference, UINT16_MAX + difference, &slice->marks[i].first);
		if (mark_operands[operation] > 1)
			h264_syntax_ue(syntax, 0, UINT16_MAX, &slice->marks[i].second);
		if (syntax->reader)
			slice->n_marks = i + 1;
	}
}

static void walk_marking(struct h264_syntax *syntax, struct h264_slice *slice)
{
	if (slice->nal_type == H264_NAL_IDR) {
		h264_syntax_flag(syntax, &slice->no_output_of_prior_pics);
		h264_syntax_flag(syntax, &slice->long_term_reference);
	} else if (slice->nal_ref_idc) {
		walk_marks(syntax, slice);
	}
}

static void walk_deblocking(struct h264_syntax *syntax, struct h264_slice *slice)
{
	h264_syntax_ue(syntax, 0, 2, &slice->disable_deblocking_filter_idc);
	if (slice->disable_deblocking_filter_idc == 1)
		return;
	h264_syntax_se(syntax, 0, -6, 6, &slice->alpha_c0_offset_div2);
	h264_syntax_se(syntax, 0, -6, 6, &slice->beta_offset_div2);
}

static void walk_references(struct h264_syntax *syntax, const struct h264_pps *pps, struct h264_slice *slice)
{
	h264_syntax_flag(syntax, &slice->num_ref_override);
	/* 32 is for fields. */
	if (slice->num_ref_override)
		h264_syntax_ue(syntax, 1, H264_REFS_MAX / 2, &slice->num_ref_l0);
	else
		slice->num_ref_l0 = pps->num_ref_l0;
	if (slice->num_ref_l0 > H264_REFS_MAX / 2)
		h264_syntax_wrong(syntax);
	walk_modifications(syntax, slice);
	if (pps->weighted_pred)
		h264_syntax_unsupported(syntax);
}

static void walk_order(struct h264_syntax *syntax, const struct h264_sets *sets, struct h264_slice *slice)
{
	const struct h264_sps *sps = &sets->sps;
	bool idr = slice->nal_type == H264_NAL_IDR;

	h264_syntax_u(syntax, sps->log2_max_frame_num, &slice->frame_num);
	if (idr && slice->frame_num)
		h264_syntax_wrong(syntax);
	if (idr)
		h264_syntax_ue(syntax, 0, UINT16_MAX, &slice->idr_pic_id);
	if (sps->poc_type)
		return;
	h264_syntax_u(syntax, sps->log2_max_poc_lsb, &slice->poc_lsb);
	if (sets->pps.bottom_field_pic_order)
		h264_syntax_se(syntax, 0, -INT32_MAX, INT32_MAX, &slice->delta_poc_bottom);
}

static void walk_slice(struct h264_syntax *syntax, const struct h264_sets *sets, struct h264_slice *slice)
{
	const struct h264_sps *sps = &sets->sps;
	const struct h264_pps *pps = &sets->pps;
	uint32_t kind;

	h264_syntax_ue(syntax, 0, sps->width_mbs * sps->height_mbs - 1, &slice->first_mb);
	h264_syntax_ue(syntax, 0, 9, &slice->type);
	kind = slice->type % H264_SLICE_ALL;
	if (kind != H264_SLICE_P && kind != H264_SLICE_I)
		h264_syntax_unsupported(syntax);
	if (slice->nal_type == H264_NAL_IDR && (kind != H264_SLICE_I || !slice->nal_ref_idc))
		h264_syntax_wrong(syntax);
	h264_syntax_ue(syntax, 0, 255, &slice->pps_id);
	if (slice->pps_id != pps->id || pps->sps_id != sps->id)
		h264_syntax_wrong(syntax);
	walk_order(syntax, sets, slice);
	if (kind == H264_SLICE_P)
		walk_references(syntax, pps, slice);
	walk_marking(syntax, slice);
	if (pps->cabac && kind == H264_SLICE_P)
		h264_syntax_ue(syntax, 0, 2, &slice->cabac_init_idc);
	h264_syntax_se(syntax, 0, -pps->pic_init_qp, 51 - pps->pic_init_qp, &slice->slice_qp_delta);
	if (pps->deblocking_filter_control_present)
		walk_deblocking(syntax, slice);
}

/* Sets that were filled by hand may be of any kind; those below would lead to wrong steps. */
static bool sets_usable(const struct h264_sets *sets)
{
	const struct h264_sps *sps = &sets->sps;

	return sps->width_mbs && sps->width_mbs <= H264_SIZE_MBS_MAX && sps->height_mbs &&
			sps->height_mbs <= H264_SIZE_MBS_MAX && sps->frame_mbs_only && sps->poc_type != 1 &&
			sps->log2_max_frame_num >= 4 && sps->log2_max_frame_num <= 16 &&
			(sps->poc_type || (sps->log2_max_poc_lsb >= 4 && sps->log2_max_poc_lsb <= 16)) &&
			sets->pps.pic_init_qp >= 0 && sets->pps.pic_init_qp <= 51 &&
			!sets->pps.redundant_pic_cnt_present;
}

int h264_read_slice(const struct h264_nal *nal, const struct h264_sets *sets,
		struct h264_slice *ret_slice, struct h264_reader *ret_data)
{
	struct h264_reader reader = h264_reader(nal);
	struct h264_syntax syntax = { .reader = &reader };
	struct h264_slice slice = { .nal_ref_idc = nal->ref_idc, .nal_type = nal->type };
	int err;

	if ((nal->type != H264_NAL_SLICE && nal->type != H264_NAL_IDR) || !sets_usable(sets))
		return -EINVAL;
	walk_slice(&syntax, sets, &slice);
	err = h264_syntax_end(&syntax);
	if (err)
		return err;
	*ret_slice = slice;
	if (ret_data)
		*ret_data = reader;
	return 0;
}

int h264_write_slice(struct h264_writer *writer, const struct h264_sets *sets,
		const struct h264_slice *slice)
{
	struct h264_syntax syntax = { .writer = writer };
	struct h264_slice copy = *slice;

	if ((slice->nal_type != H264_NAL_SLICE && slice->nal_type != H264_NAL_IDR) ||
			slice->nal_ref_idc > 3 || !sets_usable(sets))
		return -EINVAL;
	h264_put_nal(writer, slice->nal_type, slice->nal_ref_idc);
	walk_slice(&syntax, sets, &copy);
	return h264_syntax_end(&syntax);
}

int h264_write_aud(struct h264_writer *writer, unsigned int primary_pic_type)
{
	if (primary_pic_type > 7)
		return -EINVAL;
	h264_put_nal(writer, H264_NAL_AUD, 0);
	h264_put_bits(writer, primary_pic_type, 3);
	h264_put_trailing(writer);
	return writer->failed ? -ENOSPC : 0;
}

int h264_write_trailer(struct h264_writer *writer)
{
	/* filler_payload() of one byte */
	static const uint8_t filler[] = { 3, 1, 0xff };
	int err = h264_write_aud(writer, 7);

	if (err)
		return err;
	h264_put_nal(writer, H264_NAL_SEI, 0);
	for (size_t i = 0; i < sizeof(filler); i++)
		h264_put_bits(writer, filler[i], 8);
	h264_put_trailing(writer);
	return writer->failed ? -ENOSPC : 0;
}
