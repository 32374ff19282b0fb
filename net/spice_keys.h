/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RSA key that clients are shown, replaced now and then. Making one takes
 * 10 ms, which is a thread's of its own, never the loop's, but for the first.
 * Loop thread.
 */
#ifndef PLANECAST_NET_SPICE_KEYS_H
#define PLANECAST_NET_SPICE_KEYS_H

#include <stdint.h>

struct event_base;
struct spice_keys;
struct spice_ticket_key;

/* A key that is older or has been shown more often is replaced. */
#define SPICE_KEYS_AGE_NS (300 * 1000000000LL)
#define SPICE_KEYS_USES 1000

/* Needs evthread_use_pthreads() before base was made. -ENOMEM, -EIO. */
int spice_keys_new(struct event_base *base, struct spice_keys **ret);
/* Waits for a key that is being made. NULL is fine. */
void spice_keys_free(struct spice_keys *keys);
/* A reference of the caller's own. Never NULL. */
struct spice_ticket_key *spice_keys_get(struct spice_keys *keys);

#endif
