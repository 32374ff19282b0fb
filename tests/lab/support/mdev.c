// SPDX-License-Identifier: GPL-2.0-or-later
/* Mediated devices through sysfs. */
#include "tests/lab/support/mdev.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/support/check.h"

#define DEVICES "/sys/bus/mdev/devices/"

struct mdev mdev_name(void)
{
	static unsigned int count;
	struct mdev mdev;

	snprintf(mdev.uuid, sizeof(mdev.uuid), "5ca1ab1e-%04x-4000-8000-%012x", (unsigned int)getpid() & 0xffff,
			++count);
	return mdev;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	return r;
}

void mdev_create_as(const struct mdev *mdev, const char *type)
{
	char pattern[160];
	glob_t found;
	int r;

	snprintf(pattern, sizeof(pattern), "/sys/class/mdev_bus/*/mdev_supported_types/%s/create", type);
	if (glob(pattern, 0, NULL, &found))
		check_bail_out("no mdev type %s", type);
	r = write_text(found.gl_pathv[0], mdev->uuid);
	if (r < 0)
		check_bail_out("cannot create a %s: %s", type, strerror(-r));
	globfree(&found);
}

struct mdev mdev_create(const char *type)
{
	struct mdev mdev = mdev_name();

	mdev_create_as(&mdev, type);
	return mdev;
}

static int remove_it(const struct mdev *mdev)
{
	char path[128];

	snprintf(path, sizeof(path), DEVICES "%s/remove", mdev->uuid);
	return write_text(path, "1");
}

void mdev_remove(const struct mdev *mdev)
{
	int r = remove_it(mdev);

	if (r < 0)
		check_bail_out("cannot remove %s: %s", mdev->uuid, strerror(-r));
}

bool mdev_exists(const struct mdev *mdev)
{
	char path[128];

	snprintf(path, sizeof(path), DEVICES "%s", mdev->uuid);
	return !access(path, F_OK);
}

pid_t mdev_remove_in_background(const struct mdev *mdev)
{
	pid_t pid = fork();

	if (pid < 0)
		check_bail_out("fork: %s", strerror(errno));
	if (!pid) {
		/* What this process inherited would hold the device. */
		closefrom(3);
		_exit(remove_it(mdev) < 0);
	}
	return pid;
}

void mdev_group_node(const struct mdev *mdev, char node[32])
{
	char path[128], link[256];
	ssize_t length;

	snprintf(path, sizeof(path), DEVICES "%s/iommu_group", mdev->uuid);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		check_bail_out("%s has no group: %s", mdev->uuid, strerror(errno));
	link[length] = '\0';
	snprintf(node, 32, "/dev/vfio/%.16s", strrchr(link, '/') + 1);
}
