// SPDX-License-Identifier: GPL-2.0-or-later
/* Drivers that fail while they are used: viewers get a keyframe, and nothing worse. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_thread.h"
#include "server/clock.h"
#include "server/frame.h"
#include "tests/unit/vaapi_rig.h"

#define WIDTH 320
#define HEIGHT 240
#define BROKEN VAAPI_HEADLESS "broken"

static bool is_used(struct vaapi_rig *rig, const char *name)
{
	unsigned int index;

	return !vaapi_candidates_choose(rig->candidates, &index) &&
			!strcmp(vaapi_candidates_name(rig->candidates, index), name);
}

/* Pictures go on as if nothing had been, from a keyframe on. */
static void expect_recovery(struct vaapi_rig *rig, struct frame *frame, const uint8_t *nv12)
{
	struct rig_decoder *decoder = rig_decoder_new();
	unsigned int first = rig->n_packets;

	for (unsigned int i = 0; i < 3; i++) {
		const struct packet *packet = vaapi_rig_encode(rig, frame, NULL, 20);

		assert_int_equal(packet->keyframe, !i);
		assert_int_equal(packet->number, first + i + 1);
		assert_true(vaapi_rig_psnr(decoder, packet, nv12) > 42);
	}
	rig_decoder_free(decoder);
}

static const enum broken_fault failures[] = { BROKEN_ERROR, BROKEN_OVERFLOW, BROKEN_GREEDY,
	BROKEN_EMPTY, BROKEN_ENDLESS };

static void test_fails_once(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	uint8_t *nv12 = vaapi_rig_nv12(frame, NULL);

	(void)state;
	for (unsigned int i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct vaapi_rig rig;

		vaapi_rig_open(&rig, BROKEN, 0);
		vaapi_rig_encode(&rig, frame, NULL, 20);
		assert_false(vaapi_rig_encode(&rig, frame, NULL, 20)->keyframe);
		vaapi_rig_break(failures[i], 1);
		expect_recovery(&rig, frame, nv12);
		assert_int_equal(vaapi_rig_broken()->fault, BROKEN_NOT);
		assert_true(is_used(&rig, BROKEN));
		vaapi_rig_close(&rig);
	}
	free(nv12);
	frame_unref(frame);
}

static void test_fails_for_good(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	uint8_t *nv12 = vaapi_rig_nv12(frame, NULL);

	(void)state;
	for (unsigned int i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct vaapi_rig rig;

		vaapi_rig_open(&rig, BROKEN, 0);
		vaapi_rig_encode(&rig, frame, NULL, 20);
		vaapi_rig_break(failures[i], 0);
		expect_recovery(&rig, frame, nv12);
		assert_true(is_used(&rig, VAAPI_SOFTWARE));
		vaapi_rig_break(BROKEN_NOT, 0);
		vaapi_rig_close(&rig);
	}
	free(nv12);
	frame_unref(frame);
}

/* What it says of its images is not believed: the CPU would write anywhere. */
static void test_images_that_cannot_be(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	uint8_t *nv12 = vaapi_rig_nv12(frame, NULL);

	(void)state;
	/* A candidate has two chances, and there are four ways to be wrong. */
	for (unsigned int i = 0; i < 2; i++) {
		struct vaapi_rig rig;

		vaapi_rig_open(&rig, BROKEN, 0);
		vaapi_rig_encode(&rig, frame, NULL, 20);
		vaapi_rig_break(BROKEN_OUTSIDE, 0);
		expect_recovery(&rig, frame, nv12);
		assert_true(is_used(&rig, VAAPI_SOFTWARE));
		vaapi_rig_break(BROKEN_NOT, 0);
		vaapi_rig_close(&rig);
	}
	free(nv12);
	frame_unref(frame);
}

/* A driver that never returns costs its candidate, no picture, and not the loop. */
static void test_hangs(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	uint8_t *nv12 = vaapi_rig_nv12(frame, NULL);
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_open(&rig, BROKEN, 700 * NSEC_PER_MSEC);
	vaapi_rig_encode(&rig, frame, NULL, 20);
	vaapi_rig_break(BROKEN_HANG, 0);
	expect_recovery(&rig, frame, nv12);
	assert_true(is_used(&rig, VAAPI_SOFTWARE));
	/* The driver still may read the picture that it hangs in. */
	assert_int_equal(frame->refcount, 2);
	vaapi_rig_close(&rig);
	assert_false(vaapi_threads_wait(0));
	/* It comes back after all: nothing of it is left. */
	vaapi_rig_break(BROKEN_NOT, 0);
	assert_true(vaapi_threads_wait(30 * NSEC_PER_SEC));
	assert_int_equal(frame->refcount, 1);
	free(nv12);
	frame_unref(frame);
}

struct used {
	pthread_mutex_t lock;
	char names[4][64]; /* one after the other */
	unsigned int count;
	int waited; /* pictures that the driver had been waited for, at the first */
};

