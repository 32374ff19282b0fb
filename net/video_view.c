// SPDX-License-Identifier: GPL-2.0-or-later
/* One viewer's place in a video. */
#include "net/video_view.h"


#include "net/protocol.h"

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

void video_view_put(struct video_view *view, struct packet *packet)
{
	const uint64_t next = view->held ? view->held->number + 1 : view->next;

	if (!view->on || packet->codec != view->codec || !same_box(&packet->box, &view->box))
		return;
	view->asked = false;
	if (!packet->keyframe && (!next || packet->number != next)) {
		drop(view);
		view->next = 0;
		return;
	}
	if (view->held && !packet->keyframe) {
		drop(view);
		return;
	}
	packet_unref(view->held);
	view->held = packet_ref(packet);
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

	if (packet)
		view->next = packet->number + 1;
	view->held = NULL;
	return packet;
}

enum video_view_wish video_view_ask(struct video_view *view)
{
	if (!view->on || view->held || view->asked)
		return VIDEO_VIEW_NOTHING;
	view->asked = true;
	return view->next ? VIDEO_VIEW_NEXT : VIDEO_VIEW_KEYFRAME;
}
