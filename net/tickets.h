/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passwords that count once, for a while, and for one protocol of one VM: whoever
 * issues one passes it to the viewer it is for. They are in this process's memory
 * only, so that a worker's end is their end.
 *
 * The clock is the caller's. One thread at a time.
 */
#ifndef PLANECAST_NET_TICKETS_H
#define PLANECAST_NET_TICKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/role.h"

/* Waiting at a time; for one more the oldest goes. */
#define TICKETS_MAX 64
/* How long one can be: 6 bits a character. What VNC authentication looks at: */
#define TICKETS_VNC_CHARS 8
/* SPICE takes up to 60: */
#define TICKETS_SPICE_CHARS 32
#define TICKETS_CHARS_MAX 60
/* A day: what is to count for longer is a password. */
#define TICKETS_LIFETIME_MAX_NS (86400LL * 1000000000LL)

struct tickets;

/* What a ticket says of who brings it. */
struct tickets_bearer {
	enum role role;
	char name[ROLE_NAME_MAX + 1]; /* for the log; empty: nobody said */
};

/* chars: of each, 8 to TICKETS_CHARS_MAX. -ENOMEM, -EINVAL. */
int tickets_new(unsigned int chars, struct tickets **ret);
/* NULL is fine. */
void tickets_free(struct tickets *tickets);

/*
 * Makes a ticket, letters, digits, '-' and '_', which counts for lifetime_ns from
 * now on. name NULL or empty: of nobody in particular. ret_secret has room for
 * TICKETS_CHARS_MAX + 1 and is the caller's to wipe. -EINVAL: a lifetime of nothing
 * or above TICKETS_LIFETIME_MAX_NS, or no name of a user; -EIO: no random numbers.
 */
int tickets_issue(struct tickets *tickets, int64_t now_ns, int64_t lifetime_ns, enum role role,
		const char *name, char *ret_secret);

/*
 * Takes the ticket for which matches() is true, and no longer has it then. It is
 * asked for each there is, in no order that tells anything, also behind one that
 * it was true for. -EACCES: there is none. secret is NUL terminated.
 */
int tickets_take_matching(struct tickets *tickets, int64_t now_ns,
		bool (*matches)(void *user, const char *secret), void *user, struct tickets_bearer *ret);
/* The one that is this very text, compared in constant time. -EACCES. */
int tickets_take(struct tickets *tickets, int64_t now_ns, const char *secret, struct tickets_bearer *ret);

#endif
