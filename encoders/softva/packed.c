// SPDX-License-Identifier: GPL-2.0-or-later
/* Headers that clients bring. */
#include "encoders/softva/packed.h"

#include "encoders/softva/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Deprecated, and still sent. */
#define TYPE_MISC 0x80000000u

static VAStatus refuse(struct driver *driver, const char *what)
{
	return driver_refuse(driver, VA_STATUS_ERROR_INVALID_PARAMETER,
			"encoding: packed header %s", what);
}

static uint32_t needed_permission(uint32_t type)
{
	switch (type) {
	case VAEncPackedHeaderSequence:
		return VA_ENC_PACKED_HEADER_SEQUENCE;
	case VAEncPackedHeaderPicture:
		return VA_ENC_PACKED_HEADER_PICTURE;
	case VAEncPackedHeaderSlice:
		return VA_ENC_PACKED_HEADER_SLICE;
	case VAEncPackedHeaderRawData:
		return VA_ENC_PACKED_HEADER_RAW_DATA | VA_ENC_PACKED_HEADER_MISC;
	default:
		return type & TYPE_MISC ? VA_ENC_PACKED_HEADER_MISC : 0;
	}
}

VAStatus packed_add_params(struct driver *driver, struct packed *packed, uint32_t allowed,
		const void *data, size_t bytes)
{
	VAEncPackedHeaderParameterBuffer params;

	if (bytes != sizeof(params))
		return refuse(driver, "parameters of a wrong size");
	if (packed->announced)
		return refuse(driver, "parameters where data should follow");
	memcpy(&params, data, sizeof(params));
	if (!(needed_permission(params.type) & allowed))
		return refuse(driver, "of a type that the configuration does not announce");
	if (!params.bit_length || params.bit_length / 8 > PACKED_BYTES_MAX)
		return refuse(driver, "of no bits, or too many");
	packed->params = params;
	packed->announced = true;
	return VA_STATUS_SUCCESS;
}

static int reserve(struct packed *packed, size_t bytes)
{
	size_t room = packed->bytes + bytes;
	uint8_t *data;

	if (room <= packed->room)
		return 0;
	if (room > 4 * (size_t)PACKED_BYTES_MAX)
		return -ENOSPC;
	room += room / 2;
	data = realloc(packed->data, room);
	if (!data)
		return -ENOMEM;
	packed->data = data;
	packed->room = room;
	return 0;
}

/* Behind the start code that the bytes begin with; NULL: they do not. */
static const uint8_t *skip_start_code(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *begin = at;

	while (at < end && !*at)
		at++;
	return at < end && *at == 1 && at - begin >= 2 ? at + 1 : NULL;
}

/* Of what is wrong the one thing that is not the client's fault. */
static const char no_memory[] = "without memory to keep it in";

/* Copies the bytes behind those that are there, with emulation prevention put in after the start code. */
static const char *append(struct packed *packed, const uint8_t *data, size_t bytes, bool escaped)
{
	const uint8_t *end = data + bytes, *at = escaped ? end : skip_start_code(data, end);
	unsigned int zeros = 0;
	uint8_t *out;

	if (!at)
		return "without a start code";
	if (reserve(packed, bytes + bytes / 2 + 1))
		return no_memory;
	out = packed->data + packed->bytes;
	memcpy(out, data, (size_t)(at - data));
	out += at - data;
	for (; at < end; at++) {
		if (zeros == 2 && *at <= 3) {
			*out++ = 3;
			zeros = 0;
		}
		zeros = *at ? 0 : zeros + 1;
		*out++ = *at;
	}
	packed->bytes = (size_t)(out - packed->data);
	return NULL;
}

static const char *add_part(struct packed *packed, size_t begin, size_t bytes, unsigned int after,
		bool delimiter)
{
	if (packed->n_parts == PACKED_PARTS_MAX)
		return "is one too many";
	packed->parts[packed->n_parts++] = (struct packed_part){
		.begin = begin,
		.bytes = bytes,
		.after_slices = after,
		.delimiter = delimiter,
	};
	return NULL;
}

