// SPDX-License-Identifier: GPL-2.0-or-later
/* The pointer that a guest shows in its cursor plane, as viewers are told of it. */
#include <drm_fourcc.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "server/capture/capture.h"
#include "server/clock.h"
#include "server/input.h"
#include "tests/lab/groups/groups.h"
#include "tests/lab/support/check.h"
#include "tests/lab/support/draw.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/pointer.h"
#include "tests/lab/support/watch.h"

#define OFFSET (PCMDEV_VRAM_BYTES / 2)
#define UNKNOWN UINT32_MAX
#define WIDTH 640
#define HEIGHT 480

struct rig {
	struct mdev mdev;
	struct fake_guest guest;
	struct watch watch;
	struct pcmdev_plane plane; /* of the cursor */
	uint32_t *expected;
	uint32_t seed;
};

static void open_rig(struct rig *rig, const char *type)
{
	const struct pcmdev_plane plane = fake_guest_plane(WIDTH, HEIGHT, 0);

	*rig = (struct rig){ .mdev = mdev_create(type) };
	rig->guest = fake_guest_open(&rig->mdev);
	draw_plane(rig->guest.vram, &plane, 1);
	fake_guest_show(&rig->guest, PCMDEV_PRIMARY, &plane);
	rig->plane = fake_guest_plane(64, 64, OFFSET);
	rig->plane.fourcc = DRM_FORMAT_ARGB8888;
	watch_open_own(&rig->watch, &rig->mdev);
	if (!watch_look(&rig->watch))
		check_bail_out("no picture: %s", rig->watch.reason);
}

static void close_rig(struct rig *rig)
{
	watch_close(&rig->watch);
	free(rig->expected);
	fake_guest_close(&rig->guest);
	mdev_remove(&rig->mdev);
}

static void draw(struct rig *rig, bool premultiplied)
{
	free(rig->expected);
	rig->expected = pointer_draw(rig->guest.vram + rig->plane.offset, &rig->plane, premultiplied, ++rig->seed);
}

/* How often viewers were told something at a look. */
static unsigned int look(struct rig *rig)
{
	const unsigned int before = rig->watch.cursors;

	if (!watch_look_again(&rig->watch))
		check_bail_out("no picture: %s", rig->watch.reason);
	return rig->watch.cursors - before;
}

static unsigned int show(struct rig *rig)
{
	fake_guest_show(&rig->guest, PCMDEV_CURSOR, &rig->plane);
	return look(rig);
}

static unsigned int hide(struct rig *rig)
{
	const struct pcmdev_plane off = { 0 };

	fake_guest_show(&rig->guest, PCMDEV_CURSOR, &off);
	return look(rig);
}

static bool is_right(const struct rig *rig)
{
	const struct cursor *cursor = &rig->watch.cursor;

	return cursor->visible && cursor->width == rig->plane.width && cursor->height == rig->plane.height &&
			!memcmp(cursor->argb, rig->expected, (size_t)cursor->width * cursor->height * 4);
}

static bool is_at(const struct rig *rig, int32_t x, int32_t y, uint32_t hot_x, uint32_t hot_y)
{
	const struct cursor *cursor = &rig->watch.cursor;

	return cursor->position_known && cursor->x == x && cursor->y == y && cursor->hot_x == hot_x &&
			cursor->hot_y == hot_y;
}

