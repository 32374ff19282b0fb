// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading and writing the bits of H.264 NAL units. */
#include "encoders/h264_bits.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

/* So many zero bits before the one: values to 2^32 - 2. */
#define UE_ZEROS_MAX 31

/* The first of two zeros and a one; end: there is none. */
static const uint8_t *find_start(const uint8_t *at, const uint8_t *end)
{
	while (end - at >= 3) {
		const uint8_t *one = memchr(at + 2, 1, (size_t)(end - at - 2));

		if (!one)
			break;
		if (!one[-1] && !one[-2])
			return one - 2;
		at = one - 1;
	}
	return end;
}

int h264_nal_next(const uint8_t **at, const uint8_t *end, struct h264_nal *ret_nal)
{
	const uint8_t *start = find_start(*at, end), *next;

	for (const uint8_t *byte = *at; byte < start; byte++) {
		if (*byte)
			return -EBADMSG;
	}
	if (start == end)
		return -ENOENT;
	start += 3;
	next = find_start(start, end);
	*at = next;
	/* Zeros before a start code belong to it, or to the end of the stream. */
	while (next > start && !next[-1])
		next--;
	if (next == start || start[0] & 0x80)
		return -EBADMSG;
	*ret_nal = (struct h264_nal){
		.data = start,
		.bytes = (size_t)(next - start),
		.type = start[0] & 0x1f,
		.ref_idc = start[0] >> 5,
	};
	return 0;
}

struct h264_reader h264_reader(const struct h264_nal *nal)
{
	return (struct h264_reader){ .at = nal->data + 1, .end = nal->data + nal->bytes };
}

/* False, and nothing changed but failed: there is none. */
static bool next_byte(struct h264_reader *reader)
{
	if (reader->failed || reader->at == reader->end)
		goto fail;
	if (reader->zeros >= 2 && *reader->at <= 3) {
		/* Less than 3 would be a start code; behind a 3 comes what it protects. */
		if (*reader->at < 3 || reader->end - reader->at < 2 || reader->at[1] > 3)
			goto fail;
		reader->at++;
		reader->zeros = 0;
	}
	reader->byte = *reader->at++;
	reader->left = 8;
	reader->zeros = reader->byte ? 0 : reader->zeros + 1;
	return true;
fail:
	reader->failed = true;
	reader->left = 0;
	return false;
}

uint32_t h264_get_bits(struct h264_reader *reader, unsigned int bits)
{
	uint32_t value = 0;

	while (bits) {
		unsigned int take;

		if (!reader->left && !next_byte(reader))
			return 0;
		take = bits < reader->left ? bits : reader->left;
		reader->left = (uint8_t)(reader->left - take);
		value = value << take | (reader->byte >> reader->left & ((1u << take) - 1));
		bits -= take;
	}
	return value;
}

uint32_t h264_get_ue(struct h264_reader *reader)
{
	unsigned int zeros = 0;
	uint32_t rest;

	while (!h264_get_bits(reader, 1)) {
		if (++zeros > UE_ZEROS_MAX)
			reader->failed = true;
		if (reader->failed)
			return 0;
	}
	rest = h264_get_bits(reader, zeros);
	return reader->failed ? 0 : (uint32_t)((1ull << zeros) - 1 + rest);
}

int32_t h264_get_se(struct h264_reader *reader)
{
	uint32_t code = h264_get_ue(reader);

	return code & 1 ? (int32_t)(code / 2 + 1) : -(int32_t)(code / 2);
}

bool h264_get_more(const struct h264_reader *reader)
{
	if (reader->failed)
		return false;
	if (!reader->left)
		return reader->end - reader->at > 1 || (reader->at < reader->end && *reader->at != 0x80);
	return reader->at < reader->end ||
			(reader->byte & ((1u << reader->left) - 1)) != 1u << (reader->left - 1);
}

void h264_get_trailing(struct h264_reader *reader)
{
	if (h264_get_bits(reader, 1) != 1 || h264_get_bits(reader, reader->left) || reader->at != reader->end)
		reader->failed = true;
}

struct h264_writer h264_writer(uint8_t *data, size_t bytes)
{
	return (struct h264_writer){ .start = data, .at = data, .end = data + bytes };
}

static void put_raw(struct h264_writer *writer, uint8_t byte)
{
	if (writer->failed || writer->at == writer->end) {
		writer->failed = true;
		return;
	}
	*writer->at++ = byte;
}

static void put_byte(struct h264_writer *writer, uint8_t byte)
{
	if (writer->zeros >= 2 && byte <= 3) {
		put_raw(writer, 3);
		writer->zeros = 0;
	}
	put_raw(writer, byte);
	writer->zeros = byte ? 0 : writer->zeros + 1;
}

