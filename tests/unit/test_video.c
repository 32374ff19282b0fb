// SPDX-License-Identifier: GPL-2.0-or-later
/* When a VM's video is encoded, for whom, by what, and who is told. */
#include <drm_fourcc.h>
#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_probe.h"
#include "encoders/vaapi_thread.h"
#include "server/frame.h"
#include "tests/unit/vaapi_rig.h"
#include "tests/unit/video_rig.h"

#define H264 (1u << PACKET_H264)
#define MJPEG (1u << PACKET_MJPEG)
/* As server/video.c has them. */
#define KEYFRAME_NS (400 * NSEC_PER_MSEC)
#define FAILURES_MAX 3
#define REST_OF_PICTURE_NS (6 * NSEC_PER_MSEC)
/* A fourcc that nothing can read. */
#define NO_FOURCC 0x20203843

static struct video_rig rig;

static int setup(void **state)
{
	(void)state;
	setenv("LIBVA_DRIVERS_PATH", SOFTVA_DIRECTORY, 1);
	video_rig_open(&rig, VAAPI_SOFTWARE, NULL);
	return 0;
}

static int setup_without_driver(void **state)
{
	(void)state;
	setenv("LIBVA_DRIVERS_PATH", "/nonexistent", 1);
	video_rig_open(&rig, VAAPI_SOFTWARE, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	video_rig_close(&rig);
	return vaapi_threads_wait(VIDEO_RIG_PATIENCE_S * NSEC_PER_SEC) ? 0 : -1;
}

static const struct packet *last_packet(void)
{
	return rig.packets[rig.n_packets - 1];
}

static void a_film_has_a_region_and_packets_for_who_asks(void **state)
{
	(void)state;
	video_rig_begin(&rig);
	assert_int_equal(rig.region.codecs, H264 | MJPEG);
	assert_in_range(rig.region.box.width, VIDEO_RIG_WIDTH / 2, VIDEO_RIG_WIDTH / 2 + 2);
	assert_in_range(rig.region.box.height, VIDEO_RIG_HEIGHT / 2, VIDEO_RIG_HEIGHT / 2 + 2);
	for (unsigned int i = 0; i < 10; i++) {
		video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = !i });
		if (i)
			video_rig_show(&rig);
		video_rig_wait(&rig, i + 1);
		assert_int_equal(last_packet()->codec, PACKET_H264);
		assert_int_equal(last_packet()->keyframe, !i);
		assert_int_equal(last_packet()->number, i + 1);
		assert_int_equal(last_packet()->stamp, rig.frame->stamp);
		assert_memory_equal(&last_packet()->box, &rig.region.box, sizeof(rig.region.box));
	}
	assert_int_equal(rig.n_regions, 2); /* what could be encoded, and then what is */
}

static void nothing_is_encoded_that_nobody_asked_for(void **state)
{
	(void)state;
	/* Nor where it is none of the viewers' business yet. */
	video_rig_show(&rig);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
	video_rig_begin(&rig);
	for (unsigned int i = 0; i < 20; i++)
		video_rig_show(&rig);
	assert_int_equal(rig.n_pictures, 0);
	assert_int_equal(video_rig_threads("mjpeg") + video_rig_threads("video"), 0);
	/* One ask is one packet, and what was shown already is shown to nobody twice. */
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
	video_rig_wait(&rig, 1);
	for (unsigned int i = 0; i < 20; i++)
		video_rig_show(&rig);
	assert_int_equal(rig.n_pictures, 1);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
	assert_int_equal(rig.n_pictures, 2);
	video_rig_wait(&rig, 2);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
	assert_int_equal(rig.n_pictures, 2);
	video_rig_show(&rig);
	assert_int_equal(rig.n_pictures, 3);
	video_rig_wait(&rig, 3);
	/* And nothing of the other codec. */
	assert_int_equal(video_rig_threads("video"), 0);
}

