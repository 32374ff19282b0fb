// SPDX-License-Identifier: GPL-2.0-or-later
/* Trying candidates in a process of their own, and the order they are chosen in. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_probe.h"
#include "encoders/vaapi_probe_line.h"
#include "server/clock.h"
#include "tests/unit/vaapi_rig.h"

#define BROKEN VAAPI_HEADLESS "broken"

static void test_proven(void **state)
{
	struct vaapi_probe_report report;

	(void)state;
	assert_int_equal(vaapi_probe(PLANECASTD, VAAPI_SOFTWARE, 0, &report), 0);
	assert_non_null(strstr(report.vendor, "planecast"));
	assert_string_equal(report.entrypoint, "EncSlice");
	assert_string_equal(report.import, "PRIME_2 PRIME CPU");
	assert_non_null(strstr(report.rate_control, "CQP"));
	assert_string_equal(report.limits, "16x16 to 8192x4352");
	assert_string_equal(report.reason, "");
}

/* A driver that prints does not get in the way. */
static void test_talkative(void **state)
{
	struct vaapi_probe_report report;

	(void)state;
	assert_int_equal(vaapi_probe(PLANECASTD, BROKEN, 0, &report), 0);
	assert_non_null(strstr(report.vendor, "planecast"));
	assert_null(strstr(report.vendor, "loaded"));
}

static void test_not_proven(void **state)
{
	static const struct {
		const char *prober, *candidate, *fault, *reason;
		int err;
	} rows[] = {
		{ PLANECASTD, BROKEN, "hang", "hangs", -ETIMEDOUT },
		{ PLANECASTD, BROKEN, "init", "hangs", -ETIMEDOUT },
		{ PLANECASTD, BROKEN, "crash", "crashes", -EFAULT },
		{ PLANECASTD, BROKEN, "error", "fails", -ENODEV },
		{ PLANECASTD, BROKEN, "overflow", "fails", -ENODEV },
		{ PLANECASTD, BROKEN, "greedy", "fails", -ENODEV },
		{ PLANECASTD, BROKEN, "empty", "fails", -ENODEV },
		{ PLANECASTD, BROKEN, "garbage", "not H.264", -ENODEV },
		{ PLANECASTD, VAAPI_HEADLESS "nosuchdriver", "", "no driver", -ENODEV },
		{ PLANECASTD, "/dev/dri/renderD999", "", "No such file", -ENODEV },
		{ PLANECASTD, "/dev/null", "", "no driver", -ENODEV },
		{ PLANECASTD, "nonsense", "", "Invalid argument", -ENODEV },
		{ "/nowhere", VAAPI_SOFTWARE, "", "cannot be tried", -ENOENT },
		{ "/bin/true", VAAPI_SOFTWARE, "", "said nothing", -EPROTO },
		{ "/bin/echo", VAAPI_SOFTWARE, "", "said nothing", -EPROTO },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* Others are not to be cut off by a machine that is busy. */
		int64_t deadline_ns = rows[i].err == -ETIMEDOUT ? 400 * NSEC_PER_MSEC
								: 30 * NSEC_PER_SEC;
		struct vaapi_probe_report report;
		int err;

		setenv(BROKEN_DRIVER_ENV, rows[i].fault, 1);
		err = vaapi_probe(rows[i].prober, rows[i].candidate, deadline_ns, &report);
		if (err != rows[i].err || !strstr(report.reason, rows[i].reason))
			fail_msg("row %u: %d, '%s'", i, err, report.reason);
	}
	unsetenv(BROKEN_DRIVER_ENV);
}

/* Not even what was opened without close-on-exec. */
static void test_inherits_nothing(void **state)
{
	static const char script[] = "#!/bin/sh\n"
				     "[ ! -e /proc/$$/fd/77 ] || reason=inherited\n"
				     "printf '\\t\\t\\t\\t\\t\\t%s\\n' \"$reason\"\n";
	char path[] = "/tmp/planecast-prober-XXXXXX";
	struct vaapi_probe_report report;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	assert_int_equal(dup2(STDIN_FILENO, 77), 77);
	vaapi_probe(path, VAAPI_SOFTWARE, 30 * NSEC_PER_SEC, &report);
	close(77);
	unlink(path);
	assert_string_equal(report.reason, "");
}

static void test_lines(void **state)
{
	static const struct {
		const char *line;
		bool good;
	} rows[] = {
		{ "a\tb\tc\td\te\tf\tg\n", true },
		{ "\t\t\t\t\t\t\n", true },
		{ "", false },
		{ "\n", false },
		{ "a\tb\tc\td\te\tf\tg", false },
		{ "a\tb\tc\td\te\tf\n", false },
		{ "a\tb\tc\td\te\tf\tg\th\n", false },
	};
	struct vaapi_probe_report report;
	char long_line[600];

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s", rows[i].line);
		assert_int_equal(vaapi_probe_line_read(line, &report), rows[i].good);
	}
	/* Neither more than fits nor what would drive a terminal. */
	memset(long_line, 'x', sizeof(long_line));
	memcpy(long_line, "\033[1m", 4);
	memcpy(long_line + sizeof(long_line) - 8, "\t\t\t\t\t\t\n", 8);
	assert_true(vaapi_probe_line_read(long_line, &report));
	assert_int_equal(strlen(report.vendor), sizeof(report.vendor) - 1);
	assert_memory_equal(report.vendor, "?[1mx", 5);
}

