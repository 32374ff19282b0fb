// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses to listen on: what is read, what is refused and why, and the way back to text. */
#include "config/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#define TEXT_35 "/a23456789b123456789c123456789d1234"
#define PATH_107 TEXT_35 TEXT_35 TEXT_35 "/a"

static const struct {
	const char *text, *formatted; /* NULL: as text */
	int family;
	bool local;
} good[] = {
	{ "127.0.0.1:5901", NULL, AF_INET, true },
	{ "127.8.9.10:1", NULL, AF_INET, true },
	{ "0.0.0.0:5901", NULL, AF_INET, false },
	{ "192.168.1.2:65535", NULL, AF_INET, false },
	{ "127.0.0.1:0", NULL, AF_INET, true },
	{ "127.0.0.1:05901", "127.0.0.1:5901", AF_INET, true },
	{ "localhost:5901", "127.0.0.1:5901", AF_INET, true },
	{ "[::1]:5901", NULL, AF_INET6, true },
	{ "[0:0::1]:5901", "[::1]:5901", AF_INET6, true },
	{ "[::]:5901", NULL, AF_INET6, false },
	{ "*:5901", "[::]:5901", AF_INET6, false },
	{ "[fe80::1%lo]:5901", NULL, AF_INET6, false },
	{ "[2001:db8::7]:5901", NULL, AF_INET6, false },
	{ "[::ffff:127.0.0.1]:80", "127.0.0.1:80", AF_INET6, true },
	{ "[::ffff:10.0.0.1]:80", "10.0.0.1:80", AF_INET6, false },
	{ "unix:/run/planecast/win11.vnc", NULL, AF_UNIX, true },
	{ "unix:/with space:and colon", NULL, AF_UNIX, true },
	{ "unix:" PATH_107, NULL, AF_UNIX, true },
};

static const struct {
	const char *text, *error; /* error: a part of it */
} bad[] = {
	{ "", "ADDRESS:PORT" },
	{ "5901", "ADDRESS:PORT" },
	{ ":5901", "ADDRESS:PORT" },
	{ "127.0.0.1", "ADDRESS:PORT" },
	{ "[::1]", "ADDRESS:PORT" },
	{ "vnc://127.0.0.1:5901", "ADDRESS:PORT" },
	{ "spice://127.0.0.1", "ADDRESS:PORT" },
	{ "127.0.0.1:", "0 to 65535" },
	{ "127.0.0.1:65536", "0 to 65535" },
	{ "127.0.0.1:005901", "0 to 65535" },
	{ "127.0.0.1:-1", "0 to 65535" },
	{ "127.0.0.1:+1", "0 to 65535" },
	{ "127.0.0.1: 5901", "0 to 65535" },
	{ "127.0.0.1:5901 ", "0 to 65535" },
	{ "127.0.0.1:vnc", "0 to 65535" },
	{ "127.1:5901", "not looked up" },
	{ "127.0.0.256:5901", "not looked up" },
	{ "myhost:5901", "not looked up" },
	{ "Localhost:5901", "not looked up" },
	{ "::1:5901", "brackets" },
	{ "[::1:5901", "']'" },
	{ "[:5901", "']'" },
	{ "[]:5901", "between the brackets" },
	{ "[127.0.0.1]:5901", "between the brackets" },
	{ "[::1%]:5901", "interface" },
	{ "[fe80::1%no-such-if]:5901", "interface" },
	{ "[" TEXT_35 TEXT_35 "]:1", "too long" },
	{ "unix:", "absolute path" },
	{ "unix:/", "absolute path" },
	{ "unix:run/x", "absolute path" },
	{ "unix:" PATH_107 "a", "107" },
};

static void reads_and_writes_addresses(void **state)
{
	(void)state;
	assert_int_equal(strlen(PATH_107), 107);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const char *want = good[i].formatted ? good[i].formatted : good[i].text;
		struct sockaddr_storage address, again;
		socklen_t length = 0, length_again = 0;
		char buf[ADDRESS_TEXT_MAX];
		const char *error = NULL;

		print_message("%s\n", good[i].text);
		assert_int_equal(address_parse(good[i].text, &address, &length, &error), 0);
		assert_null(error);
		assert_int_equal(address.ss_family, good[i].family);
		assert_int_equal(address_is_local((struct sockaddr *)&address), good[i].local);
		assert_string_equal(address_format((struct sockaddr *)&address, length, buf), want);

		assert_int_equal(address_parse(buf, &again, &length_again, &error), 0);
		if (again.ss_family == address.ss_family) {
			assert_int_equal(length_again, length);
			assert_memory_equal(&again, &address, sizeof(again));
		}
	}
}

static void refuses_with_the_reason_and_leaves_outputs_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sockaddr_storage address = { .ss_family = 77 };
		const char *error = NULL;
		socklen_t length = 77;

		print_message("%s\n", bad[i].text);
		assert_int_equal(address_parse(bad[i].text, &address, &length, &error), -EINVAL);
		assert_int_equal(address.ss_family, 77);
		assert_int_equal(length, 77);
		assert_non_null(error);
		if (!strstr(error, bad[i].error))
			fail_msg("\"%s\" lacks \"%s\"", error, bad[i].error);
	}
}

static void formats_peers_of_unix_sockets(void **state)
{
	struct sockaddr_un unnamed = { .sun_family = AF_UNIX };
	struct sockaddr_un abstract = { .sun_family = AF_UNIX, .sun_path = "\0name" };
	struct sockaddr_un full = { .sun_family = AF_UNIX };
	socklen_t path = offsetof(struct sockaddr_un, sun_path);
	char buf[ADDRESS_TEXT_MAX];

	(void)state;
	assert_string_equal(address_format((struct sockaddr *)&unnamed, path, buf), "unix");
	assert_string_equal(address_format((struct sockaddr *)&abstract, path + 5, buf),
			"unix:@name");
	memset(full.sun_path, 'x', sizeof(full.sun_path));
	address_format((struct sockaddr *)&full, sizeof(full), buf);
	assert_int_equal(strlen(buf), strlen("unix:") + sizeof(full.sun_path));
}

static void formats_what_it_does_not_know(void **state)
{
	struct sockaddr other = { .sa_family = AF_NETLINK };
	char buf[ADDRESS_TEXT_MAX];

	(void)state;
	assert_string_equal(address_format(&other, sizeof(other), buf), "unknown");
	assert_string_equal(address_format(&other, 0, buf), "unknown");
	assert_false(address_is_local(&other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_addresses),
		cmocka_unit_test(refuses_with_the_reason_and_leaves_outputs_alone),
		cmocka_unit_test(formats_peers_of_unix_sockets),
		cmocka_unit_test(formats_what_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
