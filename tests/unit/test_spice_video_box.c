// SPDX-License-Identifier: GPL-2.0-or-later
/* What was video is owed in steps, all of it, and nothing before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "encoders/packet.h"
#include "encoders/rects_debt.h"
#include "net/spice_video_box.h"

enum { WIDTH = 1920, HEIGHT = 1080 };

static struct rects_debt debt;
static struct spice_video_box video;

static int setup(void **state)
{
	(void)state;
	video = (struct spice_video_box){ 0 };
	rects_debt_init(&debt, WIDTH, HEIGHT);
	pixman_region32_clear(&debt.damage);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rects_debt_finish(&debt);
	return 0;
}

static uint64_t owed(void)
{
	uint64_t sum = 0;
	int n;
	const pixman_box32_t *box = pixman_region32_rectangles(&debt.damage, &n);

	for (int i = 0; i < n; i++)
		sum += (uint64_t)(box[i].x2 - box[i].x1) * (uint64_t)(box[i].y2 - box[i].y1);
	return sum;
}

static void all_is_owed_in_the_end(void **state)
{
	const struct packet_box boxes[] = { { 100, 50, 1281, 721 }, { 0, 0, WIDTH, HEIGHT }, { 7, 9, 1, 1080 - 9 } };

	(void)state;
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		const uint64_t all = (uint64_t)boxes[i].width * boxes[i].height;
		unsigned int steps = 0;

		pixman_region32_clear(&debt.damage);
		spice_video_box_set(&video, &debt, &boxes[i]);
		assert_false(spice_video_box_waits(&video));
		assert_int_equal(owed(), 0);
		spice_video_box_set(&video, &debt, NULL);
		assert_int_equal(owed(), 0);
		for (; spice_video_box_waits(&video); steps++) {
			uint64_t before = owed();

			spice_video_box_step(&video, &debt);
			assert_true(owed() > before);
			assert_true(owed() - before <= SPICE_VIDEO_BOX_STEP_PIXELS + boxes[i].width);
		}
		assert_int_equal(owed(), all);
		assert_true(steps <= all / SPICE_VIDEO_BOX_STEP_PIXELS + 1);
	}
}

static void another_box_leaves_what_it_does_not_cover(void **state)
{
	const struct packet_box one = { 0, 0, 800, 800 }, other = { 400, 0, 800, 800 };

	(void)state;
	spice_video_box_set(&video, &debt, &one);
	spice_video_box_set(&video, &debt, &other);
	assert_int_equal(owed(), 400 * 800);
	/* Also when it was not all owed yet. */
	spice_video_box_set(&video, &debt, NULL);
	spice_video_box_step(&video, &debt);
	spice_video_box_set(&video, &debt, &one);
	assert_int_equal(owed(), 400 * 800);
	assert_false(spice_video_box_waits(&video));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_is_owed_in_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(another_box_leaves_what_it_does_not_cover, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
