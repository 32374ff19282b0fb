// SPDX-License-Identifier: GPL-2.0-or-later
/* Viewers' wishes for a size, and what the guest then reads of its monitor. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/capture/capture.h"
#include "server/capture/edid.h"
#include "server/capture/vfio_device.h"
#include "tests/lab/groups/groups.h"
#include "tests/lab/support/bochs.h"
#include "tests/lab/support/check.h"
#include "tests/lab/support/draw.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/sample.h"
#include "tests/lab/support/watch.h"

#define MAX_WIDTH 1920
#define MAX_HEIGHT 1200

struct rig {
	struct mdev mdev;
	struct fake_guest guest;
	struct watch watch;
	uint32_t plugs; /* that are to be seen */
};

static bool is_edid_of(const uint8_t *block, uint32_t width, uint32_t height, uint32_t max_width,
		uint32_t max_height)
{
	const struct edid_monitor monitor = { width, height, max_width, max_height, "planecast", "lab" };
	uint8_t expected[EDID_BYTES];

	return !edid_make(&monitor, expected) && !memcmp(block, expected, sizeof(expected));
}

/* What the guest reads: its bytes, or 0 while there is no monitor. */
static size_t read_monitor(const struct rig *rig, uint8_t *block)
{
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/pcmdev/edid", rig->mdev.uuid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = pread(fd, block, EDID_BYTES, 0);
	if (fd < 0 || n < 0)
		check_bail_out("%s: %s", path, strerror(errno));
	close(fd);
	return (size_t)n;
}

static bool reads(const struct rig *rig, uint32_t width, uint32_t height)
{
	uint8_t block[EDID_BYTES];

	return read_monitor(rig, block) == EDID_BYTES && is_edid_of(block, width, height, MAX_WIDTH, MAX_HEIGHT);
}

static bool is_plugged(void *user)
{
	struct rig *rig = user;

	return fake_guest_get(&rig->guest, plugs) >= rig->plugs;
}

static bool plugs_in(struct rig *rig)
{
	rig->plugs++;
	return watch_turn_until(&rig->watch, is_plugged, rig) && fake_guest_get(&rig->guest, plugs) == rig->plugs;
}

static void show(struct rig *rig, uint32_t width, uint32_t height)
{
	const struct pcmdev_plane plane = fake_guest_plane(width, height, 0);

	draw_plane(rig->guest.vram, &plane, width);
	fake_guest_show(&rig->guest, PCMDEV_PRIMARY, &plane);
	if (!watch_look(&rig->watch))
		check_bail_out("no picture: %s", rig->watch.reason);
}

static void open_rig(struct rig *rig, const char *type)
{
	*rig = (struct rig){ .mdev = mdev_create(type) };
	rig->guest = fake_guest_open(&rig->mdev);
	watch_open_own(&rig->watch, &rig->mdev);
}

static void close_rig(struct rig *rig)
{
	watch_close(&rig->watch);
	fake_guest_close(&rig->guest);
	mdev_remove(&rig->mdev);
}

static void wishes(const char *type)
{
	struct rig rig;
	uint8_t block[EDID_BYTES];

	open_rig(&rig, type);
	check(capture_resize(rig.watch.capture, 1280, 720) == -EOPNOTSUPP, "%s: no device yet", type);
	show(&rig, 640, 480);
	check(!capture_resize(rig.watch.capture, 1280, 720) && fake_guest_get(&rig.guest, unplugs) == 1 &&
			!read_monitor(&rig, block), "a wish unplugs the monitor");
	check(plugs_in(&rig) && reads(&rig, 1280, 720), "and the guest reads another a moment later");
	check(!capture_resize(rig.watch.capture, 1280, 720) && plugs_in(&rig) && reads(&rig, 1280, 720),
			"a guest that did nothing about it is told again");
	show(&rig, 1280, 720);
	check(!capture_resize(rig.watch.capture, 1280, 720) && fake_guest_get(&rig.guest, unplugs) == 2,
			"one that shows it is left alone");
	check(!capture_resize(rig.watch.capture, 8000, 801) && plugs_in(&rig) && reads(&rig, 1920, 801),
			"a wish beyond the device's limits is cut");
	check(!capture_resize(rig.watch.capture, 1367, 5) && plugs_in(&rig) && reads(&rig, 1366, 480),
			"an odd one rounded");
	check(!capture_resize(rig.watch.capture, 800, 600) && !capture_resize(rig.watch.capture, 1024, 768) &&
			plugs_in(&rig) && reads(&rig, 1024, 768), "of two at once the second");
	check(watch_look(&rig.watch), "the picture is there all the while");
	close_rig(&rig);
}

static void drivers_that_fail(void)
{
	struct rig rig;

	open_rig(&rig, "pcmdev-dmabuf");
	show(&rig, 640, 480);
	fake_guest_set(&rig.guest, edid_errno, EAGAIN);
	fake_guest_set(&rig.guest, edid_errno_count, 3);
	check(!capture_resize(rig.watch.capture, 800, 600) && plugs_in(&rig) && reads(&rig, 800, 600),
			"a driver that has no time is asked again");
	fake_guest_set(&rig.guest, edid_errno, EIO);
	fake_guest_set(&rig.guest, edid_errno_count, 1);
	check(!capture_resize(rig.watch.capture, 1024, 768) && plugs_in(&rig) && reads(&rig, 1024, 768),
			"and one that fails once");
	fake_guest_set(&rig.guest, edid_errno, EINVAL);
	fake_guest_set(&rig.guest, edid_errno_count, 1);
	check(capture_resize(rig.watch.capture, 1280, 720) == -EINVAL, "one that refuses it is believed");
	check(plugs_in(&rig) && reads(&rig, 1024, 768), "and the monitor is as it was");
	fake_guest_set(&rig.guest, edid_errno, EPERM);
	fake_guest_set(&rig.guest, edid_errno_count, PCMDEV_FOREVER);
	check(capture_resize(rig.watch.capture, 1280, 720) == -EPERM, "refused for good");
	fake_guest_set(&rig.guest, edid_errno_count, 0);
	check(!capture_resize(rig.watch.capture, 1280, 720) && plugs_in(&rig) && reads(&rig, 1280, 720),
			"and when it does after all");
	close_rig(&rig);
}

