// SPDX-License-Identifier: GPL-2.0-or-later
/* The sample devices of the kernel: written by others, with habits of their own. */
#include <drm_fourcc.h>
#include <string.h>

#include "server/frame.h"
#include "tests/lab/groups/groups.h"
#include "tests/lab/support/bochs.h"
#include "tests/lab/support/check.h"
#include "tests/lab/support/draw.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/sample.h"
#include "tests/lab/support/watch.h"

/* The grey ramp that mdpy starts with. */
static bool is_ramp(const struct frame *frame)
{
	for (uint32_t y = 0; y < frame->height; y++) {
		const uint8_t *row = frame->data + (size_t)y * frame->planes[0].stride;

		for (uint32_t x = 0; x < frame->width * 4; x++)
			if (row[x] != y * 255 / frame->height)
				return false;
	}
	return true;
}

void group_mdpy(void)
{
	static const struct {
		const char *type;
		uint32_t width, height;
	} types[] = {
		{ "mdpy-vga", 640, 480 },
		{ "mdpy-xga", 1024, 768 },
		{ "mdpy-hd", 1920, 1080 },
	};
	struct pcmdev_plane plane;
	struct sample s;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct mdev mdev = mdev_create(types[i].type);
		struct watch watch;

		watch_open_own(&watch, &mdev);
		check(watch_look(&watch) && watch.frame->width == types[i].width &&
				watch.frame->height == types[i].height &&
				watch.frame->fourcc == DRM_FORMAT_XRGB8888 && is_ramp(watch.frame),
				"%s: pixels %s", types[i].type, watch.reason);
		watch_close(&watch);
		mdev_remove(&mdev);
	}
	sample_open(&s, "mdpy-vga");
	plane = fake_guest_plane(640, 480, 0);
	draw_plane(s.memory, &plane, 9);
	check(watch_look(&s.watch) && draw_same_bytes(s.watch.frame, s.memory, &plane), "passed by a launcher: pixels");
	sample_close(&s);
}

void group_mbochs_stock(void)
{
	struct sample s;

	sample_open(&s, "mbochs-small");
	check(strstr(s.watch.reason, "not enabled"), "display off: %s", s.watch.reason);
	/* Its first query of each mode fails; one look has to do nevertheless. One GET an id: more break it. */
	bochs_set_mode(s.own.device_fd, 640, 480, 0);
	watch_look(&s.watch);
	check(!s.watch.frame && strstr(s.watch.reason, "only the GPU"), "640x480, which nobody can map: %s",
			s.watch.reason);
	watch_look(&s.watch);
	check(!s.watch.frame && strstr(s.watch.reason, "only the GPU"), "and again");
	bochs_set_mode(s.own.device_fd, 800, 600, 0);
	watch_look(&s.watch);
	check(!s.watch.frame && strstr(s.watch.reason, "only the GPU"), "another mode: %s", s.watch.reason);
	bochs_set_mode(s.own.device_fd, 640, 480, 0);
	watch_look(&s.watch);
	check(!s.watch.frame && strstr(s.watch.reason, "only the GPU"), "the first mode, from the cache");
	bochs_set_mode(s.own.device_fd, 0, 0, 0);
	watch_look(&s.watch);
	check(strstr(s.watch.reason, "not enabled"), "display off again: %s", s.watch.reason);
	sample_close(&s);
}

static void mended_mode(struct sample *s, uint16_t width, uint16_t height, uint16_t y)
{
	struct pcmdev_plane plane = fake_guest_plane(width, height, (uint32_t)y * width * 4);

	bochs_set_mode(s->own.device_fd, width, height, y);
	draw_plane(s->memory + plane.offset, &plane, (uint32_t)width ^ y);
	check(watch_look(&s->watch) && draw_same_bytes(s->watch.frame, s->memory + plane.offset, &plane),
			"%ux%u from row %u: pixels %s", width, height, y, s->watch.reason);
}

void group_mbochs_mended(void)
{
	struct sample s;
	bool right = true;

	sample_open(&s, "mbochs-medium");
	mended_mode(&s, 640, 480, 0);
	mended_mode(&s, 800, 600, 0);
	mended_mode(&s, 1366, 768, 0);
	mended_mode(&s, 64, 64, 0);
	mended_mode(&s, 1024, 768, 0);
	mended_mode(&s, 1024, 768, 768);
	for (unsigned int i = 0; i < 12; i++) {
		struct pcmdev_plane plane = fake_guest_plane(1024, 768, i % 2 * 768 * 4096);

		bochs_set_mode(s.own.device_fd, 1024, 768, i % 2 * 768);
		draw_plane(s.memory + plane.offset, &plane, i);
		right &= watch_look(&s.watch) && draw_same_bytes(s.watch.frame, s.memory + plane.offset, &plane);
	}
	check(right, "two pages in turn: pixels");
	bochs_set_mode(s.own.device_fd, 640, 480, 1);
	watch_look(&s.watch);
	check(!s.watch.frame && strstr(s.watch.reason, "does not hand out"), "rows that begin within a page: %s",
			s.watch.reason);
	mended_mode(&s, 640, 480, 0);
	bochs_set_mode(s.own.device_fd, 4000, 4000, 0);
	watch_look(&s.watch);
	check(strstr(s.watch.reason, "not enabled"), "more than it has memory for: %s", s.watch.reason);
	sample_close(&s);
}
