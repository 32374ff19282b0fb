// SPDX-License-Identifier: GPL-2.0-or-later
/* A VM's video without a VM. */
#include "tests/unit/video_rig.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <pixman.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "encoders/encoder.h"
#include "server/frame.h"
#include "server/update.h"
#include "tests/bench/scene.h"

/* A film is known as one after a second or so. */
#define PICTURES_MAX 90
/* Rounds in which a loop that spins would show. */
#define SETTLE_ROUNDS 6

int __real_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);

/* Encoders' threads look at the clock, too. */
static atomic_llong now_ns;

int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	const int64_t now = now_ns;

	if (id != CLOCK_MONOTONIC || !now)
		return __real_clock_gettime(id, ret);
	*ret = (struct timespec){ .tv_sec = now / NSEC_PER_SEC, .tv_nsec = now % NSEC_PER_SEC };
	return 0;
}

/* Encoders have one while there is something for it. */
static const struct video_rig *open_rig;

bool __wrap_encoder_reads_buffers(const struct encoder *encoder);

bool __wrap_encoder_reads_buffers(const struct encoder *encoder)
{
	(void)encoder;
	return open_rig->source;
}

void video_rig_pass(int64_t ns)
{
	now_ns += ns;
}

static void take_region(void *user, const struct protocol_video *region)
{
	struct video_rig *rig = user;

	rig->region = *region;
	rig->n_regions++;
	if (rig->on_region)
		rig->on_region(rig);
}

static void take_packet(void *user, struct packet *packet)
{
	struct video_rig *rig = user;

	rig->early += !rig->region.on || memcmp(&packet->box, &rig->region.box, sizeof(packet->box)) != 0;
	assert_in_range(rig->n_packets, 0, VIDEO_RIG_MAX - 1);
	rig->packets[rig->n_packets++] = packet_ref(packet);
	if (rig->on_packet)
		rig->on_packet(rig, packet);
}

static struct frame *give_picture(void *user)
{
	struct video_rig *rig = user;

	rig->n_pictures++;
	if (rig->no_picture)
		return NULL;
	return rig->instead ? rig->instead : rig->frame;
}

static void note_look(void *user)
{
	struct video_rig *rig = user;

	rig->look = true;
	rig->n_looks++;
}

static const struct video_events events = {
	.region = take_region, .packet = take_packet, .picture = give_picture, .look = note_look,
};

void video_rig_open(struct video_rig *rig, const char *device, const struct video_drivers *drivers)
{
	static struct config_vm config;
	static char name[64];

	snprintf(name, sizeof(name), "%s", device);
	config.video_device = name;
	/* What waits on the real clock until a time has it wait no less. */
	if (!now_ns)
		now_ns = clock_now_ns();
	*rig = (struct video_rig){ .base = event_base_new() };
	open_rig = rig;
	pixman_region32_init(&rig->damage);
	assert_non_null(rig->base);
	assert_int_equal(bench_scene_new("video", VIDEO_RIG_WIDTH, VIDEO_RIG_HEIGHT, &rig->scene), 0);
	assert_int_equal(video_new(rig->base, &config, drivers, &events, rig, &rig->video), 0);
	video_set_watched(rig->video, true);
}

void video_rig_close(struct video_rig *rig)
{
	assert_int_equal(rig->early, 0);
	video_free(rig->video);
	for (unsigned int i = 0; i < rig->n_packets; i++)
		packet_unref(rig->packets[i]);
	bench_scene_free(rig->scene);
	frame_unref(rig->frame);
	pixman_region32_fini(&rig->damage);
	event_base_free(rig->base);
}

static void draw(struct video_rig *rig)
{
	const bool first = !rig->frame;
	struct frame *frame;

	assert_int_equal(frame_new_memory(VIDEO_RIG_WIDTH, VIDEO_RIG_HEIGHT, &frame), 0);
	if (!first)
		memcpy(frame_memory_pixels(frame), rig->frame->data, frame->data_bytes);
	rig->number += !first;
	assert_int_equal(bench_scene_paint(rig->scene, rig->number, first, frame_memory_pixels(frame),
					 frame->planes[0].stride, &rig->damage),
			0);
	frame_unref(rig->frame);
	rig->frame = frame;
}

void video_rig_tell(struct video_rig *rig, int top, int bottom)
{
	struct update update = { .frame = rig->frame, .resized = !rig->n_told++ };

	rig->frame->stamp = frame_new_stamp();
	rig->frame->capture_ns = clock_now_ns();
	pixman_region32_init(&update.damage);
	pixman_region32_init(&update.copy_region);
	assert_true(pixman_region32_intersect_rect(&update.damage, &rig->damage, 0, top, VIDEO_RIG_WIDTH,
			(unsigned int)(bottom - top)));
	video_update(rig->video, &update, rig->source ? rig->source : rig->frame, bottom < VIDEO_RIG_HEIGHT);
	pixman_region32_fini(&update.damage);
	pixman_region32_fini(&update.copy_region);
}

void video_rig_show_part(struct video_rig *rig, int top, int bottom)
{
	video_rig_pass(VIDEO_RIG_PICTURE_NS);
	draw(rig);
	video_rig_tell(rig, top, bottom);
}

void video_rig_show(struct video_rig *rig)
{
	video_rig_show_part(rig, 0, VIDEO_RIG_HEIGHT);
}

void video_rig_begin(struct video_rig *rig)
{
	for (unsigned int i = 0; !rig->region.on; i++) {
		assert_in_range(i, 0, PICTURES_MAX);
		video_rig_show(rig);
	}
}

static void wake(evutil_socket_t fd, short what, void *data)
{
	(void)fd, (void)what;
	(*(bool *)data) = true;
}

void video_rig_round(struct video_rig *rig, time_t start_s)
{
	const struct timeval nap = { .tv_usec = 5000 };
	bool awake = false;

	assert_true(time(NULL) - start_s < VIDEO_RIG_PATIENCE_S);
	event_base_once(rig->base, -1, EV_TIMEOUT, wake, &awake, &nap);
	while (!awake)
		event_base_loop(rig->base, EVLOOP_ONCE);
	if (rig->look && !rig->no_looks) {
		rig->look = false;
		video_note_still(rig->video, clock_now_ns());
	}
}

void video_rig_settle(struct video_rig *rig)
{
	for (unsigned int i = 0; i < SETTLE_ROUNDS; i++)
		video_rig_round(rig, time(NULL));
}

void video_rig_wait(struct video_rig *rig, unsigned int n)
{
	VIDEO_RIG_UNTIL(rig, rig->n_packets >= n);
	assert_int_equal(rig->n_packets, n);
}

unsigned int video_rig_threads(const char *name)
{
	DIR *directory = opendir("/proc/self/task");
	struct dirent *entry;
	unsigned int count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		char path[300], line[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue; /* a dot, or gone by now */
		if (fgets(line, sizeof(line), file))
			line[strcspn(line, "\n")] = 0;
		fclose(file);
		count += !strcmp(line, name);
	}
	closedir(directory);
	return count;
}
