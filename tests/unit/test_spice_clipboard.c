// SPDX-License-Identifier: GPL-2.0-or-later
/* SPICE viewers and the clipboard: by the agent they believe in, between the messages of the real library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <spice/enums.h>
#include <spice/vd_agent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/spice_wire.h"
#include "server/clipboard.h"
#include "server/vdagent.h"
#include "tests/unit/spice_inputs.h"

#define CAP(name) (1u << VD_AGENT_CAP_##name)
#define VIEWER_CAPS (CAP(CLIPBOARD_BY_DEMAND) | CAP(CLIPBOARD_SELECTION))
#define ABILITIES (CAP(MONITORS_CONFIG) | CAP(FILE_XFER_DISABLED))
#define TEXT_MAX 100000
#define MAIN(viewer) (&clients[viewer][SPICE_LINK_MAIN])

static struct clipboard *clipboard;
static struct clipboard_peer guest;
static char seen[4096]; /* by the guest; a word each time */
static char *got;
static size_t got_bytes;
static const char *answer; /* of the guest's, at once; NULL: none */
static char *large;

/* What viewers have heard of the agent. */
static struct {
	struct vdagent_reader reader;
	char words[4096];
	char *text;
	size_t bytes;
} heard[INPUTS_VIEWERS];

static void add_word(char *to, const char *word)
{
	snprintf(to + strlen(to), 4096 - strlen(to), "%s ", word);
}

static void keep(char **to, size_t *to_bytes, const char *text, size_t bytes)
{
	free(*to);
	*to = NULL;
	if (text) {
		*to = calloc(1, bytes + 1);
		memcpy(*to, text, bytes);
	}
	*to_bytes = bytes;
}

static void offered(void *user)
{
	(void)user;
	add_word(seen, "offered");
}

static void withdrawn(void *user)
{
	(void)user;
	add_word(seen, "withdrawn");
}

static void wanted(void *user)
{
	(void)user;
	add_word(seen, "wanted");
	if (answer)
		clipboard_answer(&guest, answer, strlen(answer));
}

static void text(void *user, const char *what, size_t bytes)
{
	(void)user;
	add_word(seen, what ? "text" : "none");
	keep(&got, &got_bytes, what, bytes);
}

static const struct clipboard_peer_impl impl = {
	.offered = offered,
	.withdrawn = withdrawn,
	.wanted = wanted,
	.text = text,
};

static int setup(void **state)
{
	inputs_setup(state);
	memset(heard, 0, sizeof(heard));
	seen[0] = '\0';
	answer = NULL;
	guest = (struct clipboard_peer){ .impl = &impl };
	spice_rig.config.clipboard_max_bytes = TEXT_MAX;
	spice_rig.config.agent_message_max_bytes = 2 * TEXT_MAX;
	large = calloc(1, TEXT_MAX + 2);
	memset(large, 'x', TEXT_MAX + 1);
	for (int i = 0; i < INPUTS_VIEWERS; i++)
		MAIN(i)->agent = evbuffer_new();
	return clipboard_new(spice_rig.base, &spice_rig.config, &clipboard);
}

static void start(void)
{
	spice_rig.spice->impl->clipboard(spice_rig.spice, clipboard);
	clipboard_join(clipboard, &guest, CLIPBOARD_GUEST);
}

static int teardown(void **state)
{
	struct evbuffer *agents[INPUTS_VIEWERS];
	int r;

	for (int i = 0; i < INPUTS_VIEWERS; i++) {
		agents[i] = MAIN(i)->agent;
		vdagent_reader_finish(&heard[i].reader);
		free(heard[i].text);
		spice_viewer_leave(clients[i]);
	}
	SPICE_RIG_UNTIL(spice_rig_is_empty());
	clipboard_leave(&guest);
	clipboard_free(clipboard);
	r = inputs_teardown(state);
	for (int i = 0; i < INPUTS_VIEWERS; i++) {
		evbuffer_free(agents[i]);
		MAIN(i)->agent = NULL;
	}
	free(got);
	got = NULL;
	free(large);
	return r;
}

static void hear_message(unsigned int viewer, const struct vdagent_message *message)
{
	static const char *const words[] = {
		[VDAGENT_CAPABILITIES] = "caps", [VDAGENT_MONITORS] = "monitors", [VDAGENT_GRAB] = "grab",
		[VDAGENT_RELEASE] = "release", [VDAGENT_REQUEST] = "request", [VDAGENT_TEXT] = "text",
	};

	add_word(heard[viewer].words, words[message->kind]);
	if (message->kind == VDAGENT_TEXT)
		keep(&heard[viewer].text, &heard[viewer].bytes, message->text, message->bytes);
}

static bool hear(void)
{
	struct vdagent_message message;
	struct vdagent_reader *reader;
	uint8_t data[8192];
	size_t taken;
	int bytes;

	hear_all();
	for (unsigned int i = 0; i < INPUTS_VIEWERS; i++) {
		while ((bytes = evbuffer_remove(MAIN(i)->agent, data, sizeof(data))) > 0) {
			for (size_t at = 0; at < (size_t)bytes; at += taken) {
				reader = &heard[i].reader;
				reader->size_max = reader->text_max = UINT32_MAX;
				if (vdagent_input(reader, data + at, (size_t)bytes - at, &taken, &message) > 0)
					hear_message(i, &message);
			}
		}
	}
	return true;
}

