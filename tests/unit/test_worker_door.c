// SPDX-License-Identifier: GPL-2.0-or-later
/* What a worker takes from the gateway, which may be in a stranger's hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/channel.h"
#include "server/supervisor_door.h"
#include "server/worker_door.h"
#include "tests/unit/pump.h"

static struct event_base *base;
static struct supervisor_door ends;
static struct worker_door door;

static struct {
	unsigned int n;
	enum config_listeners key;
	int fd;
	struct sockaddr_storage peer;
} taken;

static void take(void *user, enum config_listeners key, int fd, const struct sockaddr *peer, socklen_t length)
{
	assert_ptr_equal(user, &door);
	if (taken.n++)
		close(taken.fd);
	taken.key = key;
	taken.fd = fd;
	memcpy(&taken.peer, peer, length);
}

static struct {
	unsigned int n;
	int fd;
	struct channel_viewer viewer;
} admitted;

static void admit(void *user, int fd, const struct channel_viewer *viewer)
{
	assert_ptr_equal(user, &door);
	if (admitted.n++)
		close(admitted.fd);
	admitted.fd = fd;
	admitted.viewer = *viewer;
}

static const struct worker_door_events events = {
	.handed = take,
	.viewer = admit,
};

static int setup(void **state)
{
	(void)state;
	base = event_base_new();
	ends = SUPERVISOR_DOOR_NONE;
	memset(&taken, 0, sizeof(taken));
	taken.fd = -1;
	memset(&admitted, 0, sizeof(admitted));
	admitted.fd = -1;
	assert_int_equal(supervisor_door_open(&ends), 1);
	return worker_door_open(&door, base, fcntl(ends.worker_fd, F_DUPFD_CLOEXEC, 0), &events, &door);
}

static int teardown(void **state)
{
	(void)state;
	if (taken.fd >= 0)
		close(taken.fd);
	if (admitted.fd >= 0)
		close(admitted.fd);
	worker_door_close(&door);
	supervisor_door_close(&ends);
	event_base_free(base);
	return 0;
}

static unsigned int count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

/* Both ends of a connection by TCP, as accept() and connect() give them. */
static void connect_pair(int *ret_here, int *ret_there)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	*ret_there = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(*ret_there, (struct sockaddr *)&address, sizeof(address)), 0);
	*ret_here = accept(listener, NULL, NULL);
	assert_true(*ret_here >= 0);
	close(listener);
}

static void hand(const char *key, int fd)
{
	assert_int_equal(channel_send(ends.gateway_fd, CHANNEL_HANDED, key, strlen(key), fd), 0);
}

static void takes_connections(void **state)
{
	static const struct {
		const char *name;
		enum config_listeners key;
	} keys[] = { { "spice-tls", CONFIG_LISTENERS_SPICE_TLS }, { "websocket", CONFIG_LISTENERS_WEBSOCKET } };
	const struct sockaddr_in *peer = (const struct sockaddr_in *)&taken.peer;
	struct sockaddr_in name;
	socklen_t length;
	int here, there;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		connect_pair(&here, &there);
		hand(keys[i].name, here);
		close(here);
		PUMP_UNTIL(base, taken.n == i + 1);
		assert_int_equal(taken.key, keys[i].key);
		assert_true(fcntl(taken.fd, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(taken.fd, F_GETFD) & FD_CLOEXEC);
		/* Who it is the kernel says, and nobody else. */
		length = sizeof(name);
		assert_int_equal(getsockname(there, (struct sockaddr *)&name, &length), 0);
		assert_int_equal(peer->sin_family, AF_INET);
		assert_int_equal(peer->sin_port, name.sin_port);
		close(there);
	}
}

/* What comes behind it is served all the same. */
static void assert_still_serves(void)
{
	const unsigned int before = taken.n;
	int here, there;

	connect_pair(&here, &there);
	hand("websocket", here);
	close(here);
	PUMP_UNTIL(base, taken.n > before);
	assert_int_equal(taken.n, before + 1);
	close(there);
}

