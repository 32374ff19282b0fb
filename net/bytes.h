/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checked big-endian readers and writers over memory.
 *
 * Both remember a first step past the end: a reader then yields zeros, a writer
 * writes nothing more, and the caller asks once, behind the last field. Nothing
 * outside [at, end) is ever touched. Any thread.
 */
#ifndef PLANECAST_NET_BYTES_H
#define PLANECAST_NET_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes_reader {
	const uint8_t *at, *end;
	bool failed;
};

static inline struct bytes_reader bytes_reader(const uint8_t *data, size_t bytes)
{
	return (struct bytes_reader){ .at = data, .end = data + bytes };
}

/* NULL when fewer are left, and for no bytes at the very end a valid pointer. */
static inline const uint8_t *bytes_get(struct bytes_reader *reader, size_t bytes)
{
	const uint8_t *at = reader->at;

	if (reader->failed || (size_t)(reader->end - at) < bytes) {
		reader->failed = true;
		return NULL;
	}
	reader->at += bytes;
	return at;
}

static inline uint64_t bytes_get_number(struct bytes_reader *reader, size_t bytes)
{
	const uint8_t *at = bytes_get(reader, bytes);
	uint64_t value = 0;

	for (size_t i = 0; at && i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

static inline uint8_t bytes_get_u8(struct bytes_reader *reader)
{
	return (uint8_t)bytes_get_number(reader, 1);
}

static inline uint16_t bytes_get_u16(struct bytes_reader *reader)
{
	return (uint16_t)bytes_get_number(reader, 2);
}

static inline uint32_t bytes_get_u32(struct bytes_reader *reader)
{
	return (uint32_t)bytes_get_number(reader, 4);
}

static inline int32_t bytes_get_s32(struct bytes_reader *reader)
{
	return (int32_t)bytes_get_u32(reader);
}

static inline void bytes_skip(struct bytes_reader *reader, size_t bytes)
{
	(void)bytes_get(reader, bytes);
}

struct bytes_writer {
	uint8_t *start, *at, *end;
	bool failed;
};

static inline struct bytes_writer bytes_writer(uint8_t *data, size_t bytes)
{
	return (struct bytes_writer){ .start = data, .at = data, .end = data + bytes };
}

static inline size_t bytes_written(const struct bytes_writer *writer)
{
	return (size_t)(writer->at - writer->start);
}

/* Room for that many, already counted as written; NULL when they do not fit. */
static inline uint8_t *bytes_put_space(struct bytes_writer *writer, size_t bytes)
{
	uint8_t *at = writer->at;

	if (writer->failed || (size_t)(writer->end - at) < bytes) {
		writer->failed = true;
		return NULL;
	}
	writer->at += bytes;
	return at;
}

static inline void bytes_put(struct bytes_writer *writer, const void *data, size_t bytes)
{
	uint8_t *at = bytes_put_space(writer, bytes);

	if (at && bytes)
		memcpy(at, data, bytes);
}

static inline void bytes_put_zeros(struct bytes_writer *writer, size_t bytes)
{
	uint8_t *at = bytes_put_space(writer, bytes);

	if (at && bytes)
		memset(at, 0, bytes);
}

static inline void bytes_put_number(struct bytes_writer *writer, uint64_t value, size_t bytes)
{
	uint8_t *at = bytes_put_space(writer, bytes);

	for (size_t i = bytes; at && i > 0; i--, value >>= 8)
		at[i - 1] = (uint8_t)value;
}

static inline void bytes_put_u8(struct bytes_writer *writer, uint8_t value)
{
	bytes_put_number(writer, value, 1);
}

static inline void bytes_put_u16(struct bytes_writer *writer, uint16_t value)
{
	bytes_put_number(writer, value, 2);
}

static inline void bytes_put_u32(struct bytes_writer *writer, uint32_t value)
{
	bytes_put_number(writer, value, 4);
}

static inline void bytes_put_s32(struct bytes_writer *writer, int32_t value)
{
	bytes_put_number(writer, (uint32_t)value, 4);
}

#endif
