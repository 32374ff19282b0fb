// SPDX-License-Identifier: GPL-2.0-or-later
/* Compares what a VM asks of its viewers with what the web page has asked them. */
#include "server/gateway/access.h"

#include <errno.h>
#include <string.h>

#include "config/config.h"

bool access_needs_login(const struct config_server *server)
{
	return server->users_file || server->pam_service;
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

int access_find(const struct config_server *server, const struct config_vm *vm, const char *user, enum role *ret)
{
	enum role role = ROLE_CONTROL;
	int r = 0;

	if (access_needs_login(server) != (user != NULL))
		return -EACCES;
	if (vm->tls_client_ca && !is_same(vm->tls_client_ca, server->tls_client_ca))
		return -EACCES;
	switch (vm->vnc_auth) {
	case CONFIG_AUTH_NONE:
		break;
	case CONFIG_AUTH_USERS:
		r = user && is_same(vm->users_file, server->users_file) &&
						is_same(vm->pam_service, server->pam_service)
				? role_list_find(vm->allow, user, &role) : -EACCES;
		break;
	default:
		r = -EACCES;
	}
	if (r < 0)
		return r;
	*ret = vm->view_only ? ROLE_VIEW : role;
	return 0;
}
