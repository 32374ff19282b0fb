/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU Machine Protocol, client side, without the socket (QEMU's
 * docs/interop/qmp-spec): a stream of JSON objects each way. The peer greets,
 * we answer qmp_capabilities, then commands are pipelined and answered in
 * order, events may come between.
 *
 * Nothing the peer sends is trusted: messages are bounded in size and depth,
 * and what does not fit the protocol ends the connection. Loop thread.
 */
#ifndef PLANECAST_SERVER_QMP_H
#define PLANECAST_SERVER_QMP_H

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;
struct qmp;

#define QMP_MESSAGE_MAX_BYTES 65536
#define QMP_DEPTH_MAX 16
/* QEMU itself takes at most 8 commands before it stops reading. */
#define QMP_IN_FLIGHT_MAX 8

/* Called from qmp_receive(); may call qmp_execute(), must not call qmp_free(). */
struct qmp_events {
	/* Capabilities are settled: commands may be given. version: "7.2.22". */
	void (*ready)(void *user, const char *version);
	/* The oldest command is answered; error is NULL or QEMU's own words. */
	void (*answered)(void *user, const char *error);
	/* query-mice said so, before answered(): the pointer in use takes positions, or motion only. */
	void (*mice)(void *user, bool absolute);
	/* The machine begins anew. */
	void (*reset)(void *user);
};

/* output is borrowed and takes what is to be sent. -ENOMEM. */
int qmp_new(struct evbuffer *output, const struct qmp_events *events, void *user, struct qmp **ret);
void qmp_free(struct qmp *qmp);

/*
 * Bytes from the peer. 0, or the connection is of no more use: -EPROTO,
 * -EMSGSIZE, -ENOMEM.
 */
int qmp_receive(struct qmp *qmp, const char *data, size_t bytes);

/* True when another command should be given: QEMU has answered most of those before. */
bool qmp_can_execute(const struct qmp *qmp);
/* arguments: a JSON object as text. -EAGAIN before the greeting is done, -ENOMEM. */
int qmp_execute(struct qmp *qmp, const char *command, const char *arguments);

#endif
