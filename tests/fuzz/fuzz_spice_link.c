// SPDX-License-Identifier: GPL-2.0-or-later
/* The start of a SPICE connection: the first byte says in how many pieces the rest comes. */
#include <event2/buffer.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/spice_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[SPICE_LINK_KEY_BYTES];
	enum spice_link_result result = SPICE_LINK_MORE;
	struct evbuffer *input = evbuffer_new();
	struct evbuffer *output = evbuffer_new();
	struct spice_link link;
	size_t piece;

	if (size < 1)
		goto out;
	piece = data[0] & 1 ? 1 : size;
	spice_link_init(&link);
	for (size_t at = 1; at < size && result != SPICE_LINK_BAD && result != SPICE_LINK_TICKET; at += piece) {
		evbuffer_add(input, data + at, at + piece < size ? piece : size - at);
		result = spice_link_input(&link, input, output);
		if (result != SPICE_LINK_ASKED)
			continue;
		if (link.message.channel >= SPICE_LINK_CHANNELS ||
				(link.message.channel == SPICE_LINK_MAIN) != (link.message.connection_id == 0) ||
				link.message.channel_caps & ~spice_link_channels[link.message.channel].accepted)
			abort();
		if (data[0] & 2) {
			spice_link_refuse(&link, 1, output);
			break;
		}
		spice_link_reply(&link, key, output);
		result = spice_link_input(&link, input, output);
	}
	if (result == SPICE_LINK_BAD && !link.error)
		abort();
	if (evbuffer_get_length(output) > 256)
		abort();
out:
	evbuffer_free(input);
	evbuffer_free(output);
	return 0;
}
