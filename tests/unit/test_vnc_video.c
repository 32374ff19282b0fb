// SPDX-License-Identifier: GPL-2.0-or-later
/* Video for VNC viewers: who is shown it, which packets, and rectangles beside and after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "server/clock.h"
#include "server/cursor.h"
#include "tests/unit/vnc_rig.h"

static const int32_t able[] = { RECTS_RAW, RFB_ENCODING_OPEN_H264, RFB_PSEUDO_CURSOR,
	RFB_PSEUDO_EXTENDED_DESKTOP_SIZE };
static const int32_t continuous[] = { RECTS_RAW, RFB_ENCODING_OPEN_H264, RFB_PSEUDO_CURSOR,
	RFB_PSEUDO_FENCE, RFB_PSEUDO_CONTINUOUS_UPDATES };
static const int32_t unable[] = { RECTS_RAW, RFB_PSEUDO_CURSOR, RFB_PSEUDO_EXTENDED_DESKTOP_SIZE };
static const int32_t drawn[] = { RECTS_RAW, RFB_ENCODING_OPEN_H264 };

static const pixman_box32_t box = { 40, 20, 240, 160 }, beside = { 0, 170, 320, 200 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define JOIN(encodings) viewer_join_watching(encodings, COUNT(encodings))

static void expect_packet(struct viewer *viewer, uint64_t number, uint32_t flags)
{
	const unsigned int n = viewer->video.n;

	RIG_UNTIL(viewer->video.n != n);
	assert_int_equal(viewer->video.n, n + 1);
	assert_int_equal(viewer->video.first, (uint8_t)number);
	assert_int_equal(viewer->video.bytes, 1000 + number);
	assert_int_equal(viewer->video.flags, flags);
}

/* The encoder makes one, and this viewer is sent it. */
static void show_packet(struct viewer *viewer, uint64_t number, bool keyframe, uint32_t flags)
{
	rig_settle();
	rig_put_packet(number, keyframe, false);
	expect_packet(viewer, number, flags);
	rig_settle();
}

static void packets_come_instead_of_rectangles(void **state)
{
	struct viewer *viewer;
	uint64_t bytes;

	(void)state;
	rig_start();
	viewer = JOIN(able);
	assert_int_equal(rig_stats().video_viewers, 1);
	rig_set_video(&box, 1);
	rig_show(&box);
	RIG_UNTIL(rig.keyframe_asks == 1);
	bytes = viewer->bytes;
	rig_show(&box);
	rig_settle();
	assert_int_equal(viewer->bytes, bytes);
	show_packet(viewer, 7, true, RFB_H264_RESET_ALL);
	assert_int_equal(viewer->video.x, 40);
	assert_int_equal(viewer->video.y, 20);
	assert_int_equal(viewer->video.width, 200);
	assert_int_equal(viewer->video.height, 140);
	/* It asks for each next one, once. */
	assert_int_equal(rig.video_asks, 1);
	rig_settle();
	assert_int_equal(rig.video_asks, 1);
	show_packet(viewer, 8, false, 0);
	assert_int_equal(rig.video_asks, 2);
	/* Another one's keyframe. */
	show_packet(viewer, 9, true, 0);
	assert_int_equal(rig.keyframe_asks, 1);
	rig_show(&beside);
	rig_settle();
	assert_false(viewer_is_right(viewer, rig.frame));
	rig_set_video(NULL, 1);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	/* It was only a rest, and no packet came of it. */
	rig_set_video(&box, 1);
	show_packet(viewer, 10, false, 0);
	rig_set_video(&(pixman_box32_t){ 100, 20, 300, 160 }, 2);
	RIG_UNTIL(rig.keyframe_asks == 2);
	show_packet(viewer, 11, true, RFB_H264_RESET_ALL);
	rig_set_video(NULL, 2);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
}

static void who_misses_a_packet_begins_anew(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(able);
	rig_set_video(&box, 1);
	show_packet(viewer, 1, true, RFB_H264_RESET_ALL);
	assert_int_equal(rig.keyframe_asks, 1);
	rig_put_packet(3, false, false);
	RIG_UNTIL(rig.keyframe_asks == 2);
	rig_put_packet(4, false, false);
	rig_settle();
	assert_int_equal(viewer->video.n, 1);
	show_packet(viewer, 5, true, RFB_H264_RESET_CONTEXT);
	show_packet(viewer, 6, false, 0);
}

