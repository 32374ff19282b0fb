// SPDX-License-Identifier: GPL-2.0-or-later
/* Listening sockets: what they bind, whom they accept, and what happens without descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/address.h"
#include "net/listener.h"
#include "tests/unit/pump.h"

static struct event_base *base;
static int accepted[64];
static unsigned int n_accepted;

static void handle_accept(void *user, int fd, const struct sockaddr *peer, socklen_t length)
{
	(void)peer;
	assert_ptr_equal(user, &base);
	assert_true(length >= sizeof(sa_family_t));
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(n_accepted < sizeof(accepted) / sizeof(accepted[0]));
	accepted[n_accepted++] = fd;
}

static int setup(void **state)
{
	(void)state;
	base = event_base_new();
	return base ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	while (n_accepted)
		close(accepted[--n_accepted]);
	event_base_free(base);
	return 0;
}

static int bind_text(const char *text, int *ret_fd)
{
	struct sockaddr_storage address;
	socklen_t length;
	const char *error;

	assert_int_equal(address_parse(text, &address, &length, &error), 0);
	return listener_bind((struct sockaddr *)&address, length, ret_fd);
}

/* A client of whatever listens on fd. */
static int connect_to(int fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int client;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	client = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client >= 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, length), 0);
	return client;
}

static void accepts_on_every_family(void **state)
{
	char directory[] = "/tmp/listener.XXXXXX";
	char unix_text[64];
	const char *const texts[] = { "127.0.0.1:0", "[::1]:0", "*:0", unix_text };

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(unix_text, sizeof(unix_text), "unix:%s/s", directory);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct listener *listener;
		int fd, client;

		if (bind_text(texts[i], &fd) == -EADDRNOTAVAIL)
			continue; /* a machine without ::1 */
		assert_int_equal(listener_new(base, fd, texts[i], handle_accept, &base, &listener), 0);
		assert_string_equal(listener_name(listener), texts[i]);
		client = connect_to(fd);
		PUMP_UNTIL(base, n_accepted == 1);
		close(accepted[--n_accepted]);
		close(client);
		listener_free(listener);
	}
	unlink(unix_text + strlen("unix:"));
	rmdir(directory);
}

static void every_address_takes_ipv4_too(void **state)
{
	struct sockaddr_in6 bound;
	socklen_t length = sizeof(bound);
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct listener *listener;
	int fd, client;

	(void)state;
	assert_int_equal(bind_text("*:0", &fd), 0);
	assert_int_equal(listener_new(base, fd, "any", handle_accept, &base, &listener), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &length), 0);
	address.sin_port = bound.sin6_port;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	PUMP_UNTIL(base, n_accepted == 1);
	close(client);
	listener_free(listener);
}

static void a_taken_port_is_an_error(void **state)
{
	struct sockaddr_in bound;
	socklen_t length = sizeof(bound);
	int fd, second = -2;

	(void)state;
	assert_int_equal(bind_text("127.0.0.1:0", &fd), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &length), 0);
	assert_int_equal(listener_bind((struct sockaddr *)&bound, length, &second), -EADDRINUSE);
	assert_int_equal(second, -2);
	close(fd);
}

static void unix_sockets_are_private_and_replace_stale_ones_only(void **state)
{
	char directory[] = "/tmp/listener.XXXXXX";
	char text[64];
	const char *path = text + strlen("unix:");
	struct stat st;
	int fd, second = -2;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(text, sizeof(text), "unix:%s/s", directory);
	assert_int_equal(bind_text(text, &fd), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(bind_text(text, &second), -EADDRINUSE);
	/* The path outlives its listener, as after a crash. */
	close(fd);
	assert_int_equal(bind_text(text, &fd), 0);
	close(fd);
	assert_int_equal(unlink(path), 0);
	/* Somebody's file is not a stale socket. */
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(bind_text(text, &second), -EADDRINUSE);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(second, -2);
	unlink(path);
	rmdir(directory);
}

static void without_descriptors_a_client_is_refused_at_once(void **state)
{
	struct rlimit before, tight;
	struct listener *listener;
	int fd, late, filler[64];
	unsigned int n_filler = 0;
	char byte;

	(void)state;
	assert_int_equal(bind_text("127.0.0.1:0", &fd), 0);
	assert_int_equal(listener_new(base, fd, "full", handle_accept, &base, &listener), 0);
	late = connect_to(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	tight = before;
	tight.rlim_cur = sizeof(filler) / sizeof(filler[0]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	while ((filler[n_filler] = dup(fd)) >= 0)
		n_filler++;
	assert_int_equal(errno, EMFILE);
	assert_int_equal(fcntl(late, F_SETFL, O_NONBLOCK), 0);
	PUMP_UNTIL(base, recv(late, &byte, 1, 0) == 0);
	assert_int_equal(n_accepted, 0);
	close(late);
	while (n_filler)
		close(filler[--n_filler]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	/* And it serves again. */
	late = connect_to(fd);
	PUMP_UNTIL(base, n_accepted == 1);
	close(late);
	listener_free(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(accepts_on_every_family, setup, teardown),
		cmocka_unit_test_setup_teardown(every_address_takes_ipv4_too, setup, teardown),
		cmocka_unit_test_setup_teardown(a_taken_port_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(unix_sockets_are_private_and_replace_stale_ones_only, setup,
				teardown),
		cmocka_unit_test_setup_teardown(without_descriptors_a_client_is_refused_at_once, setup,
				teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
