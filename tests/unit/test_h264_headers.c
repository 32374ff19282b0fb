// SPDX-License-Identifier: GPL-2.0-or-later
/* H.264 headers: written, read back, refused, and put over slices of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/h264_headers.h"
#include "encoders/h264_rewrite.h"

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* 1920x1080 at 60/s, High, as the encoder has it. */
static const struct h264_sets ours = {
	.sps = {
		.profile_idc = H264_PROFILE_HIGH, .level_idc = 42,
		.chroma_format_idc = 1, .bit_depth_luma = 8, .bit_depth_chroma = 8,
		.log2_max_frame_num = 8, .log2_max_poc_lsb = 9, .max_num_ref_frames = 1,
		.width_mbs = 120, .height_mbs = 68, .frame_mbs_only = 1, .direct_8x8_inference = 1,
		.cropping = 1, .crop_bottom = 4,
		.vui_present = 1,
		.vui = {
			.video_signal_type_present = 1, .video_format = 5, .colour_description_present = 1,
			.colour_primaries = 1, .transfer_characteristics = 1, .matrix_coefficients = 1,
			.timing_info_present = 1, .num_units_in_tick = 1, .time_scale = 120,
			.bitstream_restriction = 1, .motion_vectors_over_pic_boundaries = 1,
			.log2_max_mv_length_horizontal = 15, .log2_max_mv_length_vertical = 15,
			.max_dec_frame_buffering = 1,
		},
	},
	.pps = {
		.cabac = 1, .num_slice_groups = 1, .num_ref_l0 = 1, .num_ref_l1 = 1,
		.pic_init_qp = 26, .pic_init_qs = 26, .deblocking_filter_control_present = 1,
		.extension = 1, .transform_8x8 = 1,
	},
};

static struct h264_nal only_nal(const uint8_t *data, size_t bytes)
{
	const uint8_t *at = data;
	struct h264_nal nal;

	assert_int_equal(h264_nal_next(&at, data + bytes, &nal), 0);
	assert_ptr_equal(at, data + bytes);
	return nal;
}

static void test_our_sets(void **state)
{
	uint8_t data[256];
	struct h264_writer writer = h264_writer(data, sizeof(data));
	struct h264_sets sets;
	struct h264_nal nal;

	(void)state;
	memset(&sets, 0x5a, sizeof(sets));
	assert_int_equal(h264_write_sps(&writer, &ours.sps), 0);
	nal = only_nal(data, h264_written(&writer));
	assert_int_equal(nal.type, H264_NAL_SPS);
	assert_int_equal(h264_read_sps(&nal, &sets.sps), 0);
	assert_memory_equal(&sets.sps, &ours.sps, sizeof(ours.sps));
	assert_int_equal(h264_read_pps(&nal, &sets.pps), -EINVAL);

	writer = h264_writer(data, sizeof(data));
	assert_int_equal(h264_write_pps(&writer, &ours.pps), 0);
	nal = only_nal(data, h264_written(&writer));
	assert_int_equal(h264_read_pps(&nal, &sets.pps), 0);
	assert_memory_equal(&sets.pps, &ours.pps, sizeof(ours.pps));
	assert_int_equal(h264_read_sps(&nal, &sets.sps), -EINVAL);
}

