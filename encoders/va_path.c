// SPDX-License-Identifier: GPL-2.0-or-later
/* Showing libva the way to the software driver. */
#include "encoders/va_path.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "encoders/va_headless.h"

#define DRIVER VA_HEADLESS_DRIVER "_drv_video.so"

static bool has_driver(const char *directory)
{
	char *path;
	bool has;

	/* A colon cannot be said. */
	if (!directory[0] || strchr(directory, ':') || asprintf(&path, "%s/%s", directory, DRIVER) < 0)
		return false;
	has = !access(path, R_OK);
	free(path);
	return has;
}

char *va_path_find(const char *const directories[], unsigned int count, const char *libva)
{
	unsigned int i = 0;
	char *path;

	while (i < count && !has_driver(directories[i]))
		i++;
	if (i == count || !strcmp(directories[i], libva))
		return NULL;
	/* First, so that one that was installed earlier is not in the way. */
	return asprintf(&path, "%s:%s", directories[i], libva) < 0 ? NULL : path;
}

void va_path_init(void)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	const char *const directories[] = { program, PLANECAST_VA_DRIVER_DIR };
	char *slash, *path;

	if (getenv(VA_PATH_ENV))
		return;
	program[length < 0 ? 0 : length] = '\0';
	slash = strrchr(program, '/');
	if (slash)
		*slash = '\0';
	path = va_path_find(directories, 2, LIBVA_DRIVER_DIR);
	if (path)
		setenv(VA_PATH_ENV, path, 1);
	free(path);
}
