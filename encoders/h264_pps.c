// SPDX-License-Identifier: GPL-2.0-or-later
/* The picture parameter set (7.3.2.2). */
#include <errno.h>

#include "encoders/h264_headers.h"
#include "encoders/h264_syntax.h"

static void walk_pps(struct h264_syntax *syntax, struct h264_pps *pps)
{
	h264_syntax_ue(syntax, 0, 255, &pps->id);
	h264_syntax_ue(syntax, 0, 31, &pps->sps_id);
	h264_syntax_flag(syntax, &pps->cabac);
	h264_syntax_flag(syntax, &pps->bottom_field_pic_order);
	h264_syntax_ue(syntax, 1, 8, &pps->num_slice_groups);
	if (pps->num_slice_groups != 1)
		h264_syntax_unsupported(syntax);
	h264_syntax_ue(syntax, 1, H264_REFS_MAX, &pps->num_ref_l0);
	h264_syntax_ue(syntax, 1, H264_REFS_MAX, &pps->num_ref_l1);
	h264_syntax_flag(syntax, &pps->weighted_pred);
	h264_syntax_u(syntax, 2, &pps->weighted_bipred_idc);
	if (pps->weighted_bipred_idc == 3)
		h264_syntax_wrong(syntax);
	h264_syntax_se(syntax, 26, 0, 51, &pps->pic_init_qp);
	h264_syntax_se(syntax, 26, 0, 51, &pps->pic_init_qs);
	h264_syntax_se(syntax, 0, -12, 12, &pps->chroma_qp_index_offset);
	h264_syntax_flag(syntax, &pps->deblocking_filter_control_present);
	h264_syntax_flag(syntax, &pps->constrained_intra_pred);
	h264_syntax_flag(syntax, &pps->redundant_pic_cnt_present);
	if (pps->redundant_pic_cnt_present)
		h264_syntax_unsupported(syntax);
	if (syntax->reader)
		pps->extension = !syntax->err && h264_get_more(syntax->reader);
	if (!pps->extension) {
		pps->second_chroma_qp_index_offset = pps->chroma_qp_index_offset;
		return;
	}
	h264_syntax_flag(syntax, &pps->transform_8x8);
	h264_syntax_flag(syntax, &pps->scaling_matrix_present);
	if (pps->scaling_matrix_present)
		h264_syntax_unsupported(syntax);
	h264_syntax_se(syntax, 0, -12, 12, &pps->second_chroma_qp_index_offset);
}

int h264_read_pps(const struct h264_nal *nal, struct h264_pps *ret_pps)
{
	struct h264_reader reader = h264_reader(nal);
	struct h264_syntax syntax = { .reader = &reader };
	struct h264_pps pps = { 0 };
	int err;

	if (nal->type != H264_NAL_PPS)
		return -EINVAL;
	walk_pps(&syntax, &pps);
	err = h264_syntax_end(&syntax);
	if (err)
		return err;
	h264_get_trailing(&reader);
	if (reader.failed || !nal->ref_idc)
		return -EBADMSG;
	*ret_pps = pps;
	return 0;
}

int h264_write_pps(struct h264_writer *writer, const struct h264_pps *pps)
{
	struct h264_syntax syntax = { .writer = writer };
	struct h264_pps copy = *pps;

	h264_put_nal(writer, H264_NAL_PPS, 3);
	walk_pps(&syntax, &copy);
	h264_put_trailing(writer);
	return h264_syntax_end(&syntax);
}
