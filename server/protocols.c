// SPDX-License-Identifier: GPL-2.0-or-later
/* Sums and searches over the protocols of a VM. */
#include "server/protocols.h"

#include <string.h>

#include "server/damage.h"
#include "server/frame.h"
#include "server/update.h"

struct protocol *protocols_find(struct protocol *const *all, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (all[i] && !strcmp(all[i]->impl->name, name))
			return all[i];
	}
	return NULL;
}

struct protocol_stats protocols_sum_stats(struct protocol *const *all, size_t n)
{
	struct protocol_stats sum = { 0 }, one;

	for (size_t i = 0; i < n; i++) {
		if (!all[i])
			continue;
		all[i]->impl->stats(all[i], &one);
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

void protocols_each_viewer(struct protocol *const *all, size_t n, protocol_viewer_fn each, void *user)
{
	for (size_t i = 0; i < n; i++) {
		if (all[i])
			all[i]->impl->each_viewer(all[i], each ? each : ignore, user);
	}
}

unsigned int protocols_close_viewer(struct protocol *const *all, size_t n, uint64_t id, const char *why)
{
	unsigned int closed = 0;

	for (size_t i = 0; i < n; i++)
		closed += all[i] ? all[i]->impl->close_viewer(all[i], id, why) : 0;
	return closed;
}

void protocols_show(struct protocol *protocol, struct frame *frame)
{
	struct update update = { .frame = frame };

	pixman_region32_init_rect(&update.damage, 0, 0, frame->width, frame->height);
	pixman_region32_init(&update.copy_region);
	protocol->impl->update(protocol, &update);
	update_finish(&update);
}
