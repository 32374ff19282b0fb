// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads recordings, believing nothing in them. */
#include "server/framefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "server/framefile_bytes.h"

#define BODY_HEADER_BYTES 24u
#define RECT_BYTES 16u
#define TIME_MAX (1ULL << 62)
/* RFC 8878 3.1.1.1.1: the byte after the magic number, and in it Content_Checksum_flag. */
#define ZSTD_DESCRIPTOR 4u
#define ZSTD_CHECKED 4u

struct framefile_reader {
	int fd;
	uint64_t offset; /* of the next record */
	unsigned int record; /* its number, from 1 */
	int64_t last_ns;
	bool truncated;
	ZSTD_DCtx *zstd;
	uint8_t *packed, *body;
	size_t packed_room, body_room;
	char error[160];
};

struct framefile_rect framefile_rect_at(const struct framefile_record *record, unsigned int index)
{
	const uint8_t *at = record->rects + (size_t)index * RECT_BYTES;

	return (struct framefile_rect){ framefile_get_u32(at), framefile_get_u32(at + 4), framefile_get_u32(at + 8),
		framefile_get_u32(at + 12) };
}

void framefile_paint(const struct framefile_record *record, void *pixels, size_t stride)
{
	const uint8_t *from = record->pixels;

	for (unsigned int i = 0; i < record->n_rects; i++) {
		struct framefile_rect rect = framefile_rect_at(record, i);
		size_t row_bytes = (size_t)rect.width * 4;

		for (uint32_t y = 0; y < rect.height; y++, from += row_bytes)
			memcpy((uint8_t *)pixels + (rect.y + y) * stride + (size_t)rect.x * 4, from, row_bytes);
	}
}

static const char *check_rects(const struct framefile_record *record, uint64_t *ret_pixels)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < record->n_rects; i++) {
		struct framefile_rect rect = framefile_rect_at(record, i);

		if (!rect.width || !rect.height)
			return "a rectangle is empty";
		if ((uint64_t)rect.x + rect.width > record->width ||
				(uint64_t)rect.y + rect.height > record->height)
			return "a rectangle lies outside the picture";
		total += (uint64_t)rect.width * rect.height;
	}
	if (total > (uint64_t)record->width * record->height)
		return "the rectangles are larger than the picture";
	*ret_pixels = total;
	return NULL;
}

static const char *parse(const uint8_t *body, size_t bytes, struct framefile_record *record)
{
	const char *what;
	uint64_t pixels;

	if (bytes < BODY_HEADER_BYTES)
		return "there is no room for a header";
	if (framefile_get_u64(body) >= TIME_MAX)
		return "the time is out of range";
	record->time_ns = (int64_t)framefile_get_u64(body);
	record->width = framefile_get_u32(body + 8);
	record->height = framefile_get_u32(body + 12);
	record->n_rects = framefile_get_u32(body + 16);
	if (!record->width || !record->height || record->width > FRAMEFILE_SIDE_MAX ||
			record->height > FRAMEFILE_SIDE_MAX ||
			(uint64_t)record->width * record->height > FRAMEFILE_PIXELS_MAX)
		return "the picture's size is out of range";
	if (framefile_get_u32(body + 20))
		return "a reserved field is not zero";
	if (record->n_rects > FRAMEFILE_RECTS_MAX)
		return "there are too many rectangles";
	if (bytes < BODY_HEADER_BYTES + (uint64_t)record->n_rects * RECT_BYTES)
		return "there is no room for the rectangles";
	record->rects = body + BODY_HEADER_BYTES;
	record->pixels = record->rects + (size_t)record->n_rects * RECT_BYTES;
	what = check_rects(record, &pixels);
	if (what)
		return what;
	if (pixels * 4 != bytes - (size_t)(record->pixels - body))
		return "there are not as many pixels as the rectangles have";
	return NULL;
}

int framefile_parse_body(const uint8_t *body, size_t bytes, struct framefile_record *ret,
		const char **ret_what)
{
	struct framefile_record record;
	const char *what = parse(body, bytes, &record);

	if (what) {
		*ret_what = what;
		return -EBADMSG;
	}
	*ret = record;
	return 0;
}

