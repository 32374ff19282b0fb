// SPDX-License-Identifier: GPL-2.0-or-later
/* One viewer's place in a video. */
#include "net/video_view.h"

#include <string.h>

#include "net/flow.h"
#include "net/protocol.h"

/* Of pictures of a film, for comparing links with packets. */
#define INTERVAL_NS (NSEC_PER_SEC / 30)
/* A packet's part of what is known of the last ones, and how many have to be. */
#define PART (1.0 / 24)
#define PACKETS_MIN 24
/* Who misses more of his tier's packets is too slow for it. */
#define MISSED_MOST 0.5
/* Who takes nothing at all has stopped, which is something else: so many missed ones count until he does. */
#define ROW_MAX 12

static void drop(struct video_view *view)
{
	/* What it does not take is missed. */
	if (view->held)
		view->next = 0;
	view->held = packet_unref(view->held);
}

void video_view_finish(struct video_view *view)
{
	view->held = packet_unref(view->held);
	*view = (struct video_view){ 0 };
}

static void set_tier(struct video_view *view, unsigned int tier)
{
	drop(view);
	view->next = 0;
	view->asked = false;
	view->tier = tier;
	view->pace.seen = 0;
	view->pace.missed = 0;
	view->pace.in_a_row = 0;
	view->pace.roomy = 0;
	memset(view->pace.bytes, 0, sizeof(view->pace.bytes));
}

static void note_packet(struct video_view *view, const struct packet *packet, bool missed)
{
	double *bytes = &view->pace.bytes[packet->tier];

	if (!packet->keyframe)
		*bytes += ((double)packet->bytes - *bytes) * (*bytes > 0 ? PART : 1);
	if (packet->tier != view->tier || view->pace.in_a_row == ROW_MAX)
		return;
	view->pace.in_a_row = missed ? view->pace.in_a_row + 1 : 0;
	view->pace.seen++;
	view->pace.missed += (missed - view->pace.missed) * PART;
}

/* Slower than those that this tier is for. */
static bool is_too_fast(const struct video_view *view)
{
	return view->pace.seen >= PACKETS_MIN && view->pace.missed > MISSED_MOST && view->tier + 1 < PACKET_TIERS;
}

static bool is_too_slow(struct video_view *view, size_t room_bytes)
{
	const double needed = view->tier ? view->pace.bytes[view->tier - 1] : 0;

	if (!view->pace.patience)
		view->pace.patience = VIDEO_VIEW_PATIENCE_MIN;
	view->pace.roomy = needed > 0 && (double)room_bytes >= needed ? view->pace.roomy + 1 : 0;
	return view->pace.roomy >= view->pace.patience;
}

static void choose_tier(struct video_view *view, size_t room_bytes)
{
	if (is_too_slow(view, room_bytes)) {
		set_tier(view, view->tier - 1);
	} else if (is_too_fast(view)) {
		if (view->pace.patience < VIDEO_VIEW_PATIENCE_MAX)
			view->pace.patience *= 2;
		set_tier(view, view->tier + 1);
	}
}

static bool same_box(const struct packet_box *a, const struct packet_box *b)
{
	return a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height;
}

bool video_view_set(struct video_view *view, const struct protocol_video *video, enum packet_codec codec)
{
	const bool on = video && video->on && video->codecs & 1u << codec;
	const bool was = view->on;

	if (!on || !was || video->serial != view->serial || codec != view->codec) {
		drop(view);
		view->asked = false;
	}
	view->on = on;
	if (!on)
		return was;
	if (video->serial == view->serial && codec == view->codec)
		return !was;
	view->next = 0;
	view->serial = video->serial;
	view->codec = codec;
	view->box = video->box;
	return true;
}

/* Is the packet of use behind the one before, and is there room for it? */
static bool keep(struct video_view *view, struct packet *packet)
{
	const uint64_t next = view->held ? view->held->number + 1 : view->next;

	if (!packet->keyframe && (!next || packet->number != next)) {
		drop(view);
		view->next = 0;
		return false;
	}
	if (view->held && !packet->keyframe) {
		drop(view);
		return false;
	}
	packet_unref(view->held);
	view->held = packet_ref(packet);
	return true;
}

void video_view_put(struct video_view *view, struct packet *packet)
{
	bool kept = false;

	if (!view->on || packet->codec != view->codec || !same_box(&packet->box, &view->box))
		return;
	if (packet->tier == view->tier) {
		view->asked = false;
		kept = keep(view, packet);
	}
	note_packet(view, packet, !kept);
}

void video_view_forget(struct video_view *view)
{
	if (view->held && !view->held->keyframe)
		view->held = packet_unref(view->held);
	view->next = 0;
}

struct packet *video_view_take(struct video_view *view)
{
	struct packet *packet = view->held;

	if (packet) {
		view->next = packet->number + 1;
		view->pace.in_a_row = 0;
	}
	view->held = NULL;
	return packet;
}

bool video_view_ask(struct video_view *view, const struct flow *flow, struct protocol_wish *ret)
{
	if (!view->on || view->held || view->asked)
		return false;
	choose_tier(view, flow ? flow_picture_bytes(flow, INTERVAL_NS) : SIZE_MAX);
	view->asked = true;
	*ret = (struct protocol_wish){
		.codec = view->codec,
		.tier = view->tier,
		.keyframe = !view->next,
		.flow = flow,
	};
	return true;
}
