// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's agent when memory runs out at any point: it costs a text, or the connection for a moment. */
#include "tests/fault/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/config.h"
#include "server/clipboard.h"
#include "server/clock.h"
#include "server/guest_agent.h"
#include "server/log.h"

#define SILENCE_NS (5 * NSEC_PER_MSEC)
#define DEADLINE_NS (20 * NSEC_PER_SEC)

static struct {
	struct event_base *base;
	char directory[64];
	struct sockaddr_un address;
	int listener, fd; /* QEMU's; fd -1: nobody is connected */
	struct config_vm config;
	struct clipboard *clipboard;
	struct guest_agent *agent;
	struct clipboard_peer viewer;
	unsigned int offers, texts;
} t;

static void on_offered(void *user)
{
	(void)user;
	t.offers++;
}

static void on_withdrawn(void *user)
{
	(void)user;
}

static void on_wanted(void *user)
{
	(void)user;
	clipboard_answer(&t.viewer, "to\nguest", 8);
}

static void on_text(void *user, const char *text, size_t bytes)
{
	(void)user;
	(void)bytes;
	t.texts += text != NULL;
}

static const struct clipboard_peer_impl impl = {
	.offered = on_offered,
	.withdrawn = on_withdrawn,
	.wanted = on_wanted,
	.text = on_text,
};

static void say(const void *data, size_t bytes)
{
	if (t.fd >= 0)
		assert_true(send(t.fd, data, bytes, MSG_NOSIGNAL) >= 0 || errno == EPIPE || errno == ECONNRESET);
}

/* A chunk with a message of that type. */
static void say_message(uint8_t type, const char *content, uint8_t bytes)
{
	uint8_t data[128] = { 1, [4] = (uint8_t)(20 + bytes), [8] = 1, [12] = type, [24] = bytes };

	memcpy(data + 28, content, bytes);
	say(data, 28u + bytes);
}

#define SAY(type, content) say_message(type, content, sizeof(content) - 1)

/* On demand, lines end with CR LF, the limit is known. */
static void say_capabilities(void)
{
	SAY(6, "\1\0\0\0\x20\6\0\0");
}

static void say_grab(void)
{
	SAY(7, "\1\0\0\0");
}

static void paste(void)
{
	clipboard_request(&t.viewer);
}

static void say_text(void)
{
	SAY(4, "\1\0\0\0from\r\nguest");
}

static void copy(void)
{
	clipboard_grab(&t.viewer);
}

static void copy_text(void)
{
	clipboard_grab_text(&t.viewer, "kept\ntext", 9);
}

static void say_request(void)
{
	SAY(8, "\1\0\0\0");
}

static void say_nonsense(void)
{
	say("\7\0\0\0\0\0\0\0", 8);
}

static void (*const life[])(void) = { say_capabilities, say_grab, paste, say_text, copy, say_request, copy_text,
	say_request, say_nonsense };

#define STEPS (sizeof(life) / sizeof(life[0]))

/* Both work, until there is silence. */
static void settle(void)
{
	int64_t end_ns = clock_now_ns() + SILENCE_NS;
	uint8_t buffer[4096];
	ssize_t n;
	int fd;

	while (clock_now_ns() < end_ns) {
		event_base_loop(t.base, EVLOOP_NONBLOCK);
		fd = accept4(t.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			close(t.fd);
			t.fd = fd;
		}
		while (t.fd >= 0 && (n = recv(t.fd, buffer, sizeof(buffer), 0)) != -1) {
			if (n == 0) {
				close(t.fd);
				t.fd = -1;
			}
			end_ns = clock_now_ns() + SILENCE_NS;
		}
	}
}

static void wait_connected(void)
{
	const int64_t end_ns = clock_now_ns() + DEADLINE_NS;

	while (t.fd < 0) {
		settle();
		assert_true(clock_now_ns() < end_ns);
	}
}

/* True when the allocation was reached. */
static bool live(size_t step, long number)
{
	bool failed = false;

	for (size_t i = 0; i < STEPS && !failed; i++) {
		alloc_fail_at(i == step ? number : -1);
		life[i]();
		settle();
		failed = alloc_has_failed();
		alloc_fail_at(-1);
	}
	/* Nonsense is the end of each; what comes back knows nothing of before. */
	say_nonsense();
	settle();
	wait_connected();
	return failed;
}

static void memory_may_run_out_anywhere(void **state)
{
	unsigned int failures = 0;

	(void)state;
	assert_int_equal(guest_agent_new(t.base, t.address.sun_path, t.clipboard, &t.agent), 0);
	wait_connected();
	for (size_t step = 0; step < STEPS; step++) {
		for (long number = 0; live(step, number); number++) {
			failures++;
			assert_true(number < 100);
		}
	}
	print_message("%u failed allocations\n", failures);
	assert_true(failures >= STEPS - 2);
	/* And all is as ever. */
	t.offers = t.texts = 0;
	for (size_t i = 0; i < STEPS; i++) {
		life[i]();
		settle();
	}
	assert_int_equal(t.offers, 1);
	assert_int_equal(t.texts, 1);
	guest_agent_free(t.agent);
}

static void a_start_without_memory_is_an_error(void **state)
{
	long number = 0;
	int r = -ENOMEM;

	(void)state;
	for (; r == -ENOMEM; number++) {
		struct guest_agent *agent = NULL;

		alloc_fail_at(number);
		r = guest_agent_new(t.base, t.address.sun_path, t.clipboard, &agent);
		alloc_fail_at(-1);
		guest_agent_free(agent);
		assert_true(number < 100);
	}
	assert_int_equal(r, 0);
	assert_true(number > 1);
}

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	log_set_level((enum log_level)-1);
	t.fd = -1;
	t.config = (struct config_vm){ .clipboard_max_bytes = 1000 };
	strcpy(t.directory, "/tmp/planecast-agent-XXXXXX");
	t.base = event_base_new();
	if (!t.base || !mkdtemp(t.directory) || clipboard_new(t.base, &t.config, &t.clipboard) < 0)
		return -1;
	t.address.sun_family = AF_UNIX;
	snprintf(t.address.sun_path, sizeof(t.address.sun_path), "%s/agent", t.directory);
	t.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(t.listener, (struct sockaddr *)&t.address, sizeof(t.address)) < 0 || listen(t.listener, 8) < 0)
		return -1;
	t.viewer.impl = &impl;
	clipboard_join(t.clipboard, &t.viewer, CLIPBOARD_VIEWER);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	clipboard_leave(&t.viewer);
	clipboard_free(t.clipboard);
	close(t.fd);
	close(t.listener);
	unlink(t.address.sun_path);
	rmdir(t.directory);
	event_base_free(t.base);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_without_memory_is_an_error),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	/* libevent's memory is this program's too. */
	event_set_mem_functions(malloc, realloc, free);
	return cmocka_run_group_tests(tests, setup, teardown);
}
