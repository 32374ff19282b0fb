// SPDX-License-Identifier: GPL-2.0-or-later
/* The broker when memory runs out at any point: it costs a look or a worker's channel, and nothing is lost of it. */
#include "tests/fault/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/broker/client.h"
#include "server/broker/owner.h"
#include "server/channel.h"
#include "server/log.h"

static unsigned int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void looks_fail(void **state)
{
	struct owner_device device = { .path = "/sys/devices/none", .cdev = 1 };
	struct owner_search search = { .device = &device };
	struct owner_processes processes = { 0 };
	unsigned int denied, fds = count_fds();
	bool failed = true;
	long n;

	(void)state;
	assert_int_equal(owner_search_all(&processes, false, 0, &search, 1, &denied), 0);
	for (n = 0; failed; n++) {
		const size_t known = processes.n;
		int r;

		alloc_fail_at(n);
		r = owner_search_all(&processes, n % 2, 0, &search, 1, &denied);
		failed = alloc_has_failed();
		alloc_fail_at(-1);
		assert_true(r == 0 || (failed && r == -ENOMEM));
		if (r < 0) /* what was known still is */
			assert_int_equal(processes.n, known);
		assert_true(processes.n > 0);
		assert_int_equal(count_fds(), fds);
	}
	assert_true(n > 2);
	free(processes.list);
}

static void handle_changed(void *user)
{
	++*(unsigned int *)user;
}

static void handle_held(void *user, const char *name)
{
	(void)user;
	fail_msg("%s has nothing that it could hold", name);
}

static const struct client_events events = {
	.changed = handle_changed,
	.held = handle_held,
};

static void workers_are_not_served(void **state)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	struct event_base *base = event_base_new();
	unsigned int changes = 0, fds = count_fds();
	const struct owner_device *device;
	struct client *client;
	bool failed = true;
	long n;

	(void)state;
	assert_non_null(base);
	for (n = 0; failed; n++) {
		enum channel_kind kind;
		int ends[2], fd, r;
		size_t bytes;

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
		alloc_fail_at(n);
		r = client_new(base, "vm", "/nowhere", ends[0], &events, &changes, &client);
		failed = alloc_has_failed();
		alloc_fail_at(-1);
		if (r < 0) {
			assert_true(failed && r == -ENOMEM);
			close(ends[0]); /* which was not taken */
		} else {
			assert_int_equal(client_find(client, &device), -ENODEV);
			assert_int_equal(channel_receive(ends[1], &kind, payload, &bytes, &fd), 0);
			assert_int_equal(kind, CHANNEL_DEVICE_NONE);
			client_free(client);
		}
		close(ends[1]);
		assert_int_equal(count_fds(), fds);
	}
	assert_true(n > 2);
	assert_int_equal(changes, 0);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_fail),
		cmocka_unit_test(workers_are_not_served),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
