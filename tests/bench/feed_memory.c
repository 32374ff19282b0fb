// SPDX-License-Identifier: GPL-2.0-or-later
/* Pictures in a file that others have mapped. */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/feed.h"

struct feed_memory {
	struct feed_sink sink; /* first */
	struct paint shared;
	size_t bytes;
};

void feed_copy(const struct paint *to, const struct paint *from, const pixman_region32_t *region)
{
	int n;
	const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)(uintptr_t)region, &n);

	/* From top to bottom, as a screen is drawn. */
	for (int i = 0; i < n; i++)
		for (int y = boxes[i].y1; y < boxes[i].y2; y++)
			memcpy((uint8_t *)to->pixels + (size_t)y * to->stride + (size_t)boxes[i].x1 * 4,
					(uint8_t *)from->pixels + (size_t)y * from->stride +
							(size_t)boxes[i].x1 * 4,
					(size_t)(boxes[i].x2 - boxes[i].x1) * 4);
}

static void memory_publish(struct feed_sink *sink, const struct paint *canvas, const pixman_region32_t *region)
{
	feed_copy(&((struct feed_memory *)sink)->shared, canvas, region);
}

static void memory_close(struct feed_sink *sink)
{
	struct feed_memory *memory = (struct feed_memory *)sink;

	munmap(memory->shared.pixels, memory->bytes);
	free(memory);
}

static const struct feed_sink_impl memory_impl = {
	.publish = memory_publish,
	.close = memory_close,
};

struct feed_sink *feed_memory_open(const char *path, uint32_t width, uint32_t height)
{
	struct feed_memory *memory = calloc(1, sizeof(*memory));
	size_t bytes = (size_t)width * height * 4;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat status;
	void *pixels;

	if (!memory)
		err(1, "memory");
	if (fd < 0 || fstat(fd, &status) < 0)
		err(1, "%s", path);
	if ((uint64_t)status.st_size < bytes && ftruncate(fd, (off_t)bytes) < 0)
		err(1, "%s", path);
	pixels = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pixels == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
	memory->sink.impl = &memory_impl;
	memory->shared = (struct paint){ pixels, (size_t)width * 4, (int)width, (int)height };
	memory->bytes = bytes;
	return &memory->sink;
}
