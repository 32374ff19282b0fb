// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Logins, each checked by a process of its own, which is this very test again: users
 * files, PAM with services of the test's own, turns, cancelling, and being late.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/login.h"
#include "net/login_certificate.h"
#include "net/login_file.h"
#include "net/login_helper.h"
#include "net/secret.h"
#include "tests/unit/pump.h"

static char directory[] = "/tmp/login.XXXXXX";
static char users_path[64], service_path[64];
static struct event_base *base;
static struct login *login;

/* What came of a request. */
struct outcome {
	bool is_done;
	int error;
	char user[ROLE_NAME_MAX + 1];
	unsigned int nth; /* from 1 */
	struct login_request *request;
};
static unsigned int n_done;

static int setup(void **state)
{
	(void)state;
	base = event_base_new();
	n_done = 0;
	return base && !login_new(base, &login) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	login_free(login);
	event_base_free(base);
	unlink(users_path);
	unlink(service_path);
	/* No process was left behind. */
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fchmod(fileno(file), mode), 0);
	assert_int_equal(fclose(file), 0);
}

static const char *hash(const char *password, const char *setting)
{
	const char *made = crypt(password, setting);

	assert_non_null(made);
	return made;
}

/* Cheap ones, that a test has time for. */
static void write_users(void)
{
	char text[2048];
	size_t at = 0;

	at += (size_t)snprintf(text + at, sizeof(text) - at, "# who may come in\n\nalice:%s\n",
			hash("Sesame", "$6$rounds=1000$saltsalt$"));
	at += (size_t)snprintf(text + at, sizeof(text) - at, "bob:%s:and more\r\n",
			hash("", "$y$j75$saltsalt$"));
	at += (size_t)snprintf(text + at, sizeof(text) - at, "alice:%s\n",
			hash("second", "$6$rounds=1000$saltsalt$"));
	at += (size_t)snprintf(text + at, sizeof(text) - at, "weak:%s\nlocked:!\nempty:\n",
			hash("weak", "ab"));
	at += (size_t)snprintf(text + at, sizeof(text) - at, "last:%s",
			hash("no newline", "$6$rounds=1000$saltsalt$"));
	write_file(users_path, text, 0600);
}

static void done(void *data, int error, const char *user)
{
	struct outcome *outcome = data;

	assert_false(outcome->is_done);
	outcome->is_done = true;
	outcome->error = error;
	outcome->nth = ++n_done;
	snprintf(outcome->user, sizeof(outcome->user), "%s", user);
}

static int start(const struct login_authority *authority, uint64_t source, const char *name,
		const char *password, struct outcome *outcome)
{
	struct login_claim claim = { .name = "" };

	memset(outcome, 0, sizeof(*outcome));
	snprintf(claim.name, sizeof(claim.name), "%s", name);
	snprintf(claim.password, sizeof(claim.password), "%s", password);
	return login_start(login, authority, (struct penalty_source){ .id = source }, "[2001:db8::1]:4711",
			&claim, done, outcome, &outcome->request);
}

static int ask(const struct login_authority *authority, const char *name, const char *password)
{
	struct outcome outcome;

	assert_int_equal(start(authority, 1, name, password, &outcome), 0);
	assert_false(outcome.is_done);
	PUMP_UNTIL(base, outcome.is_done);
	assert_string_equal(outcome.user, outcome.error ? "" : name);
	return outcome.error;
}

static void a_users_file_says_who_is_who(void **state)
{
	static const struct {
		const char *name, *password;
		int result;
	} cases[] = {
		{ "alice", "Sesame", 0 },
		{ "alice", "sesame", -EACCES },
		{ "alice", "", -EACCES },
		{ "alice", "second", -EACCES },
		{ "Alice", "Sesame", -EACCES },
		{ "ali", "Sesame", -EACCES },
		{ "bob", "", 0 },
		{ "weak", "weak", -EACCES },
		{ "locked", "!", -EACCES },
		{ "empty", "", -EACCES },
		{ "mallory", "Sesame", -EACCES },
		{ "last", "no newline", 0 },
	};
	const struct login_authority authority = { .users_file = users_path };

	(void)state;
	write_users();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (ask(&authority, cases[i].name, cases[i].password) != cases[i].result)
			fail_msg("%s, \"%s\"", cases[i].name, cases[i].password);
}

