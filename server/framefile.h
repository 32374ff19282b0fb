/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings of a screen: what changed, when, losslessly.
 *
 * The file, all numbers little endian:
 *
 *   header    16 bytes: FRAMEFILE_MAGIC (8 bytes), u32 version (1), u32 zero
 *   records   until the end of the file, each:
 *     u32     bytes of what follows, 1 .. FRAMEFILE_PACKED_MAX
 *     bytes   one zstd frame that states its content size and carries its
 *             check sum; unpacked it is the body
 *   body
 *     u64     time in nanoseconds since the first record, whose own is 0;
 *             never less than in the record before, below 2^62
 *     u32 u32 width and height of the picture, 1 .. FRAMEFILE_SIDE_MAX, together
 *             at most FRAMEFILE_PIXELS_MAX pixels
 *     u32     number of rectangles n, 0 .. FRAMEFILE_RECTS_MAX
 *     u32     zero
 *     n times u32 x, y, width, height: inside the picture, not empty, together
 *             no more pixels than the picture has
 *     pixels  of each rectangle in that order, row by row, 4 bytes each: blue,
 *             green, red, any
 *
 * A record turns the picture before into the next one by painting its
 * rectangles; a picture of another size than the one before (the first, too)
 * starts black. A record without rectangles only says that time went by: the
 * last one tells how long the recording is. A file that ends inside a record is
 * good up to there: its writer was killed.
 *
 * A file is input from anywhere: the reader believes nothing in it. Not shared
 * between threads.
 */
#ifndef PLANECAST_SERVER_FRAMEFILE_H
#define PLANECAST_SERVER_FRAMEFILE_H

#include <pixman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMEFILE_MAGIC "\x89PCREC\r\n"
#define FRAMEFILE_VERSION 1u
#define FRAMEFILE_HEADER_BYTES 16u
#define FRAMEFILE_SIDE_MAX 16384u
#define FRAMEFILE_PIXELS_MAX (7680u * 4320u)
#define FRAMEFILE_RECTS_MAX 65536u
#define FRAMEFILE_BODY_MAX (24u + 16u * FRAMEFILE_RECTS_MAX + 4u * FRAMEFILE_PIXELS_MAX)
#define FRAMEFILE_PACKED_MAX (FRAMEFILE_BODY_MAX + FRAMEFILE_BODY_MAX / 128)

struct frame;

struct framefile_rect {
	uint32_t x, y, width, height;
};

struct framefile_record {
	int64_t time_ns;
	uint32_t width, height;
	unsigned int n_rects;
	const uint8_t *rects; /* as in the file; framefile_rect_at() */
	const uint8_t *pixels;
};

struct framefile_rect framefile_rect_at(const struct framefile_record *record, unsigned int index);
/* Paints the record into XR24 pixels of its size; stride in bytes. */
void framefile_paint(const struct framefile_record *record, void *pixels, size_t stride);

/*
 * Checks a body and points *ret into it. 0, or -EBADMSG and *ret_what, a
 * constant that completes "in record N ...". For the reader and its tests.
 */
int framefile_parse_body(const uint8_t *body, size_t bytes, struct framefile_record *ret,
		const char **ret_what);

/* Writing. */

struct framefile_writer;

/* Replaces what is at path. Negative errno of open or write, -ENOMEM. */
int framefile_create(const char *path, struct framefile_writer **ret);
/*
 * Appends what region (NULL: nothing) covers of an XR24 frame. time_ns since the
 * first record. On failure, for want of room on the disk for one, the file is
 * cut back to its last whole record and stays good. -EINVAL: time runs back or
 * does not begin at 0, or beyond the limits above; negative errno of write, -ENOMEM.
 */
int framefile_write(struct framefile_writer *writer, int64_t time_ns, const struct frame *frame,
		pixman_region32_t *region);
/* Size of the file so far. */
uint64_t framefile_bytes(const struct framefile_writer *writer);
/* Negative errno where the last bytes could not be stored. NULL is fine. */
int framefile_close(struct framefile_writer *writer);

/* Reading. */

struct framefile_reader;

/* -EBADMSG: no recording, or of another version; negative errno of open; -ENOMEM. */
int framefile_open(const char *path, struct framefile_reader **ret);
void framefile_reader_free(struct framefile_reader *reader);
/*
 * The next record; it points into the reader until the next call. 1: *ret is
 * filled; 0: the end; -EBADMSG: the file is damaged, framefile_reader_error()
 * says where; negative errno of read; -ENOMEM.
 */
int framefile_next(struct framefile_reader *reader, struct framefile_record *ret);
/* Back to the first record. */
void framefile_rewind(struct framefile_reader *reader);
/* The end that was met was inside a record. */
bool framefile_reader_truncated(const struct framefile_reader *reader);
/* One clause about the last -EBADMSG; "" before. */
const char *framefile_reader_error(const struct framefile_reader *reader);

#endif
