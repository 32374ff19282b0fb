// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes recordings. */
#include "server/framefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "server/frame.h"
#include "server/framefile_bytes.h"

/* Screens have to be written as fast as they change; 1 is the fastest of the ordinary levels. */
#define COMPRESSION_LEVEL 1
#define LENGTH_BYTES 4u

struct framefile_writer {
	int fd;
	uint64_t good_bytes; /* up to the last whole record */
	int64_t last_ns;
	ZSTD_CCtx *zstd;
	uint8_t *body, *packed;
	size_t body_room, packed_room;
};

static int reserve(uint8_t **buffer, size_t *room, size_t bytes)
{
	uint8_t *larger;

	if (bytes <= *room)
		return 0;
	larger = realloc(*buffer, bytes);
	if (!larger)
		return -ENOMEM;
	*buffer = larger;
	*room = bytes;
	return 0;
}

static int write_all(int fd, const uint8_t *data, size_t bytes)
{
	while (bytes) {
		ssize_t written = write(fd, data, bytes);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		data += written;
		bytes -= (size_t)written;
	}
	return 0;
}

int framefile_create(const char *path, struct framefile_writer **ret)
{
	uint8_t header[FRAMEFILE_HEADER_BYTES] = { 0 };
	struct framefile_writer *writer = calloc(1, sizeof(*writer));
	int r = -ENOMEM;

	if (!writer)
		return -ENOMEM;
	writer->fd = -1;
	writer->zstd = ZSTD_createCCtx();
	if (!writer->zstd)
		goto fail;
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_checksumFlag, 1);
	writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (writer->fd < 0) {
		r = -errno;
		goto fail;
	}
	memcpy(header, FRAMEFILE_MAGIC, 8);
	framefile_put_u32(header + 8, FRAMEFILE_VERSION);
	r = write_all(writer->fd, header, sizeof(header));
	if (r < 0)
		goto fail;
	writer->good_bytes = sizeof(header);
	*ret = writer;
	return 0;
fail:
	framefile_close(writer);
	return r;
}

int framefile_close(struct framefile_writer *writer)
{
	int r = 0;

	if (!writer)
		return 0;
	if (writer->fd >= 0 && close(writer->fd) < 0)
		r = -errno;
	ZSTD_freeCCtx(writer->zstd);
	free(writer->body);
	free(writer->packed);
	free(writer);
	return r;
}

uint64_t framefile_bytes(const struct framefile_writer *writer)
{
	return writer->good_bytes;
}

/* The rectangles to write: those of the region, or the box around them where they are too many. */
static const pixman_box32_t *boxes_of(pixman_region32_t *region, int *ret_count)
{
	const pixman_box32_t *boxes;

	*ret_count = 0;
	if (!region)
		return NULL;
	boxes = pixman_region32_rectangles(region, ret_count);
	if ((unsigned int)*ret_count <= FRAMEFILE_RECTS_MAX)
		return boxes;
	*ret_count = 1;
	return pixman_region32_extents(region);
}

static uint8_t *put_pixels(uint8_t *at, const struct frame *frame, const pixman_box32_t *box)
{
	size_t row_bytes = (size_t)(box->x2 - box->x1) * 4;

	for (int y = box->y1; y < box->y2; y++, at += row_bytes)
		memcpy(at, frame->data + (size_t)y * frame->planes[0].stride + (size_t)box->x1 * 4, row_bytes);
	return at;
}

static int build_body(struct framefile_writer *writer, int64_t time_ns, const struct frame *frame,
		pixman_region32_t *region, size_t *ret_bytes)
{
	int count;
	const pixman_box32_t *boxes = boxes_of(region, &count);
	size_t bytes = 24 + 16 * (size_t)count;
	uint8_t *at;
	int r;

	for (int i = 0; i < count; i++) {
		if (boxes[i].x1 < 0 || boxes[i].y1 < 0 || (uint32_t)boxes[i].x2 > frame->width ||
				(uint32_t)boxes[i].y2 > frame->height)
			return -EINVAL;
		bytes += (size_t)(boxes[i].x2 - boxes[i].x1) * (size_t)(boxes[i].y2 - boxes[i].y1) * 4;
	}
	r = reserve(&writer->body, &writer->body_room, bytes);
	if (r < 0)
		return r;
	at = writer->body;
	framefile_put_u64(at, (uint64_t)time_ns);
	framefile_put_u32(at + 8, frame->width);
	framefile_put_u32(at + 12, frame->height);
	framefile_put_u32(at + 16, (uint32_t)count);
	framefile_put_u32(at + 20, 0);
	at += 24;
	for (int i = 0; i < count; i++, at += 16) {
		framefile_put_u32(at, (uint32_t)boxes[i].x1);
		framefile_put_u32(at + 4, (uint32_t)boxes[i].y1);
		framefile_put_u32(at + 8, (uint32_t)(boxes[i].x2 - boxes[i].x1));
		framefile_put_u32(at + 12, (uint32_t)(boxes[i].y2 - boxes[i].y1));
	}
	for (int i = 0; i < count; i++)
		at = put_pixels(at, frame, &boxes[i]);
	*ret_bytes = bytes;
	return 0;
}

int framefile_write(struct framefile_writer *writer, int64_t time_ns, const struct frame *frame,
		pixman_region32_t *region)
{
	bool first = writer->good_bytes == FRAMEFILE_HEADER_BYTES;
	size_t body_bytes, packed_bytes;
	int r;

	if (time_ns < writer->last_ns || (first && time_ns) || time_ns >= 1LL << 62)
		return -EINVAL;
	if (frame->width > FRAMEFILE_SIDE_MAX || frame->height > FRAMEFILE_SIDE_MAX ||
			(uint64_t)frame->width * frame->height > FRAMEFILE_PIXELS_MAX)
		return -EINVAL;
	r = build_body(writer, time_ns, frame, region, &body_bytes);
	if (r < 0)
		return r;
	r = reserve(&writer->packed, &writer->packed_room, LENGTH_BYTES + ZSTD_compressBound(body_bytes));
	if (r < 0)
		return r;
	packed_bytes = ZSTD_compress2(writer->zstd, writer->packed + LENGTH_BYTES,
			writer->packed_room - LENGTH_BYTES, writer->body, body_bytes);
	if (ZSTD_isError(packed_bytes))
		return -ENOMEM; /* the only way it can fail with room enough */
	framefile_put_u32(writer->packed, (uint32_t)packed_bytes);
	r = write_all(writer->fd, writer->packed, LENGTH_BYTES + packed_bytes);
	if (r < 0) {
		/* Should even this fail, the reader ends at the broken record by itself. */
		if (ftruncate(writer->fd, (off_t)writer->good_bytes) == 0)
			lseek(writer->fd, (off_t)writer->good_bytes, SEEK_SET);
		return r;
	}
	writer->good_bytes += LENGTH_BYTES + packed_bytes;
	writer->last_ns = time_ns;
	return 0;
}
