// SPDX-License-Identifier: GPL-2.0-or-later
/* Hosts and origins of web pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "config/web_origin.h"

static void hosts(void **state)
{
	static const struct {
		const char *text, *name; /* NULL: is none */
	} cases[] = {
		{ "localhost", "localhost" },
		{ "Desk.Example.org:8443", "desk.example.org" },
		{ "127.0.0.1:5700", "127.0.0.1" },
		{ "[::1]", "[::1]" },
		{ "[FE80::1]:80", "[fe80::1]" },
		{ "a_b-c", "a_b-c" },
		{ "", NULL },
		{ ":80", NULL },
		{ "host:", NULL },
		{ "host:0", NULL },
		{ "host:080", NULL },
		{ "host:65536", NULL },
		{ "host:65535", "host" },
		{ "host:99999999999999999999", NULL },
		{ "host:80x", NULL },
		{ "user@host", NULL },
		{ "ho st", NULL },
		{ "host/", NULL },
		{ "::1", NULL },
		{ "[::1", NULL },
		{ "[::g]", NULL },
		{ "[::1]x", NULL },
		{ "[]", NULL },
		{ "h\xc3\xb6st", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[WEB_HOST_MAX] = "untouched";
		int r = web_host_parse(cases[i].text, name);

		if (r != (cases[i].name ? 0 : -EINVAL) || strcmp(name, cases[i].name ? cases[i].name : "untouched"))
			fail_msg("'%s': %d, '%s'", cases[i].text, r, name);
	}
}

static void long_hosts(void **state)
{
	char text[WEB_HOST_MAX + 8], name[WEB_HOST_MAX];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[WEB_HOST_MAX - 1] = '\0';
	assert_int_equal(web_host_parse(text, name), 0);
	assert_int_equal(strlen(name), WEB_HOST_MAX - 1);
	text[WEB_HOST_MAX - 1] = 'a';
	text[WEB_HOST_MAX] = '\0';
	assert_int_equal(web_host_parse(text, name), -EINVAL);
	text[0] = '[';
	text[WEB_HOST_MAX - 1] = ']';
	assert_int_equal(web_host_parse(text, name), -EINVAL);
}

static void fixed_hosts(void **state)
{
	(void)state;
	assert_true(web_host_is_fixed("localhost"));
	assert_true(web_host_is_fixed("10.0.0.7"));
	assert_true(web_host_is_fixed("[::1]"));
	assert_false(web_host_is_fixed("desk"));
	assert_false(web_host_is_fixed("localhost.example.org"));
	assert_false(web_host_is_fixed("10.0.0.7.nip.io"));
	assert_false(web_host_is_fixed("10.0.7"));
}

static void origins(void **state)
{
	static const struct {
		const char *text, *host, *error;
	} cases[] = {
		{ "https://desk.example.org", "desk.example.org", NULL },
		{ "http://localhost:8080", "localhost", NULL },
		{ "http://[::1]:8080", "[::1]", NULL },
		{ "https://desk:80", "desk", NULL },
		{ "https://desk:443", NULL, "the scheme has anyway" },
		{ "http://desk:80", NULL, "the scheme has anyway" },
		{ "https://desk/", NULL, "nothing follows" },
		{ "https://desk/page", NULL, "nothing follows" },
		{ "null", NULL, "an origin like" },
		{ "*", NULL, "an origin like" },
		{ "desk", NULL, "an origin like" },
		{ "ftp://desk", NULL, "an origin like" },
		{ "https://", NULL, "an origin like" },
		{ "https://a@desk", NULL, "an origin like" },
		{ "", NULL, "an origin like" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char host[WEB_HOST_MAX] = "untouched";
		const char *error = "";
		int r = web_origin_parse(cases[i].text, host, &error);

		if (r != (cases[i].host ? 0 : -EINVAL) || strcmp(host, cases[i].host ? cases[i].host : "untouched") ||
				(cases[i].error && !strstr(error, cases[i].error)))
			fail_msg("'%s': %d, '%s', '%s'", cases[i].text, r, host, error);
	}
	assert_int_equal(web_origin_parse("no", (char[WEB_HOST_MAX]){ 0 }, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(long_hosts),
		cmocka_unit_test(fixed_hosts),
		cmocka_unit_test(origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
