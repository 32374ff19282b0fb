/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a reload that a client of the control socket has asked for: each VM's
 * worker says what it could not read, and who does not say so within CONTROL_RELOAD_NS
 * is told of himself. Loop thread.
 */
#ifndef PLANECAST_SERVER_CONTROL_RELOAD_H
#define PLANECAST_SERVER_CONTROL_RELOAD_H

#include "server/clock.h"

struct control;
struct control_client;
struct control_reload;
struct json_object;

/* A worker that has to be started anew needs some 100 ms of it. */
#define CONTROL_RELOAD_NS (5 * NSEC_PER_SEC)

/*
 * The supervisor has taken the configuration. problems, taken, are those so far. The client is
 * answered later, or from in here; until then client->reload is set.
 */
void control_reload_start(struct control_client *client, struct json_object *problems);
/* Nobody waits for it any more. NULL is fine. */
void control_reload_free(struct control_reload *reload);
/* A VM's worker can be asked now. */
void control_reload_serving(struct control *control, const char *vm);

#endif
