// SPDX-License-Identifier: GPL-2.0-or-later
/* Which peers a network of the configuration has, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "config/network.h"

static bool contains(const char *text, const char *peer)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct network network;
	const char *error;

	assert_int_equal(network_parse(text, &network, &error), 0);
	if (inet_pton(AF_INET, peer, &in.sin_addr) == 1)
		return network_contains(&network, (struct sockaddr *)&in);
	if (inet_pton(AF_INET6, peer, &in6.sin6_addr) == 1)
		return network_contains(&network, (struct sockaddr *)&in6);
	return network_contains(&network, (struct sockaddr *)&un);
}

static void has_those_whose_first_bits_are_its(void **state)
{
	static const struct {
		const char *text, *peer;
		bool contained;
	} cases[] = {
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "::ffff:192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "192.0.2.7", true },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::1", false },
		{ "2001:db8::1", "2001:db8::1", true },
		{ "2001:db8::1", "2001:db8::2", false },
		{ "localhost", "127.1.2.3", true },
		{ "localhost", "::1", true },
		{ "localhost", "128.0.0.1", false },
		{ "localhost", "unix", false },
		{ "unix", "unix", true },
		{ "unix", "127.0.0.1", false },
		{ "0.0.0.0/0", "unix", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (contains(cases[i].text, cases[i].peer) != cases[i].contained)
			fail_msg("%s, %s", cases[i].text, cases[i].peer);
	}
}

static void all_else_is_none(void **state)
{
	static const char *const bad[] = { "", "host", "192.0.2", "192.0.2.7/", "192.0.2.0/33", "192.0.2.0/-1",
		"192.0.2.7/24", "2001:db8::/129", "2001:db8::1/64", "[::1]", "192.0.2.7:80", "/8", "unix:/path",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", "10.0.0.0/99999999999999999999" };
	struct network network = { .bits = 7 };
	const char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error = NULL;
		assert_int_equal(network_parse(bad[i], &network, &error), -EINVAL);
		assert_non_null(error);
		assert_int_equal(network.bits, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_those_whose_first_bits_are_its),
		cmocka_unit_test(all_else_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
