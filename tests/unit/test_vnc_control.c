// SPDX-License-Identifier: GPL-2.0-or-later
/* The VNC front end beside the picture: sizes asked for, pointer, lights, name, keys, buttons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "server/clock.h"
#include "server/cursor.h"
#include "tests/unit/vnc_rig.h"

static const int32_t plain[] = { RECTS_RAW };
static const int32_t all[] = { RECTS_RAW, RFB_PSEUDO_EXTENDED_DESKTOP_SIZE, RFB_PSEUDO_CURSOR,
	RFB_PSEUDO_QEMU_KEY_EVENT, RFB_PSEUDO_QEMU_LED_STATE, RFB_PSEUDO_DESKTOP_NAME,
	RFB_PSEUDO_EXTENDED_MOUSE_BUTTONS, RFB_PSEUDO_FENCE, RFB_PSEUDO_CONTINUOUS_UPDATES };
static const int32_t alpha[] = { RECTS_RAW, RFB_PSEUDO_CURSOR, RFB_PSEUDO_CURSOR_WITH_ALPHA };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define JOIN(encodings) viewer_join_watching(encodings, COUNT(encodings))

static void what_both_have_is_announced_once(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	for (int i = 0; i < 3; i++) {
		viewer_set_encodings(viewer, plain, COUNT(plain));
		viewer_set_encodings(viewer, all, COUNT(all));
		rig_show(NULL);
		RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	}
	rig_settle();
	assert_int_equal(viewer->keycodes_told, 1);
	assert_int_equal(viewer->buttons_told, 1);
	assert_int_equal(viewer->ends, 1);
	assert_true(viewer->sizes >= 1);
	/* There is no pointer and no light to tell of. */
	assert_int_equal(viewer->cursors, 0);
	assert_int_equal(viewer->leds_told, 0);
	assert_int_equal(viewer->names_told, 0);
}

static void a_whole_request_is_answered_with_the_size(void **state)
{
	struct viewer *viewer;
	unsigned int sizes;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	sizes = viewer->sizes;
	viewer_request_all(viewer, false);
	RIG_UNTIL(viewer->sizes == sizes + 1);
	assert_int_equal(viewer->size_reason, RFB_SIZE_SERVER);
	assert_int_equal(viewer->size_status, RFB_SIZE_OK);
}

static void a_size_that_is_granted_is_told_when_it_shows(void **state)
{
	struct viewer *asking, *other;
	unsigned int sizes, other_sizes;

	(void)state;
	rig_start();
	asking = JOIN(all);
	other = JOIN(all);
	sizes = asking->sizes;
	other_sizes = other->sizes;
	viewer_ask_size(asking, 640, 400, 1);
	RIG_UNTIL(rig.asks == 1);
	assert_int_equal(rig.asked_width, 640);
	assert_int_equal(rig.asked_height, 400);
	/* Not before. */
	rig_show(NULL);
	rig_settle();
	assert_int_equal(asking->sizes, sizes);
	rig_show_size(640, 400);
	RIG_UNTIL(viewer_is_right(asking, rig.frame) && viewer_is_right(other, rig.frame));
	assert_true(asking->sizes > sizes && other->sizes > other_sizes);
	assert_int_equal(asking->size_reason, RFB_SIZE_THIS_CLIENT);
	assert_int_equal(asking->size_status, RFB_SIZE_OK);
	assert_int_equal(other->size_reason, RFB_SIZE_OTHER_CLIENT);
	/* Later changes are nobody's wish. */
	rig_show_size(320, 200);
	RIG_UNTIL(viewer_is_right(asking, rig.frame) && viewer_is_right(other, rig.frame));
	assert_int_equal(asking->size_reason, RFB_SIZE_SERVER);
	assert_int_equal(other->size_reason, RFB_SIZE_SERVER);
}

static void the_guest_may_choose_another_size(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	viewer_ask_size(viewer, 643, 401, 1);
	RIG_UNTIL(rig.asks == 1);
	rig_show_size(640, 400);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	assert_int_equal(viewer->size_reason, RFB_SIZE_SERVER);
	assert_int_equal(viewer->size_status, RFB_SIZE_OK);
	/* The wish still stands, and is answered truthfully in the end. */
	RIG_UNTIL(viewer->size_reason == RFB_SIZE_THIS_CLIENT);
	assert_int_equal(viewer->size_status, RFB_SIZE_FORWARDED);
	assert_int_equal(viewer->width, 640);
}

