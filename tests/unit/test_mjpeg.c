// SPDX-License-Identifier: GPL-2.0-or-later
/* The encoder of JPEG pictures: what a decoder makes of them, who is replaced, and ends at all times. */
#include <drm_fourcc.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <turbojpeg.h>

#include <cmocka.h>

#include "encoders/mjpeg.h"
#include "server/frame.h"
#include "tests/unit/pump.h"
#include "tests/unit/vaapi_rig.h"

#define WIDTH 640
#define HEIGHT 400
#define PACKETS_MAX 16

static struct event_base *base;
static struct encoder *encoder;
static struct packet *packets[PACKETS_MAX];
static unsigned int n_packets, n_failed;
static int failed_err;
/* In the next event: the encoder is freed, or this is submitted. */
static bool free_in_event;
static struct frame *submit_in_event;

static struct packet_box whole(const struct frame *frame)
{
	return (struct packet_box){ .width = frame->width, .height = frame->height };
}

static int submit(struct frame *frame, const struct packet_box *box, int qp)
{
	const struct encoder_params params = { .qp = qp };
	const struct packet_box all = whole(frame);

	return encoder_submit(encoder, frame, box ? box : &all, &params);
}

static void react(void)
{
	if (free_in_event) {
		encoder_free(encoder);
		encoder = NULL;
	} else if (submit_in_event) {
		assert_int_equal(submit(submit_in_event, NULL, 24), 0);
		submit_in_event = NULL;
	}
}

static void take_packet(void *user, struct packet *packet)
{
	assert_ptr_equal(user, packets);
	assert_in_range(n_packets, 0, PACKETS_MAX - 1);
	packets[n_packets++] = packet_ref(packet);
	react();
}

static void take_failure(void *user, int err, const char *reason)
{
	assert_ptr_equal(user, packets);
	assert_non_null(reason);
	n_failed++;
	failed_err = err;
	react();
}

static const struct encoder_events events = { .packet = take_packet, .failed = take_failure };

static int setup(void **state)
{
	(void)state;
	base = event_base_new();
	n_packets = n_failed = 0;
	free_in_event = false;
	return mjpeg_new(base, &events, packets, &encoder);
}

static int teardown(void **state)
{
	(void)state;
	encoder_free(encoder);
	encoder = NULL;
	for (unsigned int i = 0; i < n_packets; i++)
		packet_unref(packets[i]);
	event_base_free(base);
	return 0;
}

static const struct packet *encode(struct frame *frame, const struct packet_box *box, int qp)
{
	const unsigned int before = n_packets;

	assert_int_equal(submit(frame, box, qp), 0);
	assert_true(encoder_is_busy(encoder));
	PUMP_UNTIL(base, n_packets > before);
	return packets[before];
}

/* Of red, green and blue, in dB; the packet as a stranger decodes it. */
static double psnr(const struct packet *packet, const struct frame *frame)
{
	const struct packet_box *box = &packet->box;
	int width, height, subsampling, colours;
	tjhandle turbo = tjInitDecompress();
	uint8_t *decoded;
	double sum = 0;

	assert_int_equal(tjDecompressHeader3(turbo, packet->data, packet->bytes, &width, &height,
					 &subsampling, &colours), 0);
	assert_int_equal(width, packet->width);
	assert_int_equal(height, packet->height);
	assert_int_equal(width, box->width);
	assert_int_equal(height, box->height);
	assert_int_equal(colours, TJCS_YCbCr);
	decoded = malloc((size_t)width * (size_t)height * 4);
	assert_int_equal(tjDecompress2(turbo, packet->data, packet->bytes, decoded, width, 0, height,
					 TJPF_BGRX, TJFLAG_ACCURATEDCT), 0);
	for (size_t y = 0; y < box->height; y++) {
		const uint8_t *row = frame->data + (box->y + y) * frame->planes[0].stride + box->x * 4;

		for (size_t x = 0; x < (size_t)box->width * 4; x++) {
			const double error = row[x] - decoded[y * box->width * 4 + x];

			sum += x % 4 == 3 ? 0 : error * error;
		}
	}
	free(decoded);
	tjDestroy(turbo);
	return 10 * log10(255.0 * 255 * 3 * box->width * box->height / (sum + 1));
}

static void pictures_are_what_went_in(void **state)
{
	(void)state;
	assert_false(encoder_is_busy(encoder));
	assert_false(encoder_reads_buffers(encoder));
	for (unsigned int i = 0; i < 6; i++) {
		struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, i * 100 * NSEC_PER_MSEC);
		const struct packet *packet = encode(frame, NULL, 12);

		assert_int_equal(packet->codec, PACKET_MJPEG);
		assert_int_equal(packet->number, i + 1);
		assert_true(packet->keyframe);
		assert_false(packet->scaled);
		assert_int_equal(packet->qp, 12);
		assert_int_equal(packet->capture_ns, frame->capture_ns);
		assert_int_equal(packet->stamp, frame->stamp);
		assert_true(psnr(packet, frame) > 36);
		assert_int_equal(frame->refcount, 1);
		frame_unref(frame);
	}
	assert_false(encoder_is_busy(encoder));
}

