// SPDX-License-Identifier: GPL-2.0-or-later
/* What a SPICE client says to its agent, whole and in pieces: both find the same. */
#include <stdint.h>
#include <stdlib.h>

#include "net/spice_agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int read_all(const uint8_t *data, size_t size, size_t piece)
{
	struct spice_agent agent = { .size_max = 0xffffff };
	unsigned int found = 0;

	for (size_t from = 0; from < size; from += piece) {
		size_t to = from + piece < size ? from + piece : size, taken;

		for (size_t at = from; at < to; at += taken) {
			enum spice_agent_result result = spice_agent_input(&agent, data + at, to - at, &taken);

			if (!taken || taken > to - at || agent.have >= sizeof(agent.head))
				abort();
			if ((result == SPICE_AGENT_TOO_LONG) != (agent.size > agent.size_max))
				abort();
			if (result == SPICE_AGENT_TOO_LONG)
				return found;
			if (result != SPICE_AGENT_MORE)
				found = found * 31 + (unsigned int)result + agent.width + agent.height;
		}
	}
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