/* What is being encoded when the box begins is older than its first packet, and comes before it. */
static void rectangles_under_way_go_first(void **state)
{
	struct viewer *viewer;
	const unsigned int middle = 100 * 320 + 100;

	(void)state;
	rig_start();
	viewer = JOIN(continuous);
	viewer_continuous(viewer, true);
	rig_settle();
	for (uint32_t serial = 1; serial < 30; serial++) {
		rig_show(NULL);
		rig_set_video(&box, serial);
		rig_put_packet(serial, true, false);
		expect_packet(viewer, serial, RFB_H264_RESET_ALL);
		rig_settle();
		assert_int_equal(viewer->pixels[middle], 0x808080);
		/* Beside it they are no hindrance. */
		rig_show(&beside);
		rig_put_packet(1000 + serial, true, false);
		rig_settle();
		rig_set_video(NULL, serial);
		RIG_UNTIL(viewer_is_right(viewer, rig.frame));
		rig_settle();
	}
}

/* It costs nothing while it does not read, and then goes on with a keyframe. */
static void a_stopped_viewer_comes_back(void **state)
{
	struct viewer *viewer, *other;
	uint64_t number = 1;

	(void)state;
	rig_start();
	viewer = JOIN(continuous);
	other = JOIN(continuous);
	viewer_continuous(viewer, true);
	viewer_continuous(other, true);
	rig_set_video(&box, 1);
	rig_settle();
	viewer->reads = false;
	for (; number < 3000; number++) {
		const unsigned int n = other->video.n;

		rig_put_packet(number, number == 1, false);
		RIG_UNTIL(other->video.n == n + 1);
	}
	assert_true(viewer->video.n < 10);
	rig.keyframe_asks = 0;
	viewer->reads = true;
	RIG_UNTIL(rig.keyframe_asks == 1);
	assert_true(viewer->video.n < 1000);
	rig_put_packet(number, true, false);
	expect_packet(viewer, number, RFB_H264_RESET_CONTEXT);
	RIG_UNTIL(other->video.first == (uint8_t)number && !other->video.flags);
}

static void expect_rectangles_only(struct viewer *viewer, uint32_t serial)
{
	viewer->video.n = 0;
	rig_set_video(&box, serial);
	rig_show(&box);
	rig_put_packet(1, true, false);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	assert_int_equal(viewer->video.n, 0);
	rig_set_video(NULL, serial);
}

static void who_cannot_show_it_is_sent_rectangles(void **state)
{
	uint32_t white[16 * 16];
	const struct cursor cursor = { .visible = true, .width = 16, .height = 16, .position_known = true,
		.x = 100, .y = 100, .argb = white, .shape_serial = 1 };
	struct viewer *viewer;

	(void)state;
	memset(white, 0xff, sizeof(white));
	rig_start();
	viewer = JOIN(unable);
	assert_int_equal(rig_stats().video_viewers, 0);
	expect_rectangles_only(viewer, 1);
	viewer_free(viewer);
	/* The pointer is drawn into its picture, and would not be into the video. */
	viewer = JOIN(drawn);
	assert_int_equal(rig_stats().video_viewers, 0);
	expect_rectangles_only(viewer, 2);
	rig.vnc->impl->cursor(rig.vnc, &cursor);
	rig_settle();
	assert_int_equal(viewer->video.n, 0);
	viewer_free(viewer);
	rig_settle();
	assert_int_equal(rig.keyframe_asks + rig.video_asks, 0);
}

static void look_at_a_part(struct viewer *viewer)
{
	for (int i = 0; i < 50 && !viewer_is_right(viewer, rig.frame); i++) {
		viewer_request(viewer, true, 0, 0, 320, 199);
		rig_settle();
	}
	assert_true(viewer_is_right(viewer, rig.frame));
}

static void who_looks_at_a_part_is_sent_rectangles(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(able);
	viewer->sends_requests = false;
	/* The request for the whole picture is still open: anything answers it. */
	rig_show(&beside);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	rig_set_video(&box, 1);
	viewer_request(viewer, true, 0, 0, 320, 199);
	rig_settle();
	rig_show(&box);
	look_at_a_part(viewer);
	assert_int_equal(rig.keyframe_asks, 0);
	viewer_request_all(viewer, true);
	RIG_UNTIL(rig.keyframe_asks == 1);
	rig_put_packet(1, true, false);
	expect_packet(viewer, 1, RFB_H264_RESET_ALL);
	assert_false(viewer_is_right(viewer, rig.frame));
	look_at_a_part(viewer);
}

