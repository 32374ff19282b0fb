// SPDX-License-Identifier: GPL-2.0-or-later
/* The VNC front end: what viewers are sent, when, and that it is the newest picture exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/flow.h"
#include "server/clock.h"
#include "server/cursor.h"
#include "tests/unit/pump.h"
#include "tests/unit/vnc_rig.h"

static const int32_t plain[] = { RECTS_RAW };
static const int32_t copying[] = { RFB_ENCODING_COPY_RECT, RECTS_RAW };
static const int32_t flowing[] = { RECTS_RAW, RFB_PSEUDO_FENCE, RFB_PSEUDO_CONTINUOUS_UPDATES };
static const int32_t ending[] = { RECTS_RAW, RFB_PSEUDO_CONTINUOUS_UPDATES };
static const int32_t resizing[] = { RECTS_RAW, RFB_PSEUDO_EXTENDED_DESKTOP_SIZE };
static const int32_t resizing_plainly[] = { RECTS_RAW, RFB_PSEUDO_DESKTOP_SIZE };
static const int32_t pointing[] = { RECTS_RAW, RFB_PSEUDO_CURSOR };

#define JOIN(encodings) viewer_join(true, encodings, sizeof(encodings) / sizeof(encodings[0]))

static void the_first_viewer_waits_for_the_first_picture(void **state)
{
	struct frame *frame = rig.frame;
	struct viewer *viewer;

	(void)state;
	rig_start();
	/* The VM has nothing to show yet. */
	rig.frame = NULL;
	viewer = viewer_new();
	/* All a viewer has to say, in one breath. */
	VIEWER_SAY(viewer, "RFB 003.008\n\1\1\3\0\0\0\0\0\0\1\0\1");
	RIG_UNTIL(rig.viewer_calls == 1);
	assert_int_equal(rig_stats().viewers, 1);
	rig_settle();
	VIEWER_EXPECT(viewer, "RFB 003.008\n\1\1\0\0\0\0");
	assert_int_equal(viewer->in_bytes, 0);
	rig.frame = frame;
	rig_show(NULL);
	/* 320x200, 32 bits, depth 24, little endian, true colour, 255 at 16, 8, 0 */
	VIEWER_EXPECT(viewer, "\1\x40\0\xc8\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0\0\0\0\4test");
	/* One rectangle of one pixel. */
	VIEWER_EXPECT(viewer, "\0\0\0\1\0\0\0\0\0\1\0\1\0\0\0\0");
	viewer_free(viewer);
	/* Nobody watches: nobody holds the picture. */
	RIG_UNTIL(rig.viewer_calls == 2);
	assert_int_equal(rig_stats().viewers, 0);
	assert_int_equal(atomic_load(&rig.frame->refcount), 1);
}

static void a_viewer_shows_what_the_vm_shows(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(plain);
	assert_string_equal(viewer->name, "test");
	viewer->sends_requests = true;
	viewer_request_all(viewer, false);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	for (int32_t i = 0; i < 50; i++) {
		rig_show(&(pixman_box32_t){ i, i * 2, i + 100, i * 2 + 40 });
		if (i % 5 == 0)
			rig_round();
	}
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	/* Many changes, fewer updates: only the newest counts. */
	assert_true(viewer->updates < 50);
	assert_int_equal(rig_stats().updates_sent, viewer->updates);
	assert_int_equal(rig_stats().bytes_sent, viewer->bytes);
	viewer_free(viewer);
}

static void scrolls_are_copied(void **state)
{
	struct viewer *viewer, *other;

	(void)state;
	rig_start();
	viewer = JOIN(copying);
	other = JOIN(plain);
	viewer->sends_requests = other->sends_requests = true;
	viewer_request_all(viewer, false);
	viewer_request_all(other, false);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame) && viewer_is_right(other, rig.frame));
	for (int i = 0; i < 20; i++) {
		rig_scroll(8);
		RIG_UNTIL(viewer_is_right(viewer, rig.frame) && viewer_is_right(other, rig.frame));
	}
	assert_true(viewer->copies > 0);
	assert_int_equal(other->copies, 0);
	assert_true(viewer->bytes < other->bytes);
	viewer_free(viewer);
	viewer_free(other);
}

