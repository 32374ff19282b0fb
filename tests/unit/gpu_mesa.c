// SPDX-License-Identifier: GPL-2.0-or-later
/* What Mesa makes of a stream: its commands to the hardware, and headers. */
#include "encoders/h264_headers.h"
#include "encoders/vaapi_picture.h"
#include "tests/gpu/gpu_noop.h"
#include "tests/unit/gpu_rig.h"

unsigned int gpu_mesa_seek_qp(int qp)
{
	const uint32_t rate_control_per_picture = 8, qp_min = 0, qp_max = 51;
	const uint32_t command[] = { rate_control_per_picture, (uint32_t)qp, qp_min, qp_max };

	return gpu_noop_seek(command, sizeof(command));
}

unsigned int gpu_mesa_seek_sps(uint32_t width, uint32_t height)
{
	const struct h264_sps sps = {
		.profile_idc = H264_PROFILE_HIGH,
		.constraint_flags = 0x44,
		.level_idc = 31,
		.chroma_format_idc = 1,
		.bit_depth_luma = 8,
		.bit_depth_chroma = 8,
		.log2_max_frame_num = 5,
		.log2_max_poc_lsb = 5,
		.max_num_ref_frames = 1,
		.width_mbs = (width + 15) / 16,
		.height_mbs = (height + 15) / 16,
		.frame_mbs_only = 1,
		.direct_8x8_inference = 1,
		.cropping = 1,
		.crop_right = (width + 15) / 16 * 8 - width / 2,
		.crop_bottom = (height + 15) / 16 * 8 - height / 2,
		.vui_present = 1,
		.vui = {
			.timing_info_present = 1,
			.num_units_in_tick = 1,
			.time_scale = 120,
			.bitstream_restriction = 1,
			.motion_vectors_over_pic_boundaries = 1,
			.log2_max_mv_length_horizontal = 16,
			.log2_max_mv_length_vertical = 16,
			.max_dec_frame_buffering = 1,
		},
	};
	/* The hardware takes it in words, whose highest byte comes first. */
	uint8_t bytes[64];
	uint32_t words[sizeof(bytes) / 4];
	struct h264_writer writer = h264_writer(bytes, sizeof(bytes));

	gpu_must(!h264_write_sps(&writer, &sps));
	for (size_t i = 0; i < h264_written(&writer) / 4; i++)
		words[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
				(uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
	return gpu_noop_seek(words, h264_written(&writer) / 4 * 4);
}

unsigned int gpu_mesa_seek_our_sps(const struct vaapi_caps *caps, uint32_t width, uint32_t height)
{
	struct h264_writer writer;
	struct h264_sets sets;
	uint8_t bytes[64];

	gpu_must(!vaapi_picture_make_sets(caps, width, height, &sets));
	sets.sps.vui.log2_max_mv_length_horizontal = sets.sps.vui.log2_max_mv_length_vertical = 16;
	writer = h264_writer(bytes, sizeof(bytes));
	gpu_must(!h264_write_sps(&writer, &sets.sps));
	return gpu_noop_seek(bytes, h264_written(&writer));
}
