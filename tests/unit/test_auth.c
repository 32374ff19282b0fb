// SPDX-License-Identifier: GPL-2.0-or-later
/* VNC passwords: the right answer, as libvncserver computes it too, wrong ones, and bad files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <rfb/rfb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/auth.h"

static char directory[] = "/tmp/auth.XXXXXX";
static char path[64];
static const uint8_t challenge[RFB_CHALLENGE_BYTES] = { 1, 2, 3, 0xff, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	14, 0x80, 0 };

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/password", directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void write_file(const char *text, size_t bytes, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, bytes), bytes);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int check(const char *password)
{
	uint8_t response[RFB_CHALLENGE_BYTES];
	char key[9] = "";
	const char *error = NULL;
	int r;

	snprintf(key, sizeof(key), "%s", password);
	memcpy(response, challenge, sizeof(response));
	/* An independent implementation of the client's side. */
	rfbEncryptBytes(response, key);
	r = auth_check_vnc(path, challenge, response, &error);
	assert_true((r < 0 && r != -EACCES) == (error != NULL));
	return r;
}

static void the_first_line_is_the_password(void **state)
{
	static const struct {
		const char *file, *password;
		int result;
	} cases[] = {
		{ "secret\n", "secret", 0 },
		{ "secret", "secret", 0 },
		{ "secret\r\n", "secret", 0 },
		{ "secret\nsecond\n", "secret", 0 },
		{ "secret\n", "secreT", -EACCES },
		{ "secret\n", "secre", -EACCES },
		{ "secret\n", "secret1", -EACCES },
		{ "secret\n", "", -EACCES },
		{ "12345678\n", "12345678", 0 },
		/* VNC authentication has 8 bytes, whoever types more. */
		{ "123456789abc\n", "12345678", 0 },
		{ " \n", " ", 0 },
		{ "p\xc3\xa4ss\n", "p\xc3\xa4ss", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file(cases[i].file, strlen(cases[i].file), 0600);
		assert_int_equal(check(cases[i].password), cases[i].result);
	}
}

static void a_changed_file_counts_at_once(void **state)
{
	(void)state;
	write_file("old\n", 4, 0400);
	assert_int_equal(check("old"), 0);
	write_file("new\n", 4, 0600);
	assert_int_equal(check("old"), -EACCES);
	assert_int_equal(check("new"), 0);
}

static void what_echoes_the_challenge_is_wrong(void **state)
{
	const char *error;

	(void)state;
	write_file("secret\n", 7, 0600);
	assert_int_equal(auth_check_vnc(path, challenge, challenge, &error), -EACCES);
}

static void expect_bad_file(const char *expected_error)
{
	const char *error = NULL;

	assert_true(check("x") < 0);
	assert_int_not_equal(check("x"), -EACCES);
	assert_true(auth_check_file(path, &error) < 0);
	assert_string_equal(error, expected_error);
}

static void a_credential_may_show_its_mask(void **state)
{
	const char *error = NULL;

	(void)state;
	write_file("secret\n", 7, 0440);
	expect_bad_file("is open to group or others (expected mode 0600)");
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	assert_int_equal(auth_check_file(path, &error), 0);
	write_file("secret\n", 7, 0444);
	expect_bad_file("is open to group or others (expected mode 0600)");
	write_file("secret\n", 7, 0460);
	expect_bad_file("is open to group or others (expected mode 0600)");
	write_file("secret\n", 7, 0440);
	setenv("CREDENTIALS_DIRECTORY", "/tmp", 1);
	expect_bad_file("is open to group or others (expected mode 0600)");
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void files_of_no_use_let_nobody_in(void **state)
{
	static const mode_t open_modes[] = { 0640, 0604, 0620, 0602, 0644, 0666, 0777, 0610 };

	(void)state;
	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		write_file("x\n", 2, open_modes[i]);
		expect_bad_file("is open to group or others (expected mode 0600)");
	}
	write_file("", 0, 0600);
	expect_bad_file("has no password in its first line");
	write_file("\nx\n", 3, 0600);
	expect_bad_file("has no password in its first line");
	write_file("\0x\n", 3, 0600);
	expect_bad_file("has no password in its first line");
	unlink(path);
	expect_bad_file("cannot be opened");
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_bad_file("is not a regular file");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_bad_file("is not a regular file");
	rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line_is_the_password),
		cmocka_unit_test(a_changed_file_counts_at_once),
		cmocka_unit_test(what_echoes_the_challenge_is_wrong),
		cmocka_unit_test(a_credential_may_show_its_mask),
		cmocka_unit_test(files_of_no_use_let_nobody_in),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