/* Every way that the members can be wrong, written; what does not fit in there is not tried. */
static void test_sps_refusals(void **state)
{
	static const struct {
		size_t member;
		uint32_t value;
		int err;
	} rows[] = {
		{ offsetof(struct h264_sps, profile_idc), 88, -ENOTSUP },
		{ offsetof(struct h264_sps, profile_idc), 256, -EINVAL },
		{ offsetof(struct h264_sps, constraint_flags), 1, -EINVAL },
		{ offsetof(struct h264_sps, id), 32, -EINVAL },
		{ offsetof(struct h264_sps, chroma_format_idc), 0, -ENOTSUP },
		{ offsetof(struct h264_sps, chroma_format_idc), 4, -EINVAL },
		{ offsetof(struct h264_sps, bit_depth_luma), 10, -ENOTSUP },
		{ offsetof(struct h264_sps, bit_depth_chroma), 15, -EINVAL },
		{ offsetof(struct h264_sps, lossless_bypass), 1, -ENOTSUP },
		{ offsetof(struct h264_sps, scaling_matrix_present), 1, -ENOTSUP },
		{ offsetof(struct h264_sps, log2_max_frame_num), 3, -EINVAL },
		{ offsetof(struct h264_sps, log2_max_frame_num), 17, -EINVAL },
		{ offsetof(struct h264_sps, poc_type), 1, -ENOTSUP },
		{ offsetof(struct h264_sps, poc_type), 3, -EINVAL },
		{ offsetof(struct h264_sps, log2_max_poc_lsb), 17, -EINVAL },
		{ offsetof(struct h264_sps, max_num_ref_frames), 17, -EINVAL },
		{ offsetof(struct h264_sps, width_mbs), 0, -EINVAL },
		{ offsetof(struct h264_sps, width_mbs), H264_SIZE_MBS_MAX + 1, -EINVAL },
		{ offsetof(struct h264_sps, height_mbs), UINT32_MAX, -EINVAL },
		{ offsetof(struct h264_sps, frame_mbs_only), 0, -ENOTSUP },
		{ offsetof(struct h264_sps, crop_bottom), 68 * 8, -EINVAL },
		{ offsetof(struct h264_sps, crop_left), 120 * 8, -EINVAL },
		{ offsetof(struct h264_sps, vui_present), 2, -EINVAL },
		{ offsetof(struct h264_sps, vui.video_format), 8, -EINVAL },
		{ offsetof(struct h264_sps, vui.matrix_coefficients), 256, -EINVAL },
		{ offsetof(struct h264_sps, vui.time_scale), 0, -EINVAL },
		{ offsetof(struct h264_sps, vui.num_units_in_tick), 0, -EINVAL },
		{ offsetof(struct h264_sps, vui.nal_hrd_present), 1, -EINVAL },
		{ offsetof(struct h264_sps, vui.max_num_reorder_frames), 2, -EINVAL },
		{ offsetof(struct h264_sps, vui.max_dec_frame_buffering), 0, -EINVAL },
		{ offsetof(struct h264_sps, vui.log2_max_mv_length_vertical), 17, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t data[256];
		struct h264_writer writer = h264_writer(data, sizeof(data));
		struct h264_sps sps = ours.sps;

		memcpy((uint8_t *)&sps + rows[i].member, &rows[i].value, sizeof(rows[i].value));
		assert_int_equal(h264_write_sps(&writer, &sps), rows[i].err);
	}
}

/* Cut anywhere, or with anything behind it, it is none; and nothing is written past the room. */
static void check_ends(const uint8_t *data, size_t bytes, int (*read)(const struct h264_nal *nal))
{
	uint8_t copy[520];

	for (size_t length = 5; length <= bytes + 1; length++) {
		struct h264_nal nal = { .data = copy, .bytes = length - 4, .type = data[4] & 31, .ref_idc = 3 };

		memcpy(copy, data + 4, bytes - 4);
		copy[bytes - 4] = 0x80;
		assert_int_equal(read(&nal), length == bytes ? 0 : -EBADMSG);
	}
}

static int read_sps(const struct h264_nal *nal)
{
	struct h264_sps sps;

	return h264_read_sps(nal, &sps);
}

static int read_pps(const struct h264_nal *nal)
{
	struct h264_pps pps;

	return h264_read_pps(nal, &pps);
}

static void test_ends(void **state)
{
	uint8_t data[256];
	struct h264_writer writer = h264_writer(data, sizeof(data));
	struct h264_pps pps = ours.pps;
	size_t bytes;

	(void)state;
	assert_int_equal(h264_write_sps(&writer, &ours.sps), 0);
	bytes = h264_written(&writer);
	check_ends(data, bytes, read_sps);
	for (size_t room = 0; room < bytes; room++) {
		writer = h264_writer(data, room);
		assert_int_equal(h264_write_sps(&writer, &ours.sps), -ENOSPC);
	}
	/* Of a PPS without its extension, one more bit is an extension begun. */
	writer = h264_writer(data, sizeof(data));
	assert_int_equal(h264_write_pps(&writer, &pps), 0);
	check_ends(data, h264_written(&writer), read_pps);
}

/* Every member that a slice of this kind has, at random. */
static void random_slice(const struct h264_sets *sets, struct h264_slice *slice, uint32_t *seed)
{
	bool p = next_random(seed) & 1, idr = !p && next_random(seed) & 1;

	memset(slice, 0, sizeof(*slice));
	slice->nal_type = idr ? H264_NAL_IDR : H264_NAL_SLICE;
	slice->nal_ref_idc = idr ? 1 + next_random(seed) % 3 : next_random(seed) % 4;
	slice->first_mb = next_random(seed) % (sets->sps.width_mbs * sets->sps.height_mbs);
	slice->type = (p ? H264_SLICE_P : H264_SLICE_I) + (next_random(seed) & 1 ? H264_SLICE_ALL : 0);
	slice->pps_id = sets->pps.id;
	slice->frame_num = idr ? 0 : next_random(seed) % (1u << sets->sps.log2_max_frame_num);
	slice->idr_pic_id = idr ? next_random(seed) % 65536 : 0;
	if (!sets->sps.poc_type) {
		slice->poc_lsb = next_random(seed) % (1u << sets->sps.log2_max_poc_lsb);
		if (sets->pps.bottom_field_pic_order)
			slice->delta_poc_bottom = (int32_t)(next_random(seed) % 2001) - 1000;
	}
	if (p) {
		slice->num_ref_override = next_random(seed) & 1;
		slice->num_ref_l0 = slice->num_ref_override ? 1 + next_random(seed) % 16 : sets->pps.num_ref_l0;
		slice->modification = next_random(seed) & 1;
		slice->n_modifications = slice->modification ? 1 + next_random(seed) % H264_MODIFICATIONS_MAX : 0;
		for (uint32_t i = 0; i < slice->n_modifications; i++) {
			slice->modifications[i].idc = next_random(seed) % 3;
			slice->modifications[i].value = 1 + next_random(seed) % 60000;
		}
	}
	if (idr) {
		slice->no_output_of_prior_pics = next_random(seed) & 1;
		slice->long_term_reference = next_random(seed) & 1;
	} else if (slice->nal_ref_idc) {
		slice->adaptive_marking = next_random(seed) & 1;
		slice->n_marks = slice->adaptive_marking ? next_random(seed) % (H264_MARKS_MAX + 1) : 0;
	}
	for (uint32_t i = 0; i < slice->n_marks; i++) {
		slice->marks[i].operation = 1 + next_random(seed) % 6;
		if (slice->marks[i].operation != 5)
			slice->marks[i].first = 1 + next_random(seed) % 60000;
		if (slice->marks[i].operation == 3)
			slice->marks[i].second = next_random(seed) % 60000;
	}
	if (p && sets->pps.cabac)
		slice->cabac_init_idc = next_random(seed) % 3;
	slice->slice_qp_delta = (int32_t)(next_random(seed) % 52) - sets->pps.pic_init_qp;
	if (sets->pps.deblocking_filter_control_present)
		slice->disable_deblocking_filter_idc = next_random(seed) % 3;
	if (sets->pps.deblocking_filter_control_present && slice->disable_deblocking_filter_idc != 1) {
		slice->alpha_c0_offset_div2 = (int32_t)(next_random(seed) % 13) - 6;
		slice->beta_offset_div2 = (int32_t)(next_random(seed) % 13) - 6;
	}
}

static void random_sets(struct h264_sets *sets, uint32_t *seed)
{
	*sets = ours;
	sets->sps.id = next_random(seed) % 32;
	sets->sps.poc_type = next_random(seed) & 1 ? 2 : 0;
	sets->sps.log2_max_frame_num = 4 + next_random(seed) % 13;
	sets->sps.log2_max_poc_lsb = sets->sps.poc_type ? 0 : 4 + next_random(seed) % 13;
	sets->pps.id = next_random(seed) % 256;
	sets->pps.sps_id = sets->sps.id;
	sets->pps.bottom_field_pic_order = next_random(seed) & 1;
	sets->pps.num_ref_l0 = 1 + next_random(seed) % 16;
	sets->pps.pic_init_qp = (int32_t)(next_random(seed) % 52);
	sets->pps.deblocking_filter_control_present = next_random(seed) & 1;
}

static void test_slices(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 3000; round++) {
		uint8_t data[1024];
		struct h264_writer writer = h264_writer(data, sizeof(data));
		struct h264_slice slice, back;
		struct h264_sets sets;
		struct h264_reader rest;
		struct h264_nal nal;

		random_sets(&sets, &seed);
		sets.pps.cabac = round & 1;
		random_slice(&sets, &slice, &seed);
		memset(&back, 0x5a, sizeof(back));
		assert_int_equal(h264_write_slice(&writer, &sets, &slice), 0);
		h264_put_bits(&writer, 0x155, 9);
		h264_put_trailing(&writer);
		nal = only_nal(data, h264_written(&writer));
		assert_int_equal(h264_read_slice(&nal, &sets, &back, &rest), 0);
		assert_memory_equal(&back, &slice, sizeof(slice));
		assert_int_equal(h264_get_bits(&rest, 9), 0x155);
		h264_get_trailing(&rest);
		assert_false(rest.failed);
		assert_in_range(h264_slice_qp(&sets.pps, &back), 0, 51);
	}
}

