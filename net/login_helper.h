/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that answers one question about a password: planecastd itself, with
 * LOGIN_HELPER_OPTION and one end of a socketpair of SOCK_SEQPACKET as its standard
 * input. One packet each way; both ends are of the same build. It dies with its
 * parent.
 */
#ifndef PLANECAST_NET_LOGIN_HELPER_H
#define PLANECAST_NET_LOGIN_HELPER_H

#include <limits.h>
#include <stdint.h>

#include "config/address.h"
#include "net/login.h"

#define LOGIN_HELPER_OPTION "--check-login"
/* For what nobody kills: more than it ever gets. */
#define LOGIN_HELPER_ALARM_S 30

/* Texts are NUL terminated; empty: none. */
struct login_question {
	char users_file[PATH_MAX];
	char pam_service[PATH_MAX];
	char peer[ADDRESS_TEXT_MAX];
	struct login_claim claim;
};

struct login_answer {
	int32_t error; /* as for login_done_fn */
	char user[ROLE_NAME_MAX + 1];
	char reason[PATH_MAX + 128]; /* of an error other than -EACCES, for the log */
};

/* Answers what fd asks. Returns the process's exit status; end with _exit(). */
int login_helper_run(int fd);

#endif
