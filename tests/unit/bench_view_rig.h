/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the bench's viewer: a server's bytes, made by hand, and a session that reads them. */
#ifndef PLANECAST_TESTS_UNIT_BENCH_VIEW_RIG_H
#define PLANECAST_TESTS_UNIT_BENCH_VIEW_RIG_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "tests/bench/view_session.h"

#define RIG_BYTES_MAX (1u << 20)

struct rig {
	struct view_session session;
	uint8_t bytes[RIG_BYTES_MAX]; /* of the server, not read yet */
	size_t used;
	z_stream deflate;
};

/* A session of that size, past its handshake; what it asked for has been sent away. */
void rig_start(struct rig *rig, const struct view_session_options *options, uint32_t width, uint32_t height);
void rig_stop(struct rig *rig);

void rig_u8(struct rig *rig, uint32_t value);
void rig_u16(struct rig *rig, uint32_t value);
void rig_u32(struct rig *rig, uint32_t value);
void rig_put(struct rig *rig, const void *bytes, size_t n);
#define rig_bytes(rig, ...) rig_put(rig, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* The header of an update, and of a rectangle. */
void rig_update(struct rig *rig, uint32_t rects);
void rig_rect(struct rig *rig, uint32_t x, uint32_t y, uint32_t width, uint32_t height, int32_t encoding);
/* What zlib makes of it, in the rig's one stream; returns how many bytes that were. */
size_t rig_deflate(struct rig *rig, const void *bytes, size_t n);
/* The same behind its length: of 32 bits, or as Tight writes it. */
void rig_deflate_u32(struct rig *rig, const void *bytes, size_t n);
void rig_deflate_compact(struct rig *rig, const void *bytes, size_t n);
/* A stream that begins anew. */
void rig_deflate_reset(struct rig *rig);

/*
 * The session reads all there is, in pieces of so many bytes (0: at once), from
 * memory that ends where the bytes end. 0, also where more is waited for, or the
 * error.
 */
int rig_read(struct rig *rig, size_t piece);
/* All of it was one update or more, whole. */
void rig_expect_read(struct rig *rig, size_t piece);
/* The error is this one: its reason contains the text. */
void rig_expect_error(struct rig *rig, const char *text);
/* A pixel without what is in its top byte. */
uint32_t rig_pixel(const struct rig *rig, uint32_t x, uint32_t y);

#endif
