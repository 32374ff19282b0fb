/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is that the user's password? Asked of a file of hashes (net/login_file.h) or of
 * PAM, which both take their time and may hang: so each question goes to a process
 * of its own (net/login_helper.h), which is killed when it is late, or when nobody
 * waits for the answer any more.
 *
 * A few are asked at a time. The others wait in turns, one of each source after the
 * other, so that a crowd of guesses from one source costs only that source. What a
 * user may do on which VM is no part of this: config/role.h.
 *
 * Loop thread. Passwords are in memory of net/secret.h, and in no log.
 */
#ifndef PLANECAST_NET_LOGIN_H
#define PLANECAST_NET_LOGIN_H

#include <stddef.h>
#include <stdint.h>

#include "config/role.h"
#include "net/penalty.h"
#include "server/clock.h"

struct event_base;
struct login;
struct login_request;

#define LOGIN_PASSWORD_MAX 255
/* Asked at a time, and waiting; the latter of one source. */
#define LOGIN_RUNNING_MAX 4
#define LOGIN_WAITING_MAX 64
#define LOGIN_WAITING_SOURCE_MAX 4
/* For one answer, from when it is asked. */
#define LOGIN_DEADLINE_NS (5 * NSEC_PER_SEC)

/* Whom to ask; at least one of both. First the file; who is not in it, PAM. */
struct login_authority {
	const char *users_file; /* NULL: none */
	const char *pam_service; /* NULL: none. A name, or the path of a service's file. */
};

/*
 * What a person typed, in memory of net/secret.h: secret_new(sizeof(struct
 * login_claim)), secret_free(). Both NUL terminated.
 */
struct login_claim {
	char name[ROLE_NAME_MAX + 1];
	char password[LOGIN_PASSWORD_MAX + 1];
};

/*
 * error 0: it is; user is who, as the authority spells it, until it returns. -EACCES:
 * it is not, whatever is wrong. -ETIMEDOUT, others: nobody can say, which is logged. The
 * request is gone; may start and cancel others. Called by the loop, never inside a call
 * to this.
 */
typedef void (*login_done_fn)(void *data, int error, const char *user);

/* -ENOMEM. */
int login_new(struct event_base *base, struct login **ret);
/* Cancels what there is. NULL is fine. */
void login_free(struct login *login);

/*
 * Asks, now or in turn. All is copied. peer is the client's address as in the
 * log, which PAM is told. -EBUSY: too many of its source wait already, or of all;
 * -ENOMEM; -EINVAL: a name that no user can have (role_name_fault()), or no authority.
 */
int login_start(struct login *login, const struct login_authority *authority,
		struct penalty_source source, const char *peer, const struct login_claim *claim,
		login_done_fn done, void *data, struct login_request **ret);
/* done is not called. NULL is fine. */
void login_cancel(struct login_request *request);

#endif
