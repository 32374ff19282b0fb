// SPDX-License-Identifier: GPL-2.0-or-later
/* Sessions: found by their cookie only, for a while, bounded, and what ends with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "server/clock.h"
#include "server/gateway/session.h"

#define START (1000 * NSEC_PER_SEC)
#define LIFETIME (60 * NSEC_PER_SEC)
#define FEW 4

static struct sessions *sessions;

static int setup(void **state)
{
	(void)state;
	return sessions_new(FEW, &sessions);
}

static int teardown(void **state)
{
	(void)state;
	sessions_free(sessions);
	return 0;
}

struct cookie {
	char text[SESSION_COOKIE_CHARS + 1];
};

static struct cookie log_in(const char *user, int64_t now_ns)
{
	struct cookie cookie;

	assert_int_equal(sessions_open(sessions, user, now_ns, LIFETIME, cookie.text), 0);
	assert_int_equal(strlen(cookie.text), SESSION_COOKIE_CHARS);
	return cookie;
}

static struct session *find(const struct cookie *cookie, int64_t now_ns)
{
	return sessions_find(sessions, cookie->text, SESSION_COOKIE_CHARS, now_ns);
}

static const char *user_of(const struct cookie *cookie)
{
	struct session *session = find(cookie, START);

	return session ? session_user(session) : "";
}

static void one_is_found_by_its_cookie_alone(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const struct cookie alice = log_in("alice", START), again = log_in("alice", START), bob = log_in("bob", START);

	(void)state;
	assert_string_equal(user_of(&alice), "alice");
	assert_string_equal(user_of(&again), "alice");
	assert_string_equal(user_of(&bob), "bob");
	assert_ptr_not_equal(find(&alice, START), find(&again, START));
	assert_int_equal(strspn(alice.text, letters), SESSION_COOKIE_CHARS);
	for (size_t i = 0; i < SESSION_COOKIE_CHARS; i++) {
		struct cookie wrong = alice;

		wrong.text[i] ^= 1;
		assert_null(find(&wrong, START));
		assert_null(sessions_find(sessions, alice.text, i, START));
	}
	assert_null(sessions_find(sessions, "", 0, START));
}

static void cookies_differ_in_every_place(void **state)
{
	struct cookie first = log_in("alice", START), other;
	bool differs[SESSION_COOKIE_CHARS] = { false };

	(void)state;
	for (unsigned int n = 0; n < 64; n++) {
		other = log_in("alice", START);
		for (size_t i = 0; i < SESSION_COOKIE_CHARS; i++)
			differs[i] = differs[i] || other.text[i] != first.text[i];
	}
	for (size_t i = 0; i < SESSION_COOKIE_CHARS; i++)
		assert_true(differs[i]);
}

static void each_ends_in_its_time(void **state)
{
	const struct cookie first = log_in("alice", START), second = log_in("alice", START + 1);

	(void)state;
	assert_non_null(find(&first, START + LIFETIME - 1));
	assert_null(find(&first, START + LIFETIME));
	assert_non_null(find(&second, START + LIFETIME));
	assert_int_equal(sessions_expire(sessions, START + LIFETIME - 1), START + LIFETIME);
	assert_int_equal(sessions_count(sessions), 2);
	assert_int_equal(sessions_expire(sessions, START + LIFETIME), START + LIFETIME + 1);
	assert_int_equal(sessions_count(sessions), 1);
	assert_int_equal(sessions_expire(sessions, START + LIFETIME + 1), INT64_MAX);
	assert_int_equal(sessions_count(sessions), 0);
}

static void the_busiest_makes_room(void **state)
{
	struct cookie bob = log_in("bob", START), alice[3], carol;

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		alice[i] = log_in("alice", START);
	carol = log_in("carol", START);
	assert_int_equal(sessions_count(sessions), FEW);
	assert_string_equal(user_of(&alice[0]), "");
	assert_string_equal(user_of(&alice[1]), "alice");
	assert_string_equal(user_of(&bob), "bob");
	assert_string_equal(user_of(&carol), "carol");
	/* Once all have the same, the oldest. */
	log_in("dave", START);
	assert_string_equal(user_of(&alice[1]), "");
	log_in("erin", START);
	assert_string_equal(user_of(&bob), "");
	assert_string_equal(user_of(&alice[2]), "alice");
	/* What is over makes room before anybody has to. */
	log_in("frank", START + LIFETIME);
	assert_int_equal(sessions_count(sessions), 1);
}

