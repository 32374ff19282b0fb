// SPDX-License-Identifier: GPL-2.0-or-later
/* SPICE passwords: encryption both ways, the file they have to match, and when that expires. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/spice_keys.h"
#include "net/spice_ticket.h"
#include "server/clock.h"

static char directory[] = "/tmp/ticket.XXXXXX";
static char path[64];
static struct spice_ticket_key *key;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/password", directory);
	return spice_ticket_key_new(&key);
}

static int teardown(void **state)
{
	(void)state;
	spice_ticket_key_unref(key);
	unlink(path);
	return rmdir(directory);
}

static void write_file(const char *text, mode_t mode, int64_t age_ns)
{
	const int64_t written_ns = clock_wall_ns() - age_ns;
	const struct timespec times[2] = {
		{ .tv_nsec = UTIME_NOW },
		{ .tv_sec = written_ns / NSEC_PER_SEC, .tv_nsec = written_ns % NSEC_PER_SEC },
	};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static struct spice_ticket_password password_of(const char *text)
{
	struct spice_ticket_password password = { "" };

	snprintf(password.text, sizeof(password.text), "%s", text);
	return password;
}

static int check(const char *text, int64_t lifetime_ns)
{
	struct spice_ticket_password password = password_of(text);
	const char *error = NULL;
	int r = spice_ticket_check(path, lifetime_ns, &password, &error);

	if (r && r != -EACCES)
		assert_non_null(error);
	return r;
}

static void test_what_is_encrypted_comes_out(void **state)
{
	char longest[SPICE_TICKET_PASSWORD_MAX + 2];
	const char *const texts[] = { "", "secret", longest + 1 };
	uint8_t ticket[SPICE_LINK_TICKET_BYTES];
	struct spice_ticket_password password;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(spice_ticket_encrypt(spice_ticket_key_public(key), texts[i], ticket), 0);
		assert_int_equal(spice_ticket_decrypt(key, ticket, &password), 0);
		assert_string_equal(password.text, texts[i]);
	}
	assert_int_equal(spice_ticket_encrypt(spice_ticket_key_public(key), longest, ticket), 0);
	assert_int_equal(spice_ticket_decrypt(key, ticket, &password), -EBADMSG);
}

static void test_each_is_taken_once(void **state)
{
	uint8_t ticket[SPICE_LINK_TICKET_BYTES] = { 0 };
	struct spice_ticket_key *other;

	(void)state;
	assert_int_equal(spice_ticket_key_new(&other), 0);
	for (unsigned int i = 0; i < SPICE_TICKET_TAKEN_MAX; i++) {
		memcpy(ticket, &i, sizeof(i));
		assert_int_equal(spice_ticket_take(other, ticket), 0);
	}
	for (unsigned int i = 0; i < SPICE_TICKET_TAKEN_MAX; i += 1000) {
		memcpy(ticket, &i, sizeof(i));
		assert_int_equal(spice_ticket_take(other, ticket), -EALREADY);
	}
	memset(ticket, 0xff, sizeof(ticket));
	assert_int_equal(spice_ticket_take(other, ticket), -ENOSPC);
	/* With another key it would be another password. */
	assert_int_equal(spice_ticket_take(key, ticket), 0);
	spice_ticket_key_unref(other);
}

static void test_other_tickets_do_not(void **state)
{
	uint8_t public[SPICE_LINK_KEY_BYTES], ticket[SPICE_LINK_TICKET_BYTES];
	struct spice_ticket_password password;
	struct spice_ticket_key *other;

	(void)state;
	assert_int_equal(spice_ticket_key_new(&other), 0);
	assert_int_equal(spice_ticket_encrypt(spice_ticket_key_public(other), "secret", ticket), 0);
	assert_int_equal(spice_ticket_decrypt(key, ticket, &password), -EBADMSG);
	memset(ticket, 0, sizeof(ticket));
	assert_int_equal(spice_ticket_decrypt(key, ticket, &password), -EBADMSG);
	memset(ticket, 0xff, sizeof(ticket));
	assert_int_equal(spice_ticket_decrypt(key, ticket, &password), -EBADMSG);
	memset(public, 0, sizeof(public));
	assert_int_equal(spice_ticket_encrypt(public, "secret", ticket), -EBADMSG);
	spice_ticket_key_unref(other);
}

