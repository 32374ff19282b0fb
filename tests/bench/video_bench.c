// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What it costs to show a moving picture as video, in CPU time of all threads: by x264 and
 * the conversion before it alone, by the encode module on the software driver, and all the
 * way from a look at the picture to a packet that viewers are handed.
 *
 *	film	fills the picture
 *	window	a film of half its width and height amid a desktop
 *
 * The driver is found as libva finds it; LIBVA_DRIVERS_PATH says where else. Rows take the same
 * pictures in the same order; the medians are of those behind the first keyframe.
 */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "encoders/colour.h"
#include "encoders/mjpeg.h"
#include "encoders/vaapi.h"
#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_probe.h"
#include "net/protocol.h"
#include "server/clock.h"
#include "server/damage.h"
#include "server/frame.h"
#include "server/log.h"
#include "server/update.h"
#include "server/video.h"
#include "tests/bench/bare_encoder.h"
#include "tests/bench/micro.h"
#include "tests/bench/scene.h"

#define ROUNDS 3
#define SHADOWS 6
/* A film is known as one after a second or so. */
#define BEGIN_NS (5 * NSEC_PER_SEC)
#define PACKET_NS (5 * NSEC_PER_SEC)
#define PICTURE_US 33000

struct bench {
	struct micro *micro;
	struct event_base *base;
	struct frame *film[MICRO_PICTURES], *window[MICRO_PICTURES];
	uint8_t *copy;
	struct bare_encoder *bare;
	struct vaapi_candidates *candidates;
	struct encoder *encoder;
	struct damage *damage;
	struct video *video;
	struct config_vm config;
	struct protocol_video region;
	size_t packet_bytes; /* of the last one that came; 0: none since it was cleared */
	int err;
};

struct way {
	bool window, of_region, mjpeg;
};

static struct bench bench;

static enum packet_codec codec_of(const struct way *way)
{
	return way->mjpeg ? PACKET_MJPEG : PACKET_H264;
}

static struct frame **pictures_of(const struct way *way)
{
	return way->window ? bench.window : bench.film;
}

static void finish_row(void)
{
	bare_encoder_free(bench.bare);
	bench.bare = NULL;
	encoder_free(bench.encoder);
	bench.encoder = NULL;
	video_free(bench.video);
	bench.video = NULL;
	damage_free(bench.damage);
	bench.damage = NULL;
	bench.region = (struct protocol_video){ 0 };
	bench.err = 0;
}

static int prepare_nothing(struct micro *micro, struct micro_row *row)
{
	(void)micro, (void)row;
	finish_row();
	return 0;
}

/* ---- x264 by itself */

static int prepare_bare(struct micro *micro, struct micro_row *row)
{
	(void)row;
	finish_row();
	return bare_encoder_new(micro->width, micro->height, &bench.bare);
}

static int run_bare(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	const struct frame *frame = pictures_of(row->data)[picture];
	const struct colour_rgb rgb = {
		frame->data, frame->planes[0].stride, frame->width, frame->height, frame->fourcc,
	};
	const uint8_t *data;
	size_t bytes;
	int r = bare_encoder_encode(bench.bare, &rgb, false, &data, &bytes);

	(void)micro;
	if (r < 0)
		return r;
	row->bytes_out = bytes;
	return 0;
}

/* ---- the encode module */

static void take_packet(void *user, struct packet *packet)
{
	(void)user;
	bench.packet_bytes = packet->bytes;
}

static void take_failure(void *user, int err, const char *reason)
{
	(void)user;
	fprintf(stderr, "video_bench: %s\n", reason);
	bench.err = err;
}

static const struct encoder_events encoder_events = { .packet = take_packet, .failed = take_failure };

/* Sleeps until it comes. */
static int wait_for_packet(struct micro_row *row)
{
	const int64_t end_ns = clock_now_ns() + PACKET_NS;
	const struct timeval patience = clock_timeval(PACKET_NS);

	while (!bench.packet_bytes && !bench.err) {
		if (clock_now_ns() >= end_ns)
			return -ETIMEDOUT;
		event_base_loopexit(bench.base, &patience);
		event_base_loop(bench.base, EVLOOP_ONCE);
	}
	row->bytes_out = bench.packet_bytes;
	return bench.err;
}