static void nothing_is_sent_unasked(void **state)
{
	struct viewer *viewer;
	uint64_t bytes;

	(void)state;
	rig_start();
	viewer = JOIN(plain);
	rig_settle();
	bytes = viewer->bytes;
	rig_show(NULL);
	rig_settle();
	assert_int_equal(viewer->bytes, bytes);
	viewer_request_all(viewer, true);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	bytes = viewer->bytes;
	rig_show(NULL);
	rig_settle();
	assert_int_equal(viewer->bytes, bytes);
	assert_int_equal(viewer->updates, 1);
	viewer_free(viewer);
}

static void at_rest_nothing_is_sent(void **state)
{
	struct viewer *asking, *flow;
	uint64_t bytes;

	(void)state;
	rig_start();
	asking = JOIN(plain);
	flow = JOIN(flowing);
	asking->sends_requests = true;
	flow->answers_fences = true;
	viewer_request_all(asking, false);
	viewer_continuous(flow, true);
	RIG_UNTIL(viewer_is_right(asking, rig.frame) && viewer_is_right(flow, rig.frame));
	rig_settle();
	bytes = rig_stats().bytes_sent;
	rig_settle();
	assert_int_equal(rig_stats().bytes_sent, bytes);
	/* The open request is answered when something changes. */
	rig_show(&(pixman_box32_t){ 0, 0, 10, 10 });
	RIG_UNTIL(viewer_is_right(asking, rig.frame) && viewer_is_right(flow, rig.frame));
	viewer_free(asking);
	viewer_free(flow);
}

static void a_request_is_for_its_region(void **state)
{
	struct viewer *viewer;
	uint64_t bytes;
	unsigned int updates;

	(void)state;
	rig_start();
	viewer = JOIN(plain);
	viewer_request_all(viewer, false);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	rig_settle();
	bytes = viewer->bytes;
	updates = viewer->updates;
	/* What changes elsewhere does not answer it. */
	viewer_request(viewer, true, 100, 100, 20, 20);
	rig_settle();
	rig_show(&(pixman_box32_t){ 0, 0, 50, 50 });
	rig_settle();
	assert_int_equal(viewer->bytes, bytes);
	rig_show(&(pixman_box32_t){ 90, 90, 110, 110 });
	RIG_UNTIL(viewer->updates == updates + 1);
	/* 10x10 pixels of it. */
	assert_int_equal(viewer->bytes - bytes, 4 + RFB_RECT_BYTES + 10 * 10 * 4);
	/* And the rest is not forgotten. */
	viewer_request_all(viewer, true);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));

	/* Not incremental: it is sent again, unchanged. */
	bytes = viewer->bytes;
	viewer_request(viewer, false, 300, 190, 100, 100);
	RIG_UNTIL(viewer->bytes != bytes);
	rig_settle();
	assert_int_equal(viewer->bytes - bytes, 4 + RFB_RECT_BYTES + 20 * 10 * 4);
	/* Outside of the picture there is nothing. */
	bytes = viewer->bytes;
	viewer_request(viewer, false, 320, 0, 10, 10);
	viewer_request(viewer, false, 0xffff, 0xffff, 0xffff, 0xffff);
	viewer_request(viewer, false, 5, 5, 0, 10);
	rig_settle();
	assert_int_equal(viewer->bytes, bytes);
	viewer_free(viewer);
}

static void many_small_requests_are_one(void **state)
{
	struct viewer *viewer;
	uint8_t data[60 * 10] = { 0 };

	(void)state;
	rig_start();
	viewer = JOIN(plain);
	viewer_request_all(viewer, false);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	rig_settle();
	viewer->updates = viewer->rects = 0;
	/* Sixty pixels down the diagonal. */
	for (uint8_t i = 0; i < 60; i++) {
		data[i * 10] = RFB_UPDATE_REQUEST;
		data[i * 10 + 3] = (uint8_t)(i * 4);
		data[i * 10 + 5] = (uint8_t)(i * 3);
		data[i * 10 + 7] = data[i * 10 + 9] = 1;
	}
	viewer_say(viewer, data, sizeof(data));
	RIG_UNTIL(viewer->updates > 0);
	rig_settle();
	assert_int_equal(viewer->updates, 1);
	assert_true(viewer->rects < 30);
	viewer_free(viewer);
}

