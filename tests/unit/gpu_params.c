// SPDX-License-Identifier: GPL-2.0-or-later
/* What drivers of GPUs are told of a picture, in VA-API's words: as the standard and VA-API want it. */
#include "encoders/h264_headers.h"
#include "tests/unit/gpu_rig.h"

static bool is_picture(const VAPictureH264 *picture, const VAPictureH264 *wanted)
{
	return picture->picture_id == wanted->picture_id && picture->frame_idx == wanted->frame_idx &&
			picture->flags == wanted->flags && picture->TopFieldOrderCnt == wanted->TopFieldOrderCnt &&
			picture->BottomFieldOrderCnt == wanted->BottomFieldOrderCnt;
}

static bool is_no_picture(const VAPictureH264 *picture)
{
	return picture->picture_id == VA_INVALID_SURFACE && picture->flags == VA_PICTURE_H264_INVALID;
}

/* A P picture refers to the one before, as that was called, an IDR picture to none. */
static void check_references(const struct gpu_params *params, const VAPictureH264 *before)
{
	gpu_must(before ? is_picture(&params->picture.ReferenceFrames[0], before)
			: is_no_picture(&params->picture.ReferenceFrames[0]));
	gpu_must(before ? is_picture(&params->slice.RefPicList0[0], before)
			: is_no_picture(&params->slice.RefPicList0[0]));
	for (unsigned int i = 1; i < 16; i++)
		gpu_must(is_no_picture(&params->picture.ReferenceFrames[i]));
	for (unsigned int i = 0; i < 32; i++)
		gpu_must((!i || is_no_picture(&params->slice.RefPicList0[i])) &&
				is_no_picture(&params->slice.RefPicList1[i]));
	/* What is written is not what is read. */
	gpu_must(!before || params->picture.CurrPic.picture_id != before->picture_id);
}

void gpu_params_check(const struct gpu_params *params, uint32_t number, int qp, uint32_t mbs)
{
	static VAPictureH264 before;
	const VAEncPictureParameterBufferH264 *picture = &params->picture;
	const VAEncSliceParameterBufferH264 *slice = &params->slice;
	const VAPictureH264 wanted = {
		.picture_id = picture->CurrPic.picture_id,
		.frame_idx = number % 256,
		.flags = VA_PICTURE_H264_SHORT_TERM_REFERENCE,
		.TopFieldOrderCnt = 2 * (int)number,
		.BottomFieldOrderCnt = 2 * (int)number,
	};

	gpu_must(wanted.picture_id != VA_INVALID_SURFACE && is_picture(&picture->CurrPic, &wanted));
	gpu_must(picture->frame_num == number % 256);
	gpu_must(picture->pic_fields.bits.idr_pic_flag == !number && picture->pic_fields.bits.reference_pic_flag);
	gpu_must(picture->pic_init_qp + slice->slice_qp_delta == qp);
	gpu_must(slice->slice_type == (number ? H264_SLICE_P : H264_SLICE_I));
	gpu_must(slice->pic_order_cnt_lsb == 2 * number % 256);
	gpu_must(!slice->macroblock_address && slice->num_macroblocks == mbs);
	check_references(params, number ? &before : NULL);
	before = picture->CurrPic;
}