static void half_a_picture_waits_for_its_rest(void **state)
{
	const int middle = VIDEO_RIG_HEIGHT / 2;

	(void)state;
	video_rig_begin(&rig);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	video_rig_wait(&rig, 1);
	for (unsigned int i = 0; i < 5; i++)
		video_rig_show(&rig);
	/* It comes in time, in parts, */
	video_rig_show_part(&rig, 0, middle / 2);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
	video_rig_settle(&rig);
	assert_int_equal(rig.n_pictures, 1);
	video_rig_pass(REST_OF_PICTURE_NS / 2);
	video_rig_tell(&rig, middle / 2, middle);
	video_rig_settle(&rig);
	assert_int_equal(rig.n_pictures, 1);
	video_rig_tell(&rig, middle, VIDEO_RIG_HEIGHT);
	assert_int_equal(rig.n_pictures, 2);
	video_rig_wait(&rig, 2);
	/* or never, */
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
	video_rig_show_part(&rig, 0, middle);
	video_rig_settle(&rig);
	assert_int_equal(rig.n_pictures, 2);
	video_rig_pass(REST_OF_PICTURE_NS / 2);
	video_rig_tell(&rig, 0, middle);
	video_rig_settle(&rig);
	assert_int_equal(rig.n_pictures, 2);
	video_rig_pass(REST_OF_PICTURE_NS / 2);
	VIDEO_RIG_UNTIL(&rig, rig.n_pictures == 3);
	video_rig_wait(&rig, 3);
	/* and a keyframe is no exception. */
	for (int64_t ns = 0; ns < KEYFRAME_NS; ns += VIDEO_RIG_PICTURE_NS)
		video_rig_show(&rig);
	video_rig_show_part(&rig, 0, middle);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	assert_int_equal(rig.n_pictures, 3);
	video_rig_tell(&rig, middle, VIDEO_RIG_HEIGHT);
	video_rig_wait(&rig, 4);
	assert_true(last_packet()->keyframe);
}

/* A picture whose reader waits until it is let. */
struct gate {
	struct frame frame;
	struct frame *pixels;
	sem_t arrived, open;
};

static int wait_at_gate(struct frame *frame)
{
	struct gate *gate = (struct gate *)frame;

	sem_post(&gate->arrived);
	sem_wait(&gate->open);
	return 0;
}

static void release_gate(struct frame *frame)
{
	frame_finish(frame);
	frame_unref(((struct gate *)frame)->pixels);
}

static const struct frame_impl gate_impl = { .release = release_gate, .begin_read = wait_at_gate };

static void the_newest_picture_is_encoded(void **state)
{
	struct gate gate;

	(void)state;
	video_rig_begin(&rig);
	gate.pixels = frame_ref(rig.frame);
	frame_init(&gate.frame, &gate_impl);
	gate.frame.width = rig.frame->width;
	gate.frame.height = rig.frame->height;
	gate.frame.fourcc = rig.frame->fourcc;
	gate.frame.n_planes = 1;
	gate.frame.planes[0] = rig.frame->planes[0];
	gate.frame.data = rig.frame->data;
	gate.frame.data_bytes = rig.frame->data_bytes;
	sem_init(&gate.arrived, 0, 0);
	sem_init(&gate.open, 0, 0);
	rig.instead = &gate.frame;
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	sem_wait(&gate.arrived);
	rig.instead = NULL;
	for (unsigned int i = 0; i < 5; i++) {
		/* Faster viewers than the encoder is. */
		video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
		video_rig_show(&rig);
	}
	sem_post(&gate.open);
	video_rig_wait(&rig, 2);
	video_rig_settle(&rig);
	assert_int_equal(rig.n_packets, 2);
	assert_int_equal(rig.packets[0]->stamp, gate.frame.stamp);
	assert_int_equal(rig.packets[1]->stamp, rig.frame->stamp);
	frame_unref(&gate.frame);
	sem_destroy(&gate.arrived);
	sem_destroy(&gate.open);
}

/* An encoder that is being opened until it is let. */
struct door {
	sem_t arrived, open;
	bool passed;
};

/* On the encoder's thread. */
static void wait_at_door(void *user, const char *names)
{
	struct door *door = user;

	if (door->passed || !*names)
		return;
	door->passed = true;
	sem_post(&door->arrived);
	sem_wait(&door->open);
}

/* A film begins with what it shows when there is an encoder, not when one was asked for. */
static void the_first_packet_shows_the_newest_picture(void **state)
{
	static struct door door;
	static const struct video_drivers drivers = { .avoid = "", .used = wait_at_door, .user = &door };

	(void)state;
	sem_init(&door.arrived, 0, 0);
	sem_init(&door.open, 0, 0);
	video_rig_close(&rig);
	video_rig_open(&rig, VAAPI_SOFTWARE, &drivers);
	video_rig_begin(&rig);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
	/* Before it is opened, */
	video_rig_show(&rig);
	sem_wait(&door.arrived);
	/* and meanwhile. */
	video_rig_show(&rig);
	video_rig_show(&rig);
	sem_post(&door.open);
	assert_int_equal(rig.n_pictures, 4);
	video_rig_wait(&rig, 1);
	assert_int_equal(last_packet()->stamp, rig.frame->stamp);
	assert_true(last_packet()->keyframe);
	/* That was all that anybody asked for. */
	video_rig_show(&rig);
	video_rig_settle(&rig);
	assert_int_equal(rig.n_packets, 1);
}

