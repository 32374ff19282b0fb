// SPDX-License-Identifier: GPL-2.0-or-later
/* The fake VM that tests of the SPICE front end drive. */
#include "tests/unit/spice_rig.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/spice.h"
#include "net/spice_display.h"
#include "net/spice_front.h"
#include "net/spice_session.h"
#include "server/clock.h"
#include "server/input.h"
#include "server/log.h"
#include "server/update.h"

struct spice_rig spice_rig;

/* Clients come and go all the time, and stop anywhere. */
static const char config_text[] = "[vm \"test\"]\nsource = pattern\npenalty-abort = 0\n"
		"max-handshakes-per-source = 4096\n";

void spice_rig_fail(const char *condition)
{
	const struct spice *spice = (const struct spice *)spice_rig.spice;
	const struct spice_session *session;
	const struct spice_front *front;

	fprintf(stderr, "never came true: %s\n", condition);
	TAILQ_FOREACH(session, &spice->sessions, link)
		fprintf(stderr, "session %08x: state %d, %u links, size changing: %d\n", session->id, session->state,
				session->n_links, session->display && spice_display_is_changing(session->display));
	TAILQ_FOREACH(front, &spice->fronts, link)
		fprintf(stderr, "front %s: state %d, answered %d, heard %d\n",
				spice_link_channels[front->handshake.message.channel].name, front->state,
				front->uplink.answered, front->heard);
	abort();
}

static void handle_input(void *user, const void *viewer, const struct input_event *event)
{
	(void)user;
	if (!viewer)
		abort();
	if (spice_rig.n_inputs < SPICE_RIG_INPUTS)
		spice_rig.inputs[spice_rig.n_inputs++] = *event;
	if (event->kind == INPUT_LOCKS) {
		spice_rig.locks = event->locks;
		return;
	}
	spice_rig.presses++;
	if (event->kind == INPUT_POINTER || event->kind == INPUT_MOTION)
		spice_rig.buttons = (spice_rig.buttons & ~event->pointer.changed) |
				(event->pointer.buttons & event->pointer.changed);
	else if (event->key.qnum < SPICE_RIG_KEYS)
		spice_rig.keys[event->key.qnum] = event->key.down;
	else
		abort();
}

static int handle_resize(void *user, const void *viewer, uint32_t width, uint32_t height, bool again)
{
	(void)user;
	(void)viewer;
	(void)again;
	(void)width;
	(void)height;
	return 0;
}

struct protocol_stats spice_rig_stats(void)
{
	struct protocol_stats stats;

	spice_rig.spice->impl->stats(spice_rig.spice, &stats);
	return stats;
}

static void handle_video(void *user, const struct protocol_wish *wish)
{
	(void)user;
	spice_rig.asked[wish->codec]++;
	spice_rig.asked_keyframes[wish->codec] += wish->keyframe;
}

/* As the VM does it: whoever comes first is shown the picture. */
static void handle_viewers(void *user)
{
	(void)user;
	if (!spice_rig.hides && spice_rig_stats().viewers)
		spice_rig_show_all();
}

static void handle_totals(void *user, struct protocol_stats *ret)
{
	(void)user;
	*ret = spice_rig_stats();
}

static void handle_alone(void *user, const struct protocol *protocol, const char *why)
{
	(void)user;
	(void)protocol;
	(void)why;
}

static const struct protocol_events events = {
	.input = handle_input,
	.resize = handle_resize,
	.video = handle_video,
	.viewers = handle_viewers,
	.totals = handle_totals,
	.alone = handle_alone,
};

static struct frame *draw(uint32_t width, uint32_t height)
{
	const uint32_t seed = ++spice_rig.frames;
	struct frame *frame;

	if (frame_new_memory(width, height, &frame) < 0)
		abort();
	for (uint32_t y = 0; y < height; y++) {
		uint32_t *row = (uint32_t *)(void *)(frame_memory_pixels(frame) + (size_t)y * frame->planes[0].stride);

		for (uint32_t x = 0; x < width; x++)
			row[x] = (x * 0x010300u ^ y * 0x000705u ^ seed * 0x2b1d0fu) & 0xffffff;
	}
	return frame;
}

static void show(struct frame *frame, const pixman_box32_t *boxes, int n)
{
	struct update update = { .frame = frame };

	update.resized = frame->width != spice_rig.frame->width || frame->height != spice_rig.frame->height;
	pixman_region32_init_rects(&update.damage, boxes, n);
	pixman_region32_init(&update.copy_region);
	frame_unref(spice_rig.frame);
	spice_rig.frame = frame;
	spice_rig.spice->impl->update(spice_rig.spice, &update);
	pixman_region32_fini(&update.damage);
	pixman_region32_fini(&update.copy_region);
}

