/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goes between a browser and the worker that shows it a VM: bytes both ways, no more
 * of them in here than the other side takes. What a browser does not take is not read
 * from the worker, which then finds its viewer slow and does as with others. Loop thread.
 */
#ifndef PLANECAST_SERVER_GATEWAY_RELAY_H
#define PLANECAST_SERVER_GATEWAY_RELAY_H

#include <stdint.h>

struct event_base;
struct relay;
struct stream;

/* Held of the browser's, and of the worker's; one read of 16 KiB can overshoot. */
#define RELAY_FROM_BROWSER_BYTES 16384
#define RELAY_FROM_WORKER_BYTES 65536

/*
 * For that reason: the worker has ended it, and all it had to say is on its way to the browser, if it
 * takes it; or the browser has taken nothing for so long. Free the relay, which may be in the middle of a call.
 */
typedef void (*relay_ended_fn)(void *user, const char *why);

/*
 * A pair of sockets of which the relay is to have the first, the worker the second; little waits
 * in between. Negative errno.
 */
int relay_socketpair(int ret_fds[2]);
/* Takes fd, on success only; borrows the browser's stream, whose events are the caller's. -ENOMEM. */
int relay_new(struct event_base *base, struct stream *browser, int fd, int64_t stall_timeout_ns, relay_ended_fn ended,
		void *user, struct relay **ret);
/* The browser has said something, or taken all that it was sent. May end it. */
void relay_browser(struct relay *relay);
/* NULL is fine. */
void relay_free(struct relay *relay);

#endif
