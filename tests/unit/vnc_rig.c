// SPDX-License-Identifier: GPL-2.0-or-later
/* The fake VM that tests of the VNC front end drive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/vnc_rig.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/log.h"
#include "server/update.h"

struct rig rig;
static unsigned int fds_before;

/* Hundreds of clients come and go in a test, all of one source. */
static const char config_text[] = "[vm \"test\"]\nsource = pattern\npenalty-exempt = unix\n";

static unsigned int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (dir && readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void handle_input(void *user, const void *viewer, const struct input_event *event)
{
	assert_non_null(viewer);
	assert_ptr_equal(user, &rig);
	assert_true(rig.n_events < RIG_EVENTS_MAX);
	rig.events[rig.n_events++] = *event;
}

static int handle_resize(void *user, const void *viewer, uint32_t width, uint32_t height, bool again)
{
	assert_ptr_equal(user, &rig);
	assert_non_null(viewer);
	assert_false(again);
	rig.asks++;
	rig.asked_width = width;
	rig.asked_height = height;
	return rig.resize_result;
}

/* As the VM does it: whoever comes first is shown the picture. */
static void handle_viewers(void *user)
{
	assert_ptr_equal(user, &rig);
	rig.viewer_calls++;
	if (rig_stats().viewers && rig.frame)
		rig_show(NULL);
}

static void handle_totals(void *user, struct protocol_stats *ret)
{
	assert_ptr_equal(user, &rig);
	*ret = rig_stats();
	ret->viewers += rig.other_viewers;
}

static void handle_alone(void *user, const struct protocol *protocol, const char *why)
{
	assert_ptr_equal(user, &rig);
	assert_ptr_equal(protocol, rig.vnc);
	assert_non_null(why);
	rig.alone_calls++;
}

static void handle_video(void *user, const struct protocol_wish *wish)
{
	assert_ptr_equal(user, &rig);
	assert_int_equal(wish->codec, PACKET_H264);
	rig.video_asks += !wish->keyframe;
	rig.keyframe_asks += wish->keyframe;
}

static const struct protocol_events events = {
	.video = handle_video,
	.input = handle_input,
	.resize = handle_resize,
	.viewers = handle_viewers,
	.totals = handle_totals,
	.alone = handle_alone,
};

static struct frame *draw(uint32_t width, uint32_t height, unsigned int seed)
{
	struct frame *frame;

	assert_int_equal(frame_new_memory(width, height, &frame), 0);
	for (uint32_t y = 0; y < height; y++) {
		uint32_t *row = (uint32_t *)(void *)(frame_memory_pixels(frame) +
				(size_t)y * frame->planes[0].stride);

		for (uint32_t x = 0; x < width; x++)
			row[x] = (x * 0x010300u ^ y * 0x000705u ^ seed * 0x2b1d0fu) & 0xffffff;
	}
	return frame;
}

int rig_setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	log_set_level(getenv("VERBOSE") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	fds_before = count_fds();
	memset(&rig, 0, sizeof(rig));
	if (config_parse("rig", config_text, sizeof(config_text) - 1, config_report_stdio, stderr,
			    &rig.parsed) < 0)
		return -1;
	rig.config = *rig.parsed->vms[0];
	rig.base = event_base_new();
	rig.frame = draw(320, 200, 0);
	return rig.base && rig.frame ? 0 : -1;
}

int rig_teardown(void **state)
{
	(void)state;
	viewer_free_all();
	if (rig.vnc)
		rig.vnc->impl->free(rig.vnc);
	gate_free(rig.gate);
	frame_unref(rig.frame);
	event_base_free(rig.base);
	config_free(rig.parsed);
	if (count_fds() == fds_before)
		return 0;
	fprintf(stderr, "%u descriptors before, %u after\n", fds_before, count_fds());
	return -1;
}

void rig_start(void)
{
	assert_int_equal(gate_new(&rig.config, 1, &rig.gate), 0);
	assert_int_equal(vnc_new(rig.base, &rig.config, rig.gate, rig.tls, &events, &rig, &rig.vnc), 0);
}

struct protocol_stats rig_stats(void)
{
	struct protocol_stats stats;

	rig.vnc->impl->stats(rig.vnc, &stats);
	return stats;
}

static void tell(struct frame *frame, const pixman_box32_t *box, const pixman_box32_t *copy,
		int32_t dy)
{
	bool resized = frame->width != rig.frame->width || frame->height != rig.frame->height;
	pixman_box32_t all = { 0, 0, (int32_t)frame->width, (int32_t)frame->height };
	struct update update = { .frame = frame, .resized = resized, .copy_dy = dy };

	pixman_region32_init_with_extents(&update.damage, box ? (pixman_box32_t *)box : &all);
	if (copy)
		pixman_region32_init_with_extents(&update.copy_region, (pixman_box32_t *)copy);
	else
		pixman_region32_init(&update.copy_region);
	frame_unref(rig.frame);
	rig.frame = frame;
	rig.vnc->impl->update(rig.vnc, &update);
	pixman_region32_fini(&update.damage);
	pixman_region32_fini(&update.copy_region);
}

void rig_show(const pixman_box32_t *box)
{
	struct frame *frame = draw(rig.frame->width, rig.frame->height, ++rig.frames);
	const size_t stride = frame->planes[0].stride;

	/* Outside the box it is the old picture. */
	for (uint32_t y = 0; box && y < frame->height; y++) {
		uint8_t *row = frame_memory_pixels(frame) + y * stride;
		const uint8_t *old = rig.frame->data + y * stride;
		bool inside = (int32_t)y >= box->y1 && (int32_t)y < box->y2;
		size_t x1 = inside ? (size_t)box->x1 : frame->width;
		size_t x2 = inside ? (size_t)box->x2 : frame->width;

		memcpy(row, old, x1 * 4);
		memcpy(row + x2 * 4, old + x2 * 4, (frame->width - x2) * 4);
	}
	tell(frame, box, NULL, 0);
}

void rig_show_size(uint32_t width, uint32_t height)
{
	tell(draw(width, height, ++rig.frames), NULL, NULL, 0);
}

void rig_set_video(const pixman_box32_t *box, uint32_t serial)
{
	struct protocol_video video = { .on = box, .codecs = 1 << PACKET_H264, .serial = serial };

	if (box)
		video.box = (struct packet_box){ (uint32_t)box->x1, (uint32_t)box->y1,
			(uint32_t)(box->x2 - box->x1), (uint32_t)(box->y2 - box->y1) };
	rig.video = video;
	rig.vnc->impl->video(rig.vnc, &video);
}

void rig_put_packet(uint64_t number, bool keyframe, bool scaled)
{
	struct packet *packet = packet_new(1000 + number);

	assert_non_null(packet);
	memset(packet->data, (uint8_t)number, packet->bytes);
	packet->codec = PACKET_H264;
	packet->number = number;
	packet->keyframe = keyframe;
	packet->scaled = scaled;
	packet->box = rig.video.box;
	rig.vnc->impl->packet(rig.vnc, packet);
	packet_unref(packet);
}

void rig_scroll(uint32_t rows)
{
	struct frame *frame = draw(rig.frame->width, rig.frame->height, ++rig.frames);
	const size_t stride = frame->planes[0].stride;
	int32_t edge = (int32_t)(frame->height - rows);
	pixman_box32_t copy = { 0, 0, (int32_t)frame->width, edge };
	pixman_box32_t rest = { 0, edge, (int32_t)frame->width, (int32_t)frame->height };

	memcpy(frame_memory_pixels(frame), rig.frame->data + rows * stride, (size_t)edge * stride);
	tell(frame, &rest, &copy, -(int32_t)rows);
}
