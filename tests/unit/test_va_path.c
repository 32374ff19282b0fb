// SPDX-License-Identifier: GPL-2.0-or-later
/* Where libva is sent for the software driver. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encoders/va_path.h"

#define LIBVA "/usr/lib/dri"

static char root[] = "/tmp/planecast-va-path-XXXXXX";
static char paths[4][64];

/* Two directories with a driver, one without, one whose name no list can have. */
static int setup(void **state)
{
	static const char *const names[4] = { "a", "b", "empty", "with:colon" };

	(void)state;
	if (!mkdtemp(root))
		return -1;
	for (unsigned int i = 0; i < 4; i++) {
		char driver[512];
		int fd;

		snprintf(paths[i], sizeof(paths[i]), "%s/%s", root, names[i]);
		snprintf(driver, sizeof(driver), "%s/planecast_drv_video.so", paths[i]);
		if (mkdir(paths[i], 0700) < 0)
			return -1;
		fd = i == 2 ? 0 : open(driver, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0)
			return -1;
		if (fd)
			close(fd);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		char driver[512];

		snprintf(driver, sizeof(driver), "%s/planecast_drv_video.so", paths[i]);
		unlink(driver);
		rmdir(paths[i]);
	}
	return rmdir(root);
}

static void test_directories(void **state)
{
	const char *const a = paths[0], *const b = paths[1], *const empty = paths[2], *const colon = paths[3];
	const struct {
		const char *first, *second, *libva;
		const char *found; /* NULL: nothing is to be said */
	} rows[] = {
		{ a, b, LIBVA, a },
		{ empty, b, LIBVA, b },
		{ "", b, LIBVA, b },
		{ colon, b, LIBVA, b },
		{ empty, b, b, NULL },
		{ a, b, b, a },
		{ empty, empty, LIBVA, NULL },
		{ empty, "/nowhere", LIBVA, NULL },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const directories[] = { rows[i].first, rows[i].second };
		char *path = va_path_find(directories, 2, rows[i].libva);
		char expected[512];

		snprintf(expected, sizeof(expected), "%s:%s", rows[i].found ? rows[i].found : "", rows[i].libva);
		if (!rows[i].found != !path || (path && strcmp(path, expected)))
			fail_msg("row %u: %s", i, path ? path : "nothing");
		free(path);
	}
}

static void test_who_has_said_is_obeyed(void **state)
{
	(void)state;
	setenv(VA_PATH_ENV, "/nowhere", 1);
	va_path_init();
	assert_string_equal(getenv(VA_PATH_ENV), "/nowhere");
	setenv(VA_PATH_ENV, "", 1);
	va_path_init();
	assert_string_equal(getenv(VA_PATH_ENV), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_directories, setup, teardown),
		cmocka_unit_test(test_who_has_said_is_obeyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
