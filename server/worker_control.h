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
#include "server/worker_tell.h"

struct json_object;

struct worker_control {
	struct worker_teller teller;
	struct worker_pictures pictures;
	struct json_object *problems; /* with the newest configuration */
};

void worker_control_init(struct worker_control *control, struct event_base *base);
/* Before the VM is freed. All zero but the channel is fine. */
void worker_control_finish(struct worker_control *control);

/* What is logged as a problem from now on, until control_problems_unwatch(), is one with a new configuration. */
void worker_control_watch(struct worker_control *control);

/* user is a struct worker_control. */
extern const struct vm_events worker_control_events;

/* payload is that of CHANNEL_ASK. vm NULL: there is none yet. */
void worker_control_answer(struct worker_control *control, struct vm *vm, const char *payload, size_t bytes);

#endif