/* So that the box does not rest meanwhile. */
static void play(int64_t ns)
{
	for (; ns >= VIDEO_RIG_PICTURE_NS; ns -= VIDEO_RIG_PICTURE_NS)
		video_rig_show(&rig);
	video_rig_pass(ns);
}

/* For what depends on threads and on the clock. */
#define PLAY_UNTIL(condition)                                                                      \
	do {                                                                                       \
		const time_t begin_s = time(NULL);                                                 \
		while (!(condition)) {                                                             \
			video_rig_show(&rig);                                                      \
			video_rig_round(&rig, begin_s);                                            \
		}                                                                                  \
	} while (0)

/* One viewer after another needs one: all are given the same, and the next only after a while. */
static void keyframes_are_for_everybody_and_rare(void **state)
{
	(void)state;
	video_rig_begin(&rig);
	for (unsigned int i = 0; i < 16; i++)
		video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
	video_rig_wait(&rig, 1);
	assert_int_equal(rig.n_pictures, 1);
	play(2 * KEYFRAME_NS);
	video_rig_settle(&rig);
	assert_int_equal(rig.n_pictures, 1);

	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
	video_rig_wait(&rig, 2);
	assert_true(last_packet()->keyframe);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
	video_rig_settle(&rig);
	assert_int_equal(rig.n_pictures, 2);
	/* Others go on meanwhile. */
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = false });
	video_rig_show(&rig);
	video_rig_wait(&rig, 3);
	assert_false(last_packet()->keyframe);
	/* It comes by itself, when it is time. */
	play(KEYFRAME_NS - VIDEO_RIG_PICTURE_NS - 1);
	video_rig_settle(&rig);
	assert_int_equal(rig.n_pictures, 3);
	video_rig_pass(1);
	video_rig_wait(&rig, 4);
	assert_true(last_packet()->keyframe);
}