static void note_used(void *user, const char *names)
{
	struct used *used = user;

	pthread_mutex_lock(&used->lock);
	if (!used->count)
		used->waited = atomic_load(&vaapi_rig_broken()->waited);
	if (used->count < 4)
		snprintf(used->names[used->count], sizeof(used->names[0]), "%s", names);
	used->count++;
	pthread_mutex_unlock(&used->lock);
}

static bool is_told(void *user)
{
	struct used *used = user;
	bool told;

	pthread_mutex_lock(&used->lock);
	told = used->count == 4;
	pthread_mutex_unlock(&used->lock);
	return told;
}

/* Whose driver is at work is said before it is: afterwards there may be nobody left to say it. */
static void test_says_who_is_at_work(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	struct used used = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct vaapi_rig rig;
	int waited;

	(void)state;
	vaapi_rig_open(&rig, BROKEN, 0);
	vaapi_candidates_watch(rig.candidates, note_used, &used);
	waited = atomic_load(&vaapi_rig_broken()->waited);
	vaapi_rig_encode(&rig, frame, NULL, 20);
	assert_int_equal(used.count, 1);
	assert_int_equal(used.waited, waited);
	/* Its last chance is forfeited: what takes over is said, too, and the end. */
	for (unsigned int i = 0; i + 1 < vaapi_candidates_count(rig.candidates); i++)
		vaapi_candidates_demote(rig.candidates, i, "the test says so");
	vaapi_rig_break(BROKEN_ERROR, 1);
	vaapi_rig_encode(&rig, frame, NULL, 20);
	assert_int_equal(used.count, 3);
	encoder_free(rig.encoder);
	rig.encoder = NULL;
	vaapi_rig_run_until(&rig, is_told, &used);
	assert_string_equal(used.names[0], BROKEN "\n");
	assert_string_equal(used.names[1], "");
	assert_string_equal(used.names[2], VAAPI_SOFTWARE "\n");
	assert_string_equal(used.names[3], "");
	vaapi_rig_break(BROKEN_NOT, 0);
	vaapi_rig_close(&rig);
	frame_unref(frame);
}

static bool is_waiting(void *user)
{
	return atomic_load(&vaapi_rig_broken()->waited) >= *(const int *)user;
}

/* The newest picture wins, and owes what the one it replaced did. */
static void test_mailbox(void **state)
{
	struct vaapi_rig rig;
	struct frame *frames[4];
	int waited;

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		frames[i] = vaapi_rig_frame(WIDTH, HEIGHT, i * NSEC_PER_SEC);
	vaapi_rig_open(&rig, BROKEN, 0);
	vaapi_rig_encode(&rig, frames[0], NULL, 20);
	waited = atomic_load(&vaapi_rig_broken()->waited) + 1;
	vaapi_rig_break(BROKEN_HANG, 0);
	vaapi_rig_submit(&rig, frames[1], NULL, 20, false);
	vaapi_rig_run_until(&rig, is_waiting, &waited);
	vaapi_rig_submit(&rig, frames[2], NULL, 20, true);
	assert_int_equal(frames[2]->refcount, 2);
	vaapi_rig_submit(&rig, frames[3], NULL, 20, false);
	assert_int_equal(frames[2]->refcount, 1);
	assert_true(encoder_is_busy(rig.encoder));
	vaapi_rig_break(BROKEN_NOT, 0);
	vaapi_rig_run(&rig, 3, 0);
	assert_int_equal(rig.packets[1]->stamp, frames[1]->stamp);
	assert_false(rig.packets[1]->keyframe);
	assert_int_equal(rig.packets[2]->stamp, frames[3]->stamp);
	assert_true(rig.packets[2]->keyframe);
	assert_int_equal(rig.packets[2]->number, 3);
	vaapi_rig_close(&rig);
	for (unsigned int i = 0; i < 4; i++) {
		assert_true(vaapi_threads_wait(30 * NSEC_PER_SEC));
		assert_int_equal(frames[i]->refcount, 1);
		frame_unref(frames[i]);
	}
}

static void test_nothing_left(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	const struct encoder_params params = { .qp = 20 };
	const struct packet_box box = { 0, 0, WIDTH, HEIGHT };
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_open(&rig, BROKEN, 0);
	for (unsigned int i = 0; i < vaapi_candidates_count(rig.candidates); i++)
		vaapi_candidates_demote(rig.candidates, i, "the test says so");
	vaapi_rig_submit(&rig, frame, NULL, 20, false);
	vaapi_rig_run(&rig, 0, 1);
	assert_int_equal(rig.err, -ENODEV);
	assert_int_equal(encoder_submit(rig.encoder, frame, &box, &params), -ENODEV);
	vaapi_rig_close(&rig);
	frame_unref(frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fails_once),
		cmocka_unit_test(test_fails_for_good),
		cmocka_unit_test(test_images_that_cannot_be),
		cmocka_unit_test(test_hangs),
		cmocka_unit_test(test_says_who_is_at_work),
		cmocka_unit_test(test_mailbox),
		cmocka_unit_test(test_nothing_left),
	};

	return cmocka_run_group_tests(tests, vaapi_rig_setup, vaapi_rig_teardown);
}
