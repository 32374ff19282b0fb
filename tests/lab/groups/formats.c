// SPDX-License-Identifier: GPL-2.0-or-later
/* Every format in every way a plane can be shown: the frame's bytes, and what damage makes of them. */
#include <stdlib.h>
#include <string.h>

#include "server/damage.h"
#include "server/format.h"
#include "server/frame.h"
#include "server/update.h"
#include "tests/lab/groups/groups.h"
#include "tests/lab/support/check.h"
#include "tests/lab/support/draw.h"
#include "tests/lab/support/fake_guest.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/watch.h"

static const struct {
	uint32_t width, height, padding, offset;
} shapes[] = {
	{ 320, 200, 0, 0 },
	{ 366, 77, 24, 5 * 4096 },
	{ 2, 1, 0, 4096 },
};

static bool damage_shows(struct frame *frame, const uint32_t *expected)
{
	struct damage *damage;
	struct update update;
	bool same = false;

	if (damage_new(2, &damage) < 0)
		check_bail_out("no damage");
	if (damage_run(damage, frame, NULL, &update) == 1) {
		const struct frame *shadow = damage_shadow(damage);

		same = shadow->width == frame->width && shadow->height == frame->height &&
				draw_find_difference(shadow, expected) < 0;
		update_finish(&update);
	}
	damage_free(damage);
	return same;
}

static void show_all(struct watch *watch, struct fake_guest *guest, const char *kind)
{
	unsigned int count;
	const struct format *formats = format_table(&count);

	for (unsigned int i = 0; i < count; i++) {
		bool bytes = true, pixels = true;

		if (formats[i].refusal)
			continue;
		for (size_t j = 0; j < sizeof(shapes) / sizeof(shapes[0]); j++) {
			struct pcmdev_plane plane = fake_guest_plane(shapes[j].width, shapes[j].height,
					shapes[j].offset);
			uint8_t *memory = guest->vram + plane.offset;
			uint32_t *expected;

			plane.fourcc = formats[i].fourcc;
			plane.stride = plane.width * formats[i].bytes_per_pixel + shapes[j].padding;
			draw_plane(memory, &plane, i * 16 + (uint32_t)j);
			fake_guest_show(guest, PCMDEV_PRIMARY, &plane);
			expected = draw_expect(memory, &plane);
			bytes &= watch_look(watch) && draw_same_bytes(watch->frame, memory, &plane);
			pixels &= watch->frame && damage_shows(watch->frame, expected);
			free(expected);
		}
		check(bytes, "%s %s: bytes %s", kind, formats[i].name, watch->reason);
		check(pixels, "%s %s: pixels", kind, formats[i].name);
	}
}

/* The guest draws; nothing but the memory changes. */
static void show_live(struct watch *watch, struct fake_guest *guest, const char *kind)
{
	const struct pcmdev_plane plane = fake_guest_plane(640, 480, 0);
	uint64_t sequence = 0;
	bool same = true;

	fake_guest_show(guest, PCMDEV_PRIMARY, &plane);
	for (uint32_t seed = 0; seed < 4; seed++) {
		draw_plane(guest->vram, &plane, seed);
		same &= watch_look(watch) && draw_same_bytes(watch->frame, guest->vram, &plane) &&
				watch->frame->sequence > sequence && watch->frame->capture_ns > 0;
		if (watch->frame)
			sequence = watch->frame->sequence;
	}
	check(same, "%s: drawing is seen as it happens", kind);
}

static void run(const char *type, const char *kind)
{
	struct mdev mdev = mdev_create(type);
	struct fake_guest guest = fake_guest_open(&mdev);
	struct watch watch;

	watch_open_own(&watch, &mdev);
	watch_look(&watch);
	check(strstr(watch.reason, "not enabled its display"), "%s: no picture at first: %s", kind, watch.reason);
	show_all(&watch, &guest, kind);
	show_live(&watch, &guest, kind);
	watch_close(&watch);
	check(!fake_guest_get(&guest, opens) && !fake_guest_get(&guest, exports), "%s: let go of at the end", kind);
	fake_guest_close(&guest);
	mdev_remove(&mdev);
}

void group_formats(void)
{
	run("pcmdev-dmabuf", "dma-buf");
	run("pcmdev-region", "region");
}