static void leave_it_plugged_in(void)
{
	const uint32_t down = VFIO_DEVICE_GFX_LINK_STATE_DOWN;
	struct mdev mdev = mdev_create("pcmdev-dmabuf");
	struct rig rig = { .mdev = mdev, .guest = fake_guest_open(&mdev) };
	struct attach_own own;
	char reason[VFIO_REASON_BYTES];
	uint64_t offset;

	watch_open_own(&rig.watch, &mdev);
	show(&rig, 640, 480);
	check(!capture_resize(rig.watch.capture, 800, 600), "a wish");
	watch_close(&rig.watch);
	check(fake_guest_get(&rig.guest, plugs) == 1 && reads(&rig, 800, 600), "who goes at once plugs in first");

	if (attach_own_open(mdev.uuid, &own, reason) < 0)
		check_bail_out("%s", reason);
	if (vfio_device_find_region(own.device_fd, VFIO_REGION_TYPE_GFX, VFIO_REGION_SUBTYPE_GFX_EDID, &offset) < 0 ||
			vfio_device_write(own.device_fd, offset + offsetof(struct vfio_region_gfx_edid, link_state),
					&down, sizeof(down)) < 0)
		check_bail_out("no EDID region");
	attach_own_close(&own);
	watch_open_own(&rig.watch, &mdev);
	watch_look(&rig.watch);
	check(fake_guest_get(&rig.guest, plugs) == 2 && reads(&rig, 800, 600),
			"what a killed one left unplugged is plugged in");
	close_rig(&rig);
}

static void areas_that_do_not_do(void)
{
	static const struct {
		uint32_t max_size, max_xres;
	} areas[] = { { 127, 1920 }, { 0, 1920 }, { 128, 200 } };
	struct rig rig;

	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		open_rig(&rig, "pcmdev-dmabuf");
		fake_guest_set(&rig.guest, edid_max_size, areas[i].max_size);
		fake_guest_set(&rig.guest, edid_max_xres, areas[i].max_xres);
		show(&rig, 640, 480);
		check(capture_resize(rig.watch.capture, 800, 600) == -EOPNOTSUPP &&
				!fake_guest_get(&rig.guest, unplugs), "%u bytes, %u pixels: not touched",
				areas[i].max_size, areas[i].max_xres);
		close_rig(&rig);
	}
	/* As small as can be. */
	open_rig(&rig, "pcmdev-dmabuf");
	fake_guest_set(&rig.guest, edid_max_size, EDID_BYTES);
	show(&rig, 640, 480);
	check(!capture_resize(rig.watch.capture, 800, 600) && plugs_in(&rig) && reads(&rig, 800, 600), "128 bytes do");
	close_rig(&rig);
}

void group_edid(void)
{
	wishes("pcmdev-dmabuf");
	wishes("pcmdev-region");
	drivers_that_fail();
	leave_it_plugged_in();
	areas_that_do_not_do();
}

/* The kernel's own sample: the guest reads of its registers' BAR, zeroes while it has no monitor. */
struct bochs_rig {
	struct sample sample;
	uint32_t max_width, max_height, width, height;
};

static bool bochs_reads(void *user)
{
	struct bochs_rig *rig = user;
	uint64_t offset, bytes;
	uint8_t block[EDID_BYTES];

	if (vfio_device_get_region(rig->sample.own.device_fd, 2, &offset, &bytes) < 0 ||
			vfio_device_read(rig->sample.own.device_fd, offset, block, sizeof(block)) < 0)
		check_bail_out("no BAR 2");
	return is_edid_of(block, rig->width, rig->height, rig->max_width, rig->max_height);
}

static void bochs_wish(struct bochs_rig *rig, uint32_t width, uint32_t height)
{
	rig->width = width < rig->max_width ? width : rig->max_width;
	rig->height = height < rig->max_height ? height : rig->max_height;
	check(!capture_resize(rig->sample.watch.capture, width, height) &&
			watch_turn_until(&rig->sample.watch, bochs_reads, rig),
			"a wish for %ux%u: the guest reads %ux%u", width, height, rig->width, rig->height);
}

void group_edid_mbochs(void)
{
	static const struct {
		const char *type;
		uint32_t max_width, max_height;
	} types[] = { { "mbochs-small", 800, 600 }, { "mbochs-medium", 1920, 1440 } };
	struct bochs_rig rig;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		rig = (struct bochs_rig){ .max_width = types[i].max_width, .max_height = types[i].max_height };
		sample_open(&rig.sample, types[i].type);
		bochs_wish(&rig, 720, 500);
		bochs_wish(&rig, 2560, 1600);
		bochs_set_mode(rig.sample.own.device_fd, 640, 480, 0);
		watch_look(&rig.sample.watch);
		bochs_wish(&rig, 640, 480);
		sample_close(&rig.sample);
	}
	sample_open(&rig.sample, "mdpy-vga");
	check(capture_resize(rig.sample.watch.capture, 800, 600) == -EOPNOTSUPP, "mdpy has no such region");
	sample_close(&rig.sample);
}
