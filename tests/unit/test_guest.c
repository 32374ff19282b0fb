// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest control against a peer of the test's own on a real unix socket: what
 * goes over the wire, what happens when the peer stalls, breaks or vanishes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/guest.h"
#include "server/input.h"

#define DEADLINE_NS (20 * NSEC_PER_SEC)
#define LINES_MAX 2048
#define GREETING \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}}, " \
	"\"capabilities\": []}}\r\n"

struct peer {
	struct event_base *base;
	char directory[64];
	char path[96];
	struct evconnlistener *listener;
	struct bufferevent *bev;
	unsigned int connections;
	const char *opening; /* sent to whoever connects */
	size_t opening_bytes;
	bool answering;
	const char *error; /* answer commands with this description */
	char *lines[LINES_MAX]; /* "events" lists received, without their frame */
	unsigned int n_lines;
	unsigned int answered;
	bool negotiated;
};

/* What the viewer that sends has down; another one begins with 0. */
static uint32_t last_buttons;

static void answer(struct peer *peer)
{
	for (; peer->answering && peer->answered < peer->n_lines; peer->answered++) {
		struct evbuffer *output = bufferevent_get_output(peer->bev);

		/* Ids count from 0, which was qmp_capabilities. */
		if (peer->error)
			evbuffer_add_printf(output,
					"{\"id\": %u, \"error\": {\"class\": \"GenericError\", \"desc\": \"%s\"}}\r\n",
					peer->answered + 1, peer->error);
		else
			evbuffer_add_printf(output, "{\"event\": \"NOISE\"}\r\n{\"return\": {}, \"id\": %u}\r\n",
					peer->answered + 1);
	}
}

static void peer_read(struct bufferevent *bev, void *user)
{
	static const char prefix[] = "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":";
	struct peer *peer = user;
	char *line;

	while ((line = evbuffer_readln(bufferevent_get_input(bev), NULL, EVBUFFER_EOL_CRLF_STRICT))) {
		char *tail = strstr(line, "},\"id\":");

		if (!peer->negotiated) {
			assert_string_equal(line, "{\"execute\":\"qmp_capabilities\",\"arguments\":{},\"id\":0}");
			evbuffer_add_printf(bufferevent_get_output(bev), "{\"return\": {}, \"id\": 0}\r\n");
			peer->negotiated = true;
			free(line);
			continue;
		}
		assert_int_equal(strncmp(line, prefix, strlen(prefix)), 0);
		assert_non_null(tail);
		assert_in_range(peer->n_lines, 0, LINES_MAX - 1);
		assert_int_equal(atoi(tail + strlen("},\"id\":")), peer->n_lines + 1);
		*tail = '\0';
		peer->lines[peer->n_lines++] = strdup(line + strlen(prefix));
		free(line);
	}
	answer(peer);
}

static void forget_lines(struct peer *peer)
{
	while (peer->n_lines)
		free(peer->lines[--peer->n_lines]);
	peer->answered = 0;
}

static void peer_hang_up(struct peer *peer)
{
	if (peer->bev)
		bufferevent_free(peer->bev);
	peer->bev = NULL;
	peer->negotiated = false;
	forget_lines(peer);
}

static void peer_event(struct bufferevent *bev, short what, void *user)
{
	(void)bev;
	(void)what;
	peer_hang_up(user);
}

static void peer_accept(struct evconnlistener *listener, evutil_socket_t fd,
		struct sockaddr *address, int length, void *user)
{
	struct peer *peer = user;

	(void)listener;
	(void)address;
	(void)length;
	peer_hang_up(peer);
	peer->connections++;
	peer->bev = bufferevent_socket_new(peer->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(peer->bev, peer_read, NULL, peer_event, peer);
	bufferevent_enable(peer->bev, EV_READ | EV_WRITE);
	bufferevent_write(peer->bev, peer->opening, peer->opening_bytes);
}

static void peer_listen(struct peer *peer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", peer->path);
	peer->listener = evconnlistener_new_bind(peer->base, peer_accept, peer, LEV_OPT_CLOSE_ON_FREE, 5,
			(struct sockaddr *)&address, sizeof(address));
	assert_non_null(peer->listener);
}

static void peer_vanish(struct peer *peer)
{
	peer_hang_up(peer);
	if (peer->listener)
		evconnlistener_free(peer->listener);
	peer->listener = NULL;
	unlink(peer->path);
}

static int set_up(void **state)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return -1;
	last_buttons = 0;
	peer->base = event_base_new();
	peer->opening = GREETING;
	peer->opening_bytes = strlen(GREETING);
	peer->answering = true;
	strcpy(peer->directory, "/tmp/planecast-guest-XXXXXX");
	if (!mkdtemp(peer->directory))
		return -1;
	snprintf(peer->path, sizeof(peer->path), "%s/qmp", peer->directory);
	*state = peer;
	return 0;
}