static void a_changed_file_counts_at_once(void **state)
{
	const struct login_authority authority = { .users_file = users_path };
	char line[LOGIN_FILE_LINE_MAX];

	(void)state;
	write_users();
	assert_int_equal(ask(&authority, "alice", "Sesame"), 0);
	assert_int_equal(login_file_make_line("alice", "changed", line), 0);
	write_file(users_path, line, 0600);
	assert_int_equal(ask(&authority, "alice", "Sesame"), -EACCES);
	assert_int_equal(ask(&authority, "alice", "changed"), 0);
}

static void a_bad_file_lets_nobody_in(void **state)
{
	const struct login_authority authority = { .users_file = users_path };
	const char *error = NULL;

	(void)state;
	assert_int_equal(ask(&authority, "alice", "Sesame"), -ENOENT);
	write_users();
	assert_int_equal(chmod(users_path, 0640), 0);
	assert_int_equal(ask(&authority, "alice", "Sesame"), -EPERM);
	assert_int_equal(login_file_check_file(users_path, &error), -EPERM);
	assert_non_null(error);
	assert_int_equal(chmod(users_path, 0600), 0);
	assert_int_equal(login_file_check_file(users_path, &error), 0);
	assert_int_equal(truncate(users_path, LOGIN_FILE_BYTES_MAX + 1), 0);
	assert_int_equal(ask(&authority, "alice", "Sesame"), -EFBIG);
	write_file(users_path, "", 0600);
	assert_int_equal(ask(&authority, "alice", "Sesame"), -EACCES);
}

