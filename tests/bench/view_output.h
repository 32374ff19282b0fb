/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session has to send: short messages, kept until the socket takes them.
 * Bounded; what does not fit any more is remembered as failed, for a server that
 * asks for answers without reading them. Any thread.
 */
#ifndef PLANECAST_TESTS_BENCH_VIEW_OUTPUT_H
#define PLANECAST_TESTS_BENCH_VIEW_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VIEW_OUTPUT_BYTES 16384

struct view_output {
	uint8_t bytes[VIEW_OUTPUT_BYTES];
	size_t used;
	bool failed;
};

static inline void view_output_put(struct view_output *output, const void *bytes, size_t n)
{
	if (n > sizeof(output->bytes) - output->used) {
		output->failed = true;
		return;
	}
	memcpy(output->bytes + output->used, bytes, n);
	output->used += n;
}

static inline void view_output_u8(struct view_output *output, uint8_t value)
{
	view_output_put(output, &value, 1);
}

static inline void view_output_u16(struct view_output *output, uint32_t value)
{
	view_output_put(output, (uint8_t[]){ (uint8_t)(value >> 8), (uint8_t)value }, 2);
}

static inline void view_output_u32(struct view_output *output, uint32_t value)
{
	view_output_u16(output, value >> 16);
	view_output_u16(output, value & 0xffff);
}

/* So many have been sent. */
static inline void view_output_drop(struct view_output *output, size_t n)
{
	output->used -= n;
	memmove(output->bytes, output->bytes + n, output->used);
}

#endif