void h264_put_nal(struct h264_writer *writer, enum h264_nal_type type, unsigned int ref_idc)
{
	static const uint8_t start[] = { 0, 0, 0, 1 };

	if (writer->used)
		writer->failed = true;
	for (size_t i = 0; i < sizeof(start); i++)
		put_raw(writer, start[i]);
	put_raw(writer, (uint8_t)(ref_idc << 5 | type));
	writer->zeros = 0;
}

void h264_put_bits(struct h264_writer *writer, uint32_t value, unsigned int bits)
{
	while (bits) {
		unsigned int room = 8u - writer->used, take = bits < room ? bits : room;

		bits -= take;
		writer->byte = (uint8_t)(writer->byte |
				(value >> bits & ((1u << take) - 1)) << (room - take));
		writer->used = (uint8_t)(writer->used + take);
		if (writer->used < 8)
			break;
		put_byte(writer, writer->byte);
		writer->byte = 0;
		writer->used = 0;
	}
}

void h264_put_ue(struct h264_writer *writer, uint32_t value)
{
	unsigned int zeros;

	if (value == UINT32_MAX) {
		writer->failed = true;
		return;
	}
	zeros = 31u - (unsigned int)__builtin_clz(value + 1);
	h264_put_bits(writer, 0, zeros);
	h264_put_bits(writer, value + 1, zeros + 1);
}

void h264_put_se(struct h264_writer *writer, int32_t value)
{
	if (value == INT32_MIN) {
		writer->failed = true;
		return;
	}
	h264_put_ue(writer, value > 0 ? (uint32_t)value * 2 - 1 : (uint32_t)-value * 2);
}

void h264_put_trailing(struct h264_writer *writer)
{
	h264_put_bits(writer, 1, 1);
	if (writer->used)
		h264_put_bits(writer, 0, 8u - writer->used);
}

/* The last byte of a NAL, up to its stop bit, and the trailing zeros anew. */
static void put_last(struct h264_writer *writer, struct h264_reader *reader)
{
	uint32_t bits = reader->byte & ((1u << reader->left) - 1);
	unsigned int skip;

	if (!bits) {
		reader->failed = true;
		return;
	}
	skip = (unsigned int)__builtin_ctz(bits);
	h264_put_bits(writer, bits >> skip, reader->left - skip);
	reader->left = 0;
	if (writer->used)
		h264_put_bits(writer, 0, 8u - writer->used);
}

static void put_same(struct h264_writer *writer, struct h264_reader *reader)
{
	size_t bytes = (size_t)(reader->end - reader->at);

	if (!bytes)
		reader->failed = true;
	if ((size_t)(writer->end - writer->at) < bytes)
		writer->failed = true;
	if (reader->failed || writer->failed)
		return;
	memcpy(writer->at, reader->at, bytes);
	writer->at += bytes;
	reader->at = reader->end;
}

static bool has_zero_byte(uint64_t value)
{
	return (value - 0x0101010101010101) & ~value & 0x8080808080808080;
}

/* Eight bytes at once, where nothing is escaped and nothing has to be; false: nothing was done. */
static bool put_shifted(struct h264_writer *writer, struct h264_reader *reader)
{
	uint64_t from, to;

	/* The last byte is put_last()'s. */
	if (reader->left || reader->failed || writer->failed || reader->zeros >= 2 || writer->zeros >= 2 ||
			reader->end - reader->at <= 8 || writer->end - writer->at < 8)
		return false;
	memcpy(&from, reader->at, sizeof(from));
	from = be64toh(from);
	to = (uint64_t)writer->byte << 56 | from >> writer->used;
	if (has_zero_byte(from) || has_zero_byte(to))
		return false;
	writer->byte = (uint8_t)(from << (8 - writer->used));
	to = htobe64(to);
	memcpy(writer->at, &to, sizeof(to));
	writer->at += sizeof(to);
	reader->at += sizeof(from);
	writer->zeros = 0;
	reader->zeros = 0;
	return true;
}

void h264_put_rest(struct h264_writer *writer, struct h264_reader *reader)
{
	for (;;) {
		/* In step with the source: what it has escaped is right here, too. */
		if (!reader->left && !writer->used && writer->zeros == reader->zeros) {
			put_same(writer, reader);
			return;
		}
		if (put_shifted(writer, reader))
			continue;
		if (!reader->left && !next_byte(reader))
			return;
		if (reader->at == reader->end) {
			put_last(writer, reader);
			return;
		}
		h264_put_bits(writer, reader->byte, reader->left);
		reader->left = 0;
	}
}
