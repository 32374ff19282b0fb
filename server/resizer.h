/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the guest for the size that viewers wish (server/size_wish.h), now or when it is time. Loop thread. */
#ifndef PLANECAST_SERVER_RESIZER_H
#define PLANECAST_SERVER_RESIZER_H

#include <stdbool.h>
#include <stdint.h>

#include "server/size_wish.h"

struct event;
struct event_base;
struct input_event;

struct resizer {
	struct size_wish wish;
	struct event *due; /* the guest is to be asked */
	int (*ask)(void *user, uint32_t width, uint32_t height);
	void *user;
};

/* ask asks the guest; 0 or negative errno. -ENOMEM. */
int resizer_init(struct resizer *resizer, struct event_base *base,
		int (*ask)(void *user, uint32_t width, uint32_t height), void *user);
/* All zero is fine. */
void resizer_finish(struct resizer *resizer);
/* A viewer, as in resizer_put(), does that. A pointer that only moves is no work: windows appear below one. */
void resizer_note_input(struct resizer *resizer, const void *viewer, const struct input_event *event);
/* As struct protocol_events has it. */
int resizer_put(struct resizer *resizer, const void *viewer, uint32_t width, uint32_t height, bool again);

#endif
