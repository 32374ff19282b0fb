// SPDX-License-Identifier: GPL-2.0-or-later
/* The demo's directory and its files for remote-viewer: where, whose, and gone at the end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/demo_files.h"
#include "server/log.h"

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void nobody_else_reads_them_and_nothing_of_them_stays(void **state)
{
	char *directory, *path, *again = NULL, text[256] = "", place[64];
	FILE *file;

	(void)state;
	/* Places that are not there are passed over; the last resort is /tmp. */
	setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
	setenv("TMPDIR", "relative", 1);
	umask(0);
	assert_int_equal(demo_files_make_directory(&directory), 0);
	assert_memory_equal(directory, "/tmp/planecast-demo-", 20);
	assert_int_equal(mode_of(directory), 0700);
	assert_int_equal(demo_files_write_viewer(directory, "desktop", 5931, &path), 0);
	snprintf(place, sizeof(place), "%s/desktop.vv", directory);
	assert_string_equal(path, place);
	assert_int_equal(mode_of(path), 0600);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_string_equal(text, "[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=5931\n"
			"title=planecast demo: desktop\n");

	/* What is there already is somebody else's. */
	log_set_level(LOG_LEVEL_ERROR);
	assert_int_equal(demo_files_write_viewer(directory, "desktop", 1, &again), -EEXIST);
	assert_null(again);
	assert_int_equal(access(path, F_OK), 0);

	demo_files_remove_viewer(path);
	demo_files_remove_directory(directory);
	assert_int_equal(access(place, F_OK), -1);
	*strrchr(place, '/') = '\0';
	assert_int_equal(access(place, F_OK), -1);
	demo_files_remove_viewer(NULL);
	demo_files_remove_directory(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_else_reads_them_and_nothing_of_them_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
