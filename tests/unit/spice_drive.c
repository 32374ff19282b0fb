// SPDX-License-Identifier: GPL-2.0-or-later
/* What SPICE clients, their VM and who configures it do, byte by byte of a script. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/spice_filter.h"
#include "server/clock.h"
#include "tests/unit/spice_rig.h"

/* A viewer a row. */
#define VIEWERS 3
#define ROUNDS_MAX 8
#define TOLD_MAX 63

struct script {
	const uint8_t *at, *end;
};

static unsigned int next(struct script *script)
{
	return script->at < script->end ? *script->at++ : 0;
}

static void say_any(struct spice_client *client, struct script *script)
{
	size_t bytes = next(script), left = (size_t)(script->end - script->at);

	bytes = bytes < left ? bytes : left;
	spice_client_say(client, script->at, bytes);
	script->at += bytes;
}

/* A message that has a header as it should be, of some type there is. */
static void tell_any(struct spice_client *client, struct script *script)
{
	uint8_t message[SPICE_FILTER_HEADER_BYTES + TOLD_MAX];
	const unsigned int type = next(script), bytes = next(script) % (TOLD_MAX + 1);

	message[0] = (uint8_t)(type < 8 ? type : 100 + type % 20);
	message[1] = 0;
	message[2] = (uint8_t)bytes;
	memset(message + 3, 0, 3);
	for (unsigned int i = 0; i < bytes; i++)
		message[SPICE_FILTER_HEADER_BYTES + i] = (uint8_t)next(script);
	spice_client_say(client, message, SPICE_FILTER_HEADER_BYTES + bytes);
}

static void reconfigure(void)
{
	spice_rig.spice->impl->reconfigure(spice_rig.spice, &spice_rig.config);
}

/* What is no client's doing, or his who comes next. */
static void decide(struct spice_client *client, struct script *script, unsigned int what)
{
	const unsigned int value = next(script);

	switch (what) {
	case 0:
		spice_rig.config.view_only = value & 1;
		reconfigure();
		break;
	case 1:
		spice_rig.config.max_handshakes = 1 + value % 4;
		break;
	case 2:
		spice_rig.config.max_viewers = 1 + value % 4;
		reconfigure();
		break;
	case 3:
		client->password = value & 1 ? "of another's" : NULL;
		break;
	case 4:
		spice_rig.spice->impl->close_viewers(spice_rig.spice, "the script says so");
		break;
	case 5:
		spice_rig.hides = value & 1;
		if (!spice_rig.hides)
			spice_rig_show_all();
		break;
	case 6:
		spice_rig_restart();
		break;
	case 7:
		/* At their deadlines, at the latest. */
		SPICE_RIG_UNTIL(spice_rig_stats().handshakes == 0);
		break;
	case 8:
		spice_rig.config.stall_timeout_ns = value * NSEC_PER_MSEC;
		break;
	case 9:
		spice_rig.spice->impl->pointer(spice_rig.spice, value & 1);
		break;
	default:
		spice_rig_show_all();
		break;
	}
}

static void turn(unsigned int rounds, int64_t wait_ns)
{
	for (unsigned int i = 0; i <= rounds % ROUNDS_MAX; i++)
		spice_rig_turn(wait_ns);
}

static void show_boxes(struct script *script)
{
	pixman_box32_t boxes[8];
	const int n = 1 + (int)(next(script) % 8);

	/* Below one another, as a region's are. */
	for (int i = 0; i < n; i++) {
		const int32_t x = (int32_t)next(script);

		boxes[i] = (pixman_box32_t){ x % 60, i * 8, x % 60 + 1 + x / 64, i * 8 + 1 + x % 7 };
	}
	spice_rig_show(boxes, n);
}

static void end_all(struct spice_client (*clients)[SPICE_LINK_CHANNELS])
{
	for (unsigned int i = 0; i < VIEWERS; i++) {
		for (unsigned int channel = 0; channel < SPICE_LINK_CHANNELS; channel++)
			spice_client_close(&clients[i][channel]);
	}
	SPICE_RIG_UNTIL(spice_rig_is_empty());
	if (spice_rig_stats().viewers || spice_rig_stats().handshakes || spice_rig_holds_anything())
		abort();
}

void spice_rig_drive(const uint8_t *data, size_t bytes)
{
	struct script script = { data, data + bytes };
	struct spice_client clients[VIEWERS][SPICE_LINK_CHANNELS];
	const struct config_vm config = spice_rig.config;
	const uint32_t source = spice_rig_new_source();

	for (unsigned int i = 0; i < VIEWERS; i++) {
		for (unsigned int channel = 0; channel < SPICE_LINK_CHANNELS; channel++)
			clients[i][channel] = (struct spice_client){ .fd = -1, .acknowledges = i != 1 };
	}
	while (script.at < script.end) {
		const unsigned int what = next(&script), who = what / 16 % (VIEWERS * SPICE_LINK_CHANNELS);
		const enum spice_link_channel channel = who % SPICE_LINK_CHANNELS;
		struct spice_client *viewer = clients[who / SPICE_LINK_CHANNELS], *client = &viewer[channel];

		switch (what % 16) {
		case 0:
		case 1:
			spice_client_connect(client, channel, channel ? viewer[SPICE_LINK_MAIN].session_id : 0, source);
			spice_client_push(client, next(&script));
			break;
		case 2:
			spice_client_push(client, next(&script));
			break;
		case 3:
			spice_client_push(client, SIZE_MAX);
			turn(3, NSEC_PER_MSEC);
			spice_client_hear(client);
			break;
		case 4:
			tell_any(client, &script);
			break;
		case 5:
			say_any(client, &script);
			break;
		case 6:
			spice_client_hear(client);
			break;
		case 7:
			spice_client_close(client);
			break;
		case 8:
			if (client->fd >= 0)
				shutdown(client->fd, SHUT_WR);
			break;
		case 9:
			if (client->fd >= 0 && !client->refused && !client->messages && !spice_rig.hides)
				spice_client_join(client);
			break;
		case 10:
			turn(next(&script), 0);
			break;
		case 11:
			turn(next(&script), NSEC_PER_MSEC);
			break;
		case 12:
			show_boxes(&script);
			break;
		case 13:
			spice_rig_show_size(64 + next(&script) * 4, 64 + next(&script));
			break;
		case 14:
			spice_rig_show_cursor(what * 7 + next(&script));
			break;
		case 15:
			decide(client, &script, who);
			break;
		}
	}
	end_all(clients);
	spice_rig.config = config;
	spice_rig.hides = false;
	reconfigure();
	spice_rig.spice->impl->pointer(spice_rig.spice, true);
}
