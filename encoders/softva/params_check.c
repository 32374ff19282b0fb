// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether parameters together are a picture. */
#include "encoders/softva/params.h"

#include "encoders/h264_rewrite.h"
#include "encoders/softva/buffer.h"
#include "encoders/softva/driver.h"
#include "encoders/softva/sets.h"
#include "encoders/softva/surface.h"

#include <string.h>

static const char *choose_sets(struct params *params, struct params_picture *picture)
{
	VAProfile profile = params->config->caps->profile;
	const struct packed *packed = &params->packed;
	uint32_t announced = params->config->packed_headers;
	struct h264_pps made;
	const char *wrong;

	if (packed->has_sps) {
		params->sets.sps = packed->sets.sps;
		params->has_sps = true;
	} else if (params->new_seq && announced & VA_ENC_PACKED_HEADER_SEQUENCE) {
		return "sequence parameters without the packed SPS that the configuration announces";
	} else if (!params->has_sps) {
		sets_make_sps(&params->seq, profile, &params->sets.sps);
		picture->write_sps = picture->idr;
	}
	wrong = sets_check_sps(&params->seq, profile, &params->sets.sps);
	if (wrong)
		return wrong;
	if (packed->has_pps) {
		params->sets.pps = packed->sets.pps;
		params->has_pps = true;
	} else if (!params->has_pps) {
		if (announced & VA_ENC_PACKED_HEADER_PICTURE)
			return "picture without the packed PPS that the configuration announces";
		sets_make_pps(&params->pic, profile, &made);
		picture->write_pps = picture->idr || memcmp(&made, &params->sets.pps, sizeof(made));
		params->sets.pps = made;
	}
	wrong = sets_check_pps(&params->pic, profile, &params->sets.pps);
	picture->sets = params->sets;
	return wrong;
}

static const char *check_order(const struct params *params, const struct params_picture *picture)
{
	const struct params_history *history = &params->history;
	uint32_t frame_nums = 1u << params->sets.sps.log2_max_frame_num, expected = 0;

	if (!picture->idr) {
		if (!history->any)
			return "first picture is no IDR";
		if (h264_sets_differ(&history->sets, &params->sets))
			return "parameter sets change without an IDR picture";
		expected = (history->frame_num + history->reference) % frame_nums;
	}
	if (params->pic.frame_num != expected)
		return "frame_num does not follow the picture before";
	return NULL;
}

static const char *check_reference(const struct params *params, const struct params_slice *slice)
{
	struct driver *driver = params->driver;

	if (slice->intra)
		return NULL;
	if (slice->reference != params->history.reconstructed ||
			!surface_find(driver, slice->reference))
		return "P slice with another reference than the picture before";
	if (slice->reference == params->pic.CurrPic.picture_id)
		return "picture is its own reference";
	for (unsigned int i = 0; i < 16; i++)
		if (params->pic.ReferenceFrames[i].picture_id == slice->reference &&
				!(params->pic.ReferenceFrames[i].flags & VA_PICTURE_H264_INVALID))
			return NULL;
	return "P slice with a reference that is not among ReferenceFrames";
}

static const char *check_surfaces(
		const struct params *params, const struct surface *source, VASurfaceID source_id)
{
	const VAPictureH264 *current = &params->pic.CurrPic;
	const struct surface *reconstructed = surface_find(params->driver, current->picture_id);
	uint32_t width = params->seq.picture_width_in_mbs,
		 height = params->seq.picture_height_in_mbs;
	const struct surface *both[] = { source, reconstructed };

	if (!reconstructed || current->flags & VA_PICTURE_H264_INVALID)
		return "CurrPic is no surface";
	if (current->picture_id == source_id)
		return "CurrPic is the surface with the source picture";
	if (current->flags & (VA_PICTURE_H264_TOP_FIELD | VA_PICTURE_H264_BOTTOM_FIELD))
		return "picture is a field";
	for (unsigned int i = 0; i < 2; i++) {
		if (both[i]->format->fourcc != VA_FOURCC_NV12 || !surface_is_linear(both[i]))
			return "surface is not linear NV12";
		if ((both[i]->width + 15) / 16 < width || (both[i]->height + 15) / 16 < height)
			return "surface is smaller than the sequence's pictures";
	}
	return NULL;
}

