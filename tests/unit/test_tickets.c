// SPDX-License-Identifier: GPL-2.0-or-later
/* Tickets: taken once, for a while, the oldest goes, and nothing of them stays in memory. */
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

#include "net/secret.h"
#include "net/tickets.h"
#include "server/clock.h"

#define START (1000 * NSEC_PER_SEC)
#define LIFETIME (60 * NSEC_PER_SEC)

static struct tickets *tickets;

static int setup(void **state)
{
	(void)state;
	return tickets_new(TICKETS_VNC_CHARS, &tickets);
}

static int teardown(void **state)
{
	(void)state;
	tickets_free(tickets);
	return 0;
}

static void issue(int64_t now_ns, enum role role, const char *name, char *ret)
{
	memset(ret, 'x', TICKETS_CHARS_MAX + 1);
	assert_int_equal(tickets_issue(tickets, now_ns, LIFETIME, role, name, ret), 0);
	assert_int_equal(strlen(ret), TICKETS_VNC_CHARS);
}

static int take(int64_t now_ns, const char *secret)
{
	struct tickets_bearer bearer;

	return tickets_take(tickets, now_ns, secret, &bearer);
}

static void one_is_taken_once_and_says_who_brings_it(void **state)
{
	char first[TICKETS_CHARS_MAX + 1], second[TICKETS_CHARS_MAX + 1];
	struct tickets_bearer bearer = { .role = ROLE_CONTROL, .name = "nobody" };

	(void)state;
	issue(START, ROLE_VIEW, "alice", first);
	issue(START, ROLE_CONTROL, NULL, second);
	assert_string_not_equal(first, second);
	assert_int_equal(tickets_take(tickets, START, first, &bearer), 0);
	assert_int_equal(bearer.role, ROLE_VIEW);
	assert_string_equal(bearer.name, "alice");
	assert_int_equal(take(START, first), -EACCES);
	assert_int_equal(tickets_take(tickets, START, second, &bearer), 0);
	assert_int_equal(bearer.role, ROLE_CONTROL);
	assert_string_equal(bearer.name, "");
}

static void others_are_none(void **state)
{
	char secret[TICKETS_CHARS_MAX + 1], wrong[TICKETS_CHARS_MAX + 1];

	(void)state;
	assert_int_equal(take(START, ""), -EACCES);
	issue(START, ROLE_VIEW, "", secret);
	for (unsigned int i = 0; i < TICKETS_VNC_CHARS; i++) {
		memcpy(wrong, secret, sizeof(wrong));
		wrong[i] ^= 1;
		assert_int_equal(take(START, wrong), -EACCES);
		/* A part of one is none, either. */
		memcpy(wrong, secret, sizeof(wrong));
		wrong[i] = '\0';
		assert_int_equal(take(START, wrong), -EACCES);
	}
	memcpy(wrong, secret, sizeof(wrong));
	wrong[TICKETS_VNC_CHARS] = 'x';
	assert_int_equal(take(START, wrong), -EACCES);
	assert_int_equal(take(START, secret), 0);
}

static void one_expires(void **state)
{
	char early[TICKETS_CHARS_MAX + 1], late[TICKETS_CHARS_MAX + 1];

	(void)state;
	issue(START, ROLE_VIEW, NULL, early);
	issue(START + 1, ROLE_VIEW, NULL, late);
	assert_int_equal(take(START + LIFETIME, early), -EACCES);
	assert_int_equal(take(START + LIFETIME, late), 0);
}

static void the_oldest_goes_for_one_too_many(void **state)
{
	char secrets[TICKETS_MAX + 2][TICKETS_CHARS_MAX + 1];

	(void)state;
	for (int i = 0; i < TICKETS_MAX; i++)
		issue(START, ROLE_VIEW, NULL, secrets[i]);
	/* A place that is free again goes before anybody's. */
	assert_int_equal(take(START, secrets[5]), 0);
	issue(START, ROLE_VIEW, NULL, secrets[TICKETS_MAX]);
	assert_int_equal(take(START, secrets[0]), 0);
	issue(START, ROLE_VIEW, NULL, secrets[0]);
	issue(START, ROLE_VIEW, NULL, secrets[TICKETS_MAX + 1]);
	assert_int_equal(take(START, secrets[1]), -EACCES);
	for (int i = 2; i < TICKETS_MAX + 2; i++)
		assert_int_equal(take(START, secrets[i]), i == 5 ? -EACCES : 0);
	assert_int_equal(take(START, secrets[0]), 0);
}

static void letters_are_printable_and_all_there(void **state)
{
	char secret[TICKETS_CHARS_MAX + 1];
	bool seen[256] = { 0 };
	unsigned int n = 0;

	(void)state;
	for (int i = 0; i < 500; i++) {
		issue(START, ROLE_VIEW, NULL, secret);
		for (char *c = secret; *c; c++) {
			assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", *c));
			n += !seen[(unsigned char)*c];
			seen[(unsigned char)*c] = true;
		}
	}
	assert_int_equal(n, 64);
}

