// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded into a program that looks for a GPU by libdrm and opens VA-API on it:
 * there is one, without any device behind it. For programs that know no other way.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <va/va_drm.h>
#include <xf86drm.h>

#include "encoders/va_headless.h"

static char node[] = "/dev/null";
static char *nodes[DRM_NODE_MAX] = { [DRM_NODE_RENDER] = node };
static drmDevice device = { .nodes = nodes, .available_nodes = 1 << DRM_NODE_RENDER };

int drmGetDevices2(uint32_t flags, drmDevicePtr devices[], int count)
{
	(void)flags;
	if (devices && count > 0)
		devices[0] = &device;
	return 1;
}

drmVersionPtr drmGetVersion(int fd)
{
	drmVersionPtr version = calloc(1, sizeof(*version));

	(void)fd;
	if (!version)
		return NULL;
	version->name = strdup(VA_HEADLESS_DRIVER);
	version->name_len = (int)strlen(VA_HEADLESS_DRIVER);
	return version;
}

void drmFreeVersion(drmVersionPtr version)
{
	if (!version)
		return;
	free(version->name);
	free(version);
}

/* Nor are those of this machine there. */
int scandir(const char *directory, struct dirent ***ret, int (*wanted)(const struct dirent *),
		int (*compare)(const struct dirent **, const struct dirent **))
{
	int (*libc)(const char *, struct dirent ***, int (*)(const struct dirent *),
			int (*)(const struct dirent **, const struct dirent **)) = NULL;

	if (!strcmp(directory, "/dev/dri"))
		return 0;
	*(void **)&libc = dlsym(RTLD_NEXT, "scandir");
	return libc ? libc(directory, ret, wanted, compare) : -1;
}

VADisplay vaGetDisplayDRM(int fd)
{
	(void)fd;
	return va_headless_new();
}
