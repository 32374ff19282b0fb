// SPDX-License-Identifier: GPL-2.0-or-later
/* When a VM's video rests, ends, and gives its encoders back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encoders/vaapi_candidate.h"
#include "tests/unit/video_rig.h"

#define H264 (1u << PACKET_H264)
#define MJPEG (1u << PACKET_MJPEG)
/* As server/video.c has it. */
#define KEEP_NS (10 * NSEC_PER_SEC)
/* As server/activity.c has them. */
#define REST_NS (150 * NSEC_PER_MSEC)
#define FORGET_NS NSEC_PER_SEC

static struct video_rig rig;

static int setup(void **state)
{
	(void)state;
	video_rig_open(&rig, VAAPI_SOFTWARE, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	video_rig_close(&rig);
	return 0;
}

/* Lets the box rest, or be forgotten. */
static void rest(int64_t ns)
{
	video_rig_pass(ns);
	VIDEO_RIG_UNTIL(&rig, !rig.region.on);
	video_rig_settle(&rig);
}

/* The box is kept for a while, without video, and then another one begins. */
static void rest_and_end(void **state)
{
	uint32_t serial;

	(void)state;
	video_rig_begin(&rig);
	serial = rig.region.serial;
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	video_rig_wait(&rig, 1);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
	rest(REST_NS);
	assert_int_equal(rig.region.serial, serial);
	assert_int_equal(rig.region.codecs, H264 | MJPEG);
	/* Nothing remains of what was asked, and nothing can be asked. */
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	assert_int_equal(rig.n_pictures, 1);
	video_rig_show(&rig);
	assert_true(rig.region.on);
	assert_int_equal(rig.region.serial, serial);
	video_rig_settle(&rig);
	assert_int_equal(rig.n_pictures, 1);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
	video_rig_wait(&rig, 2);
	assert_int_equal(rig.packets[rig.n_packets - 1]->number, 2);

	rest(REST_NS);
	video_rig_pass(FORGET_NS);
	video_rig_show(&rig);
	video_rig_begin(&rig);
	assert_int_not_equal(rig.region.serial, serial);
}

/* A host that is too busy to look does not end a film: what rests is what was seen to rest. */
static void time_without_looks_is_no_rest(void **state)
{
	int64_t shown_ns;
	unsigned int n_regions;

	(void)state;
	video_rig_begin(&rig);
	n_regions = rig.n_regions;
	rig.no_looks = true;
	for (unsigned int i = 0; i < 3; i++) {
		const unsigned int n_looks = rig.n_looks;

		video_rig_pass(3 * REST_NS);
		/* It is asked for one, and goes on waiting without a word. */
		VIDEO_RIG_UNTIL(&rig, rig.n_looks > n_looks);
		video_rig_settle(&rig);
		assert_int_equal(rig.n_looks, n_looks + 1);
		video_rig_show(&rig);
		assert_int_equal(rig.n_regions, n_regions);
	}
	/* Nor does a look say what is not yet so. */
	shown_ns = clock_now_ns();
	video_rig_pass(3 * REST_NS);
	video_note_still(rig.video, shown_ns + REST_NS - 1);
	assert_true(rig.region.on);
	video_note_still(rig.video, shown_ns + REST_NS);
	assert_false(rig.region.on);
}

static void encoders_are_kept_for_a_while(void **state)
{
	(void)state;
	video_rig_begin(&rig);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	video_rig_wait(&rig, 1);
	rest(REST_NS);
	video_rig_pass(KEEP_NS - REST_NS);
	/* What changes elsewhere does not count, and timers are set anew. */
	video_stop(rig.video);
	video_rig_settle(&rig);
	assert_int_equal(video_rig_threads("mjpeg"), 1);
	video_rig_pass(REST_NS);
	video_stop(rig.video);
	VIDEO_RIG_UNTIL(&rig, !video_rig_threads("mjpeg"));
	/* And had again. */
	video_rig_begin(&rig);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	video_rig_wait(&rig, 2);
	assert_int_equal(rig.packets[rig.n_packets - 1]->number, 1);
}

static void stopped_at_once(void **state)
{
	unsigned int regions;

	(void)state;
	video_rig_begin(&rig);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
	video_rig_wait(&rig, 1);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
	video_stop(rig.video);
	assert_false(rig.region.on);
	regions = rig.n_regions;
	video_stop(rig.video);
	assert_int_equal(rig.n_regions, regions);
	/* The next picture is all new, and no motion. */
	video_rig_show(&rig);
	video_rig_settle(&rig);
	assert_int_equal(rig.n_pictures, 1);
	assert_false(rig.region.on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rest_and_end, setup, teardown),
		cmocka_unit_test_setup_teardown(time_without_looks_is_no_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(encoders_are_kept_for_a_while, setup, teardown),
		cmocka_unit_test_setup_teardown(stopped_at_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
