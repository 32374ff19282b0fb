// SPDX-License-Identifier: GPL-2.0-or-later
/* What a driver left unsaid in its sequence parameter set. */
#include "encoders/vaapi_headers.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "encoders/h264_headers.h"
#include "encoders/packet.h"

/* Of a set, however much it has. */
#define SET_BYTES_MAX 1024

/* Whether anything was missing. */
static bool complete(const struct h264_vui *ours, struct h264_sps *sps)
{
	struct h264_vui *vui = &sps->vui;

	if (vui->colour_description_present && vui->bitstream_restriction)
		return false;
	sps->vui_present = 1;
	if (!vui->colour_description_present) {
		vui->video_signal_type_present = ours->video_signal_type_present;
		vui->video_format = ours->video_format;
		vui->video_full_range = ours->video_full_range;
		vui->colour_description_present = ours->colour_description_present;
		vui->colour_primaries = ours->colour_primaries;
		vui->transfer_characteristics = ours->transfer_characteristics;
		vui->matrix_coefficients = ours->matrix_coefficients;
	}
	if (!vui->bitstream_restriction) {
		vui->bitstream_restriction = ours->bitstream_restriction;
		vui->motion_vectors_over_pic_boundaries = ours->motion_vectors_over_pic_boundaries;
		/* The most that there is. */
		vui->log2_max_mv_length_horizontal = 16;
		vui->log2_max_mv_length_vertical = 16;
		vui->max_num_reorder_frames = ours->max_num_reorder_frames;
		vui->max_dec_frame_buffering = sps->max_num_ref_frames > ours->max_dec_frame_buffering
				? sps->max_num_ref_frames
				: ours->max_dec_frame_buffering;
	}
	return true;
}

/* Puts the set in the place of what lies between from and to, its start code and all. */
static int replace(struct packet **packet, const uint8_t *from, const uint8_t *to, const uint8_t *set, size_t bytes)
{
	struct packet *old = *packet;
	size_t before = (size_t)(from - old->data), behind = old->bytes - (size_t)(to - old->data);
	struct packet *made = packet_new(before + bytes + behind);

	if (!made)
		return -ENOMEM;
	memcpy(made->data, old->data, before);
	memcpy(made->data + before, set, bytes);
	memcpy(made->data + before + bytes, to, behind);
	packet_unref(old);
	*packet = made;
	return 0;
}

int vaapi_headers_complete(const struct h264_vui *ours, struct packet **packet)
{
	const uint8_t *at = (*packet)->data, *end = at + (*packet)->bytes, *from;
	uint8_t set[SET_BYTES_MAX];
	struct h264_writer writer = h264_writer(set, sizeof(set));
	struct h264_nal nal;
	struct h264_sps sps;

	do {
		from = at;
		if (h264_nal_next(&at, end, &nal))
			return 0;
	} while (nal.type != H264_NAL_SPS);
	if (h264_read_sps(&nal, &sps) || !complete(ours, &sps) || h264_write_sps(&writer, &sps))
		return 0;
	return replace(packet, from, at, set, h264_written(&writer));
}
