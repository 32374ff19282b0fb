// SPDX-License-Identifier: GPL-2.0-or-later
/* An encoder on a loop, and its packets. */
#include "tests/unit/vaapi_rig.h"

#include <dlfcn.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encoders/vaapi.h"
#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_thread.h"
#include "server/clock.h"
#include "server/frame.h"

/* Of a test that waits for what does not come. */
#define PATIENCE_NS (30 * NSEC_PER_SEC)

static void *broken_library;

int vaapi_rig_setup(void **state)
{
	(void)state;
	setenv("LIBVA_DRIVERS_PATH", SOFTVA_DIRECTORY ":" BROKEN_DIRECTORY, 1);
	unsetenv(BROKEN_DRIVER_ENV);
	broken_library = dlopen(BROKEN_DIRECTORY "/broken_drv_video.so", RTLD_NOW);
	if (!broken_library)
		print_error("%s\n", dlerror());
	return broken_library ? 0 : -1;
}

int vaapi_rig_teardown(void **state)
{
	(void)state;
	vaapi_rig_break(BROKEN_NOT, 0);
	return vaapi_threads_wait(PATIENCE_NS) ? 0 : -1;
}

struct broken_driver *vaapi_rig_broken(void)
{
	return dlsym(broken_library, "broken_driver");
}

void vaapi_rig_break(enum broken_fault fault, int pictures)
{
	struct broken_driver *broken = vaapi_rig_broken();

	atomic_store(&broken->pictures, pictures);
	atomic_store(&broken->fault, fault);
}

static void take_packet(void *user, struct packet *packet)
{
	struct vaapi_rig *rig = user;

	assert_in_range(rig->n_packets, 0, VAAPI_RIG_PACKETS_MAX - 1);
	rig->packets[rig->n_packets++] = packet_ref(packet);
}

static void take_failure(void *user, int err, const char *reason)
{
	struct vaapi_rig *rig = user;

	rig->n_failed++;
	rig->err = err;
	rig->reason = reason;
}

static const struct encoder_events events = { .packet = take_packet, .failed = take_failure };

void vaapi_rig_open(struct vaapi_rig *rig, const char *device, int64_t deadline_ns)
{
	struct vaapi_settings settings = { .deadline_ns = deadline_ns };

	*rig = (struct vaapi_rig){ .base = event_base_new() };
	assert_non_null(rig->base);
	assert_int_equal(vaapi_candidates_new(device, PLANECASTD, 0, &rig->candidates), 0);
	settings.candidates = rig->candidates;
	assert_int_equal(vaapi_new(rig->base, &settings, &events, rig, &rig->encoder), 0);
}

void vaapi_rig_close(struct vaapi_rig *rig)
{
	encoder_free(rig->encoder);
	for (unsigned int i = 0; i < rig->n_packets; i++)
		packet_unref(rig->packets[i]);
	vaapi_candidates_unref(rig->candidates);
	event_base_free(rig->base);
}

void vaapi_rig_run_until(struct vaapi_rig *rig, bool (*is_true)(void *user), void *user)
{
	/* What is waited for need not be an event of the loop. */
	const struct timeval often = { .tv_usec = 2000 };
	int64_t end_ns = clock_now_ns() + PATIENCE_NS;

	while (!is_true(user)) {
		assert_true(clock_now_ns() < end_ns);
		event_base_loopexit(rig->base, &often);
		event_base_dispatch(rig->base);
	}
}

struct wanted {
	const struct vaapi_rig *rig;
	unsigned int n_packets, n_failed;
};

static bool has_wanted(void *user)
{
	const struct wanted *wanted = user;

	return wanted->rig->n_packets >= wanted->n_packets && wanted->rig->n_failed >= wanted->n_failed;
}

void vaapi_rig_run(struct vaapi_rig *rig, unsigned int n_packets, unsigned int n_failed)
{
	vaapi_rig_run_until(rig, has_wanted, &(struct wanted){ rig, n_packets, n_failed });
	assert_int_equal(rig->n_packets, n_packets);
	assert_int_equal(rig->n_failed, n_failed);
}

static struct packet_box whole(const struct frame *frame)
{
	return (struct packet_box){ .width = frame->width, .height = frame->height };
}

void vaapi_rig_submit(struct vaapi_rig *rig, struct frame *frame, const struct packet_box *box,
		int qp, bool keyframe)
{
	const struct encoder_params params = { .qp = qp, .keyframe = keyframe };
	struct packet_box all = whole(frame);

	assert_int_equal(encoder_submit(rig->encoder, frame, box ? box : &all, &params), 0);
}

const struct packet *vaapi_rig_encode(struct vaapi_rig *rig, struct frame *frame,
		const struct packet_box *box, int qp)
{
	unsigned int n_packets = rig->n_packets;

	vaapi_rig_submit(rig, frame, box, qp, false);
	vaapi_rig_run(rig, n_packets + 1, rig->n_failed);
	return rig->packets[n_packets];
}