void spice_rig_show(const pixman_box32_t *boxes, int n)
{
	show(draw(spice_rig.frame->width, spice_rig.frame->height), boxes, n);
}

void spice_rig_show_size(uint32_t width, uint32_t height)
{
	const pixman_box32_t all = { 0, 0, (int32_t)width, (int32_t)height };

	show(draw(width, height), &all, 1);
}

void spice_rig_show_all(void)
{
	spice_rig_show_size(spice_rig.frame->width, spice_rig.frame->height);
}

void spice_rig_show_cursor(unsigned int seed)
{
	static uint32_t argb[64 * 64];
	const struct cursor cursor = {
		.visible = seed % 5,
		.width = seed % 64 + 1,
		.height = seed / 3 % 64 + 1,
		.position_known = true,
		.x = (int32_t)(seed % 400) - 40,
		.y = (int32_t)(seed % 300) - 40,
		.argb = argb,
		.shape_serial = seed / 2,
	};

	spice_rig.spice->impl->cursor(spice_rig.spice, &cursor);
}

static struct packet_box video_box;

void spice_rig_show_video(const struct packet_box *box)
{
	static uint32_t serial;
	struct protocol_video video = { .codecs = (1u << PACKET_CODECS) - 1 };

	serial += box != NULL;
	video.serial = serial;
	if (box) {
		video.on = true;
		video.box = video_box = *box;
	}
	spice_rig.spice->impl->video(spice_rig.spice, &video);
}

void spice_rig_show_packet(enum packet_codec codec, bool keyframe, size_t bytes)
{
	static uint64_t numbers[PACKET_CODECS];
	struct packet *packet = packet_new(bytes);

	if (!packet)
		abort();
	packet->codec = codec;
	packet->number = ++numbers[codec];
	packet->keyframe = keyframe;
	packet->box = video_box;
	packet->width = (video_box.width + 1) & ~1u;
	packet->height = (video_box.height + 1) & ~1u;
	memset(packet->data, (int)packet->number, bytes);
	spice_rig.spice->impl->packet(spice_rig.spice, packet);
	packet_unref(packet);
}

void spice_rig_start(void)
{
	signal(SIGPIPE, SIG_IGN);
	log_set_level(getenv("VERBOSE") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	if (evthread_use_pthreads() < 0 || config_parse("rig", config_text, sizeof(config_text) - 1,
			config_report_stdio, stderr, &spice_rig.parsed) < 0)
		abort();
	spice_rig.config = *spice_rig.parsed->vms[0];
	spice_rig.base = event_base_new();
	spice_rig.frame = draw(320, 200);
	if (!spice_rig.base || gate_new(&spice_rig.config, 1, &spice_rig.gate) < 0 ||
			spice_new(spice_rig.base, &spice_rig.config, spice_rig.gate, spice_rig.tls, &events, &spice_rig,
			&spice_rig.spice) < 0)
		abort();
}

void spice_rig_stop(void)
{
	spice_rig.spice->impl->free(spice_rig.spice);
	gate_free(spice_rig.gate);
	frame_unref(spice_rig.frame);
	event_base_free(spice_rig.base);
	config_free(spice_rig.parsed);
	memset(&spice_rig, 0, sizeof(spice_rig));
}

void spice_rig_restart(void)
{
	spice_rig.spice->impl->free(spice_rig.spice);
	/* It tells no more of who lets go. */
	memset(spice_rig.keys, 0, sizeof(spice_rig.keys));
	spice_rig.buttons = 0;
	if (spice_new(spice_rig.base, &spice_rig.config, spice_rig.gate, spice_rig.tls, &events, &spice_rig,
			&spice_rig.spice) < 0)
		abort();
}

static void wake(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	(void)data;
}

void spice_rig_turn(int64_t wait_ns)
{
	const struct timeval nap = clock_timeval(wait_ns);

	event_base_once(spice_rig.base, -1, EV_TIMEOUT, wake, NULL, &nap);
	event_base_loop(spice_rig.base, EVLOOP_ONCE);
}

bool spice_rig_holds_anything(void)
{
	for (unsigned int i = 0; i < SPICE_RIG_KEYS; i++) {
		if (spice_rig.keys[i])
			return true;
	}
	return spice_rig.buttons;
}

bool spice_rig_is_empty(void)
{
	const struct spice *spice = (const struct spice *)spice_rig.spice;

	return TAILQ_EMPTY(&spice->fronts) && TAILQ_EMPTY(&spice->sessions);
}

uint32_t spice_rig_new_source(void)
{
	static uint32_t last = 0x0a000000;

	return ++last;
}
