/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that a worker answers: passed on to it, and its answer, which is not
 * to be trusted, back to the client. Loop thread.
 */
#ifndef PLANECAST_SERVER_CONTROL_WORKER_H
#define PLANECAST_SERVER_CONTROL_WORKER_H

struct control_client;
struct supervisor_vm;

/* The largest picture in PNG that is passed on. */
#define CONTROL_PICTURE_MAX (1LL << 30)

/* Passes the client's request on. It is answered from here, or client->question is set and it is later. */
void control_worker_ask(struct control_client *client, struct supervisor_vm *vm);

#endif
