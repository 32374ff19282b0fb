// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions to a worker: each ends once, and how many may be open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "server/supervisor_questions.h"

struct asker {
	unsigned int calls;
	int result, fd;
	char text[16];
};

static struct event_base *base;
static struct supervisor_questions questions;

static void note(void *user, int result, const char *text, size_t bytes, int fd)
{
	struct asker *asker = user;

	asker->calls++;
	asker->result = result;
	asker->fd = fd;
	assert_true(bytes < sizeof(asker->text));
	memcpy(asker->text, text, bytes);
	asker->text[bytes] = '\0';
}

static int setup(void **state)
{
	(void)state;
	base = event_base_new();
	supervisor_questions_init(&questions, base);
	return base ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	supervisor_questions_end(&questions);
	event_base_free(base);
	return 0;
}

static uint32_t add(struct asker *asker, struct supervisor_question **ret)
{
	uint32_t number = 0;

	*asker = (struct asker){ .fd = -2 };
	assert_int_equal(supervisor_questions_add(&questions, note, asker, ret, &number), 0);
	return number;
}

static int answer(uint32_t number, const char *text)
{
	char payload[64];

	memcpy(payload, &number, sizeof(number));
	strcpy(payload + sizeof(number), text);
	return supervisor_questions_answer(&questions, payload, sizeof(number) + strlen(text), 7);
}

static void test_each_is_answered_once(void **state)
{
	struct supervisor_question *question;
	struct asker first, second;
	uint32_t a, b;

	(void)state;
	a = add(&first, &question);
	b = add(&second, &question);
	assert_int_not_equal(a, b);
	assert_int_equal(answer(b, "two"), 0);
	assert_int_equal(first.calls, 0);
	assert_int_equal(second.calls, 1);
	assert_int_equal(second.result, 0);
	assert_int_equal(second.fd, 7);
	assert_string_equal(second.text, "two");
	/* Again: it is the only other one that may come, and it is nobody's. */
	assert_int_equal(answer(b, "two"), 0);
	assert_int_equal(second.calls, 1);
	assert_int_equal(answer(a, "one"), -EINVAL);
	assert_int_equal(first.calls, 0);
}

static void test_nobody_asked(void **state)
{
	(void)state;
	assert_int_equal(answer(1, "x"), -EINVAL);
}

static void test_forgotten_ones_still_count(void **state)
{
	struct supervisor_question *question;
	struct asker asker;
	uint32_t number = 0;

	(void)state;
	for (unsigned int i = 0; i < SUPERVISOR_UNANSWERED_MAX; i++) {
		number = add(&asker, &question);
		supervisor_question_forget(question);
	}
	assert_int_equal(supervisor_questions_add(&questions, note, &asker, &question, &number), -EBUSY);
	assert_int_equal(answer(number, "late"), 0);
	assert_int_equal(asker.calls, 0);
	add(&asker, &question);
	/* What could not be sent is none that waits. */
	supervisor_questions_unsent(&questions, question);
	add(&asker, &question);
	assert_int_equal(supervisor_questions_add(&questions, note, &asker, &question, &number), -EBUSY);
}

static void test_the_end_of_the_worker(void **state)
{
	struct supervisor_question *question;
	struct asker first, second;
	uint32_t number;

	(void)state;
	add(&first, &question);
	number = add(&second, &question);
	supervisor_questions_end(&questions);
	assert_int_equal(first.calls, 1);
	assert_int_equal(first.result, -EPIPE);
	assert_int_equal(second.result, -EPIPE);
	assert_int_equal(answer(number, "x"), -EINVAL);
	/* The next worker's numbers go on: what its predecessor was asked is never taken for its own. */
	assert_true(add(&first, &question) > number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_is_answered_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forgotten_ones_still_count, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_end_of_the_worker, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