static void boxes_of_every_size(void **state)
{
	static const struct packet_box boxes[] = {
		{ 0, 0, WIDTH, HEIGHT }, { 64, 32, 320, 200 }, { 65, 33, 321, 199 },
		{ 1, 1, WIDTH - 1, HEIGHT - 1 }, { WIDTH - 129, HEIGHT - 131, 129, 131 },
		{ 0, 0, ENCODER_SIZE_MIN, ENCODER_SIZE_MIN }, { 0, 0, WIDTH, HEIGHT },
	};
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);

	(void)state;
	for (unsigned int i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		const struct packet *packet = encode(frame, &boxes[i], 12);

		assert_memory_equal(&packet->box, &boxes[i], sizeof(boxes[i]));
		assert_true(psnr(packet, frame) > 36);
	}
	frame_unref(frame);
}

static void quality_follows_the_quantiser(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	double before_db = 99;
	size_t before_bytes = SIZE_MAX;

	(void)state;
	assert_int_equal(mjpeg_quality(0), 100);
	for (int qp = 0; qp <= ENCODER_QP_MAX; qp++) {
		assert_in_range(mjpeg_quality(qp), 1, 100);
		assert_true(qp == 0 || mjpeg_quality(qp) <= mjpeg_quality(qp - 1));
	}
	for (int qp = 0; qp <= ENCODER_QP_MAX; qp += 10) {
		const struct packet *packet = encode(frame, NULL, qp);
		const double db = psnr(packet, frame);

		assert_true(packet->bytes < before_bytes);
		assert_true(db < before_db);
		before_bytes = packet->bytes;
		before_db = db;
	}
	assert_true(before_db > 15);
	frame_unref(frame);
}

/* A frame whose reader waits at a gate, or is refused. */
struct gated {
	struct frame frame;
	sem_t arrived, open;
	int err;
	unsigned int reads; /* begun and not ended */
	struct frame *pixels;
};

static void release_gated(struct frame *frame)
{
	struct gated *gated = (struct gated *)frame;

	frame_finish(frame);
	frame_unref(gated->pixels);
}

static int wait_at_gate(struct frame *frame)
{
	struct gated *gated = (struct gated *)frame;

	sem_post(&gated->arrived);
	sem_wait(&gated->open);
	gated->reads += !gated->err;
	return gated->err;
}

static void leave_gate(struct frame *frame)
{
	((struct gated *)frame)->reads--;
}

static const struct frame_impl gated_impl = {
	.release = release_gated, .begin_read = wait_at_gate, .end_read = leave_gate,
};

static void init_gated(struct gated *gated, int err)
{
	*gated = (struct gated){ .err = err, .pixels = vaapi_rig_frame(WIDTH, HEIGHT, 0) };
	frame_init(&gated->frame, &gated_impl);
	gated->frame.width = WIDTH;
	gated->frame.height = HEIGHT;
	gated->frame.fourcc = DRM_FORMAT_XRGB8888;
	gated->frame.n_planes = 1;
	gated->frame.planes[0] = gated->pixels->planes[0];
	gated->frame.data = gated->pixels->data;
	gated->frame.data_bytes = gated->pixels->data_bytes;
	sem_init(&gated->arrived, 0, 0);
	sem_init(&gated->open, 0, 0);
}

static void finish_gated(struct gated *gated)
{
	assert_int_equal(gated->reads, 0);
	frame_unref(&gated->frame);
	sem_destroy(&gated->arrived);
	sem_destroy(&gated->open);
}

/* While one is at work and one waits, each newer one takes the place of what waits. */
static void the_newest_waits(void **state)
{
	struct frame *frames[4];
	struct gated gated;

	(void)state;
	init_gated(&gated, 0);
	assert_int_equal(submit(&gated.frame, NULL, 24), 0);
	sem_wait(&gated.arrived);
	for (unsigned int i = 0; i < 4; i++) {
		frames[i] = vaapi_rig_frame(WIDTH, HEIGHT, i * 100 * NSEC_PER_MSEC);
		assert_int_equal(submit(frames[i], NULL, 24), 0);
		assert_int_equal(frames[i]->refcount, 2);
		if (i)
			assert_int_equal(frames[i - 1]->refcount, 1);
	}
	assert_true(encoder_is_busy(encoder));
	sem_post(&gated.open);
	PUMP_UNTIL(base, !encoder_is_busy(encoder));
	assert_int_equal(n_packets, 2);
	assert_int_equal(packets[0]->stamp, gated.frame.stamp);
	assert_int_equal(packets[1]->stamp, frames[3]->stamp);
	assert_int_equal(packets[1]->number, 2);
	for (unsigned int i = 0; i < 4; i++)
		frame_unref(frames[i]);
	finish_gated(&gated);
}

