// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of who may do what: what they mean, and what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "config/role.h"

#define NOBODY (-1)

static void a_list_says_who_may_do_what(void **state)
{
	static const struct {
		const char *list, *user;
		int role;
	} cases[] = {
		{ NULL, "alice", ROLE_CONTROL },
		{ "", "alice", NOBODY },
		{ "alice", "alice", ROLE_CONTROL },
		{ "alice", "bob", NOBODY },
		{ "alice", "Alice", NOBODY },
		{ "alice", "alic", NOBODY },
		{ "alice", "alicea", NOBODY },
		{ "alice:view", "alice", ROLE_VIEW },
		{ "alice:control", "alice", ROLE_CONTROL },
		{ "  alice ,\tbob:view,carol ", "bob", ROLE_VIEW },
		{ "  alice ,\tbob:view,carol ", "carol", ROLE_CONTROL },
		{ "*", "alice", ROLE_CONTROL },
		{ "*:view", "alice", ROLE_VIEW },
		{ "*:view alice", "alice", ROLE_CONTROL },
		{ "alice:view *", "alice", ROLE_VIEW },
		{ "alice:view *", "*", NOBODY },
		{ "alice *", "", NOBODY },
		{ "alice *", "a b", NOBODY },
		{ "alice *", "alice:control", NOBODY },
		{ "fr\303\251d\303\251ric:view", "fr\303\251d\303\251ric", ROLE_VIEW },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t offset = SIZE_MAX;
		const char *error = NULL;
		enum role role = ROLE_VIEW;
		int r;

		if (cases[i].list)
			assert_int_equal(role_list_check(cases[i].list, &offset, &error), 0);
		r = role_list_find(cases[i].list, cases[i].user, &role);
		if (r != (cases[i].role == NOBODY ? -EACCES : 0) || (!r && (int)role != cases[i].role))
			fail_msg("\"%s\" of \"%s\": %d, %d", cases[i].user, cases[i].list, r, role);
	}
}

static void what_is_wrong_is_found_where_it_is(void **state)
{
	static const struct {
		const char *list;
		size_t offset;
	} cases[] = {
		{ "alice:", 0 },
		{ "alice :view", 6 },
		{ "alice bob:viewer", 6 },
		{ "bob:Control", 0 },
		{ "a:b:view", 0 },
		{ "alice,#bob", 6 },
		{ "alice bob alice:view", 10 },
		{ "* alice *:view", 8 },
		{ "al\001ce", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t offset = SIZE_MAX;
		const char *error = NULL;

		assert_int_equal(role_list_check(cases[i].list, &offset, &error), -EINVAL);
		assert_int_equal(offset, cases[i].offset);
		assert_non_null(error);
	}
}

static void names_have_a_length(void **state)
{
	char name[ROLE_NAME_MAX + 2];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[ROLE_NAME_MAX + 1] = '\0';
	assert_non_null(role_name_fault(name));
	name[ROLE_NAME_MAX] = '\0';
	assert_null(role_name_fault(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_says_who_may_do_what),
		cmocka_unit_test(what_is_wrong_is_found_where_it_is),
		cmocka_unit_test(names_have_a_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