static void ten_thousand_are_held(void **state)
{
	static struct cookie cookies[SESSIONS_MAX];
	struct sessions *few = sessions, *many;
	char name[16];

	(void)state;
	assert_int_equal(sessions_new(SESSIONS_MAX, &many), 0);
	sessions = many;
	for (unsigned int i = 0; i < SESSIONS_MAX; i++) {
		snprintf(name, sizeof(name), "user%u", i % 100);
		cookies[i] = log_in(name, START);
	}
	for (unsigned int i = 0; i < SESSIONS_MAX; i++)
		assert_non_null(find(&cookies[i], START));
	log_in("one", START);
	assert_int_equal(sessions_count(many), SESSIONS_MAX);
	assert_null(find(&cookies[0], START));
	assert_non_null(find(&cookies[1], START));
	sessions_free(many);
	sessions = few;
}

struct guest {
	struct session_guest guest;
	unsigned int ended;
	const char *why;
};

static void handle_ended(struct session_guest *guest, const char *why)
{
	struct guest *us = (struct guest *)guest;

	assert_null(guest->session);
	us->ended++;
	us->why = why;
}

static void guests_end_with_theirs(void **state)
{
	struct guest guests[3] = { 0 };
	const struct cookie alice = log_in("alice", START), bob = log_in("bob", START + 1);

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		guests[i].guest.ended = handle_ended;
		assert_int_equal(session_join(find(i < 2 ? &alice : &bob, START + 1), &guests[i].guest), 0);
	}
	session_leave(&guests[0].guest);
	session_leave(&guests[0].guest);
	session_end(find(&alice, START), "bye");
	assert_int_equal(guests[0].ended, 0);
	assert_int_equal(guests[1].ended, 1);
	assert_string_equal(guests[1].why, "bye");
	assert_int_equal(guests[2].ended, 0);
	sessions_expire(sessions, START + 1 + LIFETIME);
	assert_int_equal(guests[2].ended, 1);
}

static void guests_are_so_many(void **state)
{
	struct guest guests[SESSION_GUESTS_MAX + 1] = { 0 };
	const struct cookie alice = log_in("alice", START);

	(void)state;
	for (unsigned int i = 0; i <= SESSION_GUESTS_MAX; i++) {
		guests[i].guest.ended = handle_ended;
		assert_int_equal(session_join(find(&alice, START), &guests[i].guest),
				i < SESSION_GUESTS_MAX ? 0 : -EBUSY);
	}
	session_leave(&guests[7].guest);
	assert_int_equal(session_join(find(&alice, START), &guests[SESSION_GUESTS_MAX].guest), 0);
	sessions_end_all(sessions, "all");
	for (unsigned int i = 0; i <= SESSION_GUESTS_MAX; i++)
		assert_int_equal(guests[i].ended, i != 7);
	assert_int_equal(sessions_count(sessions), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_is_found_by_its_cookie_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(cookies_differ_in_every_place, setup, teardown),
		cmocka_unit_test_setup_teardown(each_ends_in_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(the_busiest_makes_room, setup, teardown),
		cmocka_unit_test_setup_teardown(ten_thousand_are_held, setup, teardown),
		cmocka_unit_test_setup_teardown(guests_end_with_theirs, setup, teardown),
		cmocka_unit_test_setup_teardown(guests_are_so_many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