static int tear_down(void **state)
{
	struct peer *peer = *state;

	peer_vanish(peer);
	rmdir(peer->directory);
	event_base_free(peer->base);
	free(peer);
	return 0;
}

static void wake(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	(void)user;
}

#define WAIT_FOR(peer, condition) \
	do { \
		int64_t deadline_ns = clock_now_ns() + DEADLINE_NS; \
		struct event *waker = evtimer_new((peer)->base, wake, NULL); \
		while (!(condition)) { \
			struct timeval step = clock_timeval(NSEC_PER_SEC); \
			assert_true(clock_now_ns() < deadline_ns); \
			evtimer_add(waker, &step); \
			event_base_loop((peer)->base, EVLOOP_ONCE); \
		} \
		event_free(waker); \
	} while (0)

static void send_key(struct guest *guest, uint32_t qnum, bool down)
{
	const struct input_event event = { .kind = INPUT_KEY, .key = { .down = down, .qnum = qnum } };

	guest_input(guest, &event);
}

static void send_pointer(struct guest *guest, uint32_t x, uint32_t y, uint32_t buttons)
{
	const struct input_event event = {
		.kind = INPUT_POINTER,
		.pointer = {
			.x = x,
			.y = y,
			.width = 1024,
			.height = 512,
			.buttons = buttons,
			.changed = buttons ^ last_buttons,
		},
	};

	last_buttons = buttons;
	guest_input(guest, &event);
}

/*
 * A guest whose connection takes commands. That the peer has been told
 * "capabilities" is not enough: our side must have read the answer, and the
 * only sign of that is that input arrives.
 */
static struct guest *connected_guest(struct peer *peer)
{
	struct guest *guest;
	bool answering = peer->answering;

	peer_listen(peer);
	assert_int_equal(guest_new(peer->base, peer->path, &guest), 0);
	peer->answering = false;
	WAIT_FOR(peer, peer->negotiated);
	WAIT_FOR(peer, (send_key(guest, 0x01, true), peer->n_lines > 0));
	peer->answering = true;
	answer(peer);
	send_key(guest, 0x01, false);
	WAIT_FOR(peer, peer->n_lines >= 2 && !strstr(peer->lines[peer->n_lines - 1], "true"));
	peer->answering = answering;
	return guest;
}

#define KEY(state, number) \
	"{\"type\":\"key\",\"data\":{\"down\":" state ",\"key\":{\"type\":\"number\",\"data\":" number "}}}"
#define AXIS(name, value) "{\"type\":\"abs\",\"data\":{\"axis\":\"" name "\",\"value\":" value "}}"
#define BUTTON(state, name) \
	"{\"type\":\"btn\",\"data\":{\"down\":" state ",\"button\":\"" name "\"}}"

static void test_events_on_the_wire(void **state)
{
	static const char *const expected[] = {
		"[" KEY("true", "200") "]",
		"[" KEY("false", "200") "]",
		"[" AXIS("x", "16") "," AXIS("y", "32") "]",
		"[" AXIS("x", "32752") "," AXIS("y", "32736") ","
		BUTTON("true", "left") "," BUTTON("true", "right") "]",
		"[" BUTTON("false", "right") "]",
		"[" BUTTON("true", "wheel-up") "," BUTTON("false", "wheel-up") "]",
		"[" BUTTON("false", "left") "," BUTTON("true", "middle") ","
		BUTTON("true", "wheel-down") "," BUTTON("false", "wheel-down") ","
		BUTTON("true", "wheel-left") "," BUTTON("false", "wheel-left") ","
		BUTTON("true", "wheel-right") "," BUTTON("false", "wheel-right") ","
		BUTTON("true", "side") "," BUTTON("true", "extra") "]",
	};
	struct peer *peer = *state;
	struct guest *guest = connected_guest(peer);
	unsigned int first = peer->n_lines;

	send_key(guest, 0xc8, true);
	send_key(guest, 0xc8, false);
	send_key(guest, 0, true); /* no key */
	send_key(guest, 256, true);
	send_pointer(guest, 0, 0, 0);
	send_pointer(guest, 0, 0, 0); /* nothing new */
	send_pointer(guest, 1023, 5000, INPUT_BUTTON_LEFT | INPUT_BUTTON_RIGHT); /* beyond the picture */
	send_pointer(guest, 1023, 5000, INPUT_BUTTON_LEFT);
	send_pointer(guest, 1023, 5000, INPUT_BUTTON_LEFT | INPUT_BUTTON_WHEEL_UP);
	send_pointer(guest, 1023, 5000, 0x1f2);
	WAIT_FOR(peer, peer->n_lines >= first + 7);
	for (unsigned int i = 0; i < 7; i++)
		assert_string_equal(peer->lines[first + i], expected[i]);
	guest_free(guest);
}

