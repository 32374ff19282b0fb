// SPDX-License-Identifier: GPL-2.0-or-later
/* What VNC viewers are told of the guest's keyboard and pointer: lights both ways, positions or motion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/vnc_rig.h"

static const int32_t plain[] = { RECTS_RAW };
static const int32_t leds[] = { RECTS_RAW, RFB_PSEUDO_QEMU_LED_STATE, RFB_PSEUDO_VMWARE_LED_STATE };
static const int32_t led_words[] = { RECTS_RAW, RFB_PSEUDO_VMWARE_LED_STATE };
static const int32_t motion[] = { RECTS_RAW, RFB_PSEUDO_QEMU_POINTER_MOTION };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define JOIN(encodings) viewer_join_watching(encodings, COUNT(encodings))

static void lights_are_told_in_each_viewers_way(void **state)
{
	struct viewer *qemus, *vmwares, *neither;

	(void)state;
	rig_start();
	qemus = JOIN(leds);
	vmwares = JOIN(led_words);
	neither = JOIN(plain);
	rig.vnc->impl->leds(rig.vnc, INPUT_LED_CAPS);
	RIG_UNTIL(qemus->leds_told == 1 && vmwares->led_words_told == 1);
	assert_int_equal(qemus->leds, INPUT_LED_CAPS);
	assert_int_equal(vmwares->leds, INPUT_LED_CAPS);
	assert_int_equal(qemus->led_words_told, 0);
	rig.vnc->impl->leds(rig.vnc, INPUT_LED_CAPS | INPUT_LED_SCROLL | INPUT_LED_NUM);
	RIG_UNTIL(qemus->leds == 7 && vmwares->leds == 7);
	/* Who did without for a while is told when it asks again. */
	viewer_set_encodings(vmwares, plain, COUNT(plain));
	rig.vnc->impl->leds(rig.vnc, 0);
	RIG_UNTIL(qemus->leds == 0);
	rig_settle();
	assert_int_equal(vmwares->leds, 7);
	viewer_set_encodings(vmwares, led_words, COUNT(led_words));
	RIG_UNTIL(vmwares->leds == 0);
	assert_int_equal(neither->leds_told + neither->led_words_told, 0);
}

static void expect_motion(unsigned int i, int32_t dx, int32_t dy, uint32_t buttons)
{
	assert_true(i < rig.n_events);
	assert_int_equal(rig.events[i].kind, INPUT_MOTION);
	assert_int_equal(rig.events[i].pointer.dx, dx);
	assert_int_equal(rig.events[i].pointer.dy, dy);
	assert_int_equal(rig.events[i].pointer.buttons, buttons);
}

static void expect_position(unsigned int i, uint32_t x, uint32_t y)
{
	assert_true(i < rig.n_events);
	assert_int_equal(rig.events[i].kind, INPUT_POINTER);
	assert_int_equal(rig.events[i].pointer.x, x);
	assert_int_equal(rig.events[i].pointer.y, y);
}

static void move(struct viewer *viewer, uint8_t buttons, int dx, int dy)
{
	viewer_pointer(viewer, buttons, (uint16_t)(RFB_MOTION_ZERO + dx), (uint16_t)(RFB_MOTION_ZERO + dy));
}

static void motion_is_asked_for_where_positions_are_of_no_use(void **state)
{
	struct viewer *viewer, *simple, *late;

	(void)state;
	rig_start();
	viewer = JOIN(motion);
	simple = JOIN(plain);
	rig_settle();
	assert_int_equal(viewer->pointers_told, 0);
	viewer_pointer(viewer, 0, 30, 40);
	RIG_UNTIL(rig.n_events == 1);
	expect_position(0, 30, 40);

	rig.vnc->impl->pointer(rig.vnc, false);
	RIG_UNTIL(viewer->pointers_told == 1);
	assert_true(viewer->moves);
	rig.n_events = 0;
	/* Of before: it had not heard yet. But a button is a button. */
	viewer_pointer(viewer, 0, 33, 44);
	viewer_pointer(viewer, 1, 34, 45);
	RIG_UNTIL(rig.n_events == 1);
	expect_motion(0, 0, 0, 1);
	assert_int_equal(rig.events[0].pointer.changed, 1);
	move(viewer, 1, -5, 7);
	move(viewer, 1, 3, 0);
	move(viewer, 0, 0, -1);
	RIG_UNTIL(rig.n_events && !rig.events[rig.n_events - 1].pointer.buttons);
	assert_int_equal(rig.events[rig.n_events - 1].pointer.changed, 1);
	for (unsigned int i = 2; i < rig.n_events; i++) {
		rig.events[1].pointer.dx += rig.events[i].pointer.dx;
		rig.events[1].pointer.dy += rig.events[i].pointer.dy;
	}
	expect_motion(1, -2, 6, rig.events[1].pointer.buttons);
	/* The largest steps there are, and nothing that goes beyond a number. */
	rig.n_events = 0;
	for (unsigned int i = 0; i < 8; i++)
		viewer_pointer(viewer, 0, 0xffff, 0xffff);
	RIG_UNTIL(rig.n_events);
	assert_in_range(rig.events[0].pointer.dx, 0x8000, 8 * 0x8000);

	/* Who cannot be asked for motion goes on with positions; who comes now is asked at once. */
	rig_settle();
	rig.n_events = 0;
	viewer_pointer(simple, 0, 50, 60);
	RIG_UNTIL(rig.n_events == 1);
	expect_position(0, 50, 60);
	late = JOIN(motion);
	RIG_UNTIL(late->moves);

	rig.vnc->impl->pointer(rig.vnc, true);
	RIG_UNTIL(viewer->pointers_told == 2 && !viewer->moves && !late->moves);
	rig.n_events = 0;
	viewer_pointer(viewer, 0, 7, 8);
	RIG_UNTIL(rig.n_events == 1);
	expect_position(0, 7, 8);
	rig.vnc->impl->pointer(rig.vnc, true);
	rig_settle();
	assert_int_equal(viewer->pointers_told, 2);
	assert_int_equal(simple->pointers_told, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lights_are_told_in_each_viewers_way, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(motion_is_asked_for_where_positions_are_of_no_use, rig_setup,
				rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
