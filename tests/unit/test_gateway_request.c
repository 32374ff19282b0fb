// SPDX-License-Identifier: GPL-2.0-or-later
/* Cookies, origins and names of VMs in requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>

#include "net/http_request.h"
#include "server/gateway/request.h"

static struct http_request request;

/* lines: headers, each with its end. */
static void read_request(const char *path, const char *lines)
{
	struct evbuffer *input = evbuffer_new();

	assert_non_null(input);
	evbuffer_add_printf(input, "GET %s HTTP/1.1\r\nHost: Desk.example:8443\r\n%s\r\n", path, lines);
	http_request_init(&request);
	assert_int_equal(http_request_read(&request, input), 1);
	evbuffer_free(input);
}

static void the_cookie_is_found(void **state)
{
	static const struct {
		const char *header, *value; /* NULL: none */
	} cases[] = {
		{ "Cookie: __Host-planecast=abc\r\n", "abc" },
		{ "Cookie: a=b; __Host-planecast=abc; c=d\r\n", "abc" },
		{ "Cookie: a=b;__Host-planecast=abc\r\n", "abc" },
		{ "Cookie: __Host-planecast=abc ; c=d\r\n", "abc" },
		{ "Cookie: __Host-planecast=\r\n", "" },
		{ "", NULL },
		{ "Cookie: \r\n", NULL },
		{ "Cookie: planecast=abc\r\n", NULL },
		{ "Cookie: x__Host-planecast=abc\r\n", NULL },
		{ "Cookie: __Host-planecastx=abc\r\n", NULL },
		{ "Cookie: a=__Host-planecast=abc\r\n", NULL },
		{ "Cookie: __host-planecast=abc\r\n", NULL },
		/* One of them is somebody else's. */
		{ "Cookie: __Host-planecast=abc; __Host-planecast=def\r\n", NULL },
	};
	const char *value;
	size_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_request("/", cases[i].header);
		value = request_cookie(&request, &bytes);
		assert_int_equal(value != NULL, cases[i].value != NULL);
		if (value) {
			assert_int_equal(bytes, strlen(cases[i].value));
			assert_memory_equal(value, cases[i].value, bytes);
		}
	}
}

static void only_this_very_origin_is_ours(void **state)
{
	static const struct {
		const char *header;
		bool is_ours;
	} cases[] = {
		{ "Origin: https://desk.example:8443\r\n", true },
		{ "Origin: https://Desk.example:8443\r\n", true },
		{ "", false },
		{ "Origin: null\r\n", false },
		{ "Origin: http://desk.example:8443\r\n", false },
		{ "Origin: https://desk.example\r\n", false },
		{ "Origin: https://desk.example:443\r\n", false },
		{ "Origin: https://desk.example:8443.evil.example\r\n", false },
		{ "Origin: https://evil.example\r\n", false },
		{ "Origin: https://\r\n", false },
		{ "Referer: https://desk.example:8443/\r\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_request("/", cases[i].header);
		assert_int_equal(request_is_ours(&request), cases[i].is_ours);
	}
}

static void names_are_read(void **state)
{
	static const struct {
		const char *path, *name; /* NULL: none */
	} cases[] = {
		{ "/vm/win11", "win11" },
		{ "/vm/a%20b", "a b" },
		{ "/vm/50%25", "50%" },
		{ "/vm/wei%C3%9f?x=y", "wei\xc3\x9f" },
		{ "/vm/..", ".." },
		{ "/vm/1234567890123456789012345678901234567890123456789012345678901234",
				"1234567890123456789012345678901234567890123456789012345678901234" },
		{ "/vm/12345678901234567890123456789012345678901234567890123456789012345", NULL },
		{ "/vm/", NULL },
		{ "/vm", NULL },
		{ "/VM/win11", NULL },
		{ "/vm/a/b", NULL },
		{ "/vm/a%2Fb", NULL },
		{ "/vm/a%00", NULL },
		{ "/vm/a%", NULL },
		{ "/vm/a%4", NULL },
		{ "/vm/a%4g", NULL },
	};
	char name[REQUEST_VM_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_request(cases[i].path, "");
		assert_int_equal(request_vm(&request, name), cases[i].name ? 0 : -EINVAL);
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cookie_is_found),
		cmocka_unit_test(only_this_very_origin_is_ours),
		cmocka_unit_test(names_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
