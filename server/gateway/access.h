/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who sees which VM on the web page. People log in there with a name and a password of
 * [server]'s users-file or pam-service. They see the VMs that let in these users, by
 * "allow", and those that let in anybody. Without either there is no login, and only the
 * latter are seen. Those that want something else to be proven are not there: a
 * password of their own, their own users, a certificate of a CA that the page does not
 * ask for. Pure; any thread.
 */
#ifndef PLANECAST_SERVER_GATEWAY_ACCESS_H
#define PLANECAST_SERVER_GATEWAY_ACCESS_H

#include <stdbool.h>

#include "config/role.h"

struct config_server;
struct config_vm;

/* People log in. */
bool access_needs_login(const struct config_server *server);
/*
 * What user, who has logged in, may do there; NULL: nobody has. -EACCES: it is not there for him.
 */
int access_find(const struct config_server *server, const struct config_vm *vm, const char *user, enum role *ret);

#endif