static void who_stops_reading_misses_pictures_but_not_the_last(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	rig_show_size(1024, 768);
	viewer = JOIN(ending);
	viewer_continuous(viewer, true);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	viewer->reads = false;
	viewer->updates = 0;
	for (int i = 0; i < 10; i++) {
		rig_show(NULL);
		rig_settle();
	}
	viewer->reads = true;
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	/* What was on its way, and the newest. */
	assert_int_equal(viewer->updates, 2);
	viewer_free(viewer);
}

static void continuous_updates_flow_and_end(void **state)
{
	struct viewer *viewer;
	unsigned int updates;

	(void)state;
	rig_start();
	viewer = JOIN(ending);
	RIG_UNTIL(viewer->ends == 1);
	viewer_continuous(viewer, true);
	for (int i = 0; i < 10; i++) {
		rig_show(&(pixman_box32_t){ i, i, 200, 100 + i });
		RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	}
	/* Incremental requests mean nothing now, others do. */
	rig_settle();
	updates = viewer->updates;
	viewer_request_all(viewer, true);
	rig_settle();
	assert_int_equal(viewer->updates, updates);
	viewer_request_all(viewer, false);
	RIG_UNTIL(viewer->updates == updates + 1);
	viewer_request_all(viewer, true);
	rig_settle();

	viewer_continuous(viewer, false);
	RIG_UNTIL(viewer->ends == 2);
	rig_settle();
	updates = viewer->updates;
	rig_show(NULL);
	rig_settle();
	assert_int_equal(viewer->updates, updates);
	viewer_request_all(viewer, true);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));

	/* The end is the end, also of what is being encoded when it comes. */
	for (unsigned int i = 3; i < 20; i++) {
		viewer_continuous(viewer, true);
		rig_settle();
		rig_show(NULL);
		viewer_continuous(viewer, false);
		while (viewer->ends < i)
			rig_round();
		updates = viewer->updates;
		rig_settle();
		assert_int_equal(viewer->updates, updates);
	}
	viewer_free(viewer);
}

static void no_more_is_under_way_than_fences_allow(void **state)
{
	struct viewer *viewer;
	unsigned int updates;

	(void)state;
	rig_start();
	viewer = JOIN(flowing);
	viewer->answers_fences = true;
	RIG_UNTIL(viewer->fences == 1 && viewer->ends == 1);
	viewer->answers_fences = false;
	viewer_continuous(viewer, true);
	for (int i = 0; i < 10; i++) {
		rig_show(NULL);
		rig_settle();
	}
	assert_int_equal(viewer->updates, FLOW_BLIND);
	assert_int_equal(viewer->fences, 1 + FLOW_BLIND);
	/* The second answer stands for the first too; then comes the newest picture. */
	viewer_fence(viewer, 0, "\0\0\0\2", 4);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	assert_int_equal(viewer->updates, 3);
	/* What the link carries is known now. That they are late, soon. */
	for (int i = 0; i < 2 * FLOW_MAX; i++) {
		rig_show(NULL);
		rig_settle();
	}
	updates = viewer->updates;
	assert_true(updates < 3 + FLOW_MAX);
	/* Answers to what was never asked open nothing. */
	viewer_fence(viewer, 0, "\0\0\0\7", 4);
	viewer_fence(viewer, 0, "\xff\xff\xff\xff", 4);
	viewer_fence(viewer, 0, "", 0);
	viewer_fence(viewer, 0, "\0\0\0\2", 4);
	rig_show(NULL);
	rig_settle();
	assert_int_equal(viewer->updates, updates);
	viewer_free(viewer);
}

static void who_answers_fences_is_never_starved(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(flowing);
	viewer->answers_fences = true;
	viewer_continuous(viewer, true);
	for (int i = 0; i < 100; i++) {
		rig_show(NULL);
		RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	}
	viewer_free(viewer);
}

static void fences_are_answered(void **state)
{
	char payload[RFB_FENCE_PAYLOAD_MAX];
	struct viewer *viewer;

	(void)state;
	memset(payload, 'p', sizeof(payload));
	rig_start();
	viewer = JOIN(flowing);
	viewer_fence(viewer, RFB_FENCE_REQUEST | RFB_FENCE_BLOCK_BEFORE | RFB_FENCE_BLOCK_AFTER | 0x70,
			payload, sizeof(payload));
	RIG_UNTIL(viewer->fence_answers == 1);
	assert_int_equal(viewer->fence_flags, RFB_FENCE_BLOCK_BEFORE | RFB_FENCE_BLOCK_AFTER);
	assert_int_equal(viewer->fence_bytes, sizeof(payload));
	assert_memory_equal(viewer->fence_payload, payload, sizeof(payload));
	viewer_free(viewer);
}

