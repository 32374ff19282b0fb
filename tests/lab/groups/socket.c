// SPDX-License-Identifier: GPL-2.0-or-later
/* A launcher that holds the device passes it, changes it, resets it, and goes. */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "server/capture/attach_own.h"
#include "tests/lab/groups/groups.h"
#include "tests/lab/support/check.h"
#include "tests/lab/support/draw.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/launcher.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/watch.h"

#define PATH "/run/lab-launcher"
#define NOBODY 65534

static struct attach_own open_device(const struct mdev *mdev)
{
	char reason[VFIO_REASON_BYTES];
	struct attach_own own;

	if (attach_own_open(mdev->uuid, &own, reason) < 0)
		check_bail_out("%s", reason);
	return own;
}

static bool let_go(void *user)
{
	return !fake_guest_get((struct fake_guest *)user, opens);
}

static bool shows(struct watch *watch, struct fake_guest *guest, const struct pcmdev_plane *plane)
{
	return watch_wait_frame(watch) && draw_same_bytes(watch->frame, guest->vram + plane->offset, plane);
}

static void unprivileged(struct watch *watch, struct fake_guest *guest, const struct pcmdev_plane *plane)
{
	struct pcmdev_plane other = *plane;

	if (seteuid(NOBODY) < 0)
		check_bail_out("seteuid: %s", strerror(errno));
	other.height--;
	fake_guest_show(guest, PCMDEV_PRIMARY, &other);
	check(shows(watch, guest, &other), "a new buffer is mapped without any privilege");
	if (seteuid(0) < 0)
		check_bail_out("seteuid: %s", strerror(errno));
	fake_guest_show(guest, PCMDEV_PRIMARY, plane);
}

void group_socket(void)
{
	struct mdev first = mdev_create("pcmdev-dmabuf"), second = mdev_create("pcmdev-region");
	struct fake_guest one = fake_guest_open(&first), two = fake_guest_open(&second);
	const struct pcmdev_plane plane_one = fake_guest_plane(320, 200, 4096);
	const struct pcmdev_plane plane_two = fake_guest_plane(200, 320, 0);
	struct attach_own device_one, device_two;
	struct launcher launcher;
	struct watch watch;

	draw_plane(one.vram + plane_one.offset, &plane_one, 1);
	draw_plane(two.vram + plane_two.offset, &plane_two, 2);
	fake_guest_show(&one, PCMDEV_PRIMARY, &plane_one);
	fake_guest_show(&two, PCMDEV_PRIMARY, &plane_two);
	device_one = open_device(&first);
	device_two = open_device(&second);

	watch_open_socket(&watch, PATH);
	watch_look(&watch);
	check(strstr(watch.reason, "Nobody listens on " PATH), "no launcher: %s", watch.reason);
	launcher_listen(&launcher, PATH);
	check(watch_wait_reason(&watch, "has not passed"), "a launcher that waits: %s", watch.reason);
	launcher_accept(&launcher);
	launcher_pass(&launcher, device_one.device_fd);
	check(shows(&watch, &one, &plane_one), "the device that it passed is shown");
	unprivileged(&watch, &one, &plane_one);

	launcher_pass(&launcher, device_two.device_fd);
	attach_own_close(&device_one);
	check(watch_rest_until(&watch, let_go, &one), "another one takes its place, the first is let go");
	check(shows(&watch, &two, &plane_two), "and that is shown");

	if (ioctl(device_two.device_fd, VFIO_DEVICE_RESET) < 0)
		check_bail_out("reset: %s", strerror(errno));
	check(watch_wait_reason(&watch, "not enabled"), "the launcher resets it: %s", watch.reason);
	fake_guest_show(&two, PCMDEV_PRIMARY, &plane_two);
	check(shows(&watch, &two, &plane_two), "and the guest comes up again");

	launcher_hang_up(&launcher);
	attach_own_close(&device_two);
	check(watch_rest_until(&watch, let_go, &two), "the launcher hangs up: all is let go, viewers or not");
	check(watch_wait_reason(&watch, "has not passed"), "and it is asked again: %s", watch.reason);
	device_one = open_device(&first);
	launcher_accept(&launcher);
	launcher_pass(&launcher, device_one.device_fd);
	attach_own_close(&device_one);
	check(shows(&watch, &one, &plane_one), "passed again, and now ours alone");

	launcher_close(&launcher);
	check(watch_wait_reason(&watch, "Nobody listens"), "the launcher is gone: %s", watch.reason);
	check(let_go(&one), "and nothing is held");
	watch_close(&watch);
	fake_guest_close(&one);
	fake_guest_close(&two);
	mdev_remove(&first);
	mdev_remove(&second);
}
