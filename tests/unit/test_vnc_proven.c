// SPDX-License-Identifier: GPL-2.0-or-later
/* VNC viewers who have proven elsewhere who they are: who of them is let in, as what, and at whose cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "server/clock.h"
#include "tests/unit/vnc_rig.h"

#define SOURCE 0xc0000201u /* 192.0.2.1 */
#define HANDSHAKES 3

static const int32_t all[] = { RECTS_RAW, RFB_PSEUDO_EXTENDED_DESKTOP_SIZE, RFB_PSEUDO_FENCE,
	RFB_PSEUDO_CONTINUOUS_UPDATES };
static char allow[] = "ann bob:view", users_file[] = "/nonexistent";

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	enum config_auth auth;
	const char *user;
	bool let_in, may_control;
} cases[] = {
	{ CONFIG_AUTH_NONE, "", true, true },
	{ CONFIG_AUTH_NONE, "eve", true, true },
	{ CONFIG_AUTH_USERS, "ann", true, true },
	{ CONFIG_AUTH_USERS, "bob", true, false },
	{ CONFIG_AUTH_USERS, "eve", false, false },
	{ CONFIG_AUTH_USERS, "", false, false },
	/* These ask for something that nobody else can have asked for. */
	{ CONFIG_AUTH_VNCAUTH, "ann", false, false },
	{ CONFIG_AUTH_VNCAUTH, "", false, false },
	{ CONFIG_AUTH_CERTIFICATE, "ann", false, false },
};

static void start(enum config_auth auth)
{
	rig.config.vnc_auth = (int)auth;
	rig.config.users_file = users_file;
	rig.config.allow = allow;
	rig.config.max_handshakes_per_source = HANDSHAKES;
	rig.source = SOURCE;
	rig.proof.tls = "TLSv1.3";
	rig_start();
}

static void each_is_what_the_vm_says(void **state)
{
	(void)state;
	start(CONFIG_AUTH_NONE);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const unsigned int events = rig.n_events;
		struct viewer *viewer;

		rig.config.vnc_auth = (int)cases[i].auth;
		rig.proof.user = cases[i].user;
		if (!cases[i].let_in) {
			viewer = viewer_new();
			RIG_UNTIL(viewer->fd < 0);
			assert_int_equal(viewer->in_bytes, 0);
			continue;
		}
		viewer = viewer_join_watching(all, COUNT(all));
		viewer_key(viewer, true, 'a');
		viewer_key(viewer, false, 'a');
		viewer_fence(viewer, RFB_FENCE_REQUEST, NULL, 0);
		RIG_UNTIL(viewer->fence_answers == 1);
		assert_int_equal(rig.n_events - events, cases[i].may_control ? 2 : 0);
		viewer_free(viewer);
		RIG_UNTIL(rig_stats().viewers == 0);
	}
}

struct known {
	const char *user, *peer;
	unsigned int n;
};

static void note_viewer(void *user, const struct protocol_viewer *viewer)
{
	const struct known *known = user;

	assert_string_equal(viewer->user, known->user);
	assert_string_equal(viewer->peer, known->peer);
	assert_string_equal(viewer->tls, "TLSv1.3");
	assert_true(viewer->is_websocket);
	((struct known *)user)->n++;
}

static void they_are_known_by_name_and_address(void **state)
{
	struct known known = { "ann", "192.0.2.1:0", 0 };

	(void)state;
	start(CONFIG_AUTH_USERS);
	rig.proof.user = "ann";
	viewer_join_watching(all, COUNT(all));
	rig.vnc->impl->each_viewer(rig.vnc, note_viewer, &known);
	assert_int_equal(known.n, 1);
}

static void tls_of_the_vm_is_not_asked_for(void **state)
{
	(void)state;
	rig.config.vnc_tls = CONFIG_TLS_REQUIRED;
	start(CONFIG_AUTH_USERS);
	rig.proof.user = "ann";
	viewer_join_watching(all, COUNT(all));
	rig.listener = CONFIG_LISTENERS_WEBSOCKET;
	viewer_join_watching(all, COUNT(all));
	assert_int_equal(rig_stats().viewers, 2);
}

/* Those who say nothing wait at the gate as others from where they come from do. */
static void they_wait_where_they_come_from(void **state)
{
	struct viewer *silent[HANDSHAKES + 1], *other;

	(void)state;
	start(CONFIG_AUTH_USERS);
	rig.proof.user = "ann";
	rig.source = SOURCE + 1;
	other = viewer_new();
	rig.source = SOURCE;
	for (unsigned int i = 0; i <= HANDSHAKES; i++)
		silent[i] = viewer_new();
	RIG_UNTIL(silent[0]->fd < 0);
	rig_settle();
	assert_true(other->fd >= 0);
	for (unsigned int i = 1; i <= HANDSHAKES; i++)
		assert_true(silent[i]->fd >= 0);
	assert_int_equal(rig_stats().handshakes, HANDSHAKES + 1);
}

/* Somebody else there has guessed. */
static void others_guesses_keep_only_strangers_out(void **state)
{
	const struct sockaddr_in source = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(SOURCE) };
	struct gate_guest guest = { .source = penalty_source_of((const struct sockaddr *)&source) };
	struct viewer *viewer;

	(void)state;
	start(CONFIG_AUTH_USERS);
	rig.proof.user = "ann";
	viewer_join_watching(all, COUNT(all));
	while (!gate_blocks(rig.gate, &guest, clock_now_ns()))
		gate_blame(rig.gate, &guest, PENALTY_AUTH, clock_now_ns());
	viewer_join_watching(all, COUNT(all));
	assert_int_equal(rig_stats().viewers, 2);
	rig.config.vnc_auth = CONFIG_AUTH_NONE;
	rig.proof.user = "";
	viewer = viewer_new();
	VIEWER_SAY(viewer, "RFB 003.008\n");
	RIG_UNTIL(viewer->fd < 0);
	assert_int_equal(rig_stats().viewers, 2);
}

static void there_is_no_more_room_than_for_others(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig.config.max_viewers = 1;
	start(CONFIG_AUTH_USERS);
	rig.proof.user = "ann";
	viewer_join_watching(all, COUNT(all));
	viewer = viewer_new();
	VIEWER_SAY(viewer, "RFB 003.008\n");
	VIEWER_EXPECT(viewer, "RFB 003.008\n\0\0\0\0\x10Too many viewers");
	RIG_UNTIL(viewer->fd < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_is_what_the_vm_says, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(they_are_known_by_name_and_address, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(tls_of_the_vm_is_not_asked_for, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(they_wait_where_they_come_from, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(others_guesses_keep_only_strangers_out, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(there_is_no_more_room_than_for_others, rig_setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
