// SPDX-License-Identifier: GPL-2.0-or-later
/* Steps through what clients say to an agent. */
#include "net/spice_agent.h"

#include <spice/enums.h>
#include <spice/vd_agent.h>
#include <string.h>

#include "net/spice_wire.h"

#define TYPE_AT 4
#define SIZE_AT 16
/* In the content: how many monitors there are, flags, then each one's height and width first. */
#define MONITORS_BYTES 28
#define MONITORS_HEIGHT_AT 8
#define MONITORS_WIDTH_AT 12
#define ANNOUNCE_BYTES 4

#define U16(value) (value) & 0xff, (value) >> 8 & 0xff
#define U32(value) U16((value) & 0xffff), U16((value) >> 16 & 0xffff)

/* Who were told nothing would offer to send the guest files, and wait. */
#define ABILITIES (1u << VD_AGENT_CAP_MONITORS_CONFIG | 1u << VD_AGENT_CAP_FILE_XFER_DISABLED)

const uint8_t spice_agent_abilities[] = {
	U16(SPICE_MSG_MAIN_AGENT_DATA), U32(SPICE_AGENT_HEADER_BYTES + 8),
	U32(VD_AGENT_PROTOCOL), U32(VD_AGENT_ANNOUNCE_CAPABILITIES), U32(0), U32(0), U32(8),
	U32(0), U32(ABILITIES),
};
const size_t spice_agent_abilities_bytes = sizeof(spice_agent_abilities);

static uint32_t size_of(const struct spice_agent *agent)
{
	return spice_wire_get_u32(agent->head + SIZE_AT);
}

/* Of the message, as far as it is looked at. */
static size_t head_bytes(const struct spice_agent *agent)
{
	uint32_t size;

	if (agent->have < SPICE_AGENT_HEADER_BYTES)
		return SPICE_AGENT_HEADER_BYTES;
	size = size_of(agent);
	return SPICE_AGENT_HEADER_BYTES + (size < SPICE_AGENT_LOOK_BYTES ? size : SPICE_AGENT_LOOK_BYTES);
}

static enum spice_agent_result look(struct spice_agent *agent)
{
	const uint8_t *content = agent->head + SPICE_AGENT_HEADER_BYTES;
	const uint32_t type = spice_wire_get_u32(agent->head + TYPE_AT), size = size_of(agent);

	if (spice_wire_get_u32(agent->head) != VD_AGENT_PROTOCOL)
		return SPICE_AGENT_MORE;
	if (type == VD_AGENT_ANNOUNCE_CAPABILITIES && size >= ANNOUNCE_BYTES && spice_wire_get_u32(content))
		return SPICE_AGENT_ASKED;
	if (type != VD_AGENT_MONITORS_CONFIG || size < MONITORS_BYTES || !spice_wire_get_u32(content))
		return SPICE_AGENT_MORE;
	agent->height = spice_wire_get_u32(content + MONITORS_HEIGHT_AT);
	agent->width = spice_wire_get_u32(content + MONITORS_WIDTH_AT);
	return SPICE_AGENT_RESIZE;
}

enum spice_agent_result spice_agent_input(struct spice_agent *agent, const uint8_t *data, size_t bytes,
		size_t *ret_taken)
{
	enum spice_agent_result result;
	size_t taken = 0, now;

	while (!agent->skip && taken < bytes) {
		now = head_bytes(agent) - agent->have;
		now = now < bytes - taken ? now : bytes - taken;
		memcpy(agent->head + agent->have, data + taken, now);
		agent->have += now;
		taken += now;
		if (agent->have < SPICE_AGENT_HEADER_BYTES)
			continue;
		if (size_of(agent) > agent->size_max) {
			agent->size = size_of(agent);
			*ret_taken = taken;
			return SPICE_AGENT_TOO_LONG;
		}
		if (agent->have < head_bytes(agent))
			continue;
		result = look(agent);
		agent->skip = SPICE_AGENT_HEADER_BYTES + (uint64_t)size_of(agent) - agent->have;
		agent->have = 0;
		if (result != SPICE_AGENT_MORE) {
			*ret_taken = taken;
			return result;
		}
	}
	now = agent->skip < bytes - taken ? (size_t)agent->skip : bytes - taken;
	agent->skip -= now;
	*ret_taken = taken + now;
	return SPICE_AGENT_MORE;
}
