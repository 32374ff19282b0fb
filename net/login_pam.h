/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks PAM. Its modules block, keep state, start processes and may hang: only in a
 * process of its own (net/login_helper.h).
 */
#ifndef PLANECAST_NET_LOGIN_PAM_H
#define PLANECAST_NET_LOGIN_PAM_H

#include "config/role.h"

/*
 * service: a file of /etc/pam.d by its name, or any by its path. peer: the client's
 * address as in the log, for PAM_RHOST. 0: the user may come in; ret_user is who, as
 * the modules call him. -EACCES: not, or not with that password, or not now. Other
 * negative errno: PAM cannot say, and *ret_error, a constant, why.
 */
int login_pam_check(const char *service, const char *name, const char *password, const char *peer,
		char ret_user[ROLE_NAME_MAX + 1], const char **ret_error);

#endif