/* A viewer that is shown one asks for the next at once. */
static void submitting_from_an_event(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);

	(void)state;
	submit_in_event = frame;
	encode(frame, NULL, 24);
	PUMP_UNTIL(base, n_packets == 2);
	assert_int_equal(packets[1]->number, 2);
	/* Also where it failed. */
	frame->fourcc = DRM_FORMAT_YUYV;
	submit_in_event = frame;
	assert_int_equal(submit(frame, NULL, 24), 0);
	PUMP_UNTIL(base, n_failed == 2);
	frame_unref(frame);
}

static void what_cannot_be_encoded(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	struct gated gated;

	(void)state;
	assert_int_equal(submit(frame, &(struct packet_box){ 0, 0, WIDTH + 1, HEIGHT }, 24), -EINVAL);
	assert_int_equal(submit(frame, &(struct packet_box){ 0, 0, 127, HEIGHT }, 24), -EINVAL);
	assert_int_equal(submit(frame, NULL, ENCODER_QP_MAX + 1), -EINVAL);
	assert_false(encoder_is_busy(encoder));

	frame->fourcc = DRM_FORMAT_XRGB2101010;
	assert_int_equal(submit(frame, NULL, 24), 0);
	PUMP_UNTIL(base, n_failed == 1);
	assert_int_equal(failed_err, -ENOTSUP);
	frame->fourcc = DRM_FORMAT_XRGB8888;
	frame->modifier = I915_FORMAT_MOD_X_TILED;
	assert_int_equal(submit(frame, NULL, 24), 0);
	PUMP_UNTIL(base, n_failed == 2);
	assert_int_equal(failed_err, -ENOTSUP);
	frame->modifier = DRM_FORMAT_MOD_LINEAR;

	init_gated(&gated, -EACCES);
	sem_post(&gated.open);
	assert_int_equal(submit(&gated.frame, NULL, 24), 0);
	PUMP_UNTIL(base, n_failed == 3);
	assert_int_equal(failed_err, -EIO);
	gated.frame.data = NULL;
	assert_int_equal(submit(&gated.frame, NULL, 24), 0);
	PUMP_UNTIL(base, n_failed == 4);
	assert_int_equal(failed_err, -ENOTSUP);
	finish_gated(&gated);

	assert_int_equal(encode(frame, NULL, 24)->number, 1);
	frame_unref(frame);
}

/* The frames come back, and no event any more. */
static void freed_while_busy(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	struct gated gated;

	(void)state;
	init_gated(&gated, 0);
	assert_int_equal(submit(&gated.frame, NULL, 24), 0);
	sem_wait(&gated.arrived);
	assert_int_equal(submit(frame, NULL, 24), 0);
	encoder_free(encoder);
	encoder = NULL;
	sem_post(&gated.open);
	PUMP_UNTIL(base, gated.frame.refcount == 1 && frame->refcount == 1);
	pump_round(base);
	assert_int_equal(n_packets + n_failed, 0);
	frame_unref(frame);
	finish_gated(&gated);
	encoder_free(NULL);
}

/* A second picture is done already when the first one's event frees all. */
static void freed_by_an_event(void **state)
{
	struct frame *frame = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	const int64_t end_ns = clock_now_ns() + PUMP_DEADLINE_NS;
	struct gated gated;

	(void)state;
	for (unsigned int broken = 0; broken < 2; broken++) {
		if (broken)
			assert_int_equal(mjpeg_new(base, &events, packets, &encoder), 0);
		n_failed = 0;
		free_in_event = true;
		init_gated(&gated, broken ? -EACCES : 0);
		assert_int_equal(submit(&gated.frame, NULL, 24), 0);
		sem_wait(&gated.arrived);
		assert_int_equal(submit(frame, NULL, 24), 0);
		sem_post(&gated.open);
		while (frame->refcount > 1) {
			assert_true(clock_now_ns() < end_ns);
			sched_yield();
		}
		PUMP_UNTIL(base, !encoder);
		pump_round(base);
		assert_int_equal(n_packets, 1);
		assert_int_equal(n_failed, broken);
		finish_gated(&gated);
	}
	frame_unref(frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pictures_are_what_went_in, setup, teardown),
		cmocka_unit_test_setup_teardown(boxes_of_every_size, setup, teardown),
		cmocka_unit_test_setup_teardown(quality_follows_the_quantiser, setup, teardown),
		cmocka_unit_test_setup_teardown(the_newest_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(submitting_from_an_event, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_encoded, setup, teardown),
		cmocka_unit_test_setup_teardown(freed_while_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(freed_by_an_event, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
