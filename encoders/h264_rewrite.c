// SPDX-License-Identifier: GPL-2.0-or-later
/* Slices under other headers. */
#include "encoders/h264_rewrite.h"

#include <errno.h>

const char *h264_sets_differ(const struct h264_sets *from, const struct h264_sets *to)
{
	const struct {
		int64_t from, to;
		const char *difference;
	} rows[] = {
		{ from->sps.width_mbs, to->sps.width_mbs, "width" },
		{ from->sps.height_mbs, to->sps.height_mbs, "height" },
		{ from->sps.chroma_format_idc, to->sps.chroma_format_idc, "chroma format" },
		{ from->sps.frame_mbs_only, to->sps.frame_mbs_only, "frame_mbs_only_flag" },
		{ from->pps.cabac, to->pps.cabac, "entropy coding" },
		{ from->pps.transform_8x8, to->pps.transform_8x8, "8x8 transform" },
		{ from->pps.chroma_qp_index_offset, to->pps.chroma_qp_index_offset, "chroma_qp_index_offset" },
		{ from->pps.second_chroma_qp_index_offset, to->pps.second_chroma_qp_index_offset,
			"second_chroma_qp_index_offset" },
		{ from->pps.constrained_intra_pred, to->pps.constrained_intra_pred, "constrained intra prediction" },
		{ from->pps.weighted_pred, to->pps.weighted_pred, "weighted prediction" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].from != rows[i].to)
			return rows[i].difference;
	}
	return NULL;
}

/* The new header with what the slice's data depends on. */
static int merge(const struct h264_sets *from, const struct h264_slice *old, const struct h264_sets *to,
		struct h264_slice *header)
{
	if (header->nal_type != old->nal_type || header->type % H264_SLICE_ALL != old->type % H264_SLICE_ALL)
		return -EINVAL;
	header->first_mb = old->first_mb;
	header->slice_qp_delta = h264_slice_qp(&from->pps, old) - to->pps.pic_init_qp;
	header->cabac_init_idc = old->cabac_init_idc;
	header->num_ref_l0 = old->num_ref_l0;
	header->num_ref_override = old->num_ref_l0 != to->pps.num_ref_l0;
	header->disable_deblocking_filter_idc = old->disable_deblocking_filter_idc;
	header->alpha_c0_offset_div2 = old->alpha_c0_offset_div2;
	header->beta_offset_div2 = old->beta_offset_div2;
	if (!to->pps.deblocking_filter_control_present && (old->disable_deblocking_filter_idc ||
			old->alpha_c0_offset_div2 || old->beta_offset_div2))
		return -EINVAL;
	return 0;
}

/* Steps over the ones before CABAC's bytes; -EBADMSG: they are none. */
static int skip_ones(struct h264_reader *reader)
{
	uint32_t ones = (1u << reader->left) - 1;

	return h264_get_bits(reader, reader->left) == ones ? 0 : -EBADMSG;
}

int h264_rewrite_slice(const struct h264_nal *nal, const struct h264_sets *from,
		const struct h264_sets *to, const struct h264_slice *header, struct h264_writer *writer)
{
	struct h264_slice copy = *header, old;
	struct h264_reader data;
	int err;

	if (h264_sets_differ(from, to))
		return -EINVAL;
	err = h264_read_slice(nal, from, &old, &data);
	if (!err)
		err = merge(from, &old, to, &copy);
	if (!err && to->pps.cabac)
		err = skip_ones(&data);
	if (err)
		return err;
	err = h264_write_slice(writer, to, &copy);
	if (err)
		return err;
	if (to->pps.cabac && writer->used)
		h264_put_bits(writer, 0xff, 8u - writer->used);
	h264_put_rest(writer, &data);
	if (data.failed)
		return -EBADMSG;
	return writer->failed ? -ENOSPC : 0;
}