static void a_size_that_is_not_granted_is_refused_with_the_reason(void **state)
{
	static const struct {
		uint16_t width, height;
		uint8_t screens;
		int result;
		bool asks;
		enum rfb_size_status status;
	} cases[] = {
		{ 640, 400, 1, -EOPNOTSUPP, true, RFB_SIZE_PROHIBITED },
		{ 640, 400, 1, -EPERM, true, RFB_SIZE_PROHIBITED },
		{ 640, 400, 1, -ENOMEM, true, RFB_SIZE_NO_RESOURCES },
		{ 640, 400, 1, -EINVAL, true, RFB_SIZE_BAD_LAYOUT },
		{ 8192, 400, 1, 0, false, RFB_SIZE_NO_RESOURCES },
		{ 640, 65535, 1, 0, false, RFB_SIZE_NO_RESOURCES },
		{ 0, 400, 1, 0, false, RFB_SIZE_BAD_LAYOUT },
		{ 640, 0, 1, 0, false, RFB_SIZE_BAD_LAYOUT },
		{ 640, 400, 0, 0, false, RFB_SIZE_BAD_LAYOUT },
		{ 640, 400, 2, 0, false, RFB_SIZE_BAD_LAYOUT },
		/* It already has it. */
		{ 320, 200, 1, PROTOCOL_SIZE_IS_SO, true, RFB_SIZE_OK },
	};
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned int sizes = viewer->sizes;

		rig.asks = 0;
		rig.resize_result = cases[i].result;
		viewer_ask_size(viewer, cases[i].width, cases[i].height, cases[i].screens);
		RIG_UNTIL(viewer->sizes == sizes + 1);
		assert_int_equal(viewer->size_reason, RFB_SIZE_THIS_CLIENT);
		assert_int_equal(viewer->size_status, cases[i].status);
		assert_int_equal(viewer->width, 320);
		assert_int_equal(rig.asks, cases[i].asks);
	}
	rig.config.view_only = true;
	rig.asks = 0;
	viewer_ask_size(viewer, 640, 400, 1);
	RIG_UNTIL(viewer->size_status == RFB_SIZE_PROHIBITED);
	assert_int_equal(rig.asks, 0);
}

static void of_many_wishes_the_last_one_counts(void **state)
{
	struct viewer *viewer, *other;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	other = JOIN(all);
	for (uint16_t i = 0; i < 60; i++)
		viewer_ask_size(viewer, 400 + i, 300, 1);
	RIG_UNTIL(rig.asked_width == 459);
	assert_true(rig.asks < 10);
	/* Another viewer's wish takes its place. */
	viewer_ask_size(other, 500, 300, 1);
	RIG_UNTIL(viewer->size_reason == RFB_SIZE_THIS_CLIENT);
	assert_int_equal(viewer->size_status, RFB_SIZE_FORWARDED);
	/* And who asked may be gone when it shows. */
	viewer_free(other);
	RIG_UNTIL(rig_stats().viewers == 1);
	rig_show_size(500, 300);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	assert_int_equal(viewer->size_reason, RFB_SIZE_OTHER_CLIENT);
}

static void show_pointer(uint64_t serial, bool visible)
{
	/* 3x2: red, half green, clear / blue, white at one quarter, black */
	static const uint32_t argb[] = { 0xffff0000, 0x8000ff00, 0x00ffffff, 0xff0000ff, 0x40ffffff,
		0xff000000 };
	const struct cursor cursor = { .visible = visible, .width = 3, .height = 2, .hot_x = 2,
		.hot_y = 1, .argb = argb, .shape_serial = serial };

	rig.vnc->impl->cursor(rig.vnc, &cursor);
}

