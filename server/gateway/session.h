/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has logged in at the web page, for a while. A browser shows a cookie of 256
 * random bits; what is kept of it is a digest, so that neither this memory nor how long
 * a comparison takes tells what it was.
 *
 * The table takes as many as it was made for: for one more the oldest of the user goes
 * who has most. Memory only; the clock is the caller's. Loop thread.
 */
#ifndef PLANECAST_SERVER_GATEWAY_SESSION_H
#define PLANECAST_SERVER_GATEWAY_SESSION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct session;
struct sessions;

#define SESSIONS_MAX 10000
/* Connections of one at a time, those of viewers among them. */
#define SESSION_GUESTS_MAX 64
/* Letters, digits, '-' and '_'. */
#define SESSION_COOKIE_CHARS 43

/* Part of whatever ends with a session: a connection. */
struct session_guest {
	struct session *session; /* NULL: of none, or not any more */
	/* The session has ended, for that reason, a constant. May do anything to the guest. */
	void (*ended)(struct session_guest *guest, const char *why);
	/* The session's own. */
	LIST_ENTRY(session_guest) link;
};

/* most: at least 1. -ENOMEM, -EIO: no random numbers. */
int sessions_new(size_t most, struct sessions **ret);
/* Ends all. NULL is fine. */
void sessions_free(struct sessions *sessions);
size_t sessions_count(const struct sessions *sessions);

/*
 * user has logged in, for lifetime_ns; may end another session. ret_cookie is the
 * caller's to wipe. -ENOMEM, -EIO.
 */
int sessions_open(struct sessions *sessions, const char *user, int64_t now_ns, int64_t lifetime_ns,
		char ret_cookie[SESSION_COOKIE_CHARS + 1]);
/* bytes of the cookie's text, which may be anything. NULL: there is none, or none any more. */
struct session *sessions_find(const struct sessions *sessions, const char *cookie, size_t bytes, int64_t now_ns);
/* Ends those whose time is over; returns when the next one's will be, INT64_MAX: there is none. */
int64_t sessions_expire(struct sessions *sessions, int64_t now_ns);
/* Ends all, for that reason. */
void sessions_end_all(struct sessions *sessions, const char *why);

/* Lives as long as the session. */
const char *session_user(const struct session *session);
void session_end(struct session *session, const char *why);

/* guest->ended is set. -EBUSY: it has SESSION_GUESTS_MAX already. */
int session_join(struct session *session, struct session_guest *guest);
/* Any number of times. */
void session_leave(struct session_guest *guest);

#endif
