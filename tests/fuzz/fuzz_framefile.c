// SPDX-License-Identifier: GPL-2.0-or-later
/* A recording is input from anywhere: as a whole file, and as one unpacked record. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/framefile.h"

#define RECORDS_MAX 50
/* Painting is the same for any size; large pictures only cost time. */
#define PAINT_PIXELS_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void paint(const struct framefile_record *record)
{
	size_t pixels = (size_t)record->width * record->height;
	uint8_t *picture;

	if (pixels > PAINT_PIXELS_MAX)
		return;
	picture = malloc(pixels * 4);
	if (picture)
		framefile_paint(record, picture, (size_t)record->width * 4);
	free(picture);
}

static void read_file(const char *path)
{
	struct framefile_reader *reader;
	struct framefile_record record;

	if (framefile_open(path, &reader) < 0)
		return;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < RECORDS_MAX && framefile_next(reader, &record) > 0; i++)
			paint(&record);
		framefile_rewind(reader);
	}
	framefile_reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	static char path[64];
	struct framefile_record record;
	const char *what;

	if (framefile_parse_body(data, size, &record, &what) == 0)
		paint(&record);
	if (file < 0) {
		file = memfd_create("recording", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	}
	if (file < 0 || ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	read_file(path);
	return 0;
}
