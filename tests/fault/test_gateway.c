// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a shared port to a worker when memory runs out at any point: whoever comes is
 * handed over or turned away, and is not left waiting; the next one is served.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/gateway/dispatch.h"
#include "server/gateway/gateway.h"
#include "server/supervisor_door.h"
#include "server/worker_door.h"
#include "tests/fault/alloc.h"
#include "tests/unit/pump.h"

static struct event_base *base;
static struct config *config;
static struct supervisor_door ends = { -1, -1, false };
static char hello[4096];
static int hello_bytes;
static unsigned int taken;

/* What dispatch asks of the gateway. */

struct event_base *gateway_base(const struct gateway *gateway)
{
	(void)gateway;
	return base;
}

const struct config *gateway_config(const struct gateway *gateway)
{
	(void)gateway;
	return config;
}

int gateway_hand_over(const struct gateway *gateway, const char *vm, enum channel_kind kind, const void *payload,
		size_t bytes, int fd)
{
	(void)gateway;
	assert_string_equal(vm, "win");
	return channel_send(ends.gateway_fd, kind, payload, bytes, fd);
}

static void take(void *user, enum config_listeners key, int fd, const struct sockaddr *peer, socklen_t length)
{
	(void)user;
	(void)peer;
	(void)length;
	assert_int_equal(key, CONFIG_LISTENERS_SPICE_TLS);
	taken++;
	close(fd);
}

static void admit(void *user, int fd, const struct channel_viewer *viewer)
{
	(void)user;
	(void)viewer;
	close(fd);
}

static const struct worker_door_events door_events = {
	.handed = take,
	.viewer = admit,
};

static void take_other(void *user, int fd, const struct sockaddr *peer, socklen_t length)
{
	(void)user;
	(void)fd;
	(void)peer;
	(void)length;
	fail_msg("it means a VM");
}

static bool is_over(int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLIN | POLLRDHUP };

	return poll(&end, 1, 0) > 0;
}

/* Somebody comes and asks for the VM. */
static void come(struct dispatch *dispatch)
{
	const struct sockaddr_un peer = { .sun_family = AF_UNIX };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(send(pair[0], hello, (size_t)hello_bytes, 0), hello_bytes);
	dispatch_accept(dispatch, CONFIG_SHARED_SPICE_TLS, pair[1], (const struct sockaddr *)&peer,
			sizeof(peer.sun_family));
	PUMP_UNTIL(base, is_over(pair[0]));
	close(pair[0]);
}

static int run(void)
{
	struct worker_door door = { .readable = NULL };
	struct dispatch *dispatch = NULL;
	unsigned int before;
	int r;

	r = worker_door_open(&door, base, fcntl(ends.worker_fd, F_DUPFD_CLOEXEC, 0), &door_events, NULL);
	if (!r)
		r = dispatch_new(NULL, take_other, NULL, &dispatch);
	if (!r) {
		come(dispatch);
		alloc_hold(true);
		before = taken;
		come(dispatch);
		assert_int_equal(taken, before + 1);
		alloc_hold(false);
	}
	dispatch_free(dispatch);
	worker_door_close(&door);
	return r;
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

static void leaves_nobody_waiting(void **state)
{
	long number = 0, refusals = 0;
	unsigned int fds;

	(void)state;
	assert_int_equal(run(), 0);
	fds = count_fds();
	for (;; number++) {
		const unsigned int before = taken;
		int r;

		alloc_fail_at(number);
		r = run();
		alloc_hold(true);
		assert_int_equal(count_fds(), fds);
		if (!alloc_has_failed())
			break;
		assert_true(r == 0 || r == -ENOMEM);
		refusals += r == 0 && taken == before + 1;
		alloc_hold(false);
	}
	alloc_hold(false);
	alloc_fail_at(-1);
	print_message("%ld allocations, %ld of them somebody's\n", number, refusals);
	assert_true(number > 10 && refusals > 0);
}

static void make_hello(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	SSL *ssl = SSL_new(context);

	SSL_set_bio(ssl, in, out);
	SSL_set_connect_state(ssl);
	SSL_set_tlsext_host_name(ssl, "win.example.org");
	SSL_do_handshake(ssl);
	hello_bytes = BIO_read(out, hello, sizeof(hello));
	assert_true(hello_bytes > 0);
	SSL_free(ssl);
	SSL_CTX_free(context);
}

static int setup(void **state)
{
	static const char text[] = "[vm \"win\"]\nsource = pattern\ntls-certificate = /c\ntls-key = /k\n";

	(void)state;
	make_hello();
	base = event_base_new();
	return supervisor_door_open(&ends) == 1 && config_parse("t", text, strlen(text), config_report_stdio, stderr,
			&config) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	supervisor_door_close(&ends);
	config_free(config);
	event_base_free(base);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(leaves_nobody_waiting, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
