// SPDX-License-Identifier: GPL-2.0-or-later
/* Which VM a name means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "config/server_name.h"

#define LABEL63 "a23456789-123456789_123456789-123456789-123456789-123456789-123"

static void knows_host_names(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} names[] = {
		{ "a", true }, { "Win-11", true }, { "a.b.C", true }, { "a_b", true }, { "1", true }, { LABEL63, true },
		{ LABEL63 "x", false }, { "", false }, { ".", false }, { "a.", false }, { ".a", false },
		{ "a..b", false }, { "a b", false }, { "*.a", false }, { "\xc3\xa9", false }, { "a:1", false },
		{ LABEL63 "." LABEL63 "." LABEL63 "." LABEL63, false },
	};
	const char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		print_message("%s\n", names[i].text);
		assert_int_equal(server_name_check(names[i].text, &error) == 0, names[i].good);
	}
}

static void finds_the_vm_that_is_meant(void **state)
{
	static const char text[] =
			"[vm \"win11\"]\nsource = pattern\n"
			"[vm \"two words\"]\nsource = pattern\n"
			"[vm \"cad\"]\nsource = pattern\nserver-names = Desk cad.example.org\n"
			"[vm \"hidden\"]\nsource = pattern\nserver-names = off\n"
			"[vm \"x\"]\nsource = pattern\nserver-names = win11.other.org\n";
	static const struct {
		const char *name, *vm;
	} asked[] = {
		{ "win11", "win11" }, { "WIN11", "win11" }, { "win11.vms.example.org", "win11" },
		{ "desk", "cad" }, { "DESK.example.org", "cad" }, { "cad.example.ORG", "cad" },
		/* As a whole goes before as a label; what has a dot is only found as a whole. */
		{ "win11.other.org", "x" }, { "win11.other.orgs", "win11" },
		{ "cad.example.com", NULL }, { "cad", NULL }, { "hidden", NULL }, { "off", NULL }, { "two", NULL },
		{ "two words", NULL }, { "win1", NULL }, { "win111", NULL }, { "vms.win11", NULL }, { "", NULL },
		{ ".win11", NULL }, { "x", NULL },
	};
	struct config *config;

	(void)state;
	assert_int_equal(config_parse("t", text, strlen(text), config_report_stdio, stderr, &config), 0);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		const struct config_vm *vm = server_name_find(config, asked[i].name);

		print_message("%s\n", asked[i].name);
		if (asked[i].vm)
			assert_string_equal(vm ? vm->name : "none", asked[i].vm);
		else
			assert_null(vm);
	}
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_host_names),
		cmocka_unit_test(finds_the_vm_that_is_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
