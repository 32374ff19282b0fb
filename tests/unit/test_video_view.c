// SPDX-License-Identifier: GPL-2.0-or-later
/* Which packets of a video a viewer takes, keeps, misses and asks for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "net/protocol.h"
#include "net/video_view.h"

static const struct packet_box here = { 64, 32, 640, 360 }, there = { 0, 0, 640, 360 };
static struct video_view view;
static uint64_t number; /* of the last packet */

static bool set(bool on, uint32_t serial, const struct packet_box *box)
{
	const struct protocol_video video = {
		.on = on, .codecs = 1u << PACKET_H264, .serial = serial, .box = *box,
	};

	return video_view_set(&view, &video, PACKET_H264);
}

static uint64_t put(bool keyframe, const struct packet_box *box)
{
	struct packet *packet = packet_new(1);

	packet->number = ++number;
	packet->keyframe = keyframe;
	packet->box = *box;
	video_view_put(&view, packet);
	packet_unref(packet);
	return number;
}

/* 0: nothing. */
static uint64_t take(void)
{
	struct packet *packet = video_view_take(&view);
	uint64_t taken = packet ? packet->number : 0;

	packet_unref(packet);
	return taken;
}

static int setup(void **state)
{
	(void)state;
	number = 100;
	assert_true(set(true, 1, &here));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	video_view_finish(&view);
	return 0;
}

static void begins_with_a_keyframe_and_goes_on_from_there(void **state)
{
	(void)state;
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_KEYFRAME);
	put(false, &here);
	assert_int_equal(take(), 0);
	put(true, &here);
	assert_int_equal(take(), number);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(video_view_ask(&view), VIDEO_VIEW_NEXT);
		put(false, &here);
		assert_int_equal(video_view_ask(&view), VIDEO_VIEW_NOTHING);
		assert_int_equal(take(), number);
		assert_int_equal(take(), 0);
	}
}

static void asks_once_for_each_packet(void **state)
{
	(void)state;
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_KEYFRAME);
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_NOTHING);
	/* Of no use, but it is what was asked for: the keyframe may never come. */
	put(false, &here);
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_KEYFRAME);
}

static void keeps_one_that_it_is_not_ready_for(void **state)
{
	uint64_t kept;

	(void)state;
	put(true, &here);
	take();
	kept = put(false, &here);
	assert_int_equal(take(), kept);
	put(false, &here);
	assert_int_equal(take(), number);
}

static void misses_both_when_a_second_comes(void **state)
{
	(void)state;
	put(true, &here);
	take();
	put(false, &here);
	put(false, &here);
	assert_int_equal(take(), 0);
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_KEYFRAME);
	put(false, &here);
	assert_int_equal(take(), 0);
	put(true, &here);
	assert_int_equal(take(), number);
}

static void a_keyframe_takes_the_place_of_what_waits(void **state)
{
	(void)state;
	put(true, &here);
	put(true, &here);
	assert_int_equal(take(), number);
	put(false, &here);
	put(true, &here);
	assert_int_equal(take(), number);
	put(false, &here);
	assert_int_equal(take(), number);
}

static void another_box_begins_anew(void **state)
{
	(void)state;
	put(true, &here);
	take();
	assert_false(set(true, 1, &here));
	assert_true(set(true, 2, &there));
	put(false, &here);
	put(true, &here);
	assert_int_equal(take(), 0);
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_KEYFRAME);
	put(true, &there);
	assert_int_equal(take(), number);
}

/* A rest: the same box goes on where it stopped, unless something was missed meanwhile. */
static void goes_on_after_a_rest(void **state)
{
	(void)state;
	put(true, &here);
	take();
	assert_true(set(false, 1, &here));
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_NOTHING);
	assert_true(set(true, 1, &here));
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_NEXT);
	put(false, &here);
	assert_int_equal(take(), number);

	set(false, 1, &here);
	put(false, &here);
	assert_int_equal(take(), 0);
	set(true, 1, &here);
	put(false, &here);
	assert_int_equal(take(), 0);
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_KEYFRAME);
}

/* What comes after the end would be painted over what is exact by then. */
static void what_waits_at_the_end_is_dropped(void **state)
{
	(void)state;
	put(true, &here);
	take();
	put(false, &here);
	assert_true(set(false, 1, &here));
	assert_int_equal(take(), 0);
	set(true, 1, &here);
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_KEYFRAME);
}

static void shows_what_its_viewer_can(void **state)
{
	const struct protocol_video video = { .on = true, .codecs = 1u << PACKET_MJPEG, .serial = 1, .box = here };

	(void)state;
	assert_true(video_view_set(&view, &video, PACKET_H264));
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_NOTHING);
	assert_true(video_view_set(&view, &video, PACKET_MJPEG));
	put(true, &here);
	assert_int_equal(take(), 0);
	assert_true(video_view_set(&view, NULL, PACKET_MJPEG));
	assert_false(video_view_set(&view, NULL, PACKET_MJPEG));
}

static void begins_anew_where_its_viewer_does(void **state)
{
	uint64_t last;

	(void)state;
	put(true, &here);
	assert_int_not_equal(take(), 0);
	put(false, &here);
	video_view_forget(&view);
	assert_int_equal(take(), 0);
	assert_int_equal(video_view_ask(&view), VIDEO_VIEW_KEYFRAME);
	last = put(true, &here);
	video_view_forget(&view);
	assert_int_equal(take(), last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(begins_with_a_keyframe_and_goes_on_from_there, setup, teardown),
		cmocka_unit_test_setup_teardown(asks_once_for_each_packet, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_one_that_it_is_not_ready_for, setup, teardown),
		cmocka_unit_test_setup_teardown(misses_both_when_a_second_comes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_keyframe_takes_the_place_of_what_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(another_box_begins_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_on_after_a_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(what_waits_at_the_end_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(begins_anew_where_its_viewer_does, setup, teardown),
		cmocka_unit_test_setup_teardown(shows_what_its_viewer_can, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
