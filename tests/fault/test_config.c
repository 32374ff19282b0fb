// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration when memory runs out at any point: it says so, and leaks nothing (asan). */
#include "config/config.h"

#include "tests/fault/alloc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char main_text[] =
		"[server]\nlog-level = debug\n"
		"[vm \"a\"]\nsource = pattern\nvnc = 127.0.0.1:5901 unix:/x [::1]:5901\n"
		"desktop-name = x\nqmp = /run/qmp\n";
static const char drop_in_text[] =
		"[vm \"a\"]\nvnc = unix:/y\nqmp = /run/other\n"
		"[vm \"b\"]\nsource = replay\nreplay-file = /x\nvfio-device = 00:02.0\n";

static int enter_directory(void **state)
{
	char template[] = "/tmp/planecast-fault-XXXXXX";

	if (!mkdtemp(template) || !(*state = strdup(template)) || chdir(template) < 0 ||
			mkdir("conf.d", 0700) < 0)
		return -1;
	return 0;
}

static int leave_directory(void **state)
{
	char command[64];
	int r;

	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	r = chdir("/") < 0 || system(command) != 0 ? -1 : 0;
	free(*state);
	return r;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int load(void *user)
{
	struct config *config = NULL;
	int r = config_load("planecast.conf", NULL, NULL, &config);

	(void)user;
	if (r < 0)
		assert_null(config);
	else
		config_free(config);
	return r;
}

static int dump(void *user)
{
	static char sink[65536];
	FILE *out = fmemopen(sink, sizeof(sink), "w");
	int r;

	assert_non_null(out);
	r = config_dump(user, NULL, true, out);
	fclose(out);
	return r;
}

/* Runs it with each of its allocations failing in turn. */
static void fail_each(int (*run)(void *user), void *user, int otherwise)
{
	long number = 0;

	for (;; number++) {
		int r;

		alloc_fail_at(number);
		r = run(user);
		if (!alloc_has_failed()) {
			assert_int_equal(r, otherwise);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	alloc_fail_at(-1);
	print_message("%ld allocations\n", number);
	assert_true(number > 10);
}

static void loading_survives_each_failing_allocation(void **state)
{
	(void)state;
	put("planecast.conf", main_text);
	put("conf.d/1.conf", drop_in_text);
	fail_each(load, NULL, 0);
	/* The same with something wrong in it. */
	put("conf.d/2.conf", "[vm \"a\"]\nvnc = 127.0.0.1:1 x 127.0.0.1:1\nqmp = x\n");
	fail_each(load, NULL, -EINVAL);
}

static void dumping_survives_each_failing_allocation(void **state)
{
	struct config *config = NULL;

	(void)state;
	put("planecast.conf", main_text);
	put("conf.d/1.conf", drop_in_text);
	assert_int_equal(config_load("planecast.conf", config_report_stdio, stderr, &config), 0);
	fail_each(dump, config, 0);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(loading_survives_each_failing_allocation,
				enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(dumping_survives_each_failing_allocation,
				enter_directory, leave_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