#define UNTIL(condition) SPICE_RIG_UNTIL(hear() && (condition))
#define HEARD(viewer, word) strstr(heard[viewer].words, word)

static void tell_number(unsigned int viewer, uint16_t type, uint32_t number)
{
	uint8_t data[4];

	spice_wire_put_u32(data, number);
	spice_client_tell(MAIN(viewer), type, data, sizeof(data));
}

/* In pieces, as the channel takes them. */
static void say_messages(unsigned int viewer, struct evbuffer *messages)
{
	uint8_t data[6 + VD_AGENT_MAX_DATA_SIZE];
	int bytes;

	while ((bytes = evbuffer_remove(messages, data + 6, VD_AGENT_MAX_DATA_SIZE)) > 0) {
		spice_wire_put_u16(data, SPICE_MSGC_MAIN_AGENT_DATA);
		spice_wire_put_u32(data + 2, (uint32_t)bytes);
		spice_client_say(MAIN(viewer), data, 6 + (size_t)bytes);
		spice_rig_turn(0);
	}
	evbuffer_free(messages);
}

#define SAY(viewer, kind, ...)                                                                     \
	do {                                                                                       \
		struct evbuffer *messages_ = evbuffer_new();                                       \
		assert_int_equal(vdagent_add_##kind(messages_, __VA_ARGS__), 0);                   \
		say_messages(viewer, messages_);                                                   \
	} while (0)

/* A viewer as spice-gtk makes them. */
static void meet(unsigned int viewer, uint32_t tokens)
{
	tell_number(viewer, SPICE_MSGC_MAIN_AGENT_START, tokens);
	SAY(viewer, capabilities, VIEWER_CAPS, true);
}

static void text_goes_both_ways(void **state)
{
	(void)state;
	start();
	meet(0, UINT32_MAX);
	UNTIL(HEARD(0, "caps"));
	assert_int_equal(heard[0].reader.caps, ABILITIES | VIEWER_CAPS | CAP(GUEST_LINEEND_LF));
	clipboard_grab(&guest);
	UNTIL(HEARD(0, "grab"));
	assert_string_equal(seen, "");
	answer = "from guest";
	SAY(0, request, true);
	UNTIL(heard[0].text);
	assert_string_equal(heard[0].text, "from guest");
	clipboard_release(&guest);
	UNTIL(HEARD(0, "release"));
	SAY(0, request, true);
	UNTIL(HEARD(0, "text release text"));
	assert_null(heard[0].text);
	SAY(0, grab, true);
	UNTIL(strstr(seen, "offered"));
	clipboard_request(&guest);
	UNTIL(HEARD(0, "request"));
	SAY(0, text, true, "to guest", 8);
	UNTIL(got);
	assert_string_equal(got, "to guest");
	/* With the viewer it goes. */
	spice_viewer_leave(clients[0]);
	UNTIL(strstr(seen, "withdrawn"));
}

static void where_there_is_none_none_is_offered(void **state)
{
	(void)state;
	meet(0, 10);
	UNTIL(HEARD(0, "caps"));
	assert_int_equal(heard[0].reader.caps, ABILITIES);
	SAY(0, grab, false);
	SAY(0, request, false);
	SAY(0, text, false, large, TEXT_MAX);
	SAY(0, capabilities, VIEWER_CAPS, true);
	UNTIL(HEARD(0, "caps caps"));
	assert_string_equal(heard[0].words, "caps caps ");
}

static void what_is_allowed_is_told_when_it_changes(void **state)
{
	(void)state;
	spice_rig.config.clipboard = CONFIG_CLIPBOARD_OFF;
	start();
	meet(0, 100);
	UNTIL(HEARD(0, "caps"));
	assert_int_equal(heard[0].reader.caps, ABILITIES);
	spice_rig.config.clipboard = CONFIG_CLIPBOARD_FROM_GUEST;
	clipboard_reconfigure(clipboard, &spice_rig.config);
	UNTIL(HEARD(0, "caps caps"));
	assert_int_equal(heard[0].reader.caps, ABILITIES | VIEWER_CAPS | CAP(GUEST_LINEEND_LF));
	clipboard_grab(&guest);
	UNTIL(HEARD(0, "grab"));
	SAY(0, grab, true);
	SAY(0, capabilities, VIEWER_CAPS, true);
	UNTIL(HEARD(0, "grab caps"));
	assert_string_equal(seen, "");
}

static void who_may_only_watch_takes_no_part(void **state)
{
	(void)state;
	start();
	meet(0, UINT32_MAX);
	UNTIL(HEARD(0, "caps"));
	clipboard_grab(&guest);
	UNTIL(HEARD(0, "grab"));
	spice_rig.config.view_only = true;
	clipboard_reconfigure(clipboard, &spice_rig.config);
	UNTIL(HEARD(0, "release"));
	clipboard_grab(&guest);
	answer = "secret";
	SAY(0, request, true);
	UNTIL(HEARD(0, "text"));
	assert_null(heard[0].text);
	assert_null(HEARD(0, "release grab"));
	SAY(0, grab, true);
	SAY(0, capabilities, VIEWER_CAPS, true);
	UNTIL(HEARD(0, "text caps"));
	assert_string_equal(seen, "");
}

/* While pictures and acknowledgements go by. */
static void long_text_goes_in_pieces(void **state)
{
	(void)state;
	inputs_join(clients[1]);
	start();
	for (unsigned int i = 0; i < 2; i++) {
		meet(i, UINT32_MAX);
		UNTIL(HEARD(i, "caps"));
	}
	large[TEXT_MAX] = '\0';
	answer = large;
	clipboard_grab(&guest);
	UNTIL(HEARD(0, "grab") && HEARD(1, "grab"));
	for (unsigned int i = 0; i < 2; i++) {
		spice_rig_show_all();
		SAY(i, request, true);
	}
	UNTIL(heard[0].text && heard[1].text);
	assert_int_equal(heard[0].bytes, TEXT_MAX);
	assert_memory_equal(heard[1].text, large, TEXT_MAX);
	SAY(1, grab, true);
	UNTIL(strstr(seen, "offered"));
	clipboard_request(&guest);
	UNTIL(HEARD(1, "request"));
	SAY(1, text, true, large, TEXT_MAX);
	UNTIL(got);
	assert_int_equal(got_bytes, TEXT_MAX);
	/* One more is one too many, and costs nothing else. */
	seen[0] = '\0';
	clipboard_request(&guest);
	UNTIL(HEARD(1, "request request"));
	SAY(1, text, true, large, TEXT_MAX + 1);
	UNTIL(strstr(seen, "none"));
	/* What is too long for an agent ends who begins it. */
	SAY(1, text, true, large, 1);
	{
		struct evbuffer *begun = evbuffer_new();
		uint8_t header[20] = { 1, 0, 0, 0, VD_AGENT_CLIPBOARD };

		spice_wire_put_u32(header + 16, 2 * TEXT_MAX + 1);
		evbuffer_add(begun, header, sizeof(header));
		say_messages(1, begun);
	}
	UNTIL(MAIN(1)->fd < 0);
	UNTIL(strstr(seen, "withdrawn"));
}

/* A piece for a token. */
static void no_more_is_said_than_the_viewer_takes(void **state)
{
	unsigned int pieces;

	(void)state;
	start();
	meet(0, 1);
	UNTIL(HEARD(0, "caps"));
	clipboard_grab(&guest);
	answer = "x";
	for (int i = 0; i < 100; i++)
		SAY(0, request, true);
	inputs_settle(0);
	assert_int_equal(MAIN(0)->agent_pieces, 1);
	tell_number(0, SPICE_MSGC_MAIN_AGENT_TOKEN, 1);
	UNTIL(HEARD(0, "grab"));
	tell_number(0, SPICE_MSGC_MAIN_AGENT_TOKEN, 1);
	UNTIL(HEARD(0, "text"));
	/* All it asked for meanwhile is one request. */
	tell_number(0, SPICE_MSGC_MAIN_AGENT_TOKEN, 1000);
	inputs_settle(0);
	pieces = MAIN(0)->agent_pieces;
	assert_in_range(pieces, 3, 4);
	/* The guest copies without end, and the viewer takes nothing: it is told of the last. */
	tell_number(0, SPICE_MSGC_MAIN_AGENT_START, 0);
	inputs_settle(0);
	for (int i = 0; i < 1000; i++)
		clipboard_grab(&guest);
	heard[0].words[0] = '\0';
	tell_number(0, SPICE_MSGC_MAIN_AGENT_TOKEN, UINT32_MAX);
	UNTIL(HEARD(0, "grab"));
	inputs_settle(0);
	hear();
	assert_in_range(MAIN(0)->agent_pieces - pieces, 1, 3);
}

static void pictures_are_no_text(void **state)
{
	(void)state;
	start();
	meet(0, UINT32_MAX);
	SAY(0, grab, true);
	UNTIL(strstr(seen, "offered"));
	{
		struct evbuffer *grab = evbuffer_new();
		uint8_t message[28] = { 1, 0, 0, 0, VD_AGENT_CLIPBOARD_GRAB, [16] = 8,
			[24] = VD_AGENT_CLIPBOARD_IMAGE_PNG };

		evbuffer_add(grab, message, sizeof(message));
		say_messages(0, grab);
	}
	UNTIL(strstr(seen, "withdrawn"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(text_goes_both_ways),
		TEST(where_there_is_none_none_is_offered),
		TEST(what_is_allowed_is_told_when_it_changes),
		TEST(who_may_only_watch_takes_no_part),
		TEST(long_text_goes_in_pieces),
		TEST(no_more_is_said_than_the_viewer_takes),
		TEST(pictures_are_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
