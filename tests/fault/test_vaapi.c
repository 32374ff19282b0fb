// SPDX-License-Identifier: GPL-2.0-or-later
/* The encode module when memory runs out: a picture is lost at most, and nothing leaks (asan). */
#include <drm_fourcc.h>
#include <errno.h>
#include <event2/event.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "encoders/vaapi.h"
#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_thread.h"
#include "server/clock.h"
#include "server/frame.h"
#include "tests/fault/alloc.h"
#include "tests/unit/vaapi_rig.h"

#define WIDTH 160
#define HEIGHT 144
/* More than there are; that the loop ends by itself is what counts. */
#define ALLOCATIONS_MAX 400

/* What the loop allocates when it finds out that a driver hangs; not all that follows. */
#define HANG_ALLOCATIONS 6

static unsigned int n_packets, n_failed;

static void take_packet(void *user, struct packet *packet)
{
	(void)user, (void)packet;
	n_packets++;
}

static void take_failure(void *user, int err, const char *reason)
{
	(void)user, (void)reason;
	/* There always is another way, or another picture. */
	assert_int_not_equal(err, -ENODEV);
	n_failed++;
}

static const struct encoder_events events = { .packet = take_packet, .failed = take_failure };

static void run(struct event_base *base, struct encoder *encoder)
{
	int64_t end_ns = clock_now_ns() + 30 * NSEC_PER_SEC;

	while (encoder_is_busy(encoder)) {
		assert_true(clock_now_ns() < end_ns);
		event_base_loopexit(base, &(struct timeval){ .tv_usec = 2000 });
		event_base_dispatch(base);
	}
}

static void submit(struct event_base *base, struct encoder *encoder, struct frame *frame)
{
	const struct packet_box box = { .width = frame->width, .height = frame->height };
	const struct encoder_params params = { .qp = 26 };
	const unsigned int before = n_packets + n_failed;
	int err = encoder_submit(encoder, frame, &box, &params);

	assert_true(!err || err == -ENOMEM);
	run(base, encoder);
	/* Viewers wait for one or the other. */
	assert_int_equal(n_packets + n_failed, before + !err);
}

static void test_encoding(void **state)
{
	struct vaapi_settings settings = { 0 };
	struct event_base *base = event_base_new();
	struct frame *plain, *imported;
	unsigned int lost = 0;
	bool more = true;

	(void)state;
	assert_int_equal(frame_new_memory(WIDTH, HEIGHT, &plain), 0);
	imported = vaapi_rig_fd_frame(plain, DRM_FORMAT_XRGB8888, "0123", DRM_FORMAT_MOD_LINEAR);
	assert_int_equal(vaapi_candidates_new(
					 VAAPI_SOFTWARE, PLANECASTD, 0, &settings.candidates),
			0);
	for (long i = 0; more; i++) {
		struct encoder *encoder = NULL;
		int err;

		assert_in_range(i, 0, ALLOCATIONS_MAX);
		n_packets = n_failed = 0;
		alloc_fail_at(i);
		err = vaapi_new(base, &settings, &events, NULL, &encoder);
		assert_int_equal(err, alloc_has_failed() ? -ENOMEM : 0);
		if (err)
			continue;
		submit(base, encoder, plain);
		submit(base, encoder, imported);
		more = alloc_has_failed();
		alloc_fail_at(-1);
		lost += 2 - n_packets;
		/* And then as if nothing had been. */
		n_packets = 0;
		submit(base, encoder, plain);
		assert_int_equal(n_packets, 1);
		encoder_free(encoder);
	}
	assert_true(lost > 0);
	vaapi_candidates_unref(settings.candidates);
	assert_true(vaapi_threads_wait(30 * NSEC_PER_SEC));
	frame_unref(imported);
	frame_unref(plain);
	event_base_free(base);
}

/* The driver hangs in a picture, and memory ends as the loop finds out: even then something comes of it. */
static bool hang_once(struct event_base *base, struct frame *frame, long allocation)
{
	struct vaapi_settings settings = { .deadline_ns = 100 * NSEC_PER_MSEC };
	const struct packet_box box = { .width = frame->width, .height = frame->height };
	const struct encoder_params params = { .qp = 26 };
	struct encoder *encoder;
	bool has_failed;
	int waited;

	assert_int_equal(vaapi_candidates_new(VAAPI_HEADLESS "broken", PLANECASTD, 0, &settings.candidates), 0);
	assert_int_equal(vaapi_new(base, &settings, &events, NULL, &encoder), 0);
	submit(base, encoder, frame);
	n_packets = n_failed = 0;
	waited = atomic_load(&vaapi_rig_broken()->waited);
	vaapi_rig_break(BROKEN_HANG, 0);
	assert_int_equal(encoder_submit(encoder, frame, &box, &params), 0);
	while (atomic_load(&vaapi_rig_broken()->waited) == waited)
		sched_yield();
	alloc_fail_at(allocation);
	run(base, encoder);
	vaapi_rig_break(BROKEN_NOT, 0);
	assert_int_equal(n_packets + n_failed, 1);
	/* The next one is as if nothing had been. */
	has_failed = alloc_has_failed();
	alloc_fail_at(-1);
	submit(base, encoder, frame);
	assert_true(n_packets >= 1);
	encoder_free(encoder);
	vaapi_candidates_unref(settings.candidates);
	assert_true(vaapi_threads_wait(30 * NSEC_PER_SEC));
	return has_failed;
}

static void test_hang(void **state)
{
	struct event_base *base = event_base_new();
	unsigned int lost = 0;
	struct frame *frame;

	(void)state;
	assert_int_equal(frame_new_memory(WIDTH, HEIGHT, &frame), 0);
	for (long i = 0; i < HANG_ALLOCATIONS; i++) {
		assert_true(hang_once(base, frame, i));
		lost += n_failed;
	}
	/* The job, its outcome, and the thread with what it has. */
	assert_true(lost >= 4);
	frame_unref(frame);
	event_base_free(base);
}

static void test_candidates(void **state)
{
	bool more = true;

	(void)state;
	for (long i = 0; more; i++) {
		struct vaapi_candidates *candidates = NULL;
		int err;

		assert_in_range(i, 0, ALLOCATIONS_MAX);
		alloc_fail_at(i);
		err = vaapi_candidates_new("/dev/dri/renderD999", PLANECASTD, 0, &candidates);
		more = alloc_has_failed();
		alloc_fail_at(-1);
		assert_int_equal(err, more ? -ENOMEM : 0);
		vaapi_candidates_unref(candidates);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_candidates),
	};

	return cmocka_run_group_tests(tests, vaapi_rig_setup, vaapi_rig_teardown);
}