static void scaled_packets_are_not_shown(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(able);
	rig_set_video(&box, 5);
	rig_show(&box);
	RIG_UNTIL(rig.keyframe_asks == 1);
	rig_put_packet(1, true, true);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	rig_put_packet(2, true, true);
	rig_show(&box);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	assert_int_equal(viewer->video.n, 0);
	/* Another box may do. */
	rig_set_video(&box, 6);
	show_packet(viewer, 3, true, RFB_H264_RESET_ALL);
}

static void who_gives_it_up_is_shown_exactly(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(able);
	rig_settle();
	assert_true(rig.viewer_calls >= 2);
	rig_set_video(&box, 1);
	show_packet(viewer, 1, true, RFB_H264_RESET_ALL);
	rig.viewer_calls = 0;
	viewer_set_encodings(viewer, unable, COUNT(unable));
	RIG_UNTIL(viewer_is_right(viewer, rig.frame) && rig.viewer_calls == 1);
	assert_int_equal(rig_stats().video_viewers, 0);
	rig_put_packet(2, true, false);
	rig_settle();
	assert_int_equal(viewer->video.n, 1);
	/* And takes it up again: its decoder may be another one. */
	viewer_set_encodings(viewer, able, COUNT(able));
	RIG_UNTIL(rig.viewer_calls == 2 && rig.keyframe_asks == 2);
	show_packet(viewer, 3, true, RFB_H264_RESET_ALL);
}

/* Both always wait, and a request allows one update: neither waits for more than one of the other's. */
static void rectangles_and_packets_take_turns(void **state)
{
	struct viewer *viewer;
	uint64_t number = 2;

	(void)state;
	rig_start();
	viewer = JOIN(able);
	rig_set_video(&box, 1);
	show_packet(viewer, 1, true, RFB_H264_RESET_ALL);
	viewer->sends_requests = false;
	rig_show(&beside);
	rig_settle();
	for (unsigned int turn = 0, videos = viewer->video.n; turn < 40; turn++) {
		const unsigned int updates = viewer->updates;

		rig_show(&beside);
		/* In the place of the one that was sent. */
		if (turn % 2 || !turn)
			rig_put_packet(number++, false, false);
		viewer_request_all(viewer, true);
		RIG_UNTIL(viewer->updates == updates + 1);
		rig_settle();
		assert_int_equal(viewer->updates, updates + 1);
		videos += turn % 2 == 0;
		assert_int_equal(viewer->video.n, videos);
	}
}

static void a_new_size_ends_it(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(able);
	rig_set_video(&box, 1);
	show_packet(viewer, 1, true, RFB_H264_RESET_ALL);
	/* Held for a viewer that is not ready: gone with its box. */
	viewer->sends_requests = false;
	rig_show(&beside);
	rig_settle();
	rig_put_packet(2, false, false);
	rig_set_video(NULL, 1);
	rig_show_size(400, 300);
	/* As soon as the VM has it again, and before the viewer knows of the size. */
	rig_set_video(&(pixman_box32_t){ 0, 0, 400, 300 }, 2);
	rig_put_packet(3, true, false);
	assert_int_equal(viewer->video.n, 1);
	viewer->sends_requests = true;
	viewer_request_all(viewer, true);
	RIG_UNTIL(viewer->width == 400);
	viewer_request_all(viewer, true);
	RIG_UNTIL(rig.keyframe_asks >= 2);
	show_packet(viewer, 4, true, RFB_H264_RESET_ALL);
	rig_set_video(NULL, 2);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(packets_come_instead_of_rectangles),
		RIG_TEST(who_misses_a_packet_begins_anew),
		RIG_TEST(rectangles_under_way_go_first),
		RIG_TEST(a_stopped_viewer_comes_back),
		RIG_TEST(who_cannot_show_it_is_sent_rectangles),
		RIG_TEST(who_looks_at_a_part_is_sent_rectangles),
		RIG_TEST(scaled_packets_are_not_shown),
		RIG_TEST(who_gives_it_up_is_shown_exactly),
		RIG_TEST(rectangles_and_packets_take_turns),
		RIG_TEST(a_new_size_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
