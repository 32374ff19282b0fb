// SPDX-License-Identifier: GPL-2.0-or-later
/* Which VMs are on the web page for whom: a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "config/config.h"
#include "server/gateway/access.h"

static char users[] = "/users", users_again[] = "/users", other[] = "/other", service[] = "planecast", ca[] = "/ca",
		other_ca[] = "/other-ca", allow[] = "ann bob:view";

#define AUTH(word) .vnc_auth = CONFIG_AUTH_##word

static void the_table(void **state)
{
	const struct config_server with_users = { .users_file = users }, with_pam = { .pam_service = service },
			without = { 0 }, with_ca = { .users_file = users, .tls_client_ca = ca };
	const struct {
		const struct config_server *server;
		struct config_vm vm;
		const char *user;
		int r;
		enum role role;
	} cases[] = {
		{ &with_users, { AUTH(USERS), .users_file = users_again }, "ann", 0, ROLE_CONTROL },
		{ &with_users, { AUTH(USERS), .users_file = users, .allow = allow }, "ann", 0, ROLE_CONTROL },
		{ &with_users, { AUTH(USERS), .users_file = users, .allow = allow }, "bob", 0, ROLE_VIEW },
		{ &with_users, { AUTH(USERS), .users_file = users, .allow = allow }, "eve", -EACCES, 0 },
		{ &with_users, { AUTH(USERS), .users_file = users, .view_only = true }, "ann", 0, ROLE_VIEW },
		{ &with_users, { AUTH(USERS), .users_file = users }, NULL, -EACCES, 0 },
		/* Other people of the same names. */
		{ &with_users, { AUTH(USERS), .users_file = other }, "ann", -EACCES, 0 },
		{ &with_users, { AUTH(USERS), .users_file = users, .pam_service = service }, "ann", -EACCES, 0 },
		{ &with_users, { AUTH(USERS), .pam_service = service }, "ann", -EACCES, 0 },
		{ &with_pam, { AUTH(USERS), .pam_service = service }, "ann", 0, ROLE_CONTROL },
		/* What the page does not ask for. */
		{ &with_users, { AUTH(VNCAUTH) }, "ann", -EACCES, 0 },
		{ &with_users, { AUTH(CERTIFICATE), .tls_client_ca = ca }, "ann", -EACCES, 0 },
		{ &with_users, { AUTH(NONE), .tls_client_ca = ca }, "ann", -EACCES, 0 },
		{ &with_ca, { AUTH(NONE), .tls_client_ca = other_ca }, "ann", -EACCES, 0 },
		{ &with_ca, { AUTH(NONE), .tls_client_ca = ca }, "ann", 0, ROLE_CONTROL },
		{ &with_ca, { AUTH(CERTIFICATE), .tls_client_ca = ca }, "ann", -EACCES, 0 },
		/* Whom anybody may see. */
		{ &with_users, { AUTH(NONE) }, "eve", 0, ROLE_CONTROL },
		{ &with_users, { AUTH(NONE) }, NULL, -EACCES, 0 },
		{ &without, { AUTH(NONE) }, NULL, 0, ROLE_CONTROL },
		{ &without, { AUTH(NONE), .view_only = true }, NULL, 0, ROLE_VIEW },
		{ &without, { AUTH(NONE), .tls_client_ca = ca }, NULL, -EACCES, 0 },
		{ &without, { AUTH(USERS), .users_file = users }, NULL, -EACCES, 0 },
		/* There was a login before a reload, and now there is none. */
		{ &without, { AUTH(NONE) }, "ann", -EACCES, 0 },
	};
	enum role role;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		role = (enum role)-1;
		assert_int_equal(access_find(cases[i].server, &cases[i].vm, cases[i].user, &role), cases[i].r);
		assert_int_equal(role, cases[i].r ? (enum role)-1 : cases[i].role);
	}
	assert_true(access_needs_login(&with_users));
	assert_true(access_needs_login(&with_pam));
	assert_false(access_needs_login(&without));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