static const char *check_slice_layout(const struct params *params, struct params_picture *picture)
{
	uint32_t total = params->sets.sps.width_mbs * params->sets.sps.height_mbs, next = 0;

	if (!params->n_slices)
		return "picture without slices";
	picture->slice_mbs = params->slices[0].n_mbs;
	for (unsigned int i = 0; i < params->n_slices; i++) {
		const struct params_slice *slice = &params->slices[i];
		bool last = i == params->n_slices - 1;

		if (slice->first_mb != next || !slice->n_mbs || slice->n_mbs > total - next)
			return "slices do not follow one another, or go beyond the picture";
		if (last ? slice->n_mbs > picture->slice_mbs : slice->n_mbs != picture->slice_mbs)
			return "slices are not equally large, up to the last";
		next += slice->n_mbs;
	}
	return next == total ? NULL : "slices do not cover the picture";
}

static const char *check_slices(const struct params *params, const struct params_picture *picture)
{
	const struct params_slice *first = &params->slices[0];
	bool control = params->sets.pps.deblocking_filter_control_present;

	for (unsigned int i = 0; i < params->n_slices; i++) {
		const struct params_slice *slice = &params->slices[i];
		int32_t qp = params->pic.pic_init_qp + slice->qp_delta;
		const char *wrong = check_reference(params, slice);

		if (wrong)
			return wrong;
		if (slice->intra != picture->intra)
			return "I and P slices in one picture";
		if (slice->pps_id != params->pic.pic_parameter_set_id)
			return "slice with another PPS than the picture";
		if (qp < 0 || qp > 51)
			return "slice with a QP that is none";
		if (slice->cabac_init_idc > 2 || slice->deblocking_idc > 2 ||
				slice->alpha_div2 < -6 || slice->alpha_div2 > 6 ||
				slice->beta_div2 < -6 || slice->beta_div2 > 6)
			return "slice with values out of range";
		if (!control && (slice->deblocking_idc || slice->alpha_div2 || slice->beta_div2))
			return "slice with deblocking that its PPS has no way to say";
		if (slice->deblocking_idc == 2 && params->n_slices > 1)
			return "deblocking within slices only";
		if (slice->deblocking_idc != first->deblocking_idc ||
				slice->alpha_div2 != first->alpha_div2 ||
				slice->beta_div2 != first->beta_div2 ||
				slice->cabac_init_idc != first->cabac_init_idc)
			return "slices with different deblocking or cabac_init_idc";
	}
	return NULL;
}

static void make_header(const struct params *params, const struct params_slice *slice,
		struct h264_slice *ret)
{
	bool idr = params->pic.pic_fields.bits.idr_pic_flag;

	*ret = (struct h264_slice){
		.nal_ref_idc = params->pic.pic_fields.bits.reference_pic_flag,
		.nal_type = idr ? H264_NAL_IDR : H264_NAL_SLICE,
		.first_mb = slice->first_mb,
		.type = (slice->intra ? H264_SLICE_I : H264_SLICE_P) + H264_SLICE_ALL,
		.pps_id = slice->pps_id,
		.frame_num = params->pic.frame_num,
		.idr_pic_id = slice->idr_pic_id,
		.poc_lsb = slice->poc_lsb,
		.delta_poc_bottom = slice->delta_poc_bottom,
		.num_ref_override = slice->num_ref_l0 != params->sets.pps.num_ref_l0,
		.num_ref_l0 = slice->num_ref_l0,
		.cabac_init_idc = slice->cabac_init_idc,
		.slice_qp_delta = slice->qp_delta,
		.disable_deblocking_filter_idc = slice->deblocking_idc,
		.alpha_c0_offset_div2 = slice->alpha_div2,
		.beta_offset_div2 = slice->beta_div2,
	};
}

