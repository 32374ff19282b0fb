// SPDX-License-Identifier: GPL-2.0-or-later
/* VNC viewers with a ticket: let in once, as long as it counts, and to do what it allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/tickets.h"
#include "server/clock.h"
#include "tests/unit/vnc_rig.h"

#define MINUTE (60 * NSEC_PER_SEC)

static const int32_t all[] = { RECTS_RAW, RFB_PSEUDO_EXTENDED_DESKTOP_SIZE, RFB_PSEUDO_FENCE,
	RFB_PSEUDO_CONTINUOUS_UPDATES };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char directory[] = "/tmp/vnc-roles.XXXXXX";
static char path[64];

static int setup_file(void **state)
{
	int fd;

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/password", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "secret\n", 7) != 7)
		return -1;
	return close(fd);
}

static int teardown_file(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void start(void)
{
	rig.config.vnc_auth = CONFIG_AUTH_VNCAUTH;
	rig.config.vnc_password_file = path;
	rig_start();
}

static void issue(enum role role, char *ret_secret)
{
	assert_int_equal(rig.vnc->impl->issue_ticket(rig.vnc, MINUTE, role, "alice", ret_secret), 0);
	assert_int_equal(strlen(ret_secret), 8);
}

static struct viewer *join(const char *password, bool shared)
{
	struct viewer *viewer = viewer_join_with(password, shared, all, COUNT(all));

	if (viewer->fd < 0)
		return viewer;
	viewer->sends_requests = true;
	viewer->answers_fences = true;
	viewer_request_all(viewer, false);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	return viewer;
}

/* All that it has said has been read. */
static void settle(struct viewer *viewer)
{
	const unsigned int answers = viewer->fence_answers;

	viewer_fence(viewer, RFB_FENCE_REQUEST, NULL, 0);
	RIG_UNTIL(viewer->fence_answers == answers + 1);
}

static void a_ticket_counts_once_beside_the_password(void **state)
{
	char secret[TICKETS_CHARS_MAX + 1];
	struct viewer *viewer;

	(void)state;
	start();
	issue(ROLE_CONTROL, secret);
	assert_true(join("secret", true)->fd >= 0);
	viewer = join(secret, true);
	assert_true(viewer->fd >= 0);
	viewer_key(viewer, true, 'a');
	RIG_UNTIL(rig.n_events == 1);
	assert_true(join(secret, true)->fd < 0);
	assert_int_equal(rig_stats().viewers, 2);
}

static void no_password_file_does_not_keep_tickets_out(void **state)
{
	char secret[TICKETS_CHARS_MAX + 1];

	(void)state;
	start();
	rig.config.vnc_password_file = "/nonexistent";
	issue(ROLE_CONTROL, secret);
	assert_true(join("secret", true)->fd < 0);
	assert_true(join("", true)->fd < 0);
	assert_true(join(secret, true)->fd >= 0);
}

static void who_may_view_changes_nothing_and_others_do(void **state)
{
	char secret[TICKETS_CHARS_MAX + 1];
	struct viewer *watcher, *worker;

	(void)state;
	start();
	issue(ROLE_VIEW, secret);
	watcher = join(secret, true);
	worker = join("secret", true);
	viewer_key(worker, true, 'x');
	RIG_UNTIL(rig.n_events == 1);
	viewer_key(watcher, true, 'a');
	viewer_pointer(watcher, INPUT_BUTTON_LEFT, 7, 8);
	settle(watcher);
	assert_int_equal(rig.n_events, 1);
	viewer_ask_size(watcher, 640, 400, 1);
	RIG_UNTIL(watcher->size_status == RFB_SIZE_PROHIBITED);
	assert_int_equal(rig.asks, 0);
	/* What others hold stays held. */
	viewer_free(watcher);
	RIG_UNTIL(rig_stats().viewers == 1);
	assert_int_equal(rig.n_events, 1);
	viewer_key(worker, false, 'x');
	RIG_UNTIL(rig.n_events == 2);
}

static void who_may_view_sends_nobody_away(void **state)
{
	char secret[TICKETS_CHARS_MAX + 1];
	struct viewer *watcher, *worker;

	(void)state;
	rig.config.sharing = CONFIG_SHARING_ALLOW_EXCLUSIVE;
	start();
	worker = join("secret", true);
	issue(ROLE_VIEW, secret);
	watcher = join(secret, false);
	assert_true(watcher->fd >= 0);
	settle(worker);
	assert_false(rig_stats().exclusive);
	assert_int_equal(rig_stats().viewers, 2);
	/* Unlike one who may work there. */
	issue(ROLE_CONTROL, secret);
	assert_true(join(secret, false)->fd >= 0);
	RIG_UNTIL(rig_stats().viewers == 1);
	assert_true(rig_stats().exclusive);
}

static void there_is_none_where_nobody_is_asked(void **state)
{
	char secret[TICKETS_CHARS_MAX + 1];

	(void)state;
	rig_start();
	assert_int_equal(rig.vnc->impl->issue_ticket(rig.vnc, MINUTE, ROLE_VIEW, NULL, secret), -ENOTSUP);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_ticket_counts_once_beside_the_password),
		TEST(no_password_file_does_not_keep_tickets_out),
		TEST(who_may_view_changes_nothing_and_others_do),
		TEST(who_may_view_sends_nobody_away),
		TEST(there_is_none_where_nobody_is_asked),
	};

	return cmocka_run_group_tests(tests, setup_file, teardown_file);
}