static void shapes(void)
{
	static const struct {
		const char *name;
		uint32_t fourcc, width, height, padding;
		bool premultiplied;
	} shapes[] = {
		{ "64x64", DRM_FORMAT_ARGB8888, 64, 64, 0, true },
		{ "128x128", DRM_FORMAT_ARGB8888, 128, 128, 0, true },
		{ "256x256", DRM_FORMAT_ARGB8888, 256, 256, 0, true },
		{ "256x256, colours as they are", DRM_FORMAT_ARGB8888, 256, 256, 0, false },
		{ "64x64, red and blue the other way round", DRM_FORMAT_ABGR8888, 64, 64, 0, true },
		{ "padded rows", DRM_FORMAT_ARGB8888, 61, 33, 12, true },
	};
	struct rig rig;

	open_rig(&rig, "pcmdev-dmabuf");
	check(!rig.watch.cursors && !look(&rig), "a device without a pointer says nothing of one");
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		rig.plane.fourcc = shapes[i].fourcc;
		rig.plane.width = shapes[i].width;
		rig.plane.height = shapes[i].height;
		rig.plane.stride = shapes[i].width * 4 + shapes[i].padding;
		draw(&rig, shapes[i].premultiplied);
		check(show(&rig) == 1 && is_right(&rig), "%s: pixels", shapes[i].name);
	}
	close_rig(&rig);
}

static void changes(void)
{
	struct rig rig;
	uint64_t serial;
	uint32_t gets;

	open_rig(&rig, "pcmdev-dmabuf");
	rig.plane.x = 100;
	rig.plane.y = 80;
	rig.plane.hot_x = 5;
	rig.plane.hot_y = 6;
	draw(&rig, true);
	check(show(&rig) == 1 && is_right(&rig) && is_at(&rig, 105, 86, 5, 6), "a pointer, its hot spot and place");
	serial = rig.watch.cursor.shape_serial;
	gets = fake_guest_get(&rig.guest, gets);
	check(!look(&rig), "is told once");
	rig.plane.x = 0;
	rig.plane.y = (uint32_t)-4;
	check(show(&rig) == 1 && is_at(&rig, 5, 2, 5, 6) && rig.watch.cursor.shape_serial == serial,
			"moves without being another one");
	draw(&rig, true);
	check(look(&rig) == 1 && is_right(&rig), "changes within its buffer");
	check(fake_guest_get(&rig.guest, gets) == gets, "which was fetched once");
	rig.plane.hot_x = 7;
	check(show(&rig) == 1 && is_at(&rig, 7, 2, 7, 6) && rig.watch.cursor.shape_serial != serial,
			"has its hot spot elsewhere");
	check(hide(&rig) == 1 && !rig.watch.cursor.visible && !look(&rig), "goes");
	check(show(&rig) == 1 && is_right(&rig) && is_at(&rig, 7, 2, 7, 6), "and comes back");
	fake_guest_set(&rig.guest, leave_struct, 1);
	check(hide(&rig) == 1 && !rig.watch.cursor.visible, "goes without a word of the driver");
	close_rig(&rig);
}

static void drivers_that_fail(void)
{
	struct rig rig;

	open_rig(&rig, "pcmdev-dmabuf");
	draw(&rig, true);
	fake_guest_set(&rig.guest, get_errno, EAGAIN);
	fake_guest_set(&rig.guest, get_errno_count, 3);
	for (unsigned int i = 0; i < 3; i++)
		check(!show(&rig), "a driver that does not hand it out yet");
	check(look(&rig) == 1 && is_right(&rig), "and then does");

	/* The picture's buffer is mapped already. */
	fake_guest_set(&rig.guest, mmap_errno, ENODEV);
	rig.plane.offset += 1u << 20;
	draw(&rig, true);
	check(show(&rig) == 1 && !rig.watch.cursor.visible, "one that only the GPU can read goes");
	fake_guest_set(&rig.guest, mmap_errno, 0);
	check(!look(&rig), "and is not looked at again");
	watch_close(&rig.watch);
	watch_open_own(&rig.watch, &rig.mdev);
	check(look(&rig) == 1 && is_right(&rig), "but at the next opening");
	close_rig(&rig);
}

