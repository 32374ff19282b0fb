// SPDX-License-Identifier: GPL-2.0-or-later
/* The web page: nothing that goes into it gets out of its place, and browsers are told to be strict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "server/gateway/pages.h"

static struct evbuffer *output;
static char *answer; /* NUL terminated */
static const char *body;

static int setup(void **state)
{
	(void)state;
	output = evbuffer_new();
	return output ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	evbuffer_free(output);
	free(answer);
	answer = NULL;
	return 0;
}

static void take_answer(int r)
{
	size_t bytes = evbuffer_get_length(output);
	char length[64];

	assert_int_equal(r, 0);
	free(answer);
	answer = calloc(1, bytes + 1);
	assert_non_null(answer);
	assert_int_equal(evbuffer_remove(output, answer, bytes), bytes);
	assert_int_equal(strlen(answer), bytes);
	body = strstr(answer, "\r\n\r\n");
	assert_non_null(body);
	body += 4;
	snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n", strlen(body));
	assert_non_null(strstr(answer, length));
}

#define expect(text) assert_non_null(strstr(answer, text))
#define expect_not(text) assert_null(strstr(answer, text))

static void browsers_are_told_to_be_strict(void **state)
{
	static const char *const lines[] = { "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
		"Strict-Transport-Security: max-age=31536000", "X-Frame-Options: DENY", "Connection: close",
		"Content-Type: text/html; charset=utf-8" };
	char line[128];

	(void)state;
	for (unsigned int page = 0; page < 4; page++) {
		take_answer(page == 0 ? pages_put_login(output, 200, "", NULL)
				: page == 1 ? pages_put_list(output, "ann", true, NULL, 0)
				: page == 2 ? pages_put_error(output, 404, "There is no such page.")
				: pages_put_redirect(output, NULL));
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
			snprintf(line, sizeof(line), "\r\n%s\r\n", lines[i]);
			expect(line);
		}
		expect("Content-Security-Policy: default-src 'none'; style-src 'sha256-");
		expect("; frame-ancestors 'none'\r\n");
		expect_not("<script");
		expect_not(" style=");
		expect_not("Set-Cookie");
	}
}

static void the_style_is_the_one_that_is_allowed(void **state)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char allowed[128] = "style-src 'sha256-";
	const char *style, *end;

	(void)state;
	take_answer(pages_put_login(output, 200, "", NULL));
	style = strstr(body, "<style>") + strlen("<style>");
	end = strstr(style, "</style>");
	assert_non_null(end);
	assert_int_equal(EVP_Digest(style, (size_t)(end - style), digest, NULL, EVP_sha256(), NULL), 1);
	EVP_EncodeBlock((unsigned char *)allowed + strlen(allowed), digest, 32);
	strcat(allowed, "'; ");
	expect(allowed);
	assert_null(strstr(end + 1, "<style"));
}

static void the_cookie_is_for_this_host_and_no_script(void **state)
{
	(void)state;
	take_answer(pages_put_redirect(output, "SECRET"));
	expect("HTTP/1.1 303 ");
	expect("\r\nLocation: /\r\n");
	expect("\r\nSet-Cookie: __Host-planecast=SECRET; Path=/; Secure; HttpOnly; SameSite=Strict\r\n");
	take_answer(pages_put_redirect(output, ""));
	expect("\r\nSet-Cookie: __Host-planecast=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0\r\n");
}

static void texts_stay_texts(void **state)
{
	static const char evil[] = "<b onclick='x'>\"&amp;\x01\x7f\xff\xc2\x80";
	static const char tame[] = "&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;amp;?????";
	const struct pages_vm vms[] = {
		{ .name = evil, .title = evil, .state = PAGES_BLANK, .why = evil },
		{ .name = "b", .title = "\"", .state = PAGES_SHOWN, .width = 1, .height = 2 },
	};

	(void)state;
	take_answer(pages_put_login(output, 401, evil, evil));
	expect("HTTP/1.1 401 ");
	expect(tame);
	expect_not("<b onclick");
	assert_non_null(strstr(strstr(answer, tame) + 1, tame));
	take_answer(pages_put_list(output, evil, true, vms, 2));
	expect_not("<b onclick");
	expect("Signed in as <b>&lt;b onclick");
	expect("<h2>&lt;b onclick");
	expect("<p class=\"state blank\">&lt;b onclick");
	take_answer(pages_put_error(output, 400, evil));
	expect_not("<b onclick");
	/* Characters beyond ASCII are themselves, where they are whole. */
	take_answer(pages_put_error(output, 400, "\xc3\xa9\xe2\x82\xac \xc3"));
	expect("<p>\xc3\xa9\xe2\x82\xac ?</p>");
}

static void the_list_says_what_there_is(void **state)
{
	const struct pages_vm vms[] = {
		{ .name = "win 11%?#\xc3\xa9", .title = "Windows", .state = PAGES_SHOWN, .width = 1920, .height = 1080,
				.viewers = 2, .may_control = true },
		{ .name = "cad-07", .title = "CAD", .state = PAGES_BLANK, .why = "display off", .viewers = 1 },
		{ .name = "off", .title = "Off", .state = PAGES_ENDED },
	};

	(void)state;
	take_answer(pages_put_list(output, "ann", true, vms, 3));
	/* As noVNC hands it on once it has decoded its query, the browser asks for it. */
	expect("href=\"/novnc/vnc.html?autoconnect=1&amp;resize=remote&amp;"
	       "path=../vm/win%252011%2525%253F%2523%25C3%25A9\"");
	expect("1920 &times; 1080");
	expect("You may control it &middot; 2 viewers");
	expect("path=../vm/cad-07\"");
	expect("display off");
	expect("You may watch it &middot; 1 viewer<");
	expect("Not running");
	expect_not("vm/off");
	expect("action=\"/logout\"");
	/* Without noVNC nothing can be opened. */
	take_answer(pages_put_list(output, NULL, false, vms, 3));
	expect_not("href=\"/novnc");
	expect("web-pages");
	expect_not("logout");
	take_answer(pages_put_list(output, "ann", true, NULL, 0));
	expect("There is no virtual machine that you may see.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(browsers_are_told_to_be_strict, setup, teardown),
		cmocka_unit_test_setup_teardown(the_style_is_the_one_that_is_allowed, setup, teardown),
		cmocka_unit_test_setup_teardown(the_cookie_is_for_this_host_and_no_script, setup, teardown),
		cmocka_unit_test_setup_teardown(texts_stay_texts, setup, teardown),
		cmocka_unit_test_setup_teardown(the_list_says_what_there_is, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
