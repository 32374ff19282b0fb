/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose certificate it is, as a user of ours. Pure; any thread. */
#ifndef PLANECAST_NET_LOGIN_CERTIFICATE_H
#define PLANECAST_NET_LOGIN_CERTIFICATE_H

#include "config/role.h"

/*
 * The common name in a subject as struct tls_link has it (RFC 2253). -EACCES: there
 * is none, or more than one, or it is no user's name, or not in plain letters.
 */
int login_certificate_user(const char *subject, char ret[ROLE_NAME_MAX + 1]);

#endif