static void a_fence_splits_the_pixel_formats(void **state)
{
	static const struct rects_pixel_format formats[] = {
		{ 16, 16, false, true, 31, 63, 31, 11, 5, 0 },
		{ 32, 24, true, true, 255, 255, 255, 0, 8, 16 },
		{ 8, 8, false, true, 7, 7, 3, 0, 3, 6 },
		{ 32, 24, false, true, 255, 255, 255, 16, 8, 0 },
	};
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(flowing);
	viewer->answers_fences = true;
	viewer_continuous(viewer, true);
	for (size_t i = 0; i < 12; i++) {
		/* Updates are on their way; each is decoded by the format that was true for it. */
		for (int n = 0; n < 5; n++) {
			rig_show(NULL);
			rig_round();
		}
		viewer->next_format = formats[i % 4];
		viewer_fence(viewer, RFB_FENCE_REQUEST | RFB_FENCE_SYNC_NEXT, NULL, 0);
		/* The very next message is the format, but it may take its time. */
		for (int n = 0; n < (int)i % 3; n++) {
			rig_show(NULL);
			pump_round(rig.base);
		}
		viewer_set_format(viewer, &formats[i % 4]);
		RIG_UNTIL(viewer->fence_answers == i + 1);
		assert_int_equal(viewer->fence_flags, RFB_FENCE_SYNC_NEXT);
	}
	viewer_request_all(viewer, false);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	viewer_free(viewer);
}

static void a_new_size_is_followed(void **state)
{
	struct viewer *extended, *simple, *rigid;
	unsigned int updates;

	(void)state;
	rig_start();
	extended = JOIN(resizing);
	simple = JOIN(resizing_plainly);
	rigid = JOIN(plain);
	extended->sends_requests = simple->sends_requests = rigid->sends_requests = true;
	viewer_request_all(extended, false);
	viewer_request_all(simple, false);
	viewer_request_all(rigid, false);
	RIG_UNTIL(viewer_is_right(extended, rig.frame) && viewer_is_right(simple, rig.frame) &&
			viewer_is_right(rigid, rig.frame));
	for (uint32_t i = 1; i <= 10; i++) {
		rig_show_size(300 + i * 17, 100 + i * 9);
		if (i % 3 == 0)
			rig_show(NULL);
		RIG_UNTIL(viewer_is_right(extended, rig.frame) && viewer_is_right(simple, rig.frame));
	}
	assert_int_equal(extended->size_reason, RFB_SIZE_SERVER);
	assert_int_equal(extended->size_status, RFB_SIZE_OK);
	assert_true(simple->plain_sizes >= 10);
	/* What cannot follow is let go. */
	RIG_UNTIL(rigid->fd < 0);
	assert_int_equal(rig_stats().viewers, 2);
	/* Who has not asked again is told the size, and no more. */
	rig_settle();
	extended->sends_requests = false;
	updates = extended->updates;
	rig_show_size(700, 500);
	RIG_UNTIL(extended->width == 700);
	rig_settle();
	assert_int_equal(extended->updates, updates + 1);
	extended->sends_requests = true;
	viewer_request_all(extended, false);
	/* Sizes that come and go while nobody looks leave no trace. */
	rig_show_size(64, 64);
	rig_show_size(2000, 1000);
	rig_show_size(640, 480);
	RIG_UNTIL(viewer_is_right(extended, rig.frame) && viewer_is_right(simple, rig.frame));
	viewer_free(extended);
	viewer_free(simple);
	viewer_free(rigid);
}

static void a_picture_too_large_is_refused(void **state)
{
	struct viewer *viewer;

	(void)state;
	rig_start();
	viewer = JOIN(resizing);
	viewer->sends_requests = true;
	viewer_request_all(viewer, false);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	rig_show_size(8192, 16);
	RIG_UNTIL(viewer->fd < 0);
	viewer_free(viewer);
	viewer = viewer_join(true, NULL, 0);
	assert_int_equal(viewer->fd, -1);
	viewer_free(viewer);
}

