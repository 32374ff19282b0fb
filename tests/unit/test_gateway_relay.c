// SPDX-License-Identifier: GPL-2.0-or-later
/* The relay between a browser and a worker: every byte in order, few of them held, and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"
#include "server/clock.h"
#include "server/gateway/relay.h"
#include "tests/unit/pump.h"

/* A socketpair can be written to when much of it is free again. */
#define STALL_NS (500 * NSEC_PER_MSEC)
/* What the kernel holds for a socketpair, on both sides of the relay, beside what the relay does. */
#define HELD_BYTES_MAX (1024 * 1024)

static struct event_base *base;
static struct stream *browser;
static struct relay *relay;
static int page, worker; /* the far ends */
static const char *why;
static bool hung_up;

static void handle_browser(void *user)
{
	(void)user;
	if (relay)
		relay_browser(relay);
}

static void handle_hung_up(void *user, int error)
{
	(void)user;
	(void)error;
	hung_up = true;
}

static const struct stream_events browser_events = {
	.readable = handle_browser,
	.drained = handle_browser,
	.closed = handle_hung_up,
};

static void handle_ended(void *user, const char *reason)
{
	assert_ptr_equal(user, &relay);
	assert_null(why);
	why = reason;
	relay_free(relay);
	relay = NULL;
}

static int setup(void **state)
{
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	why = NULL;
	hung_up = false;
	base = event_base_new();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	page = fds[0];
	assert_int_equal(stream_new(base, fds[1], &browser_events, NULL, &browser), 0);
	assert_int_equal(relay_socketpair(fds), 0);
	worker = fds[1];
	return relay_new(base, browser, fds[0], STALL_NS, handle_ended, &relay, &relay);
}

static int teardown(void **state)
{
	(void)state;
	relay_free(relay);
	relay = NULL;
	stream_free(browser);
	close(page);
	close(worker);
	event_base_free(base);
	return 0;
}

static uint8_t byte_at(size_t at)
{
	return (uint8_t)(at * 7 + at / 251);
}

/* As much as goes; returns where it is then. */
static size_t push(int fd, size_t at, size_t end)
{
	uint8_t data[4096];
	size_t bytes = end - at < sizeof(data) ? end - at : sizeof(data);
	ssize_t n;

	for (size_t i = 0; i < bytes; i++)
		data[i] = byte_at(at + i);
	n = bytes ? send(fd, data, bytes, MSG_NOSIGNAL) : 0;
	return n > 0 ? at + (size_t)n : at;
}

static size_t pull(int fd, size_t at, size_t most)
{
	uint8_t data[4096];
	ssize_t n = recv(fd, data, most < sizeof(data) ? most : sizeof(data), 0);

	for (ssize_t i = 0; i < n; i++)
		assert_int_equal(data[i], byte_at(at + (size_t)i));
	return n > 0 ? at + (size_t)n : at;
}

/* In pieces of odd sizes. */
static size_t pull_some(int fd, size_t at)
{
	for (unsigned int i = 0; i < 16; i++)
		at = pull(fd, at, 1 + at % 4000);
	return at;
}

static void all_goes_both_ways_in_order(void **state)
{
	const size_t all = 2 * HELD_BYTES_MAX;
	size_t down = 0, down_seen = 0, up = 0, up_seen = 0;

	(void)state;
	PUMP_UNTIL(base, (down = push(worker, down, all), up = push(page, up, all / 8),
			down_seen = pull_some(page, down_seen), up_seen = pull_some(worker, up_seen),
			why || (down_seen == all && up_seen == all / 8)));
	assert_null(why);
}

static void who_does_not_read_is_not_read_for(void **state)
{
	size_t sent = 0, before;
	int64_t end_ns = clock_now_ns() + STALL_NS / 2;

	(void)state;
	do {
		before = sent;
		while (sent != (before = push(worker, sent, SIZE_MAX)))
			sent = before;
		pump_round(base);
	} while (clock_now_ns() < end_ns);
	assert_true(sent > 0);
	assert_true(sent < HELD_BYTES_MAX);
	/* The other way as well. */
	for (sent = 0, end_ns = clock_now_ns() + STALL_NS / 4; clock_now_ns() < end_ns; pump_round(base))
		sent = push(page, sent, SIZE_MAX);
	assert_true(sent < HELD_BYTES_MAX);
}

static void who_takes_nothing_is_dropped(void **state)
{
	size_t sent = 0;

	(void)state;
	PUMP_UNTIL(base, (sent = push(worker, sent, SIZE_MAX), why));
	assert_non_null(strstr(why, "takes nothing"));
}

static void who_takes_a_little_is_not(void **state)
{
	size_t sent = 0, seen = 0;
	const int64_t end_ns = clock_now_ns() + 3 * STALL_NS;

	(void)state;
	while (clock_now_ns() < end_ns) {
		sent = push(worker, sent, SIZE_MAX);
		seen = pull_some(page, seen);
		pump_round(base);
		assert_null(why);
	}
}

static void the_workers_last_words_are_sent(void **state)
{
	size_t sent = 0, seen = 0;

	(void)state;
	while (sent < 200000) {
		sent = push(worker, sent, 200000);
		seen = pull_some(page, seen);
		pump_round(base);
	}
	shutdown(worker, SHUT_WR);
	PUMP_UNTIL(base, (seen = pull(page, seen, 4096), why));
	PUMP_UNTIL(base, (seen = pull(page, seen, 4096), seen == sent));
	assert_non_null(strstr(why, "has closed it"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_goes_both_ways_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(who_does_not_read_is_not_read_for, setup, teardown),
		cmocka_unit_test_setup_teardown(who_takes_nothing_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(who_takes_a_little_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(the_workers_last_words_are_sent, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
