// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's agent behind QEMU's socket: what it says and hears, when it misbehaves, comes and goes. */
#include "server/guest_agent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <signal.h>
#include <spice/vd_agent.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/config.h"
#include "server/clipboard.h"
#include "server/log.h"
#include "server/vdagent.h"
#include "tests/unit/pump.h"

#define CAP(name) (1u << VD_AGENT_CAP_##name)
#define MODERN (CAP(CLIPBOARD_BY_DEMAND) | CAP(CLIPBOARD_SELECTION) | CAP(GUEST_LINEEND_LF))
#define TEXT_MAX 300000

/* The agent knows of selections. */
static bool selection;

static struct {
	struct event_base *base;
	char directory[64], path[96];
	struct evconnlistener *listener;
	struct bufferevent *bev; /* of QEMU; NULL: nobody is connected */
	unsigned int connections;
	struct vdagent_chunk chunk;
	struct vdagent_reader reader;
	char heard[16384]; /* by the guest's agent; a word for each message */
	char *text; /* the last */
	size_t text_bytes;
	struct config_vm config;
	struct clipboard *clipboard;
	struct guest_agent *agent;
	struct clipboard_peer viewer;
	char seen[256]; /* by the viewer */
	char *got;
	size_t got_bytes;
} t;

static void add_word(char *to, size_t room, const char *word)
{
	snprintf(to + strlen(to), room - strlen(to), "%s ", word);
}

static void keep(char **to, size_t *to_bytes, const char *text, size_t bytes)
{
	free(*to);
	*to = NULL;
	if (text) {
		*to = malloc(bytes + 1);
		memcpy(*to, text, bytes);
		(*to)[bytes] = '\0';
	}
	*to_bytes = bytes;
}

static void hear(const struct vdagent_message *message)
{
	static const char *const words[] = {
		[VDAGENT_MONITORS] = "monitors", [VDAGENT_GRAB] = "grab", [VDAGENT_RELEASE] = "release",
		[VDAGENT_REQUEST] = "request", [VDAGENT_TEXT] = "text",
	};

	/* Both have to. */
	if (!selection)
		t.reader.caps = 0;
	if (message->kind == VDAGENT_CAPABILITIES) {
		add_word(t.heard, sizeof(t.heard), message->asks ? "caps?" : "caps");
		return;
	}
	add_word(t.heard, sizeof(t.heard), words[message->kind]);
	if (message->kind == VDAGENT_TEXT)
		keep(&t.text, &t.text_bytes, message->text, message->bytes);
}

static void qemu_read(struct bufferevent *bev, void *user)
{
	struct vdagent_message message;
	uint8_t data[8192];
	size_t taken, useful, used;
	int length;

	(void)user;
	while ((length = evbuffer_remove(bufferevent_get_input(bev), data, sizeof(data))) > 0) {
		for (size_t at = 0; at < (size_t)length; at += taken) {
			assert_int_equal(vdagent_chunk_input(&t.chunk, data + at, (size_t)length - at, &taken,
							 &useful), 0);
			for (size_t from = at + taken - useful; from < at + taken; from += used) {
				t.reader.size_max = t.reader.text_max = UINT32_MAX;
				if (vdagent_input(&t.reader, data + from, at + taken - from, &used, &message) > 0)
					hear(&message);
				/* As spice-vdagentd wants it: a message ends with its chunk. */
				if (!t.reader.have && !t.reader.rest && (from + used < at + taken || t.chunk.rest))
					fail_msg("a chunk has parts of two messages");
			}
		}
	}
}

static void qemu_hang_up(void)
{
	if (t.bev)
		bufferevent_free(t.bev);
	t.bev = NULL;
	t.chunk = (struct vdagent_chunk){ .have = 0 };
	vdagent_reader_finish(&t.reader);
}

static void qemu_event(struct bufferevent *bev, short what, void *user)
{
	(void)bev;
	(void)what;
	(void)user;
	qemu_hang_up();
}

static void qemu_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int length,
		void *user)
{
	(void)listener;
	(void)address;
	(void)length;
	(void)user;
	qemu_hang_up();
	t.connections++;
	t.heard[0] = '\0';
	t.bev = bufferevent_socket_new(t.base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(t.bev, qemu_read, NULL, qemu_event, NULL);
	bufferevent_enable(t.bev, EV_READ | EV_WRITE);
}

static void qemu_listen(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, t.path);
	t.listener = evconnlistener_new_bind(t.base, qemu_accept, NULL, LEV_OPT_CLOSE_ON_FREE, 5,
			(struct sockaddr *)&address, sizeof(address));
	assert_non_null(t.listener);
}

static void offered(void *user)
{
	(void)user;
	add_word(t.seen, sizeof(t.seen), "offered");
}

static void withdrawn(void *user)
{
	(void)user;
	add_word(t.seen, sizeof(t.seen), "withdrawn");
}

static void wanted(void *user)
{
	(void)user;
	add_word(t.seen, sizeof(t.seen), "wanted");
}

static void text(void *user, const char *what, size_t bytes)
{
	(void)user;
	add_word(t.seen, sizeof(t.seen), what ? "text" : "none");
	keep(&t.got, &t.got_bytes, what, bytes);
}

