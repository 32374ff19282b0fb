/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker tells the supervisor of, for those who listen at the control socket. Loop thread. */
#ifndef PLANECAST_SERVER_WORKER_TELL_H
#define PLANECAST_SERVER_WORKER_TELL_H

#include <stdint.h>

struct json_object;
struct protocol_viewer;

/*
 * A happening more a WORKER_EVENT_NS, and so many at once: what is more than that is
 * counted and told of later, for a supervisor takes no more from any worker.
 */
#define WORKER_EVENT_NS (100 * 1000000LL)
#define WORKER_EVENTS_SAVED_UP 100

struct worker_teller {
	int channel; /* -1: nobody is told */
	int64_t events_paid_ns; /* up to when the time that passed paid for its events */
	uint64_t lost; /* events */
};

/* As struct vm_events has them. */
void worker_tell_viewer(struct worker_teller *teller, const struct protocol_viewer *viewer, const char *why);
void worker_tell_auth_failed(struct worker_teller *teller, const char *protocol, const char *peer);
void worker_tell_picture(struct worker_teller *teller, uint32_t width, uint32_t height, const char *reason);

/* A viewer as planecast-control(7) has it; the caller's reference, or NULL. */
struct json_object *worker_describe(const struct protocol_viewer *viewer);

#endif
