// SPDX-License-Identifier: GPL-2.0-or-later
/* The encoder of JPEG pictures when memory runs out: each picture is one packet or one failure. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "encoders/mjpeg.h"
#include "server/frame.h"
#include "tests/fault/alloc.h"
#include "tests/unit/pump.h"

#define WIDTH 160
#define HEIGHT 144
/* More than there are; that the loop ends by itself is what counts. */
#define ALLOCATIONS_MAX 50

static unsigned int n_packets, n_failed;

static void take_packet(void *user, struct packet *packet)
{
	(void)user, (void)packet;
	n_packets++;
}

static void take_failure(void *user, int err, const char *reason)
{
	(void)user, (void)reason;
	assert_int_equal(err, -ENOMEM);
	n_failed++;
}

static const struct encoder_events events = { .packet = take_packet, .failed = take_failure };

/* Whether a packet came of it. */
static bool encode(struct event_base *base, struct encoder *encoder, struct frame *frame)
{
	const struct packet_box box = { .width = frame->width, .height = frame->height };
	const struct encoder_params params = { .qp = 26 };
	int err = encoder_submit(encoder, frame, &box, &params);

	n_packets = n_failed = 0;
	if (err) {
		assert_int_equal(err, -ENOMEM);
		return false;
	}
	PUMP_UNTIL(base, n_packets + n_failed > 0);
	assert_int_equal(n_packets + n_failed, 1);
	return n_packets;
}

static void test_encoding(void **state)
{
	struct event_base *base = event_base_new();
	unsigned int refused = 0, lost = 0;
	struct frame *frame;
	bool more = true;

	(void)state;
	assert_int_equal(frame_new_memory(WIDTH, HEIGHT, &frame), 0);
	for (long i = 0; more; i++) {
		struct encoder *encoder = NULL;
		int err;

		assert_in_range(i, 0, ALLOCATIONS_MAX);
		alloc_fail_at(i);
		err = mjpeg_new(base, &events, NULL, &encoder);
		assert_int_equal(err, alloc_has_failed() ? -ENOMEM : 0);
		refused += !!err;
		if (err)
			continue;
		lost += !encode(base, encoder, frame);
		more = alloc_has_failed();
		alloc_fail_at(-1);
		/* And then as if nothing had been. */
		assert_true(encode(base, encoder, frame));
		encoder_free(encoder);
	}
	/* The encoder, its worker, the coder; the picture, its file, its packet. */
	assert_int_equal(refused, 3);
	assert_int_equal(lost, 3);
	frame_unref(frame);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_encoding) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