static void lies(void)
{
	static const struct {
		const char *name;
		uint32_t fourcc, width, height, stride, size;
	} lies[] = {
		{ "too wide", DRM_FORMAT_ARGB8888, 257, 64, 1028, 0 },
		{ "huge", DRM_FORMAT_ARGB8888, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
		{ "rows that overlap", DRM_FORMAT_ARGB8888, 64, 64, 4, 0 },
		{ "less memory than that", DRM_FORMAT_ARGB8888, 64, 64, 256, 4096 },
		{ "no alpha", DRM_FORMAT_XRGB8888, 64, 64, 256, 0 },
		{ "no format that is known", 0x01020304, 64, 64, 256, 0 },
	};
	struct rig rig;
	bool recovers = true;

	open_rig(&rig, "pcmdev-dmabuf");
	draw(&rig, true);
	show(&rig);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct pcmdev_plane lie = rig.plane;

		lie.fourcc = lies[i].fourcc;
		lie.width = lies[i].width;
		lie.height = lies[i].height;
		lie.stride = lies[i].stride;
		lie.size = lies[i].size;
		fake_guest_show(&rig.guest, PCMDEV_CURSOR, &lie);
		check(look(&rig) == 1 && !rig.watch.cursor.visible, "%s: no pointer", lies[i].name);
		recovers &= show(&rig) == 1 && is_right(&rig);
	}
	check(recovers, "and a good one is shown after each");
	close_rig(&rig);
}

/* As a guest does that has an absolute pointer, and a driver that tells no hot spot. */
static void point(struct rig *rig, uint32_t x, uint32_t y)
{
	const struct input_event event = { .kind = INPUT_POINTER, .pointer = { .x = x, .y = y, .width = WIDTH,
			.height = HEIGHT } };
	const int64_t end_ns = clock_now_ns() + 400 * NSEC_PER_MSEC;

	capture_input(rig->watch.capture, &event);
	rig->plane.x = x - 9;
	rig->plane.y = y - 7;
	show(rig);
	/* Resting is what counts. */
	while (clock_now_ns() < end_ns)
		look(rig);
}

static void unknown_hot_spot(void)
{
	struct rig rig;

	open_rig(&rig, "pcmdev-dmabuf");
	rig.plane.hot_x = rig.plane.hot_y = UNKNOWN;
	draw(&rig, true);
	point(&rig, 200, 150);
	check(is_right(&rig) && is_at(&rig, 191, 143, 0, 0), "without a hot spot it is the corner");
	point(&rig, 300, 170);
	check(is_right(&rig) && is_at(&rig, 300, 170, 9, 7), "until it shows where it is");
	draw(&rig, true);
	look(&rig);
	check(is_right(&rig) && is_at(&rig, 291, 163, 0, 0), "another shape has another one");
	free(rig.expected);
	rig.expected = pointer_draw(rig.guest.vram + rig.plane.offset, &rig.plane, true, rig.seed - 1);
	look(&rig);
	check(is_right(&rig) && is_at(&rig, 300, 170, 9, 7), "and the first one has its own still");
	close_rig(&rig);
}

static bool is_gone(void *user)
{
	return !((struct rig *)user)->watch.cursor.visible;
}

static void devices_that_go(void)
{
	struct rig rig;
	int status = -1;
	pid_t pid;

	open_rig(&rig, "pcmdev-dmabuf");
	draw(&rig, true);
	check(show(&rig) == 1 && rig.watch.cursor.visible, "a pointer");
	fake_guest_close(&rig.guest);
	pid = mdev_remove_in_background(&rig.mdev);
	check(watch_rest_until(&rig.watch, is_gone, &rig), "goes with its device");
	waitpid(pid, &status, 0);
	check(!status, "which is let go");
	watch_close(&rig.watch);
	free(rig.expected);

	open_rig(&rig, "pcmdev-region");
	draw(&rig, true);
	check(!show(&rig), "a device with a region has none: it would be the picture");
	close_rig(&rig);
}

void group_cursor(void)
{
	shapes();
	changes();
	drivers_that_fail();
	lies();
	unknown_hot_spot();
	devices_that_go();
}