static void test_slice_refusals(void **state)
{
	static const struct {
		size_t member;
		uint32_t value;
		int err;
	} rows[] = {
		{ offsetof(struct h264_slice, nal_type), H264_NAL_SEI, -EINVAL },
		{ offsetof(struct h264_slice, nal_type), H264_NAL_IDR, -EINVAL },
		{ offsetof(struct h264_slice, nal_ref_idc), 4, -EINVAL },
		{ offsetof(struct h264_slice, first_mb), 120 * 68, -EINVAL },
		{ offsetof(struct h264_slice, type), 1, -ENOTSUP },
		{ offsetof(struct h264_slice, type), 8, -ENOTSUP },
		{ offsetof(struct h264_slice, type), 10, -EINVAL },
		{ offsetof(struct h264_slice, pps_id), 1, -EINVAL },
		{ offsetof(struct h264_slice, frame_num), 256, -EINVAL },
		{ offsetof(struct h264_slice, poc_lsb), 512, -EINVAL },
		{ offsetof(struct h264_slice, num_ref_l0), 17, -EINVAL },
		{ offsetof(struct h264_slice, n_modifications), 0, -EINVAL },
		{ offsetof(struct h264_slice, n_modifications), H264_MODIFICATIONS_MAX + 1, -EINVAL },
		{ offsetof(struct h264_slice, modifications[0].idc), 3, -EINVAL },
		{ offsetof(struct h264_slice, modifications[0].value), 0, -EINVAL },
		{ offsetof(struct h264_slice, n_marks), H264_MARKS_MAX + 1, -EINVAL },
		{ offsetof(struct h264_slice, marks[0].operation), 7, -EINVAL },
		{ offsetof(struct h264_slice, marks[0].operation), 0, -EINVAL },
		{ offsetof(struct h264_slice, cabac_init_idc), 3, -EINVAL },
		{ offsetof(struct h264_slice, slice_qp_delta), (uint32_t)-27, -EINVAL },
		{ offsetof(struct h264_slice, slice_qp_delta), 26, -EINVAL },
		{ offsetof(struct h264_slice, disable_deblocking_filter_idc), 3, -EINVAL },
		{ offsetof(struct h264_slice, alpha_c0_offset_div2), 7, -EINVAL },
		{ offsetof(struct h264_slice, beta_offset_div2), (uint32_t)-7, -EINVAL },
	};
	const struct h264_slice good = {
		.nal_ref_idc = 1, .nal_type = H264_NAL_SLICE, .type = H264_SLICE_P,
		.num_ref_override = 1, .num_ref_l0 = 1,
		.modification = 1, .n_modifications = 1, .modifications = { { 0, 1 } },
		.adaptive_marking = 1, .n_marks = 1, .marks = { { 1, 1, 0 } },
	};
	struct h264_sets sets = ours;
	uint8_t data[1024];
	struct h264_writer writer = h264_writer(data, sizeof(data));

	(void)state;
	assert_int_equal(h264_write_slice(&writer, &ours, &good), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct h264_slice slice = good;

		memcpy((uint8_t *)&slice + rows[i].member, &rows[i].value, sizeof(rows[i].value));
		writer = h264_writer(data, sizeof(data));
		assert_int_equal(h264_write_slice(&writer, &ours, &slice), rows[i].err);
	}
	sets.pps.weighted_pred = 1;
	writer = h264_writer(data, sizeof(data));
	assert_int_equal(h264_write_slice(&writer, &sets, &good), -ENOTSUP);
	sets = ours;
	sets.pps.sps_id = 1;
	writer = h264_writer(data, sizeof(data));
	assert_int_equal(h264_write_slice(&writer, &sets, &good), -EINVAL);
}

