// SPDX-License-Identifier: GPL-2.0-or-later
/* All protocols of a VM together. */
#include "server/protocols.h"

#include <string.h>

#include "server/damage.h"
#include "server/frame.h"
#include "server/update.h"

static int (*const table[PROTOCOLS])(struct event_base *base, const struct config_vm *config, struct gate *gate,
		struct tls *tls, const struct protocol_events *events, void *user, struct protocol **ret) = {
	vnc_new,
	spice_new,
};

int protocols_init(struct protocols *protocols, struct event_base *base, const struct config_vm *config,
		struct gate *gate, struct tls *tls, const struct protocol_events *events, void *user)
{
	int r = 0;

	for (size_t i = 0; i < PROTOCOLS && r >= 0; i++)
		r = table[i](base, config, gate, tls, events, user, &protocols->all[i]);
	return r;
}

void protocols_finish(struct protocols *protocols)
{
	for (size_t i = 0; i < PROTOCOLS; i++) {
		if (protocols->all[i])
			protocols->all[i]->impl->free(protocols->all[i]);
		protocols->all[i] = NULL;
	}
}

/* The next one that there is, from index *i on; NULL at the end. */
static struct protocol *next(const struct protocols *protocols, size_t *i)
{
	while (*i < PROTOCOLS && !protocols->all[*i])
		(*i)++;
	return *i < PROTOCOLS ? protocols->all[(*i)++] : NULL;
}

#define EACH(protocols, p) (size_t i_ = 0; (p = next(protocols, &i_));)

struct protocol *protocols_find(const struct protocols *protocols, const char *name)
{
	struct protocol *p;

	for EACH (protocols, p) {
		if (!strcmp(p->impl->name, name))
			return p;
	}
	return NULL;
}

struct protocol_stats protocols_sum_stats(const struct protocols *protocols)
{
	struct protocol_stats sum = { 0 }, one;
	struct protocol *p;

	for EACH (protocols, p) {
		p->impl->stats(p, &one);
		sum.viewers += one.viewers;
		sum.video_viewers += one.video_viewers;
		sum.handshakes += one.handshakes;
		sum.exclusive = sum.exclusive || one.exclusive;
		sum.bytes_sent += one.bytes_sent;
		sum.updates_sent += one.updates_sent;
	}
	return sum;
}

static void ignore(void *user, const struct protocol_viewer *viewer)
{
	(void)user;
	(void)viewer;
}

void protocols_each_viewer(const struct protocols *protocols, protocol_viewer_fn each, void *user)
{
	struct protocol *p;

	for EACH (protocols, p)
		p->impl->each_viewer(p, each ? each : ignore, user);
}

unsigned int protocols_close_viewer(const struct protocols *protocols, uint64_t id, const char *why)
{
	unsigned int closed = 0;
	struct protocol *p;

	for EACH (protocols, p)
		closed += p->impl->close_viewer(p, id, why);
	return closed;
}

void protocols_close_others(const struct protocols *protocols, const struct protocol *but, const char *why)
{
	struct protocol *p;

	for EACH (protocols, p) {
		if (p != but)
			p->impl->close_viewers(p, why);
	}
}

static void show(struct protocol *protocol, struct frame *frame)
{
	struct update update = { .frame = frame };

	pixman_region32_init_rect(&update.damage, 0, 0, frame->width, frame->height);
	pixman_region32_init(&update.copy_region);
	protocol->impl->update(protocol, &update);
	update_finish(&update);
}

void protocols_greet(struct protocols *protocols, struct frame *frame)
{
	struct protocol_stats stats;
	bool first;

	for (size_t i = 0; i < PROTOCOLS; i++) {
		if (!protocols->all[i])
			continue;
		protocols->all[i]->impl->stats(protocols->all[i], &stats);
		first = stats.viewers && !protocols->watched[i];
		protocols->watched[i] = stats.viewers > 0;
		if (first && frame)
			show(protocols->all[i], frame);
	}
}

void protocols_update(const struct protocols *protocols, const struct update *update)
{
	struct protocol *p;

	for EACH (protocols, p)
		p->impl->update(p, update);
}

void protocols_video(const struct protocols *protocols, const struct protocol_video *video)
{
	struct protocol *p;

	for EACH (protocols, p) {
		if (p->impl->video)
			p->impl->video(p, video);
	}
}

void protocols_packet(const struct protocols *protocols, struct packet *packet)
{
	struct protocol *p;

	for EACH (protocols, p) {
		if (p->impl->packet)
			p->impl->packet(p, packet);
	}
}

void protocols_cursor(const struct protocols *protocols, const struct cursor *cursor)
{
	struct protocol *p;

	for EACH (protocols, p)
		p->impl->cursor(p, cursor);
}

void protocols_leds(const struct protocols *protocols, unsigned int leds)
{
	struct protocol *p;

	for EACH (protocols, p) {
		if (p->impl->leds)
			p->impl->leds(p, leds);
	}
}

void protocols_pointer(const struct protocols *protocols, bool absolute)
{
	struct protocol *p;

	for EACH (protocols, p) {
		if (p->impl->pointer)
			p->impl->pointer(p, absolute);
	}
}

void protocols_clipboard(const struct protocols *protocols, struct clipboard *clipboard)
{
	struct protocol *p;

	for EACH (protocols, p) {
		if (p->impl->clipboard)
			p->impl->clipboard(p, clipboard);
	}
}

void protocols_reconfigure(const struct protocols *protocols, const struct config_vm *config)
{
	struct protocol *p;

	for EACH (protocols, p)
		p->impl->reconfigure(p, config);
}
