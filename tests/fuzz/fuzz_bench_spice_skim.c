// SPDX-License-Identifier: GPL-2.0-or-later
/* A server's messages as a viewer of the bench's crowd draws them, each behind its type and its length. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/spice_skim.h"
#include "tests/bench/view_jpegs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADER_BYTES 4u /* of 16 bits each */
#define INPUT_MAX 65536u

static int draw(struct spice_skim *skim, uint16_t type, const uint8_t *data, size_t bytes)
{
	/* Exactly sized, so that a sanitizer sees a read past the end. */
	uint8_t *copy = malloc(bytes ? bytes : 1);
	int r;

	if (!copy)
		abort();
	memcpy(copy, data, bytes);
	r = spice_skim_draw(skim, type, copy, bytes);
	free(copy);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view_jpegs jpegs = { .decoded = 0 };
	struct spice_skim skim;
	int r = 0;

	if (size > INPUT_MAX)
		return 0;
	spice_skim_init(&skim, NULL, &jpegs, 1);
	skim.decoder.pixels_max = 512 * 128;
	while (r == 0 && size >= HEADER_BYTES) {
		const uint16_t type = (uint16_t)(data[0] | data[1] << 8);
		size_t bytes = (size_t)(data[2] | data[3] << 8);

		data += HEADER_BYTES;
		size -= HEADER_BYTES;
		bytes = bytes < size ? bytes : size;
		r = draw(&skim, type, data, bytes);
		data += bytes;
		size -= bytes;
	}
	spice_skim_finish(&skim);
	view_jpegs_finish(&jpegs);
	return 0;
}