static void ask_at_once(struct video_rig *r)
{
	if (r->region.on)
		video_ask(r->video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
}

static void ask_for_next(struct video_rig *r, struct packet *packet)
{
	(void)packet;
	video_ask(r->video, &(struct protocol_wish){ .codec = PACKET_H264 });
}

/*
 * As protocols do it: from inside what they are told. A decoder that is given each packet has
 * the picture each time, also where some were passed over: what damage they had is not lost.
 */
static void asking_from_inside_events(void **state)
{
	struct rig_decoder *decoder = rig_decoder_new();
	unsigned int decoded = 0;

	(void)state;
	rig.on_region = ask_at_once;
	rig.on_packet = ask_for_next;
	video_rig_begin(&rig);
	for (unsigned int i = 0; i < 20; i++) {
		uint8_t *nv12 = vaapi_rig_nv12(rig.frame, &rig.region.box);
		double psnr = 0;

		VIDEO_RIG_UNTIL(&rig, rig.n_packets && last_packet()->stamp == rig.frame->stamp);
		video_rig_settle(&rig);
		assert_int_equal(rig.n_pictures, rig.n_packets);
		for (; decoded < rig.n_packets; decoded++) {
			assert_int_equal(rig.packets[decoded]->number, decoded + 1);
			assert_int_equal(rig.packets[decoded]->keyframe, !decoded);
			psnr = vaapi_rig_psnr(decoder, rig.packets[decoded], nv12);
		}
		assert_true(psnr > 34);
		free(nv12);
		for (unsigned int j = 0; j < 1 + i % 3; j++)
			video_rig_show(&rig);
	}
	rig_decoder_free(decoder);
}

/* Pictures that no encoder takes: one codec after the other is given up, for this box. */
static void refused_pictures(void **state)
{
	struct frame *frame = vaapi_rig_frame(VIDEO_RIG_WIDTH, VIDEO_RIG_HEIGHT, 0);

	(void)state;
	frame->fourcc = NO_FOURCC;
	video_rig_begin(&rig);
	rig.instead = frame;
	for (enum packet_codec codec = 0; codec < PACKET_CODECS; codec++) {
		const unsigned int before = rig.n_pictures;

		video_ask(rig.video, &(struct protocol_wish){ .codec = codec, .keyframe = true });
		/* While an encoder is opened each picture is as good as the one before. */
		VIDEO_RIG_UNTIL(&rig, frame->refcount == 1);
		PLAY_UNTIL(!(rig.region.codecs & 1u << codec));
		assert_int_equal(rig.n_pictures, before + FAILURES_MAX);
		assert_int_equal(rig.region.on, codec + 1 < PACKET_CODECS);
		/* Not for whoever asks, either. */
		video_ask(rig.video, &(struct protocol_wish){ .codec = codec, .keyframe = true });
		video_rig_show(&rig);
		video_rig_settle(&rig);
		assert_int_equal(rig.n_pictures, before + FAILURES_MAX);
	}
	assert_int_equal(rig.n_packets, 0);

	/* The next box is another matter. */
	rig.instead = NULL;
	video_stop(rig.video);
	video_rig_begin(&rig);
	assert_int_equal(rig.region.codecs, H264 | MJPEG);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
	video_rig_wait(&rig, 1);
	frame_unref(frame);
}

/* The guest's buffer has a format that the device does not take: what damage made of it is encoded. */
static void a_buffer_of_no_use_is_copied(void **state)
{
	const int fd = memfd_create("buffer", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, 4 * VIDEO_RIG_WIDTH * VIDEO_RIG_HEIGHT), 0);
	video_rig_begin(&rig);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
	video_rig_wait(&rig, 1);
	rig.source = vaapi_rig_wrap(fd, VIDEO_RIG_WIDTH, VIDEO_RIG_HEIGHT, 4 * VIDEO_RIG_WIDTH, NO_FOURCC,
			DRM_FORMAT_MOD_LINEAR);
	for (unsigned int i = 0; i < 2 * FAILURES_MAX; i++) {
		video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = false });
		video_rig_show(&rig);
		VIDEO_RIG_UNTIL(&rig, rig.n_packets > i + 1 || !(rig.region.codecs & H264));
		assert_int_equal(rig.region.codecs, H264 | MJPEG);
		assert_int_equal(last_packet()->stamp, rig.frame->stamp);
		/* Who cannot have had the one that failed. */
		assert_int_equal(last_packet()->keyframe, !i);
	}
	video_rig_settle(&rig);
	assert_int_equal(rig.n_packets, 1 + 2 * FAILURES_MAX);
	frame_unref(rig.source);
	rig.source = NULL;
}

/* One that fails now and then costs a keyframe and no more. */
static void failures_that_end(void **state)
{
	struct frame *frame = vaapi_rig_frame(VIDEO_RIG_WIDTH, VIDEO_RIG_HEIGHT, 0);

	(void)state;
	frame->fourcc = NO_FOURCC;
	video_rig_begin(&rig);
	for (unsigned int i = 0; i < 2 * FAILURES_MAX; i++) {
		rig.instead = frame;
		video_rig_show(&rig);
		video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = false });
		assert_int_equal(rig.n_pictures, 2 * i + 1);
		VIDEO_RIG_UNTIL(&rig, frame->refcount == 1);
		rig.instead = NULL;
		PLAY_UNTIL(rig.n_packets > i);
	}
	assert_int_equal(rig.n_packets, 2 * FAILURES_MAX);
	assert_true(rig.region.on);
	frame_unref(frame);
}

/* A picture that the box is not in, or none at all: nothing spins, and what can be given up is. */
static void no_picture(void **state)
{
	struct frame *small = vaapi_rig_frame(320, 240, 0);
	unsigned int before;

	(void)state;
	video_rig_begin(&rig);
	rig.no_picture = true;
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	video_rig_settle(&rig);
	assert_int_equal(rig.n_pictures, 1);
	video_rig_pass(KEYFRAME_NS);
	video_rig_show(&rig);
	assert_int_equal(rig.n_pictures, 2);
	rig.no_picture = false;
	rig.instead = small;
	before = rig.n_regions;
	for (unsigned int i = 0; i < FAILURES_MAX; i++) {
		video_rig_settle(&rig);
		assert_int_equal(rig.n_pictures, 2 + i);
		video_rig_pass(KEYFRAME_NS - VIDEO_RIG_PICTURE_NS);
		/* Whoever is being told something is told nothing else in between. */
		video_rig_show(&rig);
		assert_int_equal(rig.n_regions, before);
	}
	VIDEO_RIG_UNTIL(&rig, rig.n_regions > before);
	assert_int_equal(rig.region.codecs, H264);
	assert_int_equal(rig.n_packets, 0);
	frame_unref(small);
}