static const char *compare_header(const struct params *params, const struct params_slice *slice,
		const struct h264_slice *header)
{
	bool idr = params->pic.pic_fields.bits.idr_pic_flag;
	struct h264_slice made;

	make_header(params, slice, &made);
	if (header->nal_type != made.nal_type || (idr && header->idr_pic_id != made.idr_pic_id))
		return "slice header and parameters differ: IDR";
	if (!header->nal_ref_idc != !made.nal_ref_idc)
		return "slice header and parameters differ: reference or not";
	if (header->first_mb != made.first_mb)
		return "slice header and parameters differ: first macroblock";
	if (header->type % H264_SLICE_ALL != made.type % H264_SLICE_ALL)
		return "slice header and parameters differ: slice type";
	if (header->frame_num != made.frame_num)
		return "slice header and parameters differ: frame_num";
	if (!params->sets.sps.poc_type &&
			header->poc_lsb !=
					(made.poc_lsb &
							((1u << params->sets.sps.log2_max_poc_lsb) -
									1)))
		return "slice header and parameters differ: pic_order_cnt_lsb";
	if (params->config->rate_control == VA_RC_CQP &&
			header->slice_qp_delta != made.slice_qp_delta)
		return "slice header and parameters differ: slice_qp_delta";
	if (header->disable_deblocking_filter_idc != made.disable_deblocking_filter_idc ||
			header->alpha_c0_offset_div2 != made.alpha_c0_offset_div2 ||
			header->beta_offset_div2 != made.beta_offset_div2)
		return "slice header and parameters differ: deblocking";
	if (slice->intra)
		return NULL;
	if (header->num_ref_l0 != 1)
		return "slice header and parameters differ: number of references";
	if (params->sets.pps.cabac && header->cabac_init_idc != made.cabac_init_idc)
		return "slice header and parameters differ: cabac_init_idc";
	/* The picture before, said in the one other way. */
	if (header->n_modifications > 1 ||
			(header->n_modifications &&
					(header->modifications[0].idc ||
							header->modifications[0].value != 1)))
		return "slice header reorders references";
	return NULL;
}

static const char *read_headers(const struct params *params, struct params_picture *picture)
{
	bool packed = params->config->packed_headers & VA_ENC_PACKED_HEADER_SLICE;

	if (params->packed.n_slices != (packed ? params->n_slices : 0))
		return "not one packed header for each slice";
	for (unsigned int i = 0; i < params->n_slices; i++) {
		struct h264_slice *header = &picture->headers[i];
		const char *wrong;

		if (!packed) {
			make_header(params, &params->slices[i], header);
			continue;
		}
		if (packed_read_slice(&params->packed, i, &params->sets, header))
			return "packed slice header is malformed, or of more than this driver does";
		wrong = compare_header(params, &params->slices[i], header);
		if (wrong)
			return wrong;
	}
	return NULL;
}

static const char *check_coded(const struct params *params)
{
	const struct buffer *coded = buffer_find(params->driver, params->pic.coded_buf);

	if (!coded || coded->type != VAEncCodedBufferType)
		return "coded_buf is no coded buffer";
	if (coded->pending || coded->maps)
		return "coded buffer is mapped, or waits for another picture";
	return NULL;
}

static const char *check(struct params *params, const struct surface *source, VASurfaceID source_id,
		struct params_picture *picture)
{
	const char *wrong;

	if (!params->has_seq || !params->has_pic)
		return "picture without sequence or picture parameters";
	if (params->packed.announced)
		return "packed header without data";
	picture->idr = params->pic.pic_fields.bits.idr_pic_flag;
	if (params->new_seq && !picture->idr)
		return "sequence parameters with a picture that is no IDR";
	wrong = choose_sets(params, picture);
	if (!wrong)
		wrong = check_order(params, picture);
	if (!wrong)
		wrong = check_surfaces(params, source, source_id);
	if (!wrong)
		wrong = check_slice_layout(params, picture);
	if (wrong)
		return wrong;
	picture->intra = params->slices[0].intra;
	if (picture->idr && !picture->intra)
		return "IDR picture with P slices";
	picture->qp = (uint32_t)(params->pic.pic_init_qp + params->slices[0].qp_delta);
	wrong = check_slices(params, picture);
	if (!wrong)
		wrong = read_headers(params, picture);
	if (!wrong)
		wrong = check_coded(params);
	return wrong;
}

VAStatus params_check(struct params *params, const struct surface *source, VASurfaceID source_id,
		struct params_picture *ret)
{
	const char *wrong;
	bool reference;

	memset(ret, 0, sizeof(*ret));
	wrong = check(params, source, source_id, ret);
	if (wrong)
		return driver_refuse(params->driver, VA_STATUS_ERROR_INVALID_PARAMETER,
				"encoding: %s", wrong);
	reference = params->pic.pic_fields.bits.reference_pic_flag;
	params->history = (struct params_history){
		.any = true,
		.reconstructed = reference ? params->pic.CurrPic.picture_id : VA_INVALID_SURFACE,
		.frame_num = params->pic.frame_num,
		.reference = reference,
		.sets = ret->sets,
	};
	return VA_STATUS_SUCCESS;
}