static void test_small_units(void **state)
{
	static const uint8_t trailer[] = { 0, 0, 0, 1, 0x09, 0xf0, 0, 0, 0, 1, 0x06, 0x03, 0x01, 0xff, 0x80 };
	uint8_t data[32];
	struct h264_writer writer = h264_writer(data, sizeof(data));

	(void)state;
	assert_int_equal(h264_write_trailer(&writer), 0);
	assert_int_equal(h264_written(&writer), sizeof(trailer));
	assert_memory_equal(data, trailer, sizeof(trailer));
	writer = h264_writer(data, sizeof(trailer) - 1);
	assert_int_equal(h264_write_trailer(&writer), -ENOSPC);
	writer = h264_writer(data, sizeof(data));
	assert_int_equal(h264_write_aud(&writer, 8), -EINVAL);
	assert_int_equal(h264_write_aud(&writer, 0), 0);
	assert_memory_equal(data, "\0\0\0\1\x09\x10", 6);
}

/* A slice with data of a known kind, under another header for other sets. */
static void check_rewrite(bool cabac, uint32_t *seed)
{
	uint8_t from_data[2048], to_data[8192], payload[256];
	struct h264_writer writer = h264_writer(from_data, sizeof(from_data));
	struct h264_sets from, to;
	struct h264_slice old, header, got;
	struct h264_reader rest;
	struct h264_nal nal;
	size_t bits = 1 + next_random(seed) % (sizeof(payload) - 1);

	random_sets(&from, seed);
	random_sets(&to, seed);
	from.pps.cabac = to.pps.cabac = cabac;
	random_slice(&from, &old, seed);
	do
		random_slice(&to, &header, seed);
	while (header.nal_type != old.nal_type || header.type % 5 != old.type % 5);
	bits = cabac ? (bits + 7) & ~(size_t)7 : bits;
	assert_int_equal(h264_write_slice(&writer, &from, &old), 0);
	if (cabac && writer.used)
		h264_put_bits(&writer, 0xff, 8u - writer.used);
	for (size_t i = 0; i < bits; i++) {
		payload[i % sizeof(payload)] = next_random(seed) % 9 == 0;
		h264_put_bits(&writer, payload[i % sizeof(payload)], 1);
	}
	h264_put_trailing(&writer);
	nal = only_nal(from_data, h264_written(&writer));
	writer = h264_writer(to_data, h264_rewrite_bound(nal.bytes));
	if (!to.pps.deblocking_filter_control_present && (old.disable_deblocking_filter_idc ||
			old.alpha_c0_offset_div2 || old.beta_offset_div2)) {
		assert_int_equal(h264_rewrite_slice(&nal, &from, &to, &header, &writer), -EINVAL);
		return;
	}
	assert_int_equal(h264_rewrite_slice(&nal, &from, &to, &header, &writer), 0);
	nal = only_nal(to_data, h264_written(&writer));
	assert_int_equal(h264_read_slice(&nal, &to, &got, &rest), 0);
	/* What belongs to the data is the old one's. */
	assert_int_equal(h264_slice_qp(&to.pps, &got), h264_slice_qp(&from.pps, &old));
	header.slice_qp_delta = got.slice_qp_delta;
	header.first_mb = old.first_mb;
	header.cabac_init_idc = old.cabac_init_idc;
	header.num_ref_override = got.num_ref_override;
	header.num_ref_l0 = old.num_ref_l0;
	header.disable_deblocking_filter_idc = old.disable_deblocking_filter_idc;
	header.alpha_c0_offset_div2 = old.alpha_c0_offset_div2;
	header.beta_offset_div2 = old.beta_offset_div2;
	assert_memory_equal(&got, &header, sizeof(got));
	if (cabac)
		assert_int_equal(h264_get_bits(&rest, rest.left), (1u << rest.left) - 1);
	for (size_t i = 0; i < bits; i++)
		assert_int_equal(h264_get_bits(&rest, 1), payload[i]);
	h264_get_trailing(&rest);
	assert_false(rest.failed);
}