static int prepare_encoder(struct micro *micro, struct micro_row *row)
{
	const struct vaapi_settings settings = { .candidates = bench.candidates };
	const struct way *way = row->data;

	(void)micro;
	finish_row();
	return way->mjpeg ? mjpeg_new(bench.base, &encoder_events, NULL, &bench.encoder) :
			vaapi_new(bench.base, &settings, &encoder_events, NULL, &bench.encoder);
}

static int run_encoder(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	const struct encoder_params params = { .qp = BARE_ENCODER_QP };
	const struct way *way = row->data;
	const uint32_t part = way->of_region ? 2 : 1;
	/* Where the scene has its film. */
	const struct packet_box box = {
		.x = micro->width * (part - 1) / 4 & ~1u,
		.y = micro->height * (part - 1) / 4 & ~1u,
		.width = micro->width / part & ~1u,
		.height = micro->height / part & ~1u,
	};
	int r;

	bench.packet_bytes = 0;
	r = encoder_submit(bench.encoder, pictures_of(way)[picture], &box, &params);
	return r < 0 ? r : wait_for_packet(row);
}

/* ---- all the way */

static void take_region(void *user, const struct protocol_video *region)
{
	(void)user;
	bench.region = *region;
}

static struct frame *give_picture(void *user)
{
	(void)user;
	return damage_shadow(bench.damage);
}

/* Pictures come by themselves. */
static void ignore_look(void *user)
{
	(void)user;
}

static const struct video_events video_events = {
	.region = take_region, .packet = take_packet, .picture = give_picture, .look = ignore_look,
};

static int show(struct frame *frame)
{
	struct update update;
	int r = damage_look(bench.damage, frame, &update);

	if (r <= 0)
		return r;
	video_update(bench.video, &update, frame, false);
	update_finish(&update);
	return 0;
}

static int prepare_server(struct micro *micro, struct micro_row *row)
{
	const int64_t end_ns = clock_now_ns() + BEGIN_NS;
	const struct way *way = row->data;
	int r;

	(void)micro;
	finish_row();
	r = damage_new(SHADOWS, &bench.damage);
	if (!r)
		r = video_new(bench.base, &bench.config, NULL, &video_events, NULL, &bench.video);
	if (r < 0)
		return r;
	video_set_watched(bench.video, true);
	for (unsigned int i = 0; !bench.region.on && !r; i++) {
		event_base_loopexit(bench.base, &(struct timeval){ .tv_usec = PICTURE_US });
		event_base_dispatch(bench.base);
		r = clock_now_ns() < end_ns ? show(pictures_of(way)[i % MICRO_PICTURES]) : -ETIMEDOUT;
	}
	if (r < 0)
		return r;
	/* Another one than the first, and the keyframe, which opens the encoder. */
	r = show(pictures_of(way)[MICRO_PICTURES - 1]);
	if (r < 0)
		return r;
	bench.packet_bytes = 0;
	video_ask(bench.video, &(struct protocol_wish){ .codec = codec_of(way), .keyframe = true });
	return wait_for_packet(row);
}

static int run_server(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	const struct way *way = row->data;
	int r;

	(void)micro;
	bench.packet_bytes = 0;
	video_ask(bench.video, &(struct protocol_wish){ .codec = codec_of(way) });
	r = show(pictures_of(way)[picture]);
	snprintf(row->note, sizeof(row->note), "%ux%u", bench.region.box.width, bench.region.box.height);
	return r < 0 ? r : wait_for_packet(row);
}

/* ---- */

static const void *picture_of(struct micro *micro, unsigned int index)
{
	(void)micro;
	return bench.film[index]->data;
}

static void *copy_of(struct micro *micro, unsigned int index)
{
	(void)micro, (void)index;
	return bench.copy;
}