static void the_pointers_shape_is_told(void **state)
{
	static const struct rects_pixel_format small = { 16, 16, true, true, 31, 63, 31, 11, 5, 0 };
	static const uint8_t in_32[] = { 0, 0, 0xff, 0, 0, 0xff, 0, 0, 0xff, 0xff, 0xff, 0, 0xff, 0, 0, 0,
		0xff, 0xff, 0xff, 0, 0, 0, 0, 0, /* mask */ 0xc0, 0xa0 };
	static const uint8_t in_16[] = { 0xf8, 0, 0x07, 0xe0, 0xff, 0xff, 0, 0x1f, 0xff, 0xff, 0, 0, 0xc0,
		0xa0 };
	static const uint8_t in_rgba[] = { 0xff, 0, 0, 0xff, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xff,
		0xff, 0x40, 0x40, 0x40, 0x40, 0, 0, 0, 0xff };
	struct viewer *viewer, *shades;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	shades = JOIN(alpha);
	show_pointer(1, true);
	RIG_UNTIL(viewer->cursors == 1 && shades->alpha_cursors == 1);
	assert_int_equal(viewer->cursor_width, 3);
	assert_int_equal(viewer->cursor_height, 2);
	assert_int_equal(viewer->cursor_hot_x, 2);
	assert_int_equal(viewer->cursor_hot_y, 1);
	assert_int_equal(viewer->cursor_bytes, sizeof(in_32));
	assert_memory_equal(viewer->cursor, in_32, sizeof(in_32));
	assert_int_equal(shades->cursor_bytes, sizeof(in_rgba));
	assert_memory_equal(shades->cursor, in_rgba, sizeof(in_rgba));
	assert_int_equal(shades->cursors, 0);

	/* Where it is does not matter to who draws it himself. */
	show_pointer(1, true);
	rig_settle();
	assert_int_equal(viewer->cursors, 1);

	viewer_set_format(viewer, &small);
	rig_settle();
	viewer->format = small;
	show_pointer(2, true);
	RIG_UNTIL(viewer->cursors == 2);
	assert_int_equal(viewer->cursor_bytes, sizeof(in_16));
	assert_memory_equal(viewer->cursor, in_16, sizeof(in_16));

	/* Hidden: nothing of it is opaque. */
	show_pointer(2, false);
	RIG_UNTIL(viewer->cursors == 3 && shades->alpha_cursors == 3);
	assert_int_equal(viewer->cursor[viewer->cursor_bytes - 1], 0);
	assert_memory_equal(shades->cursor, "\0\0\0\0", 4);
	show_pointer(2, true);
	RIG_UNTIL(viewer->cursors == 4);
	/* Who comes later is told, too. */
	shades = JOIN(alpha);
	RIG_UNTIL(shades->alpha_cursors == 1);
	assert_memory_equal(shades->cursor, in_rgba, sizeof(in_rgba));
}

static void whatever_is_sent_answers_a_request(void **state)
{
	struct viewer *viewer;
	unsigned int updates;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	viewer->sends_requests = false;
	show_pointer(1, true);
	RIG_UNTIL(viewer->cursors == 1);
	updates = viewer->updates;
	rig_show(NULL);
	show_pointer(2, true);
	rig_settle();
	assert_int_equal(viewer->updates, updates);
	viewer_request_all(viewer, true);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame) && viewer->cursors == 2);
}

static void lights_and_names_are_told(void **state)
{
	struct config_vm renamed;
	struct viewer *viewer, *late;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	rig.vnc->impl->leds(rig.vnc, INPUT_LED_NUM | INPUT_LED_CAPS);
	RIG_UNTIL(viewer->leds_told == 1);
	assert_int_equal(viewer->leds, 6);
	rig.vnc->impl->leds(rig.vnc, INPUT_LED_NUM | INPUT_LED_CAPS);
	rig_settle();
	assert_int_equal(viewer->leds_told, 1);
	late = JOIN(all);
	RIG_UNTIL(late->leds_told == 1);

	renamed = rig.config;
	renamed.desktop_name = (char[]){ "the new name" };
	rig.vnc->impl->reconfigure(rig.vnc, &renamed);
	RIG_UNTIL(viewer->names_told == 1);
	assert_string_equal(viewer->name, "the new name");
	rig.vnc->impl->reconfigure(rig.vnc, &renamed);
	rig_settle();
	assert_int_equal(viewer->names_told, 1);
	rig.vnc->impl->reconfigure(rig.vnc, &rig.config);
}

