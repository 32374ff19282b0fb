// SPDX-License-Identifier: GPL-2.0-or-later
/* Which video drivers a VM's next worker does without, after what deaths, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "server/channel.h"
#include "server/clock.h"
#include "server/supervisor_avoid.h"

#define GPU "/dev/dri/renderD128"
#define NOW_NS (1000 * NSEC_PER_SEC)

/* As waitpid() says it. */
#define KILLED_BY(signal_number) (signal_number)
#define EXITED(code) ((code) << 8)

static char names[CHANNEL_NAMES_MAX + 1];

static const char *list(struct supervisor_avoid *avoid, int64_t now_ns)
{
	memset(names, 'x', sizeof(names));
	supervisor_avoid_list(avoid, now_ns, names);
	return names;
}

static void die(struct supervisor_avoid *avoid, const char *encoding, int64_t now_ns)
{
	assert_int_equal(supervisor_avoid_encoding(avoid, encoding), 0);
	supervisor_avoid_ended(avoid, KILLED_BY(SIGSEGV), false, now_ns);
}

static void test_which_ends_count(void **state)
{
	static const struct {
		const char *encoding, *avoided;
		int status;
		bool expected;
	} rows[] = {
		{ GPU "\n", GPU "\n", KILLED_BY(SIGSEGV), false },
		{ GPU "\n", GPU "\n", KILLED_BY(SIGBUS), false },
		{ GPU "\n", GPU "\n", KILLED_BY(SIGABRT) | 0x80, false }, /* and dumped core */
		{ GPU "\n", GPU "\n", KILLED_BY(SIGFPE), false },
		{ GPU "\n", GPU "\n", KILLED_BY(SIGILL), false },
		{ GPU, GPU "\n", KILLED_BY(SIGSEGV), false },
		{ "headless:x\n" GPU "\n", GPU "\nheadless:x\n", KILLED_BY(SIGSEGV), false },
		{ GPU "\n" GPU "\n", GPU "\n", KILLED_BY(SIGSEGV), false },
		/* The driver that hangs, and the one that took over. */
		{ GPU "\nsoftware\n", GPU "\n", KILLED_BY(SIGSEGV), false },
		{ "software\n", "", KILLED_BY(SIGSEGV), false },
		{ "", "", KILLED_BY(SIGSEGV), false },
		{ GPU "\n", "", KILLED_BY(SIGSEGV), true },
		{ GPU "\n", "", KILLED_BY(SIGKILL), false },
		{ GPU "\n", "", KILLED_BY(SIGTERM), false },
		{ GPU "\n", "", EXITED(0), false },
		{ GPU "\n", "", EXITED(1), false },
		{ GPU "\n", "", EXITED(SIGSEGV), false },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct supervisor_avoid avoid = { 0 };

		assert_int_equal(supervisor_avoid_encoding(&avoid, rows[i].encoding), 0);
		assert_string_equal(list(&avoid, NOW_NS), "");
		supervisor_avoid_ended(&avoid, rows[i].status, rows[i].expected, NOW_NS);
		if (strcmp(list(&avoid, NOW_NS), rows[i].avoided))
			fail_msg("row %u: '%s'", i, names);
		/* The next worker's death says nothing about what this one did. */
		supervisor_avoid_forget(&avoid);
		supervisor_avoid_ended(&avoid, KILLED_BY(SIGSEGV), false, NOW_NS);
		assert_string_equal(list(&avoid, NOW_NS), "");
		supervisor_avoid_finish(&avoid);
	}
}

static void test_encoded_and_does_not_any_more(void **state)
{
	struct supervisor_avoid avoid = { 0 };

	(void)state;
	assert_int_equal(supervisor_avoid_encoding(&avoid, GPU "\n"), 0);
	die(&avoid, "", NOW_NS);
	assert_string_equal(list(&avoid, NOW_NS), "");
	supervisor_avoid_finish(&avoid);
}

static void test_what_no_worker_says(void **state)
{
	static const char *const rows[] = { "nonsense", GPU "\nnonsense\n", "headless:", "software \n", " " };
	struct supervisor_avoid avoid = { 0 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(supervisor_avoid_encoding(&avoid, GPU), 0);
		assert_int_equal(supervisor_avoid_encoding(&avoid, rows[i]), -EINVAL);
		supervisor_avoid_ended(&avoid, KILLED_BY(SIGSEGV), false, NOW_NS);
		assert_string_equal(list(&avoid, NOW_NS), "");
	}
	assert_int_equal(supervisor_avoid_encoding(&avoid, "\n\n"), 0);
	supervisor_avoid_finish(&avoid);
}

static void test_forgets(void **state)
{
	struct supervisor_avoid avoid = { 0 };
	const int64_t second_ns = NOW_NS + SUPERVISOR_AVOID_NS / 2;

	(void)state;
	assert_false(supervisor_avoid_forget(&avoid));
	die(&avoid, "/a", NOW_NS);
	die(&avoid, "/b", second_ns);
	assert_string_equal(list(&avoid, NOW_NS + SUPERVISOR_AVOID_NS - 1), "/b\n/a\n");
	assert_string_equal(list(&avoid, NOW_NS + SUPERVISOR_AVOID_NS), "/b\n");
	/* A second death counts from then on. */
	die(&avoid, "/a", NOW_NS);
	die(&avoid, "/a", second_ns);
	assert_string_equal(list(&avoid, second_ns + SUPERVISOR_AVOID_NS - 1), "/a\n/b\n");
	assert_string_equal(list(&avoid, second_ns + SUPERVISOR_AVOID_NS), "");
	die(&avoid, "/a", NOW_NS);
	assert_true(supervisor_avoid_forget(&avoid));
	assert_false(supervisor_avoid_forget(&avoid));
	assert_string_equal(list(&avoid, NOW_NS), "");
	supervisor_avoid_finish(&avoid);
}

/* A worker that names ever new ones, as long as the channel lets it, costs no more than that. */
static void test_bounded(void **state)
{
	static char encoding[CHANNEL_NAMES_MAX + 1];
	struct supervisor_avoid avoid = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof(name), "/%u\n", i);
		die(&avoid, name, NOW_NS);
	}
	assert_int_equal(avoid.count, SUPERVISOR_AVOID_MAX);
	assert_string_equal(list(&avoid, NOW_NS), "/99\n/98\n/97\n/96\n/95\n/94\n/93\n/92\n");
	for (size_t i = 0; i + 1 < sizeof(encoding); i++)
		encoding[i] = i % 2 ? '\n' : '/';
	die(&avoid, encoding, NOW_NS);
	assert_string_equal(strchr(list(&avoid, NOW_NS), '\n'), "\n/99\n/98\n/97\n/96\n/95\n/94\n/93\n");
	/* Of what does not fit into a message the newest goes, and all that fits beside it. */
	die(&avoid, "/last", NOW_NS);
	memset(encoding, 'x', sizeof(encoding) - 1);
	encoding[0] = '/';
	die(&avoid, encoding, NOW_NS);
	assert_memory_equal(list(&avoid, NOW_NS), "/last\n/\n/99\n", 12);
	encoding[CHANNEL_NAMES_MAX - 1] = '\0';
	die(&avoid, encoding, NOW_NS);
	assert_int_equal(strlen(list(&avoid, NOW_NS)), CHANNEL_NAMES_MAX);
	assert_memory_equal(names, "/xxx", 4);
	supervisor_avoid_finish(&avoid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_ends_count),
		cmocka_unit_test(test_encoded_and_does_not_any_more),
		cmocka_unit_test(test_what_no_worker_says),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