static const char *read_set(struct packed *packed, const struct h264_nal *nal)
{
	int err;

	if (nal->type == H264_NAL_SPS) {
		err = h264_read_sps(nal, &packed->sets.sps);
		packed->has_sps = !err;
		if (err)
			return err == -ENOTSUP ? "with an SPS of more than this driver does"
					       : "with a malformed SPS";
	} else {
		err = h264_read_pps(nal, &packed->sets.pps);
		packed->has_pps = !err;
		if (err)
			return err == -ENOTSUP ? "with a PPS of more than this driver does"
					       : "with a malformed PPS";
	}
	return NULL;
}

/* The slice whose header is at the end of what was added; what came before it goes before its slice. */
static const char *add_slice(
		struct packed *packed, const struct h264_nal *nal, size_t begin, bool delimiter)
{
	const uint8_t *end = packed->data + packed->bytes, *before = nal->data - 3;

	if (packed->params.type != VAEncPackedHeaderSlice)
		return "with a slice, of a type for other things";
	if (packed->n_slices == CAPS_SLICES_MAX)
		return "for one slice too many";
	/* A header may end with zeros, which otherwise are no part of a NAL unit. */
	for (const uint8_t *at = nal->data + nal->bytes; at < end; at++)
		if (*at)
			return "with something behind the slice's header";
	packed->slices[packed->n_slices++] = (struct packed_slice){
		.begin = (size_t)(nal->data - packed->data),
		.bytes = (size_t)(end - nal->data),
	};
	while (before > packed->data + begin && !before[-1])
		before--;
	if (before == packed->data + begin)
		return NULL;
	return add_part(packed, begin, (size_t)(before - packed->data) - begin,
			packed->n_slices - 1, delimiter);
}

/* What stands in [begin, packed->bytes). */
static const char *read_units(struct packed *packed, size_t begin, unsigned int n_slices)
{
	const uint8_t *at = packed->data + begin, *end = packed->data + packed->bytes;
	bool delimiter = false, first = true;
	const char *wrong = NULL;

	for (; !wrong; first = false) {
		struct h264_nal nal;
		int err = h264_nal_next(&at, end, &nal);

		if (err == -ENOENT)
			break;
		if (err)
			return "that is no sequence of NAL units";
		switch (nal.type) {
		case H264_NAL_SPS:
		case H264_NAL_PPS:
			wrong = read_set(packed, &nal);
			break;
		case H264_NAL_SLICE:
		case H264_NAL_IDR:
			return add_slice(packed, &nal, begin, delimiter);
		case H264_NAL_AUD:
			delimiter = delimiter || first;
			break;
		case H264_NAL_SEI:
		case H264_NAL_END_OF_SEQUENCE:
		case H264_NAL_END_OF_STREAM:
		case H264_NAL_FILLER:
			break;
		default:
			return "with a NAL unit that is neither set, slice, delimiter, SEI nor filler";
		}
	}
	if (wrong)
		return wrong;
	if (packed->params.type == VAEncPackedHeaderSlice)
		return "for a slice, without one";
	if (first)
		return "without a NAL unit";
	return add_part(packed, begin, packed->bytes - begin,
			n_slices > packed->n_slices ? n_slices : packed->n_slices, delimiter);
}

VAStatus packed_add_data(struct driver *driver, struct packed *packed, unsigned int n_slices,
		const void *data, size_t bytes)
{
	size_t begin = packed->bytes, used = ((size_t)packed->params.bit_length + 7) / 8;
	const char *wrong;

	if (!packed->announced)
		return refuse(driver, "data without parameters");
	packed->announced = false;
	if (used > bytes)
		return refuse(driver, "of more bits than its buffer holds");
	wrong = append(packed, data, used, packed->params.has_emulation_bytes);
	if (!wrong)
		wrong = read_units(packed, begin, n_slices);
	if (wrong == no_memory)
		return VA_STATUS_ERROR_ALLOCATION_FAILED;
	return wrong ? refuse(driver, wrong) : VA_STATUS_SUCCESS;
}

int packed_read_slice(const struct packed *packed, unsigned int index, const struct h264_sets *sets,
		struct h264_slice *ret_slice)
{
	const uint8_t *data = packed->data + packed->slices[index].begin;
	const struct h264_nal nal = {
		.data = data,
		.bytes = packed->slices[index].bytes,
		.type = data[0] & 0x1f,
		.ref_idc = data[0] >> 5 & 3,
	};

	return h264_read_slice(&nal, sets, ret_slice, NULL);
}

void packed_finish(struct packed *packed)
{
	free(packed->data);
	*packed = (struct packed){ 0 };
}