static void test_names(void **state)
{
	const char *node, *driver;

	(void)state;
	assert_int_equal(vaapi_candidate_parse(VAAPI_SOFTWARE, &node, &driver), 0);
	assert_null(node);
	assert_string_equal(driver, "planecast");
	assert_int_equal(vaapi_candidate_parse("/dev/dri/renderD128", &node, &driver), 0);
	assert_string_equal(node, "/dev/dri/renderD128");
	assert_null(driver);
	assert_int_equal(vaapi_candidate_parse(BROKEN, &node, &driver), 0);
	assert_string_equal(driver, "broken");
	assert_int_equal(vaapi_candidate_parse(VAAPI_HEADLESS, &node, &driver), -EINVAL);
	assert_int_equal(vaapi_candidate_parse("", &node, &driver), -EINVAL);
	assert_int_equal(vaapi_candidate_parse("renderD128", &node, &driver), -EINVAL);
}

static void test_order(void **state)
{
	struct vaapi_candidates *candidates = NULL;
	unsigned int count, index;

	(void)state;
	assert_int_equal(vaapi_candidates_new("nonsense", PLANECASTD, 0, &candidates), -EINVAL);
	assert_null(candidates);
	assert_int_equal(vaapi_candidates_new(VAAPI_SOFTWARE, PLANECASTD, 0, &candidates), 0);
	assert_int_equal(vaapi_candidates_count(candidates), 1);
	vaapi_candidates_unref(candidates);
	/* What is configured first, software last; what crashes is not chosen. */
	setenv(BROKEN_DRIVER_ENV, "crash", 1);
	assert_int_equal(vaapi_candidates_new(BROKEN, PLANECASTD, 0, &candidates), 0);
	count = vaapi_candidates_count(candidates);
	assert_string_equal(vaapi_candidates_name(candidates, 0), BROKEN);
	assert_string_equal(vaapi_candidates_name(candidates, count - 1), VAAPI_SOFTWARE);
	assert_int_equal(vaapi_candidates_choose(candidates, &index), 0);
	assert_true(index > 0);
	unsetenv(BROKEN_DRIVER_ENV);
	/* Nor afterwards. */
	assert_int_equal(vaapi_candidates_choose(candidates, &index), 0);
	assert_true(index > 0);
	for (unsigned int i = 0; i < count; i++)
		vaapi_candidates_demote(candidates, i, "the test says so");
	assert_int_equal(vaapi_candidates_choose(candidates, &index), -ENODEV);
	vaapi_candidates_unref(candidates);
	vaapi_candidates_unref(NULL);
}

/* What is to be avoided is not even tried, whatever else is on the list. */
static void test_avoids(void **state)
{
	static const char *const lists[] = { BROKEN, BROKEN "\n", "/dev/null\n" BROKEN "\n/nowhere" };
	static const char *const others[] = { "", "\n", "headless:broke", "headless:brokenn", "broken" };
	struct vaapi_candidates *candidates;
	unsigned int index;

	(void)state;
	for (unsigned int i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_int_equal(vaapi_candidates_new(BROKEN, PLANECASTD, 0, &candidates), 0);
		vaapi_candidates_avoid(candidates, lists[i]);
		assert_int_equal(vaapi_candidates_choose(candidates, &index), 0);
		assert_true(index > 0);
		vaapi_candidates_unref(candidates);
	}
	for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(vaapi_candidates_new(BROKEN, PLANECASTD, 0, &candidates), 0);
		vaapi_candidates_avoid(candidates, others[i]);
		assert_int_equal(vaapi_candidates_choose(candidates, &index), 0);
		assert_int_equal(index, 0);
		vaapi_candidates_unref(candidates);
	}
}

static void note_used(void *user, const char *names)
{
	snprintf(user, 64, "%s", names);
}

static void test_says_what_is_used(void **state)
{
	struct vaapi_candidates *candidates;
	unsigned int last;
	char used[64] = "untold";

	(void)state;
	assert_int_equal(vaapi_candidates_new(BROKEN, PLANECASTD, 0, &candidates), 0);
	last = vaapi_candidates_count(candidates) - 1;
	vaapi_candidates_begin(candidates, 0);
	vaapi_candidates_end(candidates, 0);
	vaapi_candidates_watch(candidates, note_used, used);
	assert_string_equal(used, "untold");
	vaapi_candidates_begin(candidates, last);
	assert_string_equal(used, "software\n");
	vaapi_candidates_begin(candidates, 0);
	assert_string_equal(used, BROKEN "\nsoftware\n");
	/* By two threads. */
	vaapi_candidates_begin(candidates, 0);
	vaapi_candidates_end(candidates, 0);
	assert_string_equal(used, BROKEN "\nsoftware\n");
	vaapi_candidates_end(candidates, 0);
	assert_string_equal(used, "software\n");
	vaapi_candidates_end(candidates, last);
	assert_string_equal(used, "");
	vaapi_candidates_watch(candidates, NULL, NULL);
	vaapi_candidates_begin(candidates, 0);
	assert_string_equal(used, "");
	vaapi_candidates_unref(candidates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proven),
		cmocka_unit_test(test_talkative),
		cmocka_unit_test(test_not_proven),
		cmocka_unit_test(test_inherits_nothing),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_avoids),
		cmocka_unit_test(test_says_what_is_used),
	};

	return cmocka_run_group_tests(tests, vaapi_rig_setup, vaapi_rig_teardown);
}
