// SPDX-License-Identifier: GPL-2.0-or-later
/* What holds of the moving region whatever the damage, the sizes and the times are. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/activity_cells.h"
#include "tests/unit/activity_rig.h"

/* Any number, the edges of what fits included. */
static int32_t wild(struct rig *rig)
{
	static const int32_t edges[] = { INT32_MIN, INT32_MIN + 1, -65536, -1, 0, 1, 63, 64, 16384, INT32_MAX };

	return rig_below(rig, 4) ? (int32_t)rig_below(rig, 2000) - 100 : edges[rig_below(rig, 10)];
}

/* Damage and copies of all kinds: rig_check() is what must hold. */
static void test_whatever(void **state)
{
	static const uint32_t sizes[][2] = { { 1, 1 }, { 63, 64 }, { 1920, 1080 }, { 1366, 767 }, { 16384, 65 },
		{ 400, 300 } };
	unsigned int boxes = 0;

	(void)state;
	for (uint32_t seed = 0; seed < 40; seed++) {
		struct rig rig;

		rig_init(&rig, 1920, 1080);
		rig.chance = seed * 977;
		for (int i = 0; i < 400; i++) {
			if (!rig_below(&rig, 150)) {
				const uint32_t *size = sizes[rig_below(&rig, 6)];

				rig.frame.width = size[0];
				rig.frame.height = size[1];
				rig_add(&rig, 0, 0, 1, 1);
				rig_show(&rig, 0);
			}
			for (uint32_t n = rig_below(&rig, 4); n; n--) {
				pixman_box32_t box = { wild(&rig), wild(&rig), wild(&rig), wild(&rig) };

				if (box.x1 < box.x2 && box.y1 < box.y2) {
					pixman_region32_t region;

					pixman_region32_init_with_extents(&region, &box);
					pixman_region32_union(&rig.update.damage, &rig.update.damage, &region);
					pixman_region32_fini(&region);
				}
			}
			if (seed % 2)
				rig_add(&rig, 100, 50, 200 + (int)rig_below(&rig, 100), 220);
			if (!rig_below(&rig, 6)) {
				pixman_box32_t box = { wild(&rig), wild(&rig), wild(&rig), wild(&rig) };

				if (box.x1 < box.x2 && box.y1 < box.y2)
					rig_copy(&rig, &box, wild(&rig), wild(&rig));
			}
			rig.photo = (int)rig_below(&rig, 1200) - 100;
			rig.update.resized = !rig_below(&rig, 300);
			rig_add(&rig, 0, 0, rig.update.resized, 1);
			rig_show(&rig, rig_below(&rig, 60) ? (int64_t)rig_below(&rig, 60) * MS : 400 * NSEC_PER_SEC);
		}
		boxes += rig.boxes;
		rig_finish(&rig);
	}
	/* Else nothing was tested. */
	assert_true(boxes > 20);
}

static void test_sizes(void **state)
{
	static const pixman_box32_t all = { 0, 0, 640, 480 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 16385, 10);
	assert_int_equal(activity_note_update(rig.activity, &rig.update, rig.now_ns), -EINVAL);
	rig_check(&rig);
	rig.frame.width = 0;
	assert_int_equal(activity_note_update(rig.activity, &rig.update, rig.now_ns), -EINVAL);
	rig_check(&rig);
	/* Time that runs back is as if it stood. */
	rig.frame.width = 640;
	rig.frame.height = 480;
	rig_show_whole(&rig);
	activity_note_time(rig.activity, 1);
	assert_int_equal(activity_note_update(rig.activity, &rig.update, -1), 0);
	rig_check(&rig);
	rig_play(&rig, &all, 30, 2 * NSEC_PER_SEC);
	rig_assert_box(&rig, &all);
	rig_add_box(&rig, &all);
	assert_int_equal(activity_note_update(rig.activity, &rig.update, 1), 0);
	rig_check(&rig);
	rig_finish(&rig);
}

static void test_outside(void **state)
{
	static const pixman_box32_t outside[] = { { -9, -9, 0, 0 }, { 131, 10, 140, 20 }, { 10, 131, 20, 140 },
		{ -9, 10, -1, 20 }, { 10, -9, 20, -1 } };
	struct activity_cells cells = { 0 };

	(void)state;
	assert_int_equal(activity_cells_init(&cells, 130, 130, 0), 0);
	activity_cells_pass(&cells, 1, outside, sizeof(outside) / sizeof(outside[0]));
	for (int row = 0; row < cells.rows; row++)
		for (int column = 0; column < cells.columns; column++)
			assert_int_equal(activity_cell_at(&cells, column, row)->changed_ns, -1);
	activity_cells_finish(&cells);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whatever),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