/* How much of it there was, or negative errno. */
static ssize_t read_at(int fd, void *data, size_t bytes, uint64_t offset)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t got = pread(fd, (uint8_t *)data + done, bytes - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int framefile_open(const char *path, struct framefile_reader **ret)
{
	struct framefile_reader *reader = calloc(1, sizeof(*reader));
	uint8_t header[FRAMEFILE_HEADER_BYTES];
	struct stat st;
	ssize_t got;
	int r = -ENOMEM;

	if (!reader)
		return -ENOMEM;
	reader->fd = -1;
	reader->zstd = ZSTD_createDCtx();
	if (!reader->zstd)
		goto fail;
	/* Non-blocking: a fifo must not hold up whoever opens it. */
	reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (reader->fd < 0 || fstat(reader->fd, &st) < 0) {
		r = -errno;
		goto fail;
	}
	r = -EBADMSG;
	if (!S_ISREG(st.st_mode))
		goto fail;
	got = read_at(reader->fd, header, sizeof(header), 0);
	if (got < 0)
		r = (int)got;
	if (got != sizeof(header) || memcmp(header, FRAMEFILE_MAGIC, 8) ||
			framefile_get_u32(header + 8) != FRAMEFILE_VERSION || framefile_get_u32(header + 12))
		goto fail;
	framefile_rewind(reader);
	*ret = reader;
	return 0;
fail:
	framefile_reader_free(reader);
	return r;
}

void framefile_reader_free(struct framefile_reader *reader)
{
	if (!reader)
		return;
	if (reader->fd >= 0)
		close(reader->fd);
	ZSTD_freeDCtx(reader->zstd);
	free(reader->packed);
	free(reader->body);
	free(reader);
}

void framefile_rewind(struct framefile_reader *reader)
{
	reader->offset = FRAMEFILE_HEADER_BYTES;
	reader->record = 1;
	reader->last_ns = 0;
}

bool framefile_reader_truncated(const struct framefile_reader *reader)
{
	return reader->truncated;
}

const char *framefile_reader_error(const struct framefile_reader *reader)
{
	return reader->error;
}

static int damaged(struct framefile_reader *reader, const char *what)
{
	snprintf(reader->error, sizeof(reader->error), "in record %u at byte %llu %s", reader->record,
			(unsigned long long)reader->offset, what);
	return -EBADMSG;
}

static int reserve(uint8_t **buffer, size_t *room, size_t bytes)
{
	if (bytes <= *room)
		return 0;
	/* Nothing in it is worth a copy. */
	free(*buffer);
	*room = 0;
	*buffer = malloc(bytes);
	if (!*buffer)
		return -ENOMEM;
	*room = bytes;
	return 0;
}

static int unpack(struct framefile_reader *reader, size_t packed_bytes, size_t *ret_bytes)
{
	unsigned long long bytes = ZSTD_getFrameContentSize(reader->packed, packed_bytes);
	size_t unpacked;

	/* Unknown and erroneous sizes are the largest numbers. */
	if (bytes > FRAMEFILE_BODY_MAX)
		return damaged(reader, "the size is unknown or out of range");
	/* That there is a size means that there is a header. */
	if (!(reader->packed[ZSTD_DESCRIPTOR] & ZSTD_CHECKED))
		return damaged(reader, "the data has no check sum");
	if (reserve(&reader->body, &reader->body_room, (size_t)bytes + 1) < 0)
		return -ENOMEM;
	unpacked = ZSTD_decompressDCtx(reader->zstd, reader->body, (size_t)bytes, reader->packed, packed_bytes);
	if (ZSTD_isError(unpacked))
		return damaged(reader, "the data does not unpack");
	*ret_bytes = unpacked;
	return 0;
}

int framefile_next(struct framefile_reader *reader, struct framefile_record *ret)
{
	struct framefile_record record;
	const char *what = NULL;
	uint32_t packed_bytes;
	uint8_t length[4];
	size_t bytes = 0;
	ssize_t got;
	int r;

	got = read_at(reader->fd, length, sizeof(length), reader->offset);
	if (got < 0)
		return (int)got;
	reader->truncated = got > 0 && got < (ssize_t)sizeof(length);
	if (got < (ssize_t)sizeof(length))
		return 0;
	packed_bytes = framefile_get_u32(length);
	if (!packed_bytes || packed_bytes > FRAMEFILE_PACKED_MAX)
		return damaged(reader, "the length is out of range");
	r = reserve(&reader->packed, &reader->packed_room, packed_bytes);
	if (r < 0)
		return r;
	got = read_at(reader->fd, reader->packed, packed_bytes, reader->offset + sizeof(length));
	if (got < 0)
		return (int)got;
	reader->truncated = (size_t)got < packed_bytes;
	if (reader->truncated)
		return 0;
	r = unpack(reader, packed_bytes, &bytes);
	if (r < 0)
		return r;
	if (framefile_parse_body(reader->body, bytes, &record, &what) < 0)
		return damaged(reader, what);
	if (record.time_ns < reader->last_ns || (reader->record == 1 && record.time_ns))
		return damaged(reader, "the time does not go on from the record before");
	reader->offset += sizeof(length) + packed_bytes;
	reader->record++;
	reader->last_ns = record.time_ns;
	*ret = record;
	return 1;
}