static void test_the_file_decides(void **state)
{
	char longest[SPICE_TICKET_PASSWORD_MAX + 2];

	(void)state;
	write_file("secret password\nother\n", 0600, 0);
	assert_int_equal(check("secret password", 0), 0);
	assert_int_equal(check("secret passwor", 0), -EACCES);
	assert_int_equal(check("secret password2", 0), -EACCES);
	assert_int_equal(check("other", 0), -EACCES);
	assert_int_equal(check("", 0), -EACCES);
	write_file("secret", 0640, 0);
	assert_int_equal(check("secret", 0), -EPERM);
	write_file("\n", 0600, 0);
	assert_int_equal(check("", 0), -EINVAL);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	write_file(longest, 0600, 0);
	assert_int_equal(check(longest, 0), -EINVAL);
	longest[SPICE_TICKET_PASSWORD_MAX] = '\0';
	write_file(longest, 0600, 0);
	assert_int_equal(check(longest, 0), 0);
	unlink(path);
	assert_int_equal(check("", 0), -ENOENT);
}

static void test_a_password_expires(void **state)
{
	const char *error;

	(void)state;
	write_file("secret", 0600, 100 * NSEC_PER_SEC);
	assert_int_equal(check("secret", 0), 0);
	assert_int_equal(check("secret", 1000 * NSEC_PER_SEC), 0);
	assert_int_equal(check("secret", 50 * NSEC_PER_SEC), -EKEYEXPIRED);
	assert_int_equal(check("wrong", 50 * NSEC_PER_SEC), -EACCES);
	assert_int_equal(spice_ticket_check_file(path, 0, &error), 0);
	assert_int_equal(spice_ticket_check_file(path, 50 * NSEC_PER_SEC, &error), -EKEYEXPIRED);
}

static void test_digests_tell_passwords_apart(void **state)
{
	uint8_t first[SPICE_TICKET_DIGEST_BYTES], second[SPICE_TICKET_DIGEST_BYTES];
	struct spice_ticket_password password = password_of("secret");

	(void)state;
	assert_int_equal(spice_ticket_digest(&password, first), 0);
	assert_int_equal(spice_ticket_digest(&password, second), 0);
	assert_memory_equal(first, second, sizeof(first));
	password = password_of("secreT");
	assert_int_equal(spice_ticket_digest(&password, second), 0);
	assert_memory_not_equal(first, second, sizeof(first));
}

static void test_a_used_up_key_is_replaced(void **state)
{
	struct event_base *base;
	struct spice_ticket_key *first, *next = NULL;
	const int64_t deadline_ns = clock_now_ns() + 30 * NSEC_PER_SEC;
	struct spice_keys *keys;
	uint8_t ticket[SPICE_LINK_TICKET_BYTES];
	struct spice_ticket_password password;

	(void)state;
	assert_int_equal(evthread_use_pthreads(), 0);
	base = event_base_new();
	assert_int_equal(spice_keys_new(base, &keys), 0);
	first = spice_keys_get(keys);
	for (unsigned int i = 0; i < SPICE_KEYS_USES; i++)
		spice_ticket_key_unref(spice_keys_get(keys));
	do {
		assert_true(clock_now_ns() < deadline_ns);
		spice_ticket_key_unref(next);
		event_base_loop(base, EVLOOP_NONBLOCK);
		next = spice_keys_get(keys);
	} while (next == first);
	/* Who was shown the first one is still understood. */
	assert_int_equal(spice_ticket_encrypt(spice_ticket_key_public(first), "late", ticket), 0);
	assert_int_equal(spice_ticket_decrypt(first, ticket, &password), 0);
	assert_int_equal(spice_ticket_decrypt(next, ticket, &password), -EBADMSG);
	spice_ticket_key_unref(first);
	spice_ticket_key_unref(next);
	spice_keys_free(keys);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_encrypted_comes_out),
		cmocka_unit_test(test_each_is_taken_once),
		cmocka_unit_test(test_other_tickets_do_not),
		cmocka_unit_test(test_the_file_decides),
		cmocka_unit_test(test_a_password_expires),
		cmocka_unit_test(test_digests_tell_passwords_apart),
		cmocka_unit_test(test_a_used_up_key_is_replaced),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
