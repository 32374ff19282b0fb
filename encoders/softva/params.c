// SPDX-License-Identifier: GPL-2.0-or-later
/* Buffers of a picture, one by one. */
#include "encoders/softva/params.h"

#include "encoders/softva/buffer.h"
#include "encoders/softva/driver.h"

#include <string.h>

void params_init(struct params *params, struct driver *driver, const struct config *config)
{
	*params = (struct params){ .driver = driver, .config = config };
	params->history.reconstructed = VA_INVALID_SURFACE;
}

void params_clear(struct params *params)
{
	params->new_seq = false;
	params->has_pic = false;
	params->n_slices = 0;
	params->regions.n_interesting = 0;
	params->regions.n_dirty = 0;
	packed_finish(&params->packed);
}

static VAStatus refuse(const struct params *params, const char *what)
{
	return driver_refuse(
			params->driver, VA_STATUS_ERROR_INVALID_PARAMETER, "encoding: %s", what);
}

static VAStatus add_seq(struct params *params, const struct buffer *buffer)
{
	VAEncSequenceParameterBufferH264 seq;

	if (buffer_bytes(buffer) != sizeof(seq))
		return refuse(params, "sequence parameters of a wrong size");
	if (params->new_seq)
		return refuse(params, "sequence parameters twice in a picture");
	memcpy(&seq, buffer->data, sizeof(seq));
	params->seq = seq;
	params->has_seq = true;
	params->new_seq = true;
	return VA_STATUS_SUCCESS;
}

static VAStatus add_pic(struct params *params, const struct buffer *buffer)
{
	if (buffer_bytes(buffer) != sizeof(params->pic))
		return refuse(params, "picture parameters of a wrong size");
	if (params->has_pic)
		return refuse(params, "picture parameters twice in a picture");
	memcpy(&params->pic, buffer->data, sizeof(params->pic));
	params->has_pic = true;
	return VA_STATUS_SUCCESS;
}

static bool is_absent(const VAPictureH264 *picture)
{
	return picture->picture_id == VA_INVALID_SURFACE ||
			picture->flags & VA_PICTURE_H264_INVALID;
}

static const char *read_slice(const VAEncSliceParameterBufferH264 *from, uint32_t num_ref_l0,
		struct params_slice *ret)
{
	unsigned int type = from->slice_type % H264_SLICE_ALL;

	if (from->slice_type > 9 || (type != H264_SLICE_I && type != H264_SLICE_P))
		return "slice that is neither I nor P";
	/* Some clients leave it at 0, which no handle is. */
	if (from->macroblock_info && from->macroblock_info != VA_INVALID_ID)
		return "slice with parameters of macroblocks";
	if (from->num_ref_idx_active_override_flag)
		num_ref_l0 = from->num_ref_idx_l0_active_minus1 + 1u;
	*ret = (struct params_slice){
		.first_mb = from->macroblock_address,
		.n_mbs = from->num_macroblocks,
		.intra = type == H264_SLICE_I,
		.pps_id = from->pic_parameter_set_id,
		.idr_pic_id = from->idr_pic_id,
		.poc_lsb = from->pic_order_cnt_lsb,
		.delta_poc_bottom = from->delta_pic_order_cnt_bottom,
		.num_ref_l0 = num_ref_l0,
		.reference = VA_INVALID_SURFACE,
		.cabac_init_idc = from->cabac_init_idc,
		.qp_delta = from->slice_qp_delta,
		.deblocking_idc = from->disable_deblocking_filter_idc,
		.alpha_div2 = from->slice_alpha_c0_offset_div2,
		.beta_div2 = from->slice_beta_offset_div2,
	};
	if (ret->intra)
		return NULL;
	if (num_ref_l0 != 1)
		return "P slice with more than one reference";
	if (is_absent(&from->RefPicList0[0]))
		return "P slice without a reference";
	ret->reference = from->RefPicList0[0].picture_id;
	return NULL;
}

static VAStatus add_slices(struct params *params, const struct buffer *buffer)
{
	VAEncSliceParameterBufferH264 slice;

	if (buffer->element_bytes != sizeof(slice))
		return refuse(params, "slice parameters of a wrong size");
	/* The number of references comes from there. */
	if (!params->has_pic)
		return refuse(params, "slice parameters before those of the picture");
	for (uint32_t i = 0; i < buffer->n_elements; i++) {
		const char *wrong;

		if (params->n_slices == CAPS_SLICES_MAX)
			return refuse(params, "more slices than there may be");
		memcpy(&slice, buffer->data + i * sizeof(slice), sizeof(slice));
		wrong = read_slice(&slice, params->pic.num_ref_idx_l0_active_minus1 + 1u,
				&params->slices[params->n_slices]);
		if (wrong)
			return refuse(params, wrong);
		params->n_slices++;
	}
	return VA_STATUS_SUCCESS;
}

VAStatus params_add(struct params *params, const struct buffer *buffer)
{
	switch (buffer->type) {
	case VAEncSequenceParameterBufferType:
		return add_seq(params, buffer);
	case VAEncPictureParameterBufferType:
		return add_pic(params, buffer);
	case VAEncSliceParameterBufferType:
		return add_slices(params, buffer);
	case VAEncMiscParameterBufferType:
		return rate_read(params->driver, params->config->rate_control, buffer->data,
				buffer_bytes(buffer), &params->rate, &params->regions);
	case VAEncPackedHeaderParameterBufferType:
		return packed_add_params(params->driver, &params->packed,
				params->config->packed_headers, buffer->data, buffer_bytes(buffer));
	case VAEncPackedHeaderDataBufferType:
		return packed_add_data(params->driver, &params->packed, params->n_slices,
				buffer->data, buffer_bytes(buffer));
	default:
		return driver_refuse(params->driver, VA_STATUS_ERROR_INVALID_BUFFER,
				"encoding: buffer of type %d in a picture", (int)buffer->type);
	}
}