static void test_viewers_hold_what_they_hold(void **state)
{
	static const char *const expected[] = {
		"[" AXIS("x", "16") "," AXIS("y", "32") "," BUTTON("true", "left") "]",
		"[" AXIS("x", "48") "," AXIS("y", "32") "]", /* another viewer only moves */
		"[" BUTTON("true", "right") "," BUTTON("true", "wheel-up") "," BUTTON("false", "wheel-up") "]",
		/* A third one's step while the wheel of the other one is still in its event. */
		"[" BUTTON("true", "wheel-up") "," BUTTON("false", "wheel-up") "]",
		"[" BUTTON("false", "right") "]",
		"[" BUTTON("false", "left") "]",
	};
	struct peer *peer = *state;
	struct guest *guest = connected_guest(peer);
	unsigned int first = peer->n_lines;

	send_pointer(guest, 0, 0, INPUT_BUTTON_LEFT);
	last_buttons = 0;
	send_pointer(guest, 1, 0, 0);
	send_pointer(guest, 1, 0, INPUT_BUTTON_RIGHT | INPUT_BUTTON_WHEEL_UP);
	last_buttons = 0;
	send_pointer(guest, 1, 0, INPUT_BUTTON_WHEEL_UP);
	last_buttons = INPUT_BUTTON_RIGHT | INPUT_BUTTON_WHEEL_UP;
	send_pointer(guest, 1, 0, 0);
	last_buttons = INPUT_BUTTON_LEFT;
	send_pointer(guest, 1, 0, 0);
	WAIT_FOR(peer, peer->n_lines >= first + 6);
	for (unsigned int i = 0; i < 6; i++)
		assert_string_equal(peer->lines[first + i], expected[i]);
	guest_free(guest);
}

static void test_motion_is_replaced(void **state)
{
	struct peer *peer = *state;
	struct guest *guest;
	unsigned int first;
	char **last;

	peer->answering = false;
	guest = connected_guest(peer);
	first = peer->n_lines;
	/* Nothing is answered: a few go out, the rest waits. */
	for (uint32_t i = 0; i < 500; i++)
		send_pointer(guest, i, i, 0);
	/* The press must stay where it was made, whatever comes after it. */
	send_pointer(guest, 512, 0, INPUT_BUTTON_LEFT);
	for (uint32_t i = 0; i < 500; i++)
		send_pointer(guest, 520 + i, i, INPUT_BUTTON_LEFT);
	send_key(guest, 0x1e, true);
	peer->answering = true;
	answer(peer);
	WAIT_FOR(peer, strstr(peer->lines[peer->n_lines - 1], "\"data\":30}"));
	/* Newest motion, press in its place, newest drag, key; before them at most what was in flight. */
	assert_in_range(peer->n_lines - first, 4, 4 + 8);
	last = &peer->lines[peer->n_lines - 4];
	assert_string_equal(last[0], "[" AXIS("x", "15984") "," AXIS("y", "31968") "]");
	assert_string_equal(last[1], "[" AXIS("x", "16400") "," AXIS("y", "32") "," BUTTON("true", "left") "]");
	assert_string_equal(last[2], "[" AXIS("x", "32624") "," AXIS("y", "31968") "]");
	guest_free(guest);
}