static bool note(void *user, const char *secret)
{
	char (*seen)[TICKETS_CHARS_MAX + 1] = user;

	while (**seen)
		seen++;
	strcpy(*seen, secret);
	return false;
}

static void a_matcher_sees_each_and_takes_one(void **state)
{
	char seen[TICKETS_MAX + 1][TICKETS_CHARS_MAX + 1] = { { 0 } };
	char secret[TICKETS_CHARS_MAX + 1];
	struct tickets_bearer bearer;

	(void)state;
	for (int i = 0; i < 3; i++)
		issue(START, ROLE_VIEW, NULL, secret);
	assert_int_equal(tickets_take_matching(tickets, START, note, seen, &bearer), -EACCES);
	assert_int_equal(strlen(seen[2]), TICKETS_VNC_CHARS);
	assert_string_equal(seen[3], "");
}

static void nonsense_is_refused(void **state)
{
	char secret[TICKETS_CHARS_MAX + 1];
	struct tickets *none;

	(void)state;
	assert_int_equal(tickets_new(7, &none), -EINVAL);
	assert_int_equal(tickets_new(TICKETS_CHARS_MAX + 1, &none), -EINVAL);
	assert_int_equal(tickets_issue(tickets, START, 0, ROLE_VIEW, NULL, secret), -EINVAL);
	assert_int_equal(tickets_issue(tickets, START, -1, ROLE_VIEW, NULL, secret), -EINVAL);
	assert_int_equal(tickets_issue(tickets, START, TICKETS_LIFETIME_MAX_NS + 1, ROLE_VIEW, NULL, secret),
			-EINVAL);
	assert_int_equal(tickets_issue(tickets, START, LIFETIME, ROLE_VIEW, "a b", secret), -EINVAL);
}

/*
 * All of this process's memory is looked through; the text to find is kept the other way
 * round. Not with sanitizers: their functions are called all the time, and save registers.
 */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static bool is_in_memory(const char *start, size_t bytes, const char *reversed)
{
	size_t length = strlen(reversed);

	for (size_t at = 0; at + length <= bytes; at++) {
		size_t i = 0;

		while (i < length && start[at + i] == reversed[length - 1 - i])
			i++;
		if (i == length)
			return true;
	}
	return false;
}

static size_t count_in_memory(const char *reversed)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	/* Not a FILE, whose buffer would be one more place to find it in. */
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned long start, end;
	size_t found = 0;
	char line[512];

	assert_non_null(maps);
	assert_true(memory >= 0);
	while (fgets(line, sizeof(line), maps)) {
		char *part;

		/* Sanitizers map more than there is. */
		if (sscanf(line, "%lx-%lx rw", &start, &end) != 2 || !strstr(line, "rw") || end - start > 64u << 20)
			continue;
		part = malloc(end - start);
		assert_non_null(part);
		if (pread(memory, part, end - start, (off_t)start) == (ssize_t)(end - start))
			found += is_in_memory(part, end - start, reversed);
		secret_wipe(part, end - start);
		free(part);
	}
	close(memory);
	fclose(maps);
	return found;
}

static void reverse(const char *text, char *ret)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++)
		ret[i] = text[length - 1 - i];
	ret[length] = '\0';
}

static void nothing_stays_in_memory(void **state)
{
	static char secret[TICKETS_CHARS_MAX + 1], reversed[TICKETS_CHARS_MAX + 1];
	struct tickets_bearer bearer;

	(void)state;
	issue(START, ROLE_VIEW, NULL, secret);
	reverse(secret, reversed);
	/* Twice: here, and in the table. */
	assert_in_range(count_in_memory(reversed), 1, 2);
	assert_int_equal(tickets_take(tickets, START, secret, &bearer), 0);
	secret_wipe(secret, sizeof(secret));
	assert_int_equal(count_in_memory(reversed), 0);
	/* One that expires is wiped as soon as anybody asks for any. */
	issue(START, ROLE_VIEW, NULL, secret);
	reverse(secret, reversed);
	secret_wipe(secret, sizeof(secret));
	assert_int_equal(count_in_memory(reversed), 1);
	assert_int_equal(take(START + LIFETIME, "another1"), -EACCES);
	assert_int_equal(count_in_memory(reversed), 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_is_taken_once_and_says_who_brings_it, setup, teardown),
		cmocka_unit_test_setup_teardown(others_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(one_expires, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_goes_for_one_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(letters_are_printable_and_all_there, setup, teardown),
		cmocka_unit_test_setup_teardown(a_matcher_sees_each_and_takes_one, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_is_refused, setup, teardown),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		cmocka_unit_test_setup_teardown(nothing_stays_in_memory, setup, teardown),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