/* Nothing on this host encodes H.264: it is not offered again, in no box. */
static void lost_codec(void **state)
{
	(void)state;
	video_rig_begin(&rig);
	assert_int_equal(rig.region.codecs, H264 | MJPEG);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
	VIDEO_RIG_UNTIL(&rig, rig.region.codecs == MJPEG);
	assert_true(rig.region.on);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
	video_rig_settle(&rig);
	assert_int_equal(rig.n_pictures, 1);
	VIDEO_RIG_UNTIL(&rig, !video_rig_threads("video"));
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	video_rig_wait(&rig, 1);
	video_stop(rig.video);
	video_rig_begin(&rig);
	assert_int_equal(rig.region.codecs, MJPEG);
	/* Until there may be another driver. Who waited for a packet of the encoder before is given one. */
	setenv("LIBVA_DRIVERS_PATH", SOFTVA_DIRECTORY, 1);
	video_begin_anew(rig.video);
	assert_int_equal(rig.region.codecs, H264 | MJPEG);
	PLAY_UNTIL(rig.n_packets == 2);
	assert_int_equal(last_packet()->codec, PACKET_MJPEG);
	video_rig_settle(&rig);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
	video_rig_wait(&rig, 3);
	video_begin_anew(rig.video);
	PLAY_UNTIL(rig.n_packets == 5);
	assert_int_not_equal(rig.packets[3]->codec, rig.packets[4]->codec);
	assert_true(rig.packets[3]->keyframe && rig.packets[4]->keyframe);
}

/* Nobody can be shown video: nothing is measured, told or kept. */
static void unwatched(void **state)
{
	(void)state;
	video_rig_begin(&rig);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	video_rig_wait(&rig, 1);
	video_set_watched(rig.video, false);
	assert_false(rig.region.on);
	VIDEO_RIG_UNTIL(&rig, !video_rig_threads("mjpeg"));
	for (unsigned int i = 0; i < 60; i++)
		video_rig_show(&rig);
	assert_false(rig.region.on);
	video_set_watched(rig.video, true);
	video_set_watched(rig.video, true);
	video_rig_show(&rig);
	assert_false(rig.region.on);
	video_rig_begin(&rig);
}

/* With pictures in work: their packets come to nobody. */
static void freed_while_encoding(void **state)
{
	(void)state;
	video_rig_begin(&rig);
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_MJPEG, .keyframe = true });
	video_ask(rig.video, &(struct protocol_wish){ .codec = PACKET_H264, .keyframe = true });
	video_free(rig.video);
	rig.video = NULL;
	video_rig_settle(&rig);
	assert_int_equal(rig.n_packets, 0);
	video_free(NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
				a_film_has_a_region_and_packets_for_who_asks, setup, teardown),
		cmocka_unit_test_setup_teardown(
				nothing_is_encoded_that_nobody_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(half_a_picture_waits_for_its_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(the_newest_picture_is_encoded, setup, teardown),
		cmocka_unit_test_setup_teardown(the_first_packet_shows_the_newest_picture, setup, teardown),
		cmocka_unit_test_setup_teardown(keyframes_are_for_everybody_and_rare, setup, teardown),
		cmocka_unit_test_setup_teardown(asking_from_inside_events, setup, teardown),
		cmocka_unit_test_setup_teardown(refused_pictures, setup, teardown),
		cmocka_unit_test_setup_teardown(a_buffer_of_no_use_is_copied, setup, teardown),
		cmocka_unit_test_setup_teardown(failures_that_end, setup, teardown),
		cmocka_unit_test_setup_teardown(no_picture, setup, teardown),
		cmocka_unit_test_setup_teardown(lost_codec, setup_without_driver, teardown),
		cmocka_unit_test_setup_teardown(unwatched, setup, teardown),
		cmocka_unit_test_setup_teardown(freed_while_encoding, setup, teardown),
	};

	/* Candidates are tried in a process of this program. */
	if (argc == 3 && !strcmp(argv[1], VAAPI_PROBE_OPTION))
		return vaapi_probe_run(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