static void test_overflow_lets_go(void **state)
{
	struct peer *peer = *state;
	bool down[256] = { false };
	struct guest *guest;
	unsigned int first, lines;

	peer->answering = false;
	guest = connected_guest(peer);
	first = peer->n_lines;
	send_pointer(guest, 1, 1, INPUT_BUTTON_LEFT);
	send_pointer(guest, 2, 2, INPUT_BUTTON_LEFT);
	for (uint32_t i = 0; i < 600; i++)
		send_key(guest, 1 + i % 200, true);
	for (uint32_t i = 0; i < 200; i++)
		send_key(guest, 1 + i, false); /* all lost */
	peer->answering = true;
	answer(peer);
	/* 256 wait at most, 8 are in flight, then the releases, 16 keys each. */
	WAIT_FOR(peer, peer->n_lines && strstr(peer->lines[peer->n_lines - 1], "\"data\":200}") &&
					!strstr(peer->lines[peer->n_lines - 1], "true"));
	lines = peer->n_lines - first;
	assert_in_range(lines, 200, 256 + 8 + 14);
	for (unsigned int i = first; i < peer->n_lines; i++) {
		for (const char *at = peer->lines[i]; (at = strstr(at, "\"down\":")); at++) {
			unsigned int number = 0; /* the button */
			char word[8];

			assert_int_equal(sscanf(at, "\"down\":%7[a-z],\"key\":{\"type\":\"number\",\"data\":%u",
							word, &number) + !number, 2);
			down[number & 255] = !strcmp(word, "true");
		}
	}
	for (unsigned int i = 0; i < 256; i++)
		assert_false(down[i]);
	guest_free(guest);
}

static void test_missing_then_there_then_gone(void **state)
{
	struct peer *peer = *state;
	struct guest *guest;

	assert_int_equal(guest_new(peer->base, peer->path, &guest), 0);
	event_base_loop(peer->base, EVLOOP_ONCE);
	send_key(guest, 0x1e, true); /* forgotten */
	peer_listen(peer);
	WAIT_FOR(peer, peer->negotiated);
	WAIT_FOR(peer, (send_key(guest, 0x1f, true), peer->n_lines > 0));
	assert_string_equal(peer->lines[0], "[" KEY("true", "31") "]");

	/* QEMU restarts: another socket of the same name. */
	peer_vanish(peer);
	peer_listen(peer);
	WAIT_FOR(peer, peer->negotiated);
	WAIT_FOR(peer, (send_key(guest, 0x20, true), peer->n_lines > 0));
	assert_string_equal(peer->lines[0], "[" KEY("true", "32") "]");
	assert_int_equal(peer->connections, 2);
	guest_free(guest);
}

static void test_broken_peers(void **state)
{
	static char flood[300000];
	static const struct {
		const char *name, *bytes;
		size_t length;
	} cases[] = {
		{ "another protocol", "RFB 003.008\n", 12 },
		{ "not an object", "[1]", 3 },
		{ "null", "null ", 5 },
		{ "no greeting", "{\"return\": {}}", 14 },
		{ "a NUL byte", "{\"QMP\"\0: {}}", 12 },
		{ "too deep", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 32 },
		{ "endless", flood, sizeof(flood) },
		{ "capabilities refused", "{\"QMP\": {}} {\"id\": 0, \"error\": {\"desc\": \"no\"}}", 47 },
		{ "an answer to no command",
				GREETING "{\"return\": {}, \"id\": 0}{\"return\": {}, \"id\": 1}", 0 },
		{ "a wrong id", GREETING "{\"return\": {}, \"id\": 7}", 0 },
		{ "an id that is none", GREETING "{\"return\": {}, \"id\": {\"a\": []}}", 0 },
		{ "no id", GREETING "{\"return\": {}}", 0 },
	};
	struct peer *peer = *state;
	struct guest *guest;

	memset(flood, ' ', sizeof(flood));
	flood[0] = '{';
	peer_listen(peer);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned int before = peer->connections;

		peer->opening = cases[i].bytes;
		peer->opening_bytes = cases[i].length ? cases[i].length : strlen(cases[i].bytes);
		/* A new one each, for a back-off that starts afresh. */
		assert_int_equal(guest_new(peer->base, peer->path, &guest), 0);
		WAIT_FOR(peer, peer->connections == before + 2); /* gave up, came again */
		guest_free(guest);
		peer_hang_up(peer);
	}
}

