// SPDX-License-Identifier: GPL-2.0-or-later
/* Guests that show what cannot be: each gets a sentence, and the next good picture is shown. */
#include <drm_fourcc.h>
#include <stdlib.h>
#include <string.h>

#include "server/frame.h"
#include "tests/lab/groups/groups.h"
#include "tests/lab/support/check.h"
#include "tests/lab/support/draw.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/watch.h"

#define XR24 DRM_FORMAT_XRGB8888
#define X_TILED_HIGH (uint32_t)(I915_FORMAT_MOD_X_TILED >> 32)
#define X_TILED_LOW (uint32_t)I915_FORMAT_MOD_X_TILED
#define END PCMDEV_VRAM_BYTES

static const struct {
	const char *name;
	uint32_t fourcc, modifier_high, modifier_low, width, height, stride, offset, size, buffer_bytes;
	const char *says;
} attacks[] = {
	{ "no width", XR24, 0, 0, 0, 480, 2560, 0, 1228800, 0, "0x480" },
	{ "no height", XR24, 0, 0, 640, 0, 2560, 0, 1228800, 0, "640x0" },
	{ "all ones", XR24, 0, 0, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0, UINT32_MAX, 0, "4294967295x4294967295" },
	{ "a row too wide", XR24, 0, 0, 16385, 8, 65540, 0, 524320, 0, "16385x8" },
	{ "stride * height wraps", XR24, 0, 0, 16, 16384, 1u << 18, 0, 4096, 0, "but has only 4096" },
	{ "a gigabyte of nothing", XR24, 0, 0, 16384, 16384, 65536, 0, 1u << 30, 0, "lies in memory of only" },
	{ "overlapping rows", XR24, 0, 0, 640, 480, 4, 0, 1228800, 0, "overlap" },
	{ "all rows in one place", XR24, 0, 0, 640, 480, 0, 0, 1228800, 0, "overlap" },
	{ "stride a pixel short", XR24, 0, 0, 640, 480, 2556, 0, 1228800, 0, "overlap" },
	{ "crooked stride", XR24, 0, 0, 640, 480, 2561, 0, 2561 * 480, 0, "no whole number" },
	{ "size too small", XR24, 0, 0, 640, 480, 2560, 0, 1228796, 0, "but has only 1228796" },
	{ "size beyond the buffer", XR24, 0, 0, 640, 480, 2560, 0, 1228800, 4096, "memory of only 4096 bytes" },
	{ "a byte beyond the buffer", XR24, 0, 0, 640, 480, 2560, 0, 1228800, 1228799, "memory of only 1228799" },
	{ "beyond the end of memory", XR24, 0, 0, 640, 480, 2560, END - 4096, 1228800, 0, "memory of only 4096" },
	{ "unknown format", 0x20203130, 0, 0, 640, 480, 2560, 0, 1228800, 0, "does not know" },
	{ "format of garbage", 0xfffefdfc, 0, 0, 640, 480, 2560, 0, 1228800, 0, "0xfffefdfc" },
	{ "palette", DRM_FORMAT_C8, 0, 0, 640, 480, 640, 0, 307200, 0, "palette" },
	{ "odd 4:2:2", DRM_FORMAT_YUYV, 0, 0, 641, 480, 1284, 0, 616320, 0, "641 pixels wide" },
	{ "X-tiled", XR24, X_TILED_HIGH, X_TILED_LOW, 640, 480, 2560, 0, 1228800, 0, "Intel X-tiled" },
	{ "any layout", XR24, 0x00ffffff, UINT32_MAX, 640, 480, 2560, 0, 1228800, 0, "unknown layout" },
};

static void run(const char *type, const char *kind)
{
	struct mdev mdev = mdev_create(type);
	struct fake_guest guest = fake_guest_open(&mdev);
	const struct pcmdev_plane good = fake_guest_plane(320, 200, 0);
	struct watch watch;
	bool recovers = true;

	watch_open_own(&watch, &mdev);
	draw_plane(guest.vram, &good, 1);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		struct pcmdev_plane plane = {
			.enable = 1,
			.fourcc = attacks[i].fourcc,
			.modifier_high = attacks[i].modifier_high,
			.modifier_low = attacks[i].modifier_low,
			.width = attacks[i].width,
			.height = attacks[i].height,
			.stride = attacks[i].stride,
			.offset = attacks[i].offset,
			.size = attacks[i].size,
		};

		fake_guest_set(&guest, buffer_bytes, attacks[i].buffer_bytes);
		fake_guest_show(&guest, PCMDEV_PRIMARY, &plane);
		watch_look(&watch);
		check(!watch.frame && strstr(watch.reason, attacks[i].says) &&
				watch.reason[strlen(watch.reason) - 1] == '.',
				"%s, %s: %s", kind, attacks[i].name, watch.reason);
		fake_guest_set(&guest, buffer_bytes, 0);
		fake_guest_show(&guest, PCMDEV_PRIMARY, &good);
		recovers &= watch_look(&watch) && draw_same_bytes(watch.frame, guest.vram, &good);
	}
	check(recovers, "%s: a good picture is shown after each", kind);
	watch_close(&watch);
	fake_guest_close(&guest);
	mdev_remove(&mdev);
}

void group_refusals(void)
{
	run("pcmdev-dmabuf", "dma-buf");
	run("pcmdev-region", "region");
}
