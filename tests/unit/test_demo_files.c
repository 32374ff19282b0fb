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

#include "server/demo_certs.h"
#include "server/demo_files.h"
#include "server/log.h"
#include "server/make_certs.h"

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void nobody_else_reads_them_and_nothing_of_them_stays(void **state)
{
	char *directory, *path, *again = NULL, text[256] = "", place[64], ca[64];
	FILE *file;

	(void)state;
	/* Places that are not there are passed over; the last resort is /tmp. */
	setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
	setenv("TMPDIR", "relative", 1);
	umask(0);
	assert_int_equal(demo_files_make_directory(&directory), 0);
	assert_memory_equal(directory, "/tmp/planecast-demo-", 20);
	assert_int_equal(mode_of(directory), 0700);
	snprintf(ca, sizeof(ca), "%s/ca", directory);
	log_set_level((enum log_level)-1);
	assert_int_equal(demo_files_write_viewer(directory, "desktop", 5931, ca, &again), -EIO);
	assert_null(again);
	file = fopen(ca, "w");
	assert_non_null(file);
	fputs("begin\nend\n", file);
	fclose(file);
	assert_int_equal(demo_files_write_viewer(directory, "desktop", 5931, ca, &path), 0);
	unlink(ca);
	snprintf(place, sizeof(place), "%s/desktop.vv", directory);
	assert_string_equal(path, place);
	assert_int_equal(mode_of(path), 0600);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_string_equal(text, "[virt-viewer]\ntype=spice\nhost=127.0.0.1\ntls-port=5931\n"
			"title=planecast demo: desktop\nhost-subject=O=planecast,CN=localhost\n"
			"ca=begin\\nend\\n\n");

	/* What is there already is somebody else's. */
	assert_int_equal(demo_files_write_viewer(directory, "desktop", 1, ca, &again), -EEXIST);
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

static void the_certificate_is_of_one_run(void **state)
{
	char directory[] = "/tmp/planecast-demo-test-XXXXXX", path[64];
	struct demo_certs certs;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(demo_certs_make(directory, &certs), 0);
	assert_int_equal(mode_of(certs.key), 0600);
	assert_int_equal(access(certs.ca, R_OK), 0);
	assert_int_equal(access(certs.certificate, R_OK), 0);
	/* Nobody can sign anything more in its name. */
	snprintf(path, sizeof(path), "%s/tls/" MAKE_CERTS_CA_KEY, directory);
	assert_int_equal(access(path, F_OK), -1);
	demo_certs_finish(&certs);
	assert_int_equal(rmdir(directory), 0);
	demo_certs_finish(&certs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_certificate_is_of_one_run),
		cmocka_unit_test(nobody_else_reads_them_and_nothing_of_them_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
