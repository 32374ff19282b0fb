// SPDX-License-Identifier: GPL-2.0-or-later
/* A SPICE client's messages on any channel, and the same bytes as if they were the library's. */
#include <event2/buffer.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/spice_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void step_client(enum spice_link_channel channel, const uint8_t *data, size_t size)
{
	struct evbuffer *input = evbuffer_new();
	struct spice_filter filter;
	size_t bytes;
	bool drop;
	int r;

	spice_filter_init(&filter, channel, 1);
	evbuffer_add(input, data, size);
	while ((r = spice_filter_client(&filter, 1, input, &bytes, &drop)) > 0) {
		if (bytes < SPICE_FILTER_HEADER_BYTES || bytes > SPICE_FILTER_MESSAGE_MAX ||
				bytes > evbuffer_get_length(input))
			abort();
		evbuffer_drain(input, bytes);
	}
	if (r < 0 && !filter.error)
		abort();
	/* What waits for more is short enough to be held. */
	if (r == 0 && evbuffer_get_length(input) >= SPICE_FILTER_MESSAGE_MAX)
		abort();
	evbuffer_free(input);
}

static void step_library(enum spice_link_channel channel, size_t piece, const uint8_t *data, size_t size)
{
	struct spice_filter filter;
	size_t at = 0, have = 0, now;
	uint8_t *copy = malloc(size + 1);

	if (!copy)
		return;
	memcpy(copy, data, size);
	spice_filter_init(&filter, channel, 1);
	for (;;) {
		now = spice_filter_library(&filter, copy + at, have - at);
		if (now > have - at)
			abort();
		at += now;
		if (now)
			continue;
		if (have - at >= SPICE_FILTER_LOOK_BYTES)
			abort();
		if (have == size)
			break;
		have = have + piece < size ? have + piece : size;
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	step_client(data[0] % SPICE_LINK_CHANNELS, data + 2, size - 2);
	step_library(data[0] % SPICE_LINK_CHANNELS, data[1] + 1u, data + 2, size - 2);
	return 0;
}
