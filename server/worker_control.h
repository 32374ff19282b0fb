/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker's part in the control socket: answers what the supervisor passes on,
 * and tells what happens to its VM. Loop thread.
 */
#ifndef PLANECAST_SERVER_WORKER_CONTROL_H
#define PLANECAST_SERVER_WORKER_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "server/vm.h"
#include "server/worker_picture.h"

/*
 * A happening more a WORKER_EVENT_NS, and so many at once: what is more than that is
 * counted and told of later, for a supervisor takes no more from any worker.
 */
#define WORKER_EVENT_NS (100 * 1000000LL)
#define WORKER_EVENTS_SAVED_UP 100

struct worker_control {
	int channel; /* -1: nobody asks and nobody is told */
	int64_t events_paid_ns; /* up to when the time that passed paid for its events */
	uint64_t lost; /* events */
	struct worker_pictures pictures;
};

void worker_control_init(struct worker_control *control, struct event_base *base);
/* Before the VM is freed. All zero but the channel is fine. */
void worker_control_finish(struct worker_control *control);

/* user is a struct worker_control. */
extern const struct vm_events worker_control_events;

/* payload is that of CHANNEL_ASK. vm NULL: there is none yet. */
void worker_control_answer(struct worker_control *control, struct vm *vm, const char *payload, size_t bytes);

#endif
