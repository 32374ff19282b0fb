// SPDX-License-Identifier: GPL-2.0-or-later
/* A configuration file and its drop-ins on the disk: order, overriding, what cannot be read. */
#include "config/config.h"
#include "config/files.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MAIN "planecast.conf"

/* Each test works in an empty directory of its own. */
static int enter_directory(void **state)
{
	char template[] = "/tmp/planecast-config-XXXXXX";

	if (!mkdtemp(template) || !(*state = strdup(template)) || chdir(template) < 0)
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

/* What config_load() reports, "" when it loads. */
static char *load(const char *path, struct config **ret)
{
	size_t bytes;
	char *problems;
	FILE *out = open_memstream(&problems, &bytes);
	int r;

	assert_non_null(out);
	r = config_load(path, config_report_stdio, out, ret);
	fclose(out);
	assert_int_equal(r, *problems ? -EINVAL : 0);
	return problems;
}

static void expect_problems(const char *path, const char *expected)
{
	struct config *config = NULL;
	char *problems = load(path, &config);

	assert_string_equal(problems, expected);
	free(problems);
	config_free(config);
}

static void reads_drop_ins_in_byte_order(void **state)
{
	struct config *config = NULL;
	char *problems, path[128];

	snprintf(path, sizeof(path), "%s/" MAIN, (char *)*state);
	put(MAIN, "[vm \"a\"]\nsource = pattern\nmax-fps = 1\npattern-fps = 7\nvnc = unix:/a\n");
	assert_int_equal(mkdir("conf.d", 0755), 0);
	put("conf.d/a.conf", "[vm \"a\"]\nmax-fps = 4\n[vm \"new\"]\nsource = pattern\n");
	put("conf.d/B.conf", "[vm \"a\"]\nmax-fps = 3\nidle-interval = 1s\n");
	put("conf.d/10.conf", "[vm \"a\"]\nmax-fps = 2\nvnc =\n[server]\nlog-level = debug\n");
	put("conf.d/z.conf~", "nonsense");
	put("conf.d/.hidden.conf", "nonsense");
	put("conf.d/conf", "nonsense");

	/* By its full path, then by a name without a slash. */
	for (int i = 0; i < 2; i++) {
		problems = load(i ? MAIN : path, &config);
		assert_string_equal(problems, "");
		free(problems);
		assert_int_equal(config->n_vms, 2);
		assert_string_equal(config->vms[0]->name, "a");
		assert_string_equal(config->vms[1]->name, "new");
		assert_int_equal(config->vms[0]->max_fps, 4);
		assert_int_equal(config->vms[0]->pattern_fps, 7);
		assert_int_equal(config->vms[0]->idle_interval_ns, 1000000000);
		assert_int_equal(config->vms[0]->vnc.count, 0);
		config_free(config);
	}
}

static void points_into_the_drop_in(void **state)
{
	(void)state;
	put(MAIN, "[vm \"a\"]\nsource = pattern\nvnc = 127.0.0.1:1\nmax-fps = 0\n");
	assert_int_equal(mkdir("conf.d", 0755), 0);
	put("conf.d/1.conf", "# more\n[vm \"b\"]\nsource = replay\nvnc = unix:/x 127.0.0.1:1\n");
	put("conf.d/2.conf", "[vm \"b\"]\nmax-fps = 1\nmax-fps = 1\n[vm \"b\"]\nsource = pattern\n");
	put("conf.d/3.conf", "max-fps = 1\n");
	expect_problems(MAIN,
			MAIN ":4:11: max-fps is \"0\", expected a number of 1 to 240\n"
			"conf.d/2.conf:3:1: \"max-fps\" is already set in line 2\n"
			"conf.d/2.conf:4:6: vm \"b\" is already in line 1\n"
			"conf.d/3.conf:1:1: a key outside of a section, expected [server] or "
			"[vm \"NAME\"] before it\n"
			"conf.d/1.conf:3:10: vm \"b\" has source = replay and so needs replay-file\n"
			"conf.d/1.conf:4:15: 127.0.0.1:1 is already taken by 127.0.0.1:1 of vm \"a\" at "
			MAIN ":3\n");
}

static void an_override_mends_what_was_wrong_together(void **state)
{
	(void)state;
	put(MAIN, "[vm \"a\"]\nsource = replay\nvnc = 0.0.0.0:1\n");
	assert_int_equal(mkdir("conf.d", 0755), 0);
	put("conf.d/1.conf", "[vm \"a\"]\nsource = pattern\nvnc = 127.0.0.1:1\n");
	expect_problems(MAIN, "");
}

static void serves_nothing_from_an_empty_file(void **state)
{
	static const char *const texts[] = { "", "\n", "# nothing", "\xef\xbb\xbf", "[server]\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config *config = NULL;

		put(MAIN, texts[i]);
		assert_int_equal(config_load(MAIN, config_report_stdio, stderr, &config), 0);
		assert_int_equal(config->n_vms, 0);
		config_free(config);
	}
}

static void says_which_file_cannot_be_read(void **state)
{
	(void)state;
	expect_problems("missing.conf", "missing.conf: cannot read it: No such file or directory\n");
	expect_problems("/", "/: cannot read it: Is a directory\n");

	assert_int_equal(mkfifo("fifo", 0600), 0);
	expect_problems("fifo", "fifo: cannot read it: not a regular file\n");
	expect_problems("/dev/null", "/dev/null: cannot read it: not a regular file\n");

	put("huge", "");
	assert_int_equal(truncate("huge", (off_t)FILES_BYTES_MAX + 1), 0);
	expect_problems("huge", "huge: cannot read it: File too large\n");

	/* What a drop-in has to say is still said. */
	put(MAIN, "[server]\n");
	assert_int_equal(mkdir("conf.d", 0755), 0);
	assert_int_equal(symlink("1.conf", "conf.d/1.conf"), 0);
	put("conf.d/2.conf", "[server]\nlog-level = x\n");
	expect_problems(MAIN,
			"conf.d/1.conf: cannot read it: Too many levels of symbolic links\n"
			"conf.d/2.conf:2:13: log-level is \"x\", expected one of error, warn, notice, "
			"info, debug\n");
}

static void says_when_drop_ins_cannot_be_listed(void **state)
{
	char path[64];

	(void)state;
	put(MAIN, "[server]\n");
	put("conf.d", "");
	expect_problems(MAIN, "conf.d: cannot read drop-ins: Not a directory\n");

	assert_int_equal(unlink("conf.d"), 0);
	assert_int_equal(mkdir("conf.d", 0755), 0);
	for (unsigned int i = 0; i <= FILES_DROP_INS_MAX; i++) {
		snprintf(path, sizeof(path), "conf.d/%u.conf", i);
		put(path, "");
	}
	expect_problems(MAIN, "conf.d: cannot read drop-ins: there are too many\n");
	assert_int_equal(unlink("conf.d/0.conf"), 0);
	expect_problems(MAIN, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_directory, leave_directory)
		TEST(reads_drop_ins_in_byte_order),
		TEST(points_into_the_drop_in),
		TEST(an_override_mends_what_was_wrong_together),
		TEST(serves_nothing_from_an_empty_file),
		TEST(says_which_file_cannot_be_read),
		TEST(says_when_drop_ins_cannot_be_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
