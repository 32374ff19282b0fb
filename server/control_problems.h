/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes wrong while a configuration is taken up, as the control socket tells it: an
 * array of {"vm": ..., "message": ...}. Loop thread.
 */
#ifndef PLANECAST_SERVER_CONTROL_PROBLEMS_H
#define PLANECAST_SERVER_CONTROL_PROBLEMS_H

#include <stddef.h>

struct json_object;

/* Of an answer to a client; of a worker's. */
#define CONTROL_PROBLEMS_MAX 100
#define CONTROL_PROBLEMS_WORKER_MAX 32
/* Of one; the rest of a longer one is cut off. */
#define CONTROL_PROBLEM_BYTES 512

/* Unless there are max already. vm NULL or "": of the server. */
void control_problems_add(struct json_object *problems, size_t max, const char *vm, const char *message);
/* What this thread logs as a warning or worse is added, until control_problems_unwatch(). problems is borrowed. */
void control_problems_watch(struct json_object *problems);
void control_problems_unwatch(void);

#endif
