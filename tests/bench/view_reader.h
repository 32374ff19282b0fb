/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading from bytes that arrive in pieces.
 *
 * Who reads asks first whether all of a piece is there, and where it is not
 * returns -EAGAIN with `at` where the piece begins; it is called again when
 * there is more. Nothing outside [at, end) is ever touched. Any thread.
 */
#ifndef PLANECAST_TESTS_BENCH_VIEW_READER_H
#define PLANECAST_TESTS_BENCH_VIEW_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view_reader {
	const uint8_t *at, *end;
	uint64_t need; /* bytes from `at` on that were missed last */
};

/* Not so: remembered in need. */
static inline bool view_reader_has(struct view_reader *reader, uint64_t bytes)
{
	if ((uint64_t)(reader->end - reader->at) >= bytes)
		return true;
	reader->need = bytes;
	return false;
}

static inline uint16_t view_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t view_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline int32_t view_s32(const uint8_t *at)
{
	return (int32_t)view_u32(at);
}

#endif
