// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening the device ourselves: missing, without a display, taken, forbidden, removed, there again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/clock.h"
#include "tests/lab/groups/groups.h"
#include "tests/lab/support/check.h"
#include "tests/lab/support/draw.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/watch.h"

#define NOBODY 65534

static const struct pcmdev_plane plane = { .enable = 1, .fourcc = 0x34325258, .width = 64, .height = 64,
		.stride = 256 };

static struct fake_guest light_up(const struct mdev *mdev)
{
	struct fake_guest guest = fake_guest_open(mdev);

	draw_plane(guest.vram, &plane, 3);
	fake_guest_show(&guest, PCMDEV_PRIMARY, &plane);
	return guest;
}

static bool shows(struct watch *watch, struct fake_guest *guest)
{
	return watch_wait_frame(watch) && draw_same_bytes(watch->frame, guest->vram, &plane);
}

static void missing(void)
{
	struct mdev mdev = mdev_name();
	struct fake_guest guest;
	struct watch watch;

	watch_open_own(&watch, &mdev);
	watch_look(&watch);
	check(strstr(watch.reason, "There is no device") && strstr(watch.reason, mdev.uuid), "missing: %s",
			watch.reason);
	mdev_create_as(&mdev, "pcmdev-region");
	guest = light_up(&mdev);
	check(shows(&watch, &guest), "made later: shown without being asked");
	watch_close(&watch);
	fake_guest_close(&guest);
	mdev_remove(&mdev);
}

static void by_path(void)
{
	struct mdev mdev = mdev_create("pcmdev-dmabuf");
	struct fake_guest guest = light_up(&mdev);
	struct watch watch;
	char path[128];

	watch_open_own(&watch, &mdev);
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", mdev.uuid);
	watch.config.vfio_device = path;
	check(shows(&watch, &guest), "named by its path in sysfs");
	watch_close(&watch);
	fake_guest_close(&guest);
	mdev_remove(&mdev);
}

static void without_display(void)
{
	struct mdev mdev = mdev_create("pcmdev-plain");
	struct watch watch;

	watch_open_own(&watch, &mdev);
	watch_look(&watch);
	check(!watch.frame && strstr(watch.reason, "has no display"), "no display: %s", watch.reason);
	/* It is not held meanwhile. */
	mdev_remove(&mdev);
	check(!mdev_exists(&mdev), "and it can be removed");
	watch_close(&watch);
}

static void taken(void)
{
	struct mdev mdev = mdev_create("pcmdev-dmabuf");
	struct fake_guest guest = light_up(&mdev);
	struct watch watch;
	char node[32];
	int fd;

	mdev_group_node(&mdev, node);
	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		check_bail_out("%s: %s", node, strerror(errno));
	watch_open_own(&watch, &mdev);
	watch_look(&watch);
	check(!watch.frame && strstr(watch.reason, "in use"), "taken: %s", watch.reason);
	close(fd);
	check(shows(&watch, &guest), "given up: shown without being asked");
	watch_close(&watch);
	fake_guest_close(&guest);
	mdev_remove(&mdev);
}

static void forbidden(void)
{
	struct mdev mdev = mdev_create("pcmdev-dmabuf");
	struct fake_guest guest = light_up(&mdev);
	struct watch watch;

	watch_open_own(&watch, &mdev);
	if (seteuid(NOBODY) < 0)
		check_bail_out("seteuid: %s", strerror(errno));
	watch_look(&watch);
	check(!watch.frame && strstr(watch.reason, "may not be opened"), "forbidden: %s", watch.reason);
	if (seteuid(0) < 0)
		check_bail_out("seteuid: %s", strerror(errno));
	check(shows(&watch, &guest), "allowed: shown without being asked");
	if (seteuid(NOBODY) < 0)
		check_bail_out("seteuid: %s", strerror(errno));
	check(shows(&watch, &guest), "and goes on without the right to open it");
	if (seteuid(0) < 0)
		check_bail_out("seteuid: %s", strerror(errno));
	watch_close(&watch);
	fake_guest_close(&guest);
	mdev_remove(&mdev);
}

static bool has_ended(void *user)
{
	pid_t *pid = user;
	int status;

	if (waitpid(*pid, &status, WNOHANG) != *pid)
		return false;
	*pid = WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
	return true;
}

static void removed(bool watched, const char *how)
{
	struct mdev mdev = mdev_create("pcmdev-dmabuf");
	struct fake_guest guest = light_up(&mdev);
	struct watch watch;
	int64_t start_ns;
	bool ended;
	pid_t pid;

	watch_open_own(&watch, &mdev);
	check(shows(&watch, &guest), "%s: shown", how);
	/* The guest's side must not hold it either. */
	fake_guest_close(&guest);
	start_ns = clock_now_ns();
	pid = mdev_remove_in_background(&mdev);
	if (watched)
		check(watch_wait_reason(&watch, "removed"), "%s: removed: %s", how, watch.reason);
	ended = watch_rest_until(&watch, has_ended, &pid);
	check(ended && !pid, "%s: the removal went through (after %.1f s)", how,
			(double)(clock_now_ns() - start_ns) / NSEC_PER_SEC);
	check(watch_wait_reason(&watch, "There is no device"), "%s: gone: %s", how, watch.reason);
	mdev_create_as(&mdev, "pcmdev-region");
	guest = light_up(&mdev);
	check(shows(&watch, &guest), "%s: made again, as another kind: shown", how);
	watch_close(&watch);
	fake_guest_close(&guest);
	mdev_remove(&mdev);
}

static unsigned int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (dir && readdir(dir))
		count++;
	closedir(dir);
	return count;
}

void group_own(void)
{
	unsigned int fds = count_fds();

	missing();
	by_path();
	without_display();
	taken();
	forbidden();
	removed(true, "with a viewer");
	removed(false, "without a viewer");
	check(count_fds() == fds, "no descriptor was left open");
}