static void test_rewrites(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (unsigned int round = 0; round < 6000; round++)
		check_rewrite(round & 1, &seed);
}

static void test_rewrite_refusals(void **state)
{
	uint8_t from_data[256], to_data[2048];
	struct h264_writer writer = h264_writer(from_data, sizeof(from_data));
	const struct h264_slice i_slice = { .nal_ref_idc = 1, .nal_type = H264_NAL_SLICE, .type = H264_SLICE_I };
	struct h264_slice header = i_slice;
	struct h264_sets to = ours;
	struct h264_nal nal;

	(void)state;
	assert_int_equal(h264_write_slice(&writer, &ours, &i_slice), 0);
	h264_put_bits(&writer, 0xff, 8u - writer.used);
	h264_put_bits(&writer, 0x1234, 16);
	h264_put_trailing(&writer);
	nal = only_nal(from_data, h264_written(&writer));
	for (size_t room = 0; room < nal.bytes + 4; room++) {
		writer = h264_writer(to_data, room);
		assert_int_equal(h264_rewrite_slice(&nal, &ours, &to, &header, &writer), -ENOSPC);
	}
	writer = h264_writer(to_data, sizeof(to_data));
	assert_int_equal(h264_rewrite_slice(&nal, &ours, &to, &header, &writer), 0);
	assert_int_equal(h264_written(&writer), nal.bytes + 4);
	assert_memory_equal(to_data + 4, nal.data, nal.bytes);

	header.type = H264_SLICE_P;
	assert_int_equal(h264_rewrite_slice(&nal, &ours, &to, &header, &writer), -EINVAL);
	header = i_slice;
	header.nal_type = H264_NAL_IDR;
	assert_int_equal(h264_rewrite_slice(&nal, &ours, &to, &header, &writer), -EINVAL);
	header = i_slice;
	header.frame_num = 256;
	assert_int_equal(h264_rewrite_slice(&nal, &ours, &to, &header, &writer), -EINVAL);
	header = i_slice;
	to.pps.chroma_qp_index_offset = 1;
	assert_string_equal(h264_sets_differ(&ours, &to), "chroma_qp_index_offset");
	assert_int_equal(h264_rewrite_slice(&nal, &ours, &to, &header, &writer), -EINVAL);
	to = ours;
	to.pps.cabac = 0;
	assert_string_equal(h264_sets_differ(&ours, &to), "entropy coding");
	assert_null(h264_sets_differ(&ours, &ours));
}

/* CABAC's data starts with a byte, behind ones. */
static void test_rewrite_without_ones(void **state)
{
	uint8_t from_data[256], to_data[2048];
	struct h264_writer writer = h264_writer(from_data, sizeof(from_data));
	const struct h264_slice slice = { .nal_ref_idc = 1, .nal_type = H264_NAL_SLICE, .type = H264_SLICE_I };
	struct h264_nal nal;

	(void)state;
	assert_int_equal(h264_write_slice(&writer, &ours, &slice), 0);
	assert_int_not_equal(writer.used, 0);
	h264_put_bits(&writer, 0xfe, 8u - writer.used);
	h264_put_trailing(&writer);
	nal = only_nal(from_data, h264_written(&writer));
	writer = h264_writer(to_data, sizeof(to_data));
	assert_int_equal(h264_rewrite_slice(&nal, &ours, &ours, &slice, &writer), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_our_sets),
		cmocka_unit_test(test_sps_refusals),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_slice_refusals),
		cmocka_unit_test(test_small_units),
		cmocka_unit_test(test_rewrites),
		cmocka_unit_test(test_rewrite_refusals),
		cmocka_unit_test(test_rewrite_without_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
