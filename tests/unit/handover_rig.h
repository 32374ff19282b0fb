/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources that do what a test says, behind a handover, and what its owner is told. One at a time. */
#ifndef PLANECAST_TESTS_UNIT_HANDOVER_RIG_H
#define PLANECAST_TESTS_UNIT_HANDOVER_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "server/capture/handover.h"
#include "server/cursor.h"

#define RARELY_NS (3600 * NSEC_PER_SEC)
#define PUPPETS 3

/* Pictures of the first are 100 pixels wide, of the second 101, ... */
struct puppet {
	struct capture capture; /* first */
	int answer; /* of a look */
	const char *reason;
	unsigned int looks, wholes, inputs, resizes;
	bool takes_input;
	int resize;
};

struct handover_rig {
	struct event_base *base;
	struct capture *capture;
	struct puppet *puppets[PUPPETS];
	struct config_vm config;
	char path[64];

	unsigned int frames, offs, sources, looked, cursors;
	uint32_t width; /* of the last frame; 0: it is off */
	bool whole; /* it came with a hint that is all of it */
	bool hinted;
	char reason[CAPTURE_REASON_BYTES];
	char source[32];
	struct cursor cursor;
	bool absolute;
	unsigned int leds;
	bool refuse; /* frames cannot be taken up */
};
extern struct handover_rig t;

int handover_setup(void **state);
int handover_teardown(void **state); /* unlinks path if there is one */

extern const struct capture_events handover_rig_events;
/* Puppets, in the order in which they are opened: looked at, looked at and sure of what changed, told. */
int open_polled(struct event_base *base, const struct config_vm *config, const struct capture_events *events,
		void *user, struct capture **ret);
int open_knowing(struct event_base *base, const struct config_vm *config, const struct capture_events *events,
		void *user, struct capture **ret);
int open_told(struct event_base *base, const struct config_vm *config, const struct capture_events *events,
		void *user, struct capture **ret);
void open_all(capture_open_fn best, capture_open_fn other);

void run_ready(void);
/* Until pictures of that width are shown, 0: none. */
void wait_for(uint32_t width);
void emit(struct puppet *puppet, const pixman_region32_t *hint);

#endif
