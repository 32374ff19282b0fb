// SPDX-License-Identifier: GPL-2.0-or-later
/* Which packets of a video a viewer takes, keeps, misses and asks for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "net/flow.h"
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

static enum { NOTHING, NEXT, KEYFRAME } ask(void)
{
	struct protocol_wish wish;

	if (!video_view_ask(&view, NULL, &wish))
		return NOTHING;
	assert_int_equal(wish.codec, PACKET_H264);
	assert_int_equal(wish.tier, view.tier);
	return wish.keyframe ? KEYFRAME : NEXT;
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
	assert_int_equal(ask(), KEYFRAME);
	put(false, &here);
	assert_int_equal(take(), 0);
	put(true, &here);
	assert_int_equal(take(), number);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(ask(), NEXT);
		put(false, &here);
		assert_int_equal(ask(), NOTHING);
		assert_int_equal(take(), number);
		assert_int_equal(take(), 0);
	}
}

static void asks_once_for_each_packet(void **state)
{
	(void)state;
	assert_int_equal(ask(), KEYFRAME);
	assert_int_equal(ask(), NOTHING);
	/* Of no use, but it is what was asked for: the keyframe may never come. */
	put(false, &here);
	assert_int_equal(ask(), KEYFRAME);
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
	assert_int_equal(ask(), KEYFRAME);
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
	assert_int_equal(ask(), KEYFRAME);
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
	assert_int_equal(ask(), NOTHING);
	assert_true(set(true, 1, &here));
	assert_int_equal(ask(), NEXT);
	put(false, &here);
	assert_int_equal(take(), number);

	set(false, 1, &here);
	put(false, &here);
	assert_int_equal(take(), 0);
	set(true, 1, &here);
	put(false, &here);
	assert_int_equal(take(), 0);
	assert_int_equal(ask(), KEYFRAME);
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
	assert_int_equal(ask(), KEYFRAME);
}

static void shows_what_its_viewer_can(void **state)
{
	const struct protocol_video video = { .on = true, .codecs = 1u << PACKET_MJPEG, .serial = 1, .box = here };

	(void)state;
	assert_true(video_view_set(&view, &video, PACKET_H264));
	assert_int_equal(ask(), NOTHING);
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
	assert_int_equal(ask(), KEYFRAME);
	last = put(true, &here);
	video_view_forget(&view);
	assert_int_equal(take(), last);
}

/* A packet of 10,000 bytes for whoever is in that tier. */
static void put_in(unsigned int tier, bool keyframe)
{
	struct packet *packet = packet_new(10000);

	packet->number = ++number;
	packet->keyframe = keyframe;
	packet->box = here;
	packet->tier = tier;
	video_view_put(&view, packet);
	packet_unref(packet);
}

static void who_misses_most_is_sent_those_of_the_next_tier(void **state)
{
	(void)state;
	for (unsigned int tier = 0; tier < PACKET_TIERS; tier++) {
		assert_int_equal(ask(), KEYFRAME);
		assert_int_equal(view.tier, tier);
		/* Those of others are nothing to him. */
		put_in((tier + 1) % PACKET_TIERS, true);
		assert_int_equal(take(), 0);
		/* Two of three are missed for as long as it takes; in the last tier for ever. */
		for (unsigned int i = 0; i < 200 && view.tier == tier; i++) {
			put_in(tier, true);
			assert_true(take());
			put_in(tier, false);
			put_in(tier, false);
			put_in(tier, false);
			ask();
		}
		assert_int_equal(view.tier, tier + 1 < PACKET_TIERS ? tier + 1 : tier);
		view.asked = false;
	}
}

static void who_keeps_up_stays(void **state)
{
	(void)state;
	put_in(0, true);
	for (unsigned int i = 0; i < 1000; i++) {
		take();
		ask();
		put_in(0, i % 5 == 0);
		/* One that is missed now and then. */
		if (i % 10 == 0)
			put_in(0, true);
		assert_int_equal(view.tier, 0);
	}
}

static int64_t asks_until_tier(unsigned int tier)
{
	struct protocol_wish wish;

	for (int64_t i = 0; i < 100000; i++) {
		if (view.tier == tier)
			return i;
		put_in(view.tier - 1, false);
		put_in(view.tier, true);
		take();
		video_view_ask(&view, NULL, &wish);
	}
	return -1;
}

static void who_has_room_for_it_comes_back_later_each_time(void **state)
{
	int64_t last = 0, asks;

	(void)state;
	for (int i = 0; i < 4; i++) {
		for (unsigned int j = 0; j < 200 && !view.tier; j++) {
			put_in(0, true);
			take();
			put_in(0, false);
			put_in(0, false);
			put_in(0, false);
			ask();
			view.asked = false;
		}
		assert_int_equal(view.tier, 1);
		asks = asks_until_tier(0);
		assert_true(asks >= VIDEO_VIEW_PATIENCE_MIN && asks > last);
		last = asks;
	}
}

static void who_has_no_room_for_it_does_not_come_back(void **state)
{
	struct flow flow = { .next = 0 };
	struct protocol_wish wish;

	(void)state;
	/* 10,000 bytes in 100 ms: 3,300 in a picture's time. */
	flow_send(&flow, 0, 1);
	assert_true(flow_answer(&flow, 0, NSEC_PER_MSEC));
	flow_send(&flow, 10000, 2 * NSEC_PER_MSEC);
	assert_true(flow_answer(&flow, 1, 102 * NSEC_PER_MSEC));
	view.tier = 1;
	for (unsigned int i = 0; i < 10000; i++) {
		put_in(0, false);
		put_in(1, true);
		take();
		video_view_ask(&view, &flow, &wish);
		assert_int_equal(view.tier, 1);
	}
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
		cmocka_unit_test_setup_teardown(who_misses_most_is_sent_those_of_the_next_tier, setup, teardown),
		cmocka_unit_test_setup_teardown(who_keeps_up_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(who_has_room_for_it_comes_back_later_each_time, setup, teardown),
		cmocka_unit_test_setup_teardown(who_has_no_room_for_it_does_not_come_back, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