static const struct clipboard_peer_impl viewer_impl = {
	.offered = offered,
	.withdrawn = withdrawn,
	.wanted = wanted,
	.text = text,
};

static int setup(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	memset(&t, 0, sizeof(t));
	t.config = (struct config_vm){ .clipboard_max_bytes = TEXT_MAX };
	t.base = event_base_new();
	strcpy(t.directory, "/tmp/planecast-agent-XXXXXX");
	if (!t.base || !mkdtemp(t.directory))
		return -1;
	snprintf(t.path, sizeof(t.path), "%s/agent", t.directory);
	if (clipboard_new(t.base, &t.config, &t.clipboard) < 0)
		return -1;
	t.viewer.impl = &viewer_impl;
	clipboard_join(t.clipboard, &t.viewer, CLIPBOARD_VIEWER);
	return guest_agent_new(t.base, t.path, t.clipboard, &t.agent);
}

static void qemu_vanish(void)
{
	qemu_hang_up();
	if (t.listener)
		evconnlistener_free(t.listener);
	t.listener = NULL;
	unlink(t.path);
}

static int teardown(void **state)
{
	(void)state;
	clipboard_leave(&t.viewer);
	guest_agent_free(t.agent);
	clipboard_free(t.clipboard);
	qemu_vanish();
	rmdir(t.directory);
	event_base_free(t.base);
	free(t.text);
	free(t.got);
	return 0;
}

#define UNTIL(condition) PUMP_UNTIL(t.base, condition)

static void say_messages(struct evbuffer *messages)
{
	assert_int_equal(vdagent_chunk_add(bufferevent_get_output(t.bev), messages), 0);
	evbuffer_free(messages);
}

