// SPDX-License-Identifier: GPL-2.0-or-later
/* Forms: what browsers send is read, what they do not send is refused and not kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "server/gateway/form.h"

static char name[9], password[17];
static const struct form_field fields[] = {
	{ "name", name, sizeof(name) },
	{ "password", password, sizeof(password) },
};

static int read_text(const char *text)
{
	memset(name, 'x', sizeof(name));
	memset(password, 'x', sizeof(password));
	return form_read(text, strlen(text), fields, 2);
}

static void what_browsers_send_is_read(void **state)
{
	static const struct {
		const char *text, *name, *password;
	} cases[] = {
		{ "name=ann&password=Sesame", "ann", "Sesame" },
		{ "password=Sesame&name=ann", "ann", "Sesame" },
		{ "name=&password=", "", "" },
		{ "name=a+b&password=%26%3D%25%2B+%20", "a b", "&=%+  " },
		{ "name=%C3%A9%c3%a9&password=*-._%7E", "\xc3\xa9\xc3\xa9", "*-._~" },
		{ "name=12345678&password=1234567890123456", "12345678", "1234567890123456" },
		{ "name=%0d%0A%01&password=%FF", "\r\n\1", "\xff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_text(cases[i].text), 0);
		assert_string_equal(name, cases[i].name);
		assert_string_equal(password, cases[i].password);
	}
}

static void nothing_else_is(void **state)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{ "", -EINVAL },
		{ "name=ann", -EINVAL },
		{ "name=ann&", -EINVAL },
		{ "name=ann&password=x&", -EINVAL },
		{ "&name=ann&password=x", -EINVAL },
		{ "name=ann&&password=x", -EINVAL },
		{ "name=ann&name=bob", -EINVAL },
		{ "name=ann&password=x&name=bob", -EINVAL },
		{ "name=ann&password=x&role=root", -EINVAL },
		{ "name=ann&passwor=x", -EINVAL },
		{ "name=ann&passwordx=x", -EINVAL },
		{ "name=ann&n%61me=x", -EINVAL },
		{ "name&password=x", -EINVAL },
		{ "name=ann;password=x", -EINVAL },
		{ "name=a=b&password=x", -EINVAL },
		{ "name=ann&password=a b", -EINVAL },
		{ "name=ann&password=\xc3\xa9", -EINVAL },
		{ "name=ann&password=x\r\n", -EINVAL },
		{ "name=ann&password=%", -EINVAL },
		{ "name=ann&password=%4", -EINVAL },
		{ "name=ann&password=%4g", -EINVAL },
		{ "name=ann%4&password=1", -EINVAL },
		{ "name=ann&password=Se%00same", -EINVAL },
		{ "name=123456789&password=x", -E2BIG },
		{ "name=ann&password=12345678901234567", -E2BIG },
	};
	static const char nothing[sizeof(password)];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_text(cases[i].text), cases[i].error);
		assert_memory_equal(name, nothing, sizeof(name));
		assert_memory_equal(password, nothing, sizeof(password));
	}
	assert_int_equal(form_read("name=ann&password=Se\0same", 25, fields, 2), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_browsers_send_is_read),
		cmocka_unit_test(nothing_else_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
