// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Slices put under other headers, and back. The stream has the slices' own SPS and
 * PPS, then the new ones, then a slice whose header is to be used, then slices.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/h264_rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

/* The result, allocated and exactly as large as it may become; NULL: it cannot be done. */
static uint8_t *rewrite(const struct h264_nal *nal, const struct h264_sets *from, const struct h264_sets *to,
		const struct h264_slice *header, struct h264_nal *ret_nal)
{
	uint8_t *room = malloc(h264_rewrite_bound(nal->bytes));
	struct h264_writer writer;
	const uint8_t *at = room;
	int err;

	if (!room)
		return NULL;
	writer = h264_writer(room, h264_rewrite_bound(nal->bytes));
	err = h264_rewrite_slice(nal, from, to, header, &writer);
	check(err == 0 || err == -EINVAL || err == -EBADMSG || err == -ENOTSUP);
	if (err) {
		free(room);
		return NULL;
	}
	/* One unit, whatever was in it. */
	check(h264_nal_next(&at, writer.at, ret_nal) == 0 && at == writer.at && ret_nal->data == room + 4 &&
			ret_nal->data + ret_nal->bytes == writer.at);
	return room;
}

static void try_slice(const struct h264_nal *nal, const struct h264_sets *from, const struct h264_sets *to,
		const struct h264_slice *header)
{
	struct h264_slice old, now;
	struct h264_nal there, back;
	uint8_t *first, *second;

	if (h264_read_slice(nal, from, &old, NULL))
		return;
	first = rewrite(nal, from, to, header, &there);
	if (!first)
		return;
	check(h264_read_slice(&there, to, &now, NULL) == 0);
	check(now.first_mb == old.first_mb && now.frame_num == header->frame_num && now.num_ref_l0 == old.num_ref_l0);
	check(h264_slice_qp(&from->pps, &old) == h264_slice_qp(&to->pps, &now));
	second = rewrite(&there, to, from, &old, &back);
	/* Emulation prevention that nobody looked at may have been wrong; and the slice may say what goes without. */
	if (second && old.num_ref_override == (old.num_ref_l0 != from->pps.num_ref_l0))
		check(back.bytes == nal->bytes && !memcmp(back.data, nal->data, nal->bytes));
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct h264_sets sets[2] = { 0 };
	unsigned int n_sps = 0, n_pps = 0;
	struct h264_slice header;
	bool have_header = false;
	const uint8_t *at = data;
	struct h264_nal nal;

	while (!h264_nal_next(&at, data + size, &nal)) {
		if (nal.type == H264_NAL_SPS && n_sps < 2)
			n_sps += !h264_read_sps(&nal, &sets[n_sps].sps);
		else if (nal.type == H264_NAL_PPS && n_pps < 2)
			n_pps += !h264_read_pps(&nal, &sets[n_pps].pps);
		else if (!have_header)
			have_header = !h264_read_slice(&nal, &sets[1], &header, NULL);
		else
			try_slice(&nal, &sets[0], &sets[1], &header);
	}
	return 0;
}