static void expect_key(unsigned int i, bool down, uint32_t qnum, uint32_t keysym)
{
	assert_true(i < rig.n_events);
	assert_int_equal(rig.events[i].kind, INPUT_KEY);
	assert_int_equal(rig.events[i].key.down, down);
	assert_int_equal(rig.events[i].key.qnum, qnum);
	assert_int_equal(rig.events[i].key.keysym, keysym);
}

static void expect_pointer(unsigned int i, uint32_t x, uint32_t y, uint32_t buttons)
{
	assert_true(i < rig.n_events);
	assert_int_equal(rig.events[i].kind, INPUT_POINTER);
	assert_int_equal(rig.events[i].pointer.x, x);
	assert_int_equal(rig.events[i].pointer.y, y);
	assert_int_equal(rig.events[i].pointer.buttons, buttons);
	assert_int_equal(rig.events[i].pointer.width, rig.frame->width);
	assert_int_equal(rig.events[i].pointer.height, rig.frame->height);
}

static void keys_reach_the_guest(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	viewer_key(viewer, true, 'a');
	viewer_key(viewer, true, 'a');
	viewer_key(viewer, false, 'a');
	/* Right Ctrl: 0xe0 0x1d */
	VIEWER_SAY(viewer, "\xff\0\0\1\0\0\xff\xe4\0\0\0\x9d");
	VIEWER_SAY(viewer, "\xff\0\0\0\0\0\xff\xe4\0\0\0\x9d");
	/* No number of a PC's key: only its keysym says something. */
	VIEWER_SAY(viewer, "\xff\0\0\1\0\0\xff\xe4\0\0\1\x9d");
	RIG_UNTIL(rig.n_events == 6);
	expect_key(0, true, 0, 'a');
	expect_key(1, true, 0, 'a');
	expect_key(2, false, 0, 'a');
	expect_key(3, true, 0x9d, 0xffe4);
	expect_key(4, false, 0x9d, 0xffe4);
	expect_key(5, true, 0, 0xffe4);
	assert_true(rig_stats().last_input_ns > 0);
}

static void motion_is_the_newest_buttons_are_all(void **state)
{
	struct viewer *viewer;
	unsigned int n;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	for (uint16_t i = 0; i < 60; i++)
		viewer_pointer(viewer, 0, i, 10);
	RIG_UNTIL(rig.n_events && rig.events[rig.n_events - 1].pointer.x == 59);
	assert_true(rig.n_events < 10);

	n = rig.n_events;
	viewer_pointer(viewer, 0, 100, 100);
	viewer_pointer(viewer, INPUT_BUTTON_LEFT, 101, 100);
	viewer_pointer(viewer, INPUT_BUTTON_LEFT, 102, 100);
	viewer_pointer(viewer, INPUT_BUTTON_LEFT, 103, 100);
	viewer_key(viewer, true, 'b');
	viewer_pointer(viewer, INPUT_BUTTON_LEFT, 104, 100);
	viewer_pointer(viewer, 0, 105, 100);
	viewer_pointer(viewer, INPUT_BUTTON_WHEEL_UP, 105, 100);
	viewer_pointer(viewer, 0, 105, 100);
	/* Beyond the edge is at the edge. */
	viewer_pointer(viewer, 0, 999, 999);
	RIG_UNTIL(rig.n_events == n + 9);
	expect_pointer(n, 100, 100, 0);
	expect_pointer(n + 1, 101, 100, INPUT_BUTTON_LEFT);
	expect_pointer(n + 2, 103, 100, INPUT_BUTTON_LEFT);
	expect_key(n + 3, true, 0, 'b');
	expect_pointer(n + 4, 104, 100, INPUT_BUTTON_LEFT);
	expect_pointer(n + 5, 105, 100, 0);
	expect_pointer(n + 6, 105, 100, INPUT_BUTTON_WHEEL_UP);
	expect_pointer(n + 7, 105, 100, 0);
	expect_pointer(n + 8, 319, 199, 0);

	/* Back and forward, once announced, in a byte more. */
	n = rig.n_events;
	VIEWER_SAY(viewer, "\5\x80\0\1\0\2\3");
	RIG_UNTIL(rig.n_events == n + 1);
	expect_pointer(n, 1, 2, INPUT_BUTTON_BACK | INPUT_BUTTON_FORWARD);
}