static void a_certificate_names_one_user(void **state)
{
	static const struct {
		const char *subject, *user; /* NULL: nobody */
	} cases[] = {
		{ "CN=ann", "ann" },
		{ "CN=ann,O=Example", "ann" },
		{ "O=Example,CN=ann", "ann" },
		{ "OU=x+CN=ann,O=Example", "ann" },
		{ "O=a\\,CN\\=root,CN=ann", "ann" },
		{ "O=a\\,CN=root,CN=ann", "ann" },
		{ "CN=ann,CN=root", NULL },
		{ "O=Example", NULL },
		{ "", NULL },
		{ "CN=", NULL },
		{ "CN=*", NULL },
		{ "CN=ann bee", NULL },
		{ "CN=ann\\,root", NULL },
		{ "CN=ann:control", NULL },
		{ "CN=#0c03616e6e", NULL },
		{ "O=x\\", NULL },
		{ "SCN=root", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char user[ROLE_NAME_MAX + 1] = "";
		int r = login_certificate_user(cases[i].subject, user);

		if (r != (cases[i].user ? 0 : -EACCES) || strcmp(user, cases[i].user ? cases[i].user : ""))
			fail_msg("\"%s\": %d, \"%s\"", cases[i].subject, r, user);
	}
}

static void lines_for_the_file(void **state)
{
	char line[LOGIN_FILE_LINE_MAX], other[LOGIN_FILE_LINE_MAX];

	(void)state;
	assert_int_equal(login_file_make_line("alice", "Sesame", line), 0);
	assert_int_equal(strncmp(line, "alice:$y$", 9), 0);
	assert_int_equal(login_file_make_line("alice", "Sesame", other), 0);
	assert_string_not_equal(line, other);
	assert_int_equal(login_file_make_line("al:ice", "Sesame", line), -EINVAL);
	assert_int_equal(login_file_make_line("", "Sesame", line), -EINVAL);
}

static void pam_is_asked_in_its_own_words(void **state)
{
	const struct login_authority authority = { .pam_service = service_path };

	(void)state;
	write_file(service_path, "auth required pam_permit.so\naccount required pam_permit.so\n", 0644);
	assert_int_equal(ask(&authority, "alice", "Sesame"), 0);
	write_file(service_path, "auth required pam_permit.so\naccount required pam_deny.so\n", 0644);
	assert_int_equal(ask(&authority, "alice", "Sesame"), -EACCES);
	write_file(service_path, "auth required pam_deny.so\naccount required pam_permit.so\n", 0644);
	assert_int_equal(ask(&authority, "alice", "Sesame"), -EACCES);
	/* What it is given: the password, with a NUL, and in its environment the user and the host. */
	write_file(service_path,
			"auth required pam_exec.so quiet expose_authtok /bin/sh -c "
			"[test${IFS}\"$PAM_USER@$PAM_RHOST:$(tr${IFS}-d${IFS}\\\\000)\"${IFS}="
			"${IFS}alice@2001:db8::1:Sesame]\n"
			"account required pam_permit.so\n", 0644);
	assert_int_equal(ask(&authority, "alice", "Sesame"), 0);
	assert_int_equal(ask(&authority, "alice", "sesame"), -EACCES);
	assert_int_equal(ask(&authority, "mallory", "Sesame"), -EACCES);
}

static void a_broken_service_is_not_a_wrong_password(void **state)
{
	const struct login_authority authority = { .pam_service = service_path };

	(void)state;
	write_file(service_path, "auth required pam_no_such_module.so\n", 0644);
	assert_int_equal(ask(&authority, "alice", "Sesame"), -EIO);
}

static void pam_is_asked_of_whom_the_file_does_not_have(void **state)
{
	const struct login_authority authority = { .users_file = users_path, .pam_service = service_path };

	(void)state;
	write_users();
	write_file(service_path, "auth required pam_permit.so\naccount required pam_permit.so\n", 0644);
	assert_int_equal(ask(&authority, "alice", "Sesame"), 0);
	assert_int_equal(ask(&authority, "alice", "wrong"), -EACCES);
	assert_int_equal(ask(&authority, "locked", "anything"), -EACCES);
	assert_int_equal(ask(&authority, "mallory", "anything"), 0);
}

/* A PAM service that never answers, but says that it was asked. */
static void write_hanging_service(void)
{
	write_file(service_path, "auth required pam_exec.so quiet /bin/sleep 3600\naccount required pam_permit.so\n",
			0644);
}

static void a_crowd_costs_only_itself(void **state)
{
	const struct login_authority hangs = { .pam_service = service_path };
	const struct login_authority answers = { .users_file = users_path };
	struct outcome crowd[LOGIN_RUNNING_MAX + LOGIN_WAITING_SOURCE_MAX], one_more, other;
	unsigned int n = 0;
	int r = 0;

	(void)state;
	write_users();
	write_hanging_service();
	/* So many until no more are taken: some are asked already, the others wait. */
	while (!r && n < sizeof(crowd) / sizeof(crowd[0])) {
		r = start(&hangs, 1, "mallory", "guess", &crowd[n]);
		n += !r;
		for (int i = 0; i < 3; i++)
			pump_round(base);
	}
	assert_int_equal(r, -EBUSY);
	assert_int_equal(start(&hangs, 1, "mallory", "guess", &one_more), -EBUSY);
	assert_int_equal(start(&answers, 2, "alice", "Sesame", &other), 0);
	PUMP_UNTIL(base, other.is_done);
	assert_int_equal(other.error, 0);
	for (unsigned int i = 0; i < n; i++) {
		assert_false(crowd[i].is_done);
		login_cancel(crowd[i].request);
	}
	/* And then there is room again. */
	assert_int_equal(start(&answers, 1, "alice", "Sesame", &one_more), 0);
	PUMP_UNTIL(base, one_more.is_done);
	assert_int_equal(one_more.error, 0);
}

static void sources_take_turns(void **state)
{
	const struct login_authority hangs = { .pam_service = service_path };
	const struct login_authority answers = { .users_file = users_path };
	struct outcome running[LOGIN_RUNNING_MAX], many[3], other;

	(void)state;
	write_users();
	write_hanging_service();
	for (unsigned int i = 0; i < LOGIN_RUNNING_MAX; i++)
		assert_int_equal(start(&hangs, i / 2, "mallory", "guess", &running[i]), 0);
	for (int i = 0; i < 3; i++)
		pump_round(base);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(start(&hangs, 10, "mallory", "guess", &many[i]), 0);
	assert_int_equal(start(&answers, 11, "alice", "Sesame", &other), 0);
	/* Of two free places the second is for who came last, as that source has had none. */
	login_cancel(running[0].request);
	login_cancel(running[1].request);
	PUMP_UNTIL(base, other.is_done);
	assert_int_equal(other.error, 0);
	for (size_t i = 0; i < 3; i++) {
		assert_false(many[i].is_done);
		login_cancel(many[i].request);
	}
	for (size_t i = 2; i < LOGIN_RUNNING_MAX; i++) {
		assert_false(running[i].is_done);
		login_cancel(running[i].request);
	}
}

static void a_newcomer_pushes_out_who_waits_for_a_later_turn(void **state)
{
	const struct login_authority answers = { .users_file = users_path };
	static struct outcome crowd[LOGIN_WAITING_MAX], other, late;
	unsigned int pushed = 0;

	(void)state;
	write_users();
	for (unsigned int i = 0; i < LOGIN_WAITING_MAX; i++)
		assert_int_equal(start(&answers, 10 + i / LOGIN_WAITING_SOURCE_MAX, "alice", "Sesame", &crowd[i]), 0);
	assert_int_equal(start(&answers, 10, "alice", "Sesame", &late), -EBUSY);
	assert_int_equal(start(&answers, 2, "alice", "Sesame", &other), 0);
	PUMP_UNTIL(base, other.is_done);
	assert_int_equal(other.error, 0);
	for (unsigned int i = 0; i < LOGIN_WAITING_MAX; i++) {
		pushed += crowd[i].is_done && crowd[i].error == -EBUSY;
		if (!crowd[i].is_done)
			login_cancel(crowd[i].request);
	}
	assert_int_equal(pushed, 1);
	/* The last of a source, not somebody's first. */
	assert_true(crowd[LOGIN_WAITING_MAX - 1].is_done);
}

static void whoever_is_late_is_killed(void **state)
{
	const struct login_authority hangs = { .pam_service = service_path };
	struct outcome outcome;

	(void)state;
	write_hanging_service();
	assert_int_equal(start(&hangs, 1, "alice", "Sesame", &outcome), 0);
	PUMP_UNTIL(base, outcome.is_done);
	assert_int_equal(outcome.error, -ETIMEDOUT);
}

static void nonsense_is_refused(void **state)
{
	const struct login_authority nobody = { .users_file = NULL };
	const struct login_authority answers = { .users_file = users_path };
	struct outcome outcome;

	(void)state;
	assert_int_equal(start(&nobody, 1, "alice", "Sesame", &outcome), -EINVAL);
	assert_int_equal(start(&answers, 1, "", "Sesame", &outcome), -EINVAL);
	assert_int_equal(start(&answers, 1, "a:b", "Sesame", &outcome), -EINVAL);
}

/* What is under way is ended by teardown(), which looks for processes that stay. */
static void an_end_ends_all(void **state)
{
	const struct login_authority hangs = { .pam_service = service_path };
	struct outcome outcomes[LOGIN_WAITING_SOURCE_MAX];

	(void)state;
	write_hanging_service();
	for (size_t i = 0; i < LOGIN_WAITING_SOURCE_MAX; i++)
		assert_int_equal(start(&hangs, i / 2, "alice", "Sesame", &outcomes[i]), 0);
	for (int i = 0; i < 5; i++)
		pump_round(base);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_users_file_says_who_is_who, setup, teardown),
		cmocka_unit_test_setup_teardown(a_changed_file_counts_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bad_file_lets_nobody_in, setup, teardown),
		cmocka_unit_test_setup_teardown(a_certificate_names_one_user, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_for_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(pam_is_asked_in_its_own_words, setup, teardown),
		cmocka_unit_test_setup_teardown(a_broken_service_is_not_a_wrong_password, setup, teardown),
		cmocka_unit_test_setup_teardown(pam_is_asked_of_whom_the_file_does_not_have, setup, teardown),
		cmocka_unit_test_setup_teardown(a_crowd_costs_only_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(sources_take_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(a_newcomer_pushes_out_who_waits_for_a_later_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(whoever_is_late_is_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(an_end_ends_all, setup, teardown),
	};
	int failed;

	if (argc == 2 && !strcmp(argv[1], LOGIN_HELPER_OPTION))
		_exit(login_helper_run(STDIN_FILENO));
	if (!mkdtemp(directory))
		return EXIT_FAILURE;
	snprintf(users_path, sizeof(users_path), "%s/users", directory);
	snprintf(service_path, sizeof(service_path), "%s/service", directory);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(directory);
	return failed;
}