static int new_socket(int family, int type, bool listens)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (listens)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void refuses_what_is_no_connection(void **state)
{
	unsigned int fds;
	int pipes[2], pair[2], here, there;

	(void)state;
	assert_still_serves();
	fds = count_fds();
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	connect_pair(&here, &there);
	close(there);
	{
		const int offered[] = {
			new_socket(AF_INET, SOCK_STREAM, true), new_socket(AF_INET, SOCK_STREAM, false),
			new_socket(AF_INET, SOCK_DGRAM, false), new_socket(AF_INET6, SOCK_STREAM, true),
			new_socket(AF_UNIX, SOCK_STREAM, false), pair[0], pair[1], pipes[0], pipes[1],
			open("/dev/null", O_RDWR), open("/proc/self/exe", O_RDONLY), memfd_create("x", 0),
		};

		for (size_t i = 0; i < sizeof(offered) / sizeof(offered[0]); i++) {
			hand("websocket", offered[i]);
			close(offered[i]);
		}
	}
	close(here);
	assert_still_serves();
	assert_int_equal(taken.n, 2);
	assert_int_equal(count_fds(), fds);
}

static void refuses_what_is_not_to_be_handed_over(void **state)
{
	static const char *const keys[] = { "vnc", "spice", "web", "spice-tls ", "websocket\n", "x" };
	static const enum channel_kind kinds[] = { CHANNEL_CONFIG, CHANNEL_STOP, CHANNEL_READY, CHANNEL_LISTENER,
		CHANNEL_ASK, CHANNEL_SERVING, CHANNEL_DOOR, CHANNEL_VM_DOOR, CHANNEL_BOARD };
	static const char garbage[][12] = { "", "x", "\x01\0\0\0\0\0\0\0", "\xff\xff\xff\xff\1\0\0\0x" };
	unsigned int fds;
	int here, there;

	(void)state;
	assert_still_serves();
	fds = count_fds();
	connect_pair(&here, &there);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		hand(keys[i], here);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		/* Each as that kind has to be, or it is not sent. */
		channel_send(ends.gateway_fd, kinds[i], "websocket", 9, here);
		channel_send(ends.gateway_fd, kinds[i], "websocket", 9, -1);
		channel_send(ends.gateway_fd, kinds[i], NULL, 0, here);
		channel_send(ends.gateway_fd, kinds[i], NULL, 0, -1);
	}
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++)
		send(ends.gateway_fd, garbage[i], i ? sizeof(garbage[i]) : 0, 0);
	close(here);
	close(there);
	assert_still_serves();
	assert_int_equal(taken.n, 2);
	assert_int_equal(count_fds(), fds);
}

static struct channel_viewer viewer_of(const char *user)
{
	struct channel_viewer viewer;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(7) };

	memset(&viewer, 0, sizeof(viewer));
	memcpy(&viewer.address, &address, sizeof(address));
	viewer.address_bytes = sizeof(address);
	strcpy(viewer.user, user);
	strcpy(viewer.tls, "TLSv1.3");
	return viewer;
}

static void send_viewer(const struct channel_viewer *viewer, int fd)
{
	assert_int_equal(channel_send(ends.gateway_fd, CHANNEL_VIEWER, viewer, sizeof(*viewer), fd), 0);
}

static void takes_viewers_that_the_gateway_knows(void **state)
{
	static const char *const users[] = { "", "ann" };
	int pair[2];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		const struct channel_viewer viewer = viewer_of(users[i]);

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		send_viewer(&viewer, pair[1]);
		close(pair[1]);
		PUMP_UNTIL(base, admitted.n == i + 1);
		assert_memory_equal(&admitted.viewer, &viewer, sizeof(viewer));
		assert_true(fcntl(admitted.fd, F_GETFL) & O_NONBLOCK);
		close(pair[0]);
	}
	assert_int_equal(taken.n, 0);
}