/* A square with a hole, at 100, 50. */
static void show_pointer(int32_t x, int32_t y, bool visible)
{
	static uint32_t argb[16 * 16];
	struct cursor cursor = { .visible = visible, .width = 16, .height = 16, .hot_x = 3, .hot_y = 5,
		.position_known = true, .x = x, .y = y, .argb = argb, .shape_serial = 1 };

	for (unsigned int i = 0; i < 256; i++)
		argb[i] = i / 16 > 4 && i % 16 > 4 ? 0x00ffffff : 0xffff8000;
	rig.vnc->impl->cursor(rig.vnc, &cursor);
}

/* The picture as it is with that pointer in it; free with frame_unref(). */
static struct frame *with_pointer(int32_t x, int32_t y)
{
	struct frame *frame;

	assert_int_equal(frame_new_memory(rig.frame->width, rig.frame->height, &frame), 0);
	memcpy(frame_memory_pixels(frame), rig.frame->data, rig.frame->data_bytes);
	for (int32_t i = 0; i < 256; i++) {
		int32_t at_x = x - 3 + i % 16, at_y = y - 5 + i / 16;

		if (at_x < 0 || at_y < 0 || at_x >= (int32_t)frame->width || at_y >= (int32_t)frame->height ||
				(i / 16 > 4 && i % 16 > 4))
			continue;
		memcpy(frame_memory_pixels(frame) + (size_t)at_y * frame->planes[0].stride +
				(size_t)at_x * 4, &(uint32_t){ 0xff8000 }, 4);
	}
	return frame;
}

static void who_cannot_draw_the_pointer_sees_it_drawn(void **state)
{
	static const int32_t xs[] = { 100, 110, 0, 319, -1, 160 };
	struct viewer *soft, *able;
	struct frame *expected;

	(void)state;
	rig_start();
	soft = JOIN(copying);
	able = JOIN(pointing);
	soft->sends_requests = able->sends_requests = true;
	viewer_request_all(soft, false);
	viewer_request_all(able, false);
	RIG_UNTIL(viewer_is_right(soft, rig.frame) && viewer_is_right(able, rig.frame));
	for (size_t i = 0; i < sizeof(xs) / sizeof(xs[0]); i++) {
		show_pointer(xs[i], 50, true);
		expected = with_pointer(xs[i], 50);
		RIG_UNTIL(viewer_is_right(soft, expected));
		frame_unref(expected);
		/* What moves under it does not smear it. */
		rig_scroll(8);
		rig_show(&(pixman_box32_t){ 90, 40, 130, 60 });
		expected = with_pointer(xs[i], 50);
		RIG_UNTIL(viewer_is_right(soft, expected));
		frame_unref(expected);
		RIG_UNTIL(viewer_is_right(able, rig.frame));
	}
	show_pointer(160, 50, false);
	RIG_UNTIL(viewer_is_right(soft, rig.frame));
	assert_int_equal(able->cursors, 2);
	/* It may learn to draw it, and unlearn it. */
	show_pointer(160, 50, true);
	viewer_set_encodings(soft, pointing, 2);
	RIG_UNTIL(viewer_is_right(soft, rig.frame) && soft->cursors == 1);
	viewer_set_encodings(soft, plain, 1);
	expected = with_pointer(160, 50);
	RIG_UNTIL(viewer_is_right(soft, expected));
	frame_unref(expected);
	/* In another size, too. */
	viewer_set_encodings(soft, resizing_plainly, 2);
	viewer_set_encodings(able, resizing_plainly, 2);
	rig_settle();
	rig_show_size(400, 300);
	expected = with_pointer(160, 50);
	RIG_UNTIL(viewer_is_right(soft, expected) && viewer_is_right(able, expected));
	frame_unref(expected);
	viewer_free(soft);
	viewer_free(able);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
		TEST(the_first_viewer_waits_for_the_first_picture),
		TEST(a_viewer_shows_what_the_vm_shows),
		TEST(scrolls_are_copied),
		TEST(nothing_is_sent_unasked),
		TEST(at_rest_nothing_is_sent),
		TEST(a_request_is_for_its_region),
		TEST(many_small_requests_are_one),
		TEST(who_stops_reading_misses_pictures_but_not_the_last),
		TEST(continuous_updates_flow_and_end),
		TEST(no_more_is_under_way_than_fences_allow),
		TEST(who_answers_fences_is_never_starved),
		TEST(fences_are_answered),
		TEST(a_fence_splits_the_pixel_formats),
		TEST(a_new_size_is_followed),
		TEST(a_picture_too_large_is_refused),
		TEST(who_cannot_draw_the_pointer_sees_it_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
