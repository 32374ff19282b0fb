// SPDX-License-Identifier: GPL-2.0-or-later
/* What a SPICE client says to its agent, whole and in pieces: both find the same. */
#include <stdint.h>
#include <stdlib.h>

#include "server/vdagent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int read_all(const uint8_t *data, size_t size, size_t piece)
{
	struct vdagent_reader reader = { .size_max = 0xffffff, .text_max = 1000 };
	struct vdagent_message message;
	unsigned int found = 0;

	for (size_t from = 0; from < size; from += piece) {
		size_t to = from + piece < size ? from + piece : size, taken;

		for (size_t at = from; at < to; at += taken) {
			int r = vdagent_input(&reader, data + at, to - at, &taken, &message);

			if (!taken || taken > to - at || reader.have >= sizeof(reader.head))
				abort();
			if ((r < 0) != (reader.size > reader.size_max))
				abort();
			if (r < 0)
				goto out;
			if (r > 0)
				found = found * 31 + (unsigned int)message.kind + message.width + message.height;
		}
	}
out:
	vdagent_reader_finish(&reader);
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (read_all(data + 1, size - 1, size) != read_all(data + 1, size - 1, data[0] + 1u))
		abort();
	return 0;
}
