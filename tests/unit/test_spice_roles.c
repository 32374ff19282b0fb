// SPDX-License-Identifier: GPL-2.0-or-later
/* SPICE viewers with a ticket, through the real library: let in once, to do what it allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <spice/enums.h>
#include <spice/protocol.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/spice_wire.h"
#include "net/tickets.h"
#include "server/clock.h"
#include "tests/unit/spice_inputs.h"

#define MINUTE (60 * NSEC_PER_SEC)
#define PASSWORD "a password of the file"

static char password_file[] = "/tmp/spice-roles.XXXXXX";

static int setup(void **state)
{
	inputs_setup(state);
	spice_rig.config.spice_auth = CONFIG_AUTH_TICKET;
	spice_rig.config.spice_password_file = password_file;
	return 0;
}

static void issue(enum role role, char *ret_secret)
{
	assert_int_equal(spice_rig.spice->impl->issue_ticket(spice_rig.spice, MINUTE, role, "alice", ret_secret), 0);
	assert_int_equal(strlen(ret_secret), TICKETS_SPICE_CHARS);
}

static void set_password(struct spice_client *viewer, const char *password)
{
	for (size_t channel = 0; channel < SPICE_LINK_CHANNELS; channel++)
		viewer[channel].password = password;
}

static void a_ticket_lets_all_channels_of_one_viewer_in(void **state)
{
	char secret[TICKETS_CHARS_MAX + 1];
	struct spice_client again = { .fd = -1, .password = secret };

	(void)state;
	issue(ROLE_CONTROL, secret);
	set_password(clients[1], secret);
	inputs_join(clients[1]);
	inputs_begin(1);
	SCAN(1, "\x1e");
	inputs_settle(1);
	assert_true(spice_rig_holds_anything());
	SCAN(1, "\x9e");
	inputs_settle(1);
	/* But no second one. */
	spice_client_connect(&again, SPICE_LINK_MAIN, 0, spice_rig_new_source());
	spice_client_join(&again);
	assert_int_equal(again.refused, SPICE_LINK_ERR_PERMISSION_DENIED);
	spice_client_close(&again);
}

static void the_password_of_the_file_counts_all_the_same(void **state)
{
	char secret[TICKETS_CHARS_MAX + 1];

	(void)state;
	issue(ROLE_VIEW, secret);
	set_password(clients[1], PASSWORD);
	inputs_join(clients[1]);
	inputs_begin(1);
	spice_viewer_leave(clients[1]);
	/* Nor does it cost a ticket. */
	set_password(clients[1], secret);
	spice_viewer_join(clients[1]);
}

static void who_may_view_types_and_points_in_vain(void **state)
{
	struct spice_client *inputs = &clients[1][SPICE_LINK_INPUTS];
	char secret[TICKETS_CHARS_MAX + 1];
	uint64_t messages;

	(void)state;
	issue(ROLE_VIEW, secret);
	set_password(clients[1], secret);
	spice_viewer_join(clients[1]);
	SCAN(0, "\x1e");
	inputs_settle(0);
	spice_rig.n_inputs = 0;
	SCAN(1, "\x1f");
	press_button(1, SPICE_MOUSE_BUTTON_LEFT, SPICE_MOUSE_BUTTON_MASK_LEFT);
	/* Each so many positions the library says that it has heard them, and so all before. */
	messages = inputs->messages;
	for (uint32_t i = 0; i < SPICE_INPUT_MOTION_ACK_BUNCH; i++)
		say_position(1, i, i, 0);
	SPICE_RIG_UNTIL((hear_all(), inputs->messages > messages));
	assert_int_equal(spice_rig.n_inputs, 0);
	/* Who may control does, and what he holds is not let go when the other one leaves. */
	spice_viewer_leave(clients[1]);
	SPICE_RIG_UNTIL(spice_rig_stats().viewers == 1);
	assert_true(spice_rig_holds_anything());
	SCAN(0, "\x9e");
	inputs_settle(0);
	assert_false(spice_rig_holds_anything());
}

static void there_is_none_where_nobody_is_asked(void **state)
{
	char secret[TICKETS_CHARS_MAX + 1];

	(void)state;
	spice_rig.config.spice_auth = CONFIG_AUTH_NONE;
	assert_int_equal(spice_rig.spice->impl->issue_ticket(spice_rig.spice, MINUTE, ROLE_VIEW, NULL, secret),
			-ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_ticket_lets_all_channels_of_one_viewer_in, setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(the_password_of_the_file_counts_all_the_same, setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(who_may_view_types_and_points_in_vain, setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(there_is_none_where_nobody_is_asked, setup, inputs_teardown),
	};
	int fd = mkstemp(password_file), failed;

	if (fd < 0 || write(fd, PASSWORD "\n", sizeof(PASSWORD)) != sizeof(PASSWORD))
		return EXIT_FAILURE;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(password_file);
	return failed;
}