static int paint(const char *name, struct frame **frames)
{
	struct micro *micro = bench.micro;
	struct bench_scene *scene;
	pixman_region32_t painted;
	int r = bench_scene_new(name, micro->width, micro->height, &scene);

	if (r < 0)
		return r;
	pixman_region32_init(&painted);
	for (unsigned int i = 0; i < MICRO_PICTURES && !r; i++) {
		r = frame_new_memory(micro->width, micro->height, &frames[i]);
		if (!r && i)
			memcpy(frame_memory_pixels(frames[i]), frames[i - 1]->data, frames[i]->data_bytes);
		if (!r)
			r = bench_scene_paint(scene, i, !i, frame_memory_pixels(frames[i]),
					frames[i]->planes[0].stride, &painted);
	}
	pixman_region32_fini(&painted);
	bench_scene_free(scene);
	return r;
}

static int bench_init(struct micro *micro)
{
	const size_t pixels = (size_t)micro->width * micro->height;
	int r;

	bench.micro = micro;
	bench.config.video_device = (char[]){ VAAPI_SOFTWARE };
	bench.base = event_base_new();
	bench.copy = malloc(pixels * 4 + 64 * (size_t)micro->height);
	if (!bench.base || !bench.copy)
		return -ENOMEM;
	r = vaapi_candidates_new(VAAPI_SOFTWARE, NULL, 0, &bench.candidates);
	if (!r)
		r = paint("film", bench.film);
	return r ? r : paint("video", bench.window);
}

static void bench_finish(void)
{
	finish_row();
	for (unsigned int i = 0; i < MICRO_PICTURES; i++) {
		frame_unref(bench.film[i]);
		frame_unref(bench.window[i]);
	}
	vaapi_candidates_unref(bench.candidates);
	free(bench.copy);
	if (bench.base)
		event_base_free(bench.base);
}

int main(int argc, char **argv)
{
	static const struct way film = { 0 }, jpeg = { .mjpeg = true }, window = { .window = true },
		region = { .window = true, .of_region = true },
		region_jpeg = { .window = true, .of_region = true, .mjpeg = true };
	struct micro_row rows[] = {
		{ .name = "memcpy", .data = &film, .prepare = prepare_nothing, .run = micro_memcpy },
		{ .name = "film: x264 alone", .data = &film, .prepare = prepare_bare, .run = run_bare },
		{ .name = "film: encoder", .data = &film, .prepare = prepare_encoder, .run = run_encoder },
		{ .name = "film: server", .data = &film, .prepare = prepare_server, .run = run_server },
		{ .name = "film: encoder, MJPEG", .data = &jpeg, .prepare = prepare_encoder, .run = run_encoder },
		{ .name = "film: server, MJPEG", .data = &jpeg, .prepare = prepare_server, .run = run_server },
		{ .name = "window: encoder, whole", .data = &window, .prepare = prepare_encoder, .run = run_encoder },
		{ .name = "window: encoder", .data = &region, .prepare = prepare_encoder, .run = run_encoder },
		{ .name = "window: server", .data = &region, .prepare = prepare_server, .run = run_server },
		{ .name = "window: server, MJPEG", .data = &region_jpeg, .prepare = prepare_server, .run = run_server },
	};
	struct micro micro;
	int err;

	/* Candidates are tried in a process of this program. */
	if (argc == 3 && !strcmp(argv[1], VAAPI_PROBE_OPTION))
		return vaapi_probe_run(argv[2]);
	micro_init(&micro, "video_bench", ROUNDS, argc, argv);
	micro.user = &bench;
	micro.cpu = true;
	micro.picture = picture_of;
	micro.copy = copy_of;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct way *way = rows[i].data;

		rows[i].group = "video";
		rows[i].pixels = (uint64_t)micro.width * micro.height / (way->of_region ? 4 : 1);
	}
	err = bench_init(&micro);
	if (err)
		fprintf(stderr, "video_bench: %s\n", strerror(-err));
	else
		err = micro_run(&micro, rows, sizeof(rows) / sizeof(rows[0]));
	bench_finish();
	return err != 0;
}