static void refuses_viewers_that_cannot_be(void **state)
{
	struct channel_viewer viewers[9];
	int pair[2], here, there;
	unsigned int fds;

	(void)state;
	assert_still_serves();
	fds = count_fds();
	for (size_t i = 0; i < 9; i++)
		viewers[i] = viewer_of("ann");
	memset(viewers[0].user, 'a', sizeof(viewers[0].user));
	strcpy(viewers[1].user, "a b");
	strcpy(viewers[2].user, "*");
	strcpy(viewers[3].user, "a\n");
	memset(viewers[4].tls, 'a', sizeof(viewers[4].tls));
	strcpy(viewers[5].tls, "\n");
	viewers[6].address.ss_family = AF_NETLINK;
	viewers[7].address_bytes = sizeof(struct sockaddr_in) - 1;
	viewers[8].address_bytes = sizeof(viewers[8].address) + 1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	for (size_t i = 0; i < 9; i++)
		send_viewer(&viewers[i], pair[1]);
	close(pair[0]);
	close(pair[1]);
	/* Only what is a socketpair goes between. */
	connect_pair(&here, &there);
	viewers[0] = viewer_of("ann");
	send_viewer(&viewers[0], here);
	close(here);
	close(there);
	assert_still_serves();
	assert_int_equal(admitted.n, 0);
	assert_int_equal(count_fds(), fds);
}

static void ends_with_the_last_port(void **state)
{
	(void)state;
	supervisor_door_close(&ends);
	PUMP_UNTIL(base, !door.readable);
	worker_door_close(&door);
	assert_int_equal(taken.n, 0);
}

static void outlives_both(void **state)
{
	int here, there;

	(void)state;
	/* A worker ends, and somebody comes before there is another. */
	worker_door_close(&door);
	assert_int_equal(supervisor_door_open(&ends), 0);
	connect_pair(&here, &there);
	hand("spice-tls", here);
	close(here);
	assert_int_equal(worker_door_open(&door, base, fcntl(ends.worker_fd, F_DUPFD_CLOEXEC, 0), &events, &door), 0);
	PUMP_UNTIL(base, taken.n == 1);
	close(there);
	/* A worker has nothing to say to the gateway. */
	assert_int_equal(channel_send(ends.worker_fd, CHANNEL_STOP, NULL, 0, -1), -EPIPE);
	/* It may hang up for all who come after it, and so may the gateway: then there is another one. */
	ends.gateway_knows = true;
	assert_int_equal(shutdown(ends.worker_fd, SHUT_RDWR), 0);
	assert_int_equal(supervisor_door_open(&ends), 1);
	assert_false(ends.gateway_knows);
	assert_int_equal(supervisor_door_open(&ends), 0);
	assert_int_equal(shutdown(ends.gateway_fd, SHUT_WR), 0);
	assert_int_equal(supervisor_door_open(&ends), 1);
	assert_int_equal(supervisor_door_open(&ends), 0);
}

/* More than there is room for do not wait: who hands over is told. */
static void has_room_for_some(void **state)
{
	unsigned int n = 0;
	int here, there, r;

	(void)state;
	connect_pair(&here, &there);
	while (!(r = channel_send(ends.gateway_fd, CHANNEL_HANDED, "websocket", 9, here)))
		n++;
	assert_true(r == -EAGAIN || r == -ETOOMANYREFS);
	print_message("%u wait\n", n);
	assert_true(n >= 16);
	PUMP_UNTIL(base, taken.n == n);
	close(here);
	close(there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_connections, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_connection, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_not_to_be_handed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_viewers_that_the_gateway_knows, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_viewers_that_cannot_be, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_with_the_last_port, setup, teardown),
		cmocka_unit_test_setup_teardown(outlives_both, setup, teardown),
		cmocka_unit_test_setup_teardown(has_room_for_some, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