static void who_leaves_lets_everything_go(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	viewer_key(viewer, true, 'a');
	viewer_key(viewer, true, 'b');
	viewer_key(viewer, false, 'a');
	VIEWER_SAY(viewer, "\xff\0\0\1\0\0\xff\xe1\0\0\0\x2a");
	viewer_pointer(viewer, INPUT_BUTTON_LEFT, 7, 8);
	RIG_UNTIL(rig.n_events == 5);
	viewer_free(viewer);
	RIG_UNTIL(rig.n_events == 8);
	expect_key(5, false, 0x2a, 0xffe1);
	expect_key(6, false, 0, 'b');
	expect_pointer(7, 7, 8, 0);
}

static void who_may_only_watch_does_only_that(void **state)
{
	struct config_vm view_only;
	struct viewer *viewer;
	unsigned int n;

	(void)state;
	rig_start();
	viewer = JOIN(all);
	viewer_key(viewer, true, 'a');
	viewer_pointer(viewer, INPUT_BUTTON_LEFT, 7, 8);
	RIG_UNTIL(rig.n_events == 2);
	/* From now on. What is held is let go. */
	view_only = rig.config;
	view_only.view_only = true;
	rig.vnc->impl->reconfigure(rig.vnc, &view_only);
	assert_int_equal(rig.n_events, 2);
	RIG_UNTIL(rig.n_events == 4);
	expect_key(2, false, 0, 'a');
	expect_pointer(3, 7, 8, 0);
	n = rig.n_events;
	viewer_key(viewer, true, 'a');
	viewer_pointer(viewer, INPUT_BUTTON_LEFT, 9, 9);
	viewer_fence(viewer, RFB_FENCE_REQUEST, NULL, 0);
	RIG_UNTIL(viewer->fence_answers == 1);
	assert_int_equal(rig.n_events, n);
	rig_show(NULL);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	rig.vnc->impl->reconfigure(rig.vnc, &rig.config);
}

static void clipboard_text_is_ignored_where_there_is_no_clipboard(void **state)
{
	static char text[5000];
	struct config_vm tight;
	struct viewer *viewer;

	(void)state;
	memset(text, 0xee, sizeof(text));
	rig.config.clipboard_max_bytes = 4999;
	rig_start();
	viewer = JOIN(all);
	/* At, and beyond the limit; and the limit falls while one is half there. */
	VIEWER_SAY(viewer, "\6\0\0\0\0\0\x13\x87");
	viewer_say(viewer, text, 4999);
	VIEWER_SAY(viewer, "\6\0\0\0\0\0\x13\x88");
	viewer_say(viewer, text, 5000);
	VIEWER_SAY(viewer, "\6\0\0\0\0\0\x13\x87");
	viewer_say(viewer, text, 2000);
	rig_settle();
	tight = rig.config;
	tight.clipboard_max_bytes = 100;
	rig.vnc->impl->reconfigure(rig.vnc, &tight);
	viewer_say(viewer, text, 2999);
	viewer_key(viewer, true, 'x');
	RIG_UNTIL(rig.n_events == 1);
	expect_key(0, true, 0, 'x');
	rig.vnc->impl->reconfigure(rig.vnc, &rig.config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
		TEST(what_both_have_is_announced_once),
		TEST(a_whole_request_is_answered_with_the_size),
		TEST(a_size_that_is_granted_is_told_when_it_shows),
		TEST(the_guest_may_choose_another_size),
		TEST(a_size_that_is_not_granted_is_refused_with_the_reason),
		TEST(of_many_wishes_the_last_one_counts),
		TEST(the_pointers_shape_is_told),
		TEST(whatever_is_sent_answers_a_request),
		TEST(lights_and_names_are_told),
		TEST(keys_reach_the_guest),
		TEST(motion_is_the_newest_buttons_are_all),
		TEST(who_leaves_lets_everything_go),
		TEST(who_may_only_watch_does_only_that),
		TEST(clipboard_text_is_ignored_where_there_is_no_clipboard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