static void test_half_messages(void **state)
{
	struct peer *peer = *state;
	struct guest *guest;
	size_t length = strlen(GREETING);

	peer->opening_bytes = 0;
	peer_listen(peer);
	assert_int_equal(guest_new(peer->base, peer->path, &guest), 0);
	WAIT_FOR(peer, peer->connections == 1);
	for (size_t i = 0; i < length; i++) {
		bufferevent_write(peer->bev, &GREETING[i], 1);
		event_base_loop(peer->base, EVLOOP_ONCE);
	}
	WAIT_FOR(peer, peer->negotiated);
	WAIT_FOR(peer, (send_key(guest, 0x1f, true), peer->n_lines > 0));
	guest_free(guest);
}

/* Standard error into a file, for as long as the test looks at the log. */
static unsigned int count_in_log(FILE *log, const char *text)
{
	unsigned int count = 0;
	char line[1024];

	fflush(stderr);
	rewind(log);
	while (fgets(line, sizeof(line), log))
		count += strstr(line, text) != NULL;
	return count;
}

static void test_said_once(void **state)
{
	struct peer *peer = *state;
	FILE *log = tmpfile();
	int saved = dup(STDERR_FILENO);
	unsigned int first, refused, missing;
	struct guest *guest;

	assert_non_null(log);
	dup2(fileno(log), STDERR_FILENO);
	guest = connected_guest(peer);
	peer->error = "Input handler not found";
	first = peer->n_lines;
	for (uint32_t i = 0; i < 20; i++) {
		send_pointer(guest, i, 0, i & 1);
		WAIT_FOR(peer, peer->n_lines > first + i);
	}
	refused = count_in_log(log, "Input handler not found");
	peer_vanish(peer);
	/* Attempts follow after 0.1 and 0.2 s; that they say nothing shows in their time only. */
	for (int64_t until_ns = clock_now_ns() + 400 * NSEC_PER_MSEC; clock_now_ns() < until_ns;) {
		struct timeval step = clock_timeval(50 * NSEC_PER_MSEC);

		event_base_loopexit(peer->base, &step);
		event_base_loop(peer->base, 0);
	}
	missing = count_in_log(log, "No such file");
	dup2(saved, STDERR_FILENO);
	close(saved);
	fclose(log);
	guest_free(guest);
	assert_int_equal(refused, 1);
	assert_int_equal(missing, 1);
}

static void test_end_lets_go(void **state)
{
	struct peer *peer = *state;
	struct guest *guest = connected_guest(peer);
	char wire[65536], text[80];
	unsigned int told = 0;
	int fd = dup(bufferevent_getfd(peer->bev));
	size_t bytes = 0;
	ssize_t n;

	/* Not answered any more, as when a viewer types while the process is told to end. */
	bufferevent_disable(peer->bev, EV_READ);
	for (uint32_t qnum = 29; qnum < 49; qnum++)
		send_key(guest, qnum, true);
	guest_free(guest);
	/* It has been told already; the socket is closed when the loop turns. */
	event_base_loop(peer->base, EVLOOP_NONBLOCK);
	while ((n = read(fd, wire + bytes, sizeof(wire) - 1 - bytes)) > 0)
		bytes += (size_t)n;
	close(fd);
	assert_int_equal(n, 0);
	wire[bytes] = '\0';
	for (uint32_t qnum = 29; qnum < 49; qnum++) {
		static const char key[] = "\"down\":%s,\"key\":{\"type\":\"number\",\"data\":%u}";

		snprintf(text, sizeof(text), key, "true", qnum);
		if (!strstr(wire, text))
			continue;
		told++;
		snprintf(text, sizeof(text), key, "false", qnum);
		assert_non_null(strstr(wire, text));
	}
	assert_true(told > 0);
}

static void test_bad_paths(void **state)
{
	struct peer *peer = *state;
	struct guest *guest = NULL;
	char path[200];

	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(guest_new(peer->base, path, &guest), -EINVAL);
	assert_int_equal(guest_new(peer->base, "", &guest), -EINVAL);
	assert_null(guest);
	guest_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: the log limits lines of one kind, of which later tests make many. */
		cmocka_unit_test_setup_teardown(test_said_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_events_on_the_wire, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_viewers_hold_what_they_hold, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_motion_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_overflow_lets_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_missing_then_there_then_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_broken_peers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_half_messages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_end_lets_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_paths, set_up, tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
