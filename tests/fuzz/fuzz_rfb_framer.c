// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The RFB message framer: the first byte says how the rest is cut into pieces,
 * the second sets what the layout depends on.
 */
#include <event2/buffer.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/rfb_framer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;

/* What a message points to has to be readable. */
static void touch(const uint8_t *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		sink ^= data[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rfb_message message;
	struct rfb_framer framer;
	struct evbuffer *input;
	size_t piece, taken = 0;
	int r = 0;

	if (size < 2)
		return 0;
	piece = data[0] ? data[0] : size;
	rfb_framer_init(&framer, 300);
	framer.extended_buttons = data[1] & 1;
	input = evbuffer_new();
	for (size_t at = 2; at < size && r >= 0; at += piece) {
		evbuffer_add(input, data + at, at + piece < size ? piece : size - at);
		while ((r = rfb_framer_next(&framer, input, &message)) > 0) {
			if (message.type == 2)
				touch(message.encodings.list, message.encodings.count * 4u);
			else if (message.type == 6 && message.cut_text.text)
				touch(message.cut_text.text, message.cut_text.bytes);
			else if (message.type == 248)
				touch(message.fence.payload, message.fence.bytes);
			else if (message.type == 251)
				touch(message.desktop_size.screens, message.desktop_size.n_screens * 16u);
			taken += rfb_framer_drop(&framer, input);
		}
		/* Never asks to hold more than its limits. */
		if (r == 0 && evbuffer_get_length(input) > RFB_FRAMER_MESSAGE_MAX)
			abort();
	}
	if (taken > size)
		abort();
	evbuffer_free(input);
	return 0;
}