#define SAY(kind, ...)                                                                             \
	do {                                                                                       \
		struct evbuffer *messages_ = evbuffer_new();                                       \
		assert_int_equal(vdagent_add_##kind(messages_, __VA_ARGS__), 0);                   \
		say_messages(messages_);                                                           \
	} while (0)

/* The agent starts, and is known. */
static void meet(uint32_t caps)
{
	UNTIL(t.bev && strstr(t.heard, "caps?"));
	selection = vdagent_has_selection(caps);
	SAY(capabilities, caps, true);
	UNTIL(strstr(t.heard, "caps "));
}

static void text_goes_both_ways(void **state)
{
	static const uint32_t kinds[] = { MODERN, CAP(CLIPBOARD_BY_DEMAND) };

	(void)state;
	qemu_listen();
	for (size_t i = 0; i < 2; i++) {
		/* The second is another agent, in the same guest. */
		meet(kinds[i]);
		SAY(grab, selection);
		UNTIL(strstr(t.seen, "offered"));
		clipboard_request(&t.viewer);
		UNTIL(strstr(t.heard, "request"));
		SAY(text, selection, "from guest", 10);
		UNTIL(strstr(t.seen, "text"));
		assert_string_equal(t.got, "from guest");
		SAY(release, selection);
		UNTIL(strstr(t.seen, "withdrawn"));
		clipboard_grab(&t.viewer);
		UNTIL(strstr(t.heard, "grab"));
		SAY(request, selection);
		UNTIL(strstr(t.seen, "wanted"));
		clipboard_answer(&t.viewer, "to\nguest", 8);
		UNTIL(strstr(t.heard, "text"));
		assert_string_equal(t.text, "to\nguest");
		clipboard_release(&t.viewer);
		UNTIL(strstr(t.heard, "release"));
		t.seen[0] = '\0';
		strcpy(t.heard, "caps? ");
	}
}

static void lines_end_as_the_guest_likes_them(void **state)
{
	(void)state;
	qemu_listen();
	meet(CAP(CLIPBOARD_BY_DEMAND) | CAP(CLIPBOARD_SELECTION) | CAP(GUEST_LINEEND_CRLF));
	clipboard_grab_text(&t.viewer, "a\nb", 3);
	SAY(request, true);
	UNTIL(t.text);
	assert_string_equal(t.text, "a\r\nb");
	SAY(grab, true);
	UNTIL(strstr(t.seen, "offered"));
	clipboard_request(&t.viewer);
	UNTIL(strstr(t.heard, "request"));
	SAY(text, true, "c\r\nd\r\n", 6);
	UNTIL(t.got);
	assert_string_equal(t.got, "c\nd\n");
}

static void long_text_goes_in_chunks(void **state)
{
	char *large = malloc(TEXT_MAX + 1);

	(void)state;
	memset(large, 'x', TEXT_MAX + 1);
	qemu_listen();
	meet(MODERN);
	clipboard_grab_text(&t.viewer, large, TEXT_MAX);
	SAY(request, true);
	UNTIL(t.text);
	assert_int_equal(t.text_bytes, TEXT_MAX);
	assert_memory_equal(t.text, large, TEXT_MAX);
	SAY(grab, true);
	UNTIL(strstr(t.seen, "offered"));
	clipboard_request(&t.viewer);
	UNTIL(strstr(t.heard, "request"));
	SAY(text, true, large, TEXT_MAX);
	UNTIL(t.got);
	assert_int_equal(t.got_bytes, TEXT_MAX);
	/* And one that is too long is none, at once. */
	t.seen[0] = t.heard[0] = '\0';
	clipboard_request(&t.viewer);
	UNTIL(strstr(t.heard, "request"));
	SAY(text, true, large, TEXT_MAX + 1);
	UNTIL(strstr(t.seen, "none"));
	free(large);
}

static void an_agent_without_a_clipboard_takes_no_part(void **state)
{
	(void)state;
	qemu_listen();
	UNTIL(t.bev && strstr(t.heard, "caps?"));
	SAY(capabilities, CAP(MONITORS_CONFIG), false);
	SAY(grab, false);
	/* One with a clipboard, after it. */
	SAY(capabilities, MODERN, true);
	UNTIL(strstr(t.heard, "caps "));
	SAY(grab, true);
	UNTIL(strstr(t.seen, "offered"));
	assert_string_equal(t.seen, "offered ");
	SAY(capabilities, 0, false);
	UNTIL(strstr(t.seen, "withdrawn"));
}

static void it_is_told_the_limit(void **state)
{
	uint32_t caps = MODERN | CAP(MAX_CLIPBOARD);

	(void)state;
	qemu_listen();
	meet(caps);
	/* The reader knows no such message, but holds it. */
	UNTIL(t.reader.head[4] == VD_AGENT_MAX_CLIPBOARD);
	assert_int_equal(t.reader.head[20] | t.reader.head[21] << 8 | t.reader.head[22] << 16, TEXT_MAX);
	t.config.clipboard_max_bytes = 77;
	clipboard_reconfigure(t.clipboard, &t.config);
	UNTIL(t.reader.head[20] == 77);
}

/* With what each way remembers of the other. */
static void it_comes_and_goes(void **state)
{
	(void)state;
	clipboard_grab_text(&t.viewer, "early", 5);
	pump_round(t.base);
	qemu_listen();
	meet(MODERN);
	UNTIL(strstr(t.heard, "grab"));
	SAY(grab, true);
	UNTIL(strstr(t.seen, "offered"));
	clipboard_request(&t.viewer);
	UNTIL(strstr(t.heard, "request"));
	t.heard[0] = '\0';
	qemu_vanish();
	/* Nobody waits for who is not there. */
	UNTIL(strstr(t.seen, "none withdrawn"));
	qemu_listen();
	meet(MODERN);
	SAY(grab, true);
	UNTIL(strstr(strstr(t.seen, "withdrawn"), "offered"));
}

static void what_is_no_agent_is_left_alone(void **state)
{
	unsigned int connections;

	(void)state;
	qemu_listen();
	meet(MODERN);
	SAY(grab, true);
	UNTIL(strstr(t.seen, "offered"));
	connections = t.connections;
	bufferevent_write(t.bev, "{\"QMP\": {}}\r\n", 13);
	UNTIL(strstr(t.seen, "withdrawn"));
	UNTIL(t.connections > connections);
	meet(MODERN);
}

/* It asks and asks, and does not read: there is one answer at most. */
static void who_floods_is_not_answered_without_end(void **state)
{
	char *large = malloc(TEXT_MAX);
	struct evbuffer *many = evbuffer_new();
	unsigned int answers = 0;

	(void)state;
	memset(large, 'x', TEXT_MAX);
	qemu_listen();
	meet(MODERN);
	clipboard_grab_text(&t.viewer, large, TEXT_MAX);
	bufferevent_disable(t.bev, EV_READ);
	for (unsigned int i = 0; i < 1000; i++) {
		vdagent_add_request(many, true);
		vdagent_add_capabilities(many, MODERN, true);
	}
	vdagent_add_grab(many, true);
	say_messages(many);
	UNTIL(strstr(t.seen, "offered"));
	bufferevent_enable(t.bev, EV_READ);
	SAY(capabilities, MODERN, true);
	UNTIL(strstr(t.heard, "caps "));
	clipboard_grab_text(&t.viewer, "x", 1);
	UNTIL(strstr(t.heard, "grab"));
	SAY(request, true);
	UNTIL(t.text && t.text_bytes == 1);
	for (const char *at = t.heard; (at = strstr(at, "text ")); at++)
		answers++;
	assert_in_range(answers, 1, 4);
	free(large);
}

static void paths_are_checked(void **state)
{
	struct guest_agent *agent = NULL;
	char path[200];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(guest_agent_new(t.base, path, t.clipboard, &agent), -EINVAL);
	assert_int_equal(guest_agent_new(t.base, "", t.clipboard, &agent), -EINVAL);
	assert_null(agent);
	guest_agent_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(text_goes_both_ways),
		TEST(lines_end_as_the_guest_likes_them),
		TEST(long_text_goes_in_chunks),
		TEST(an_agent_without_a_clipboard_takes_no_part),
		TEST(it_is_told_the_limit),
		TEST(it_comes_and_goes),
		TEST(what_is_no_agent_is_left_alone),
		TEST(who_floods_is_not_answered_without_end),
		TEST(paths_are_checked),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
