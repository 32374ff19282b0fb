// SPDX-License-Identifier: GPL-2.0-or-later
/* What an agent says through its port, whole and in pieces: both find the same, and the text is all there. */
#include <stdint.h>
#include <stdlib.h>

#include "server/vdagent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 300

static uint32_t mix(uint32_t sum, uint32_t value)
{
	return sum * 31 + value;
}

static uint32_t read_messages(struct vdagent_reader *reader, const uint8_t *data, size_t bytes, uint32_t sum, int *ret)
{
	struct vdagent_message message;
	size_t taken;

	for (size_t at = 0; at < bytes && *ret >= 0; at += taken) {
		*ret = vdagent_input(reader, data + at, bytes - at, &taken, &message);
		if (!taken || taken > bytes - at || reader->have > sizeof(reader->head))
			abort();
		if (*ret < 1)
			continue;
		sum = mix(sum, message.kind);
		sum = mix(sum, message.width + message.height + message.has_text + message.type + message.asks);
		if (message.text && message.bytes > TEXT_MAX)
			abort();
		for (size_t i = 0; message.text && i < message.bytes; i++)
			sum = mix(sum, (uint8_t)message.text[i]);
		sum = mix(sum, (uint32_t)message.bytes + reader->caps);
	}
	return sum;
}

static uint32_t read_all(const uint8_t *data, size_t size, size_t piece)
{
	struct vdagent_reader reader = { .size_max = 0xffff, .text_max = TEXT_MAX };
	struct vdagent_chunk chunk = { .have = 0 };
	uint32_t sum = 0;
	int r = 0;

	for (size_t from = 0; from < size && r >= 0; from += piece) {
		size_t to = from + piece < size ? from + piece : size, taken, useful;

		for (size_t at = from; at < to && r >= 0; at += taken) {
			r = vdagent_chunk_input(&chunk, data + at, to - at, &taken, &useful);
			if (!taken || taken > to - at || useful > taken)
				abort();
			if (r >= 0)
				sum = read_messages(&reader, data + at + taken - useful, useful, sum, &r);
		}
	}
	vdagent_reader_finish(&reader);
	return mix(sum, r < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (read_all(data + 1, size - 1, size) != read_all(data + 1, size - 1, data[0] + 1u))
		abort();
	return 0;
}
