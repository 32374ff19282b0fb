// SPDX-License-Identifier: GPL-2.0-or-later
/* A stream of H.264 NAL units: what can be read can be written, and is the same again. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/h264_headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Room for the largest header there is. */
#define ROOM 4096

static void check(bool good)
{
	if (!good)
		abort();
}

/* The bits after the NAL's header; whoever reads may choose another importance. */
static void check_same(const struct h264_writer *writer, const struct h264_nal *nal)
{
	check(h264_written(writer) == nal->bytes + 4 && !memcmp(writer->start + 5, nal->data + 1, nal->bytes - 1));
}

static void try_sps(const struct h264_nal *nal, struct h264_sps *sps, uint8_t *room)
{
	struct h264_writer writer = h264_writer(room, ROOM);
	int err = h264_read_sps(nal, sps);

	check(err == 0 || err == -EBADMSG || err == -ENOTSUP);
	if (err)
		return;
	check(h264_write_sps(&writer, sps) == 0);
	check_same(&writer, nal);
}

static void try_pps(const struct h264_nal *nal, struct h264_pps *pps, uint8_t *room)
{
	struct h264_writer writer = h264_writer(room, ROOM);
	int err = h264_read_pps(nal, pps);

	check(err == 0 || err == -EBADMSG || err == -ENOTSUP);
	if (err)
		return;
	check(h264_write_pps(&writer, pps) == 0);
	check_same(&writer, nal);
}

static void try_slice(const struct h264_nal *nal, const struct h264_sets *sets, uint8_t *room)
{
	struct h264_writer writer = h264_writer(room, ROOM);
	struct h264_slice slice, again;
	struct h264_reader data;
	struct h264_nal copy;
	const uint8_t *at = room;
	int err = h264_read_slice(nal, sets, &slice, &data);

	check(err == 0 || err == -EBADMSG || err == -ENOTSUP || err == -EINVAL);
	if (err)
		return;
	check(data.at >= nal->data && data.at <= nal->data + nal->bytes && data.left < 8);
	check(h264_slice_qp(&sets->pps, &slice) >= 0 && h264_slice_qp(&sets->pps, &slice) <= 51);
	check(slice.first_mb < sets->sps.width_mbs * sets->sps.height_mbs);
	check(h264_write_slice(&writer, sets, &slice) == 0);
	h264_put_trailing(&writer);
	check(h264_nal_next(&at, writer.at, &copy) == 0 && at == writer.at);
	check(h264_read_slice(&copy, sets, &again, NULL) == 0);
	check(!memcmp(&slice, &again, sizeof(slice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct h264_sets sets = { 0 };
	const uint8_t *at = data;
	uint8_t *room = malloc(ROOM);
	struct h264_nal nal;

	if (!room)
		return 0;
	while (!h264_nal_next(&at, data + size, &nal)) {
		check(nal.bytes > 0 && nal.data + nal.bytes <= at && at <= data + size);
		switch (nal.type) {
		case H264_NAL_SPS:
			try_sps(&nal, &sets.sps, room);
			break;
		case H264_NAL_PPS:
			try_pps(&nal, &sets.pps, room);
			break;
		default:
			try_slice(&nal, &sets, room);
		}
	}
	free(room);
	return 0;
}
