/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names by which viewers find a VM at a port that VMs share, as TLS tells
 * them: a host name, of letters, digits, hyphens, underscores and dots. Names
 * compare without case. Any thread.
 */
#ifndef PLANECAST_CONFIG_SERVER_NAME_H
#define PLANECAST_CONFIG_SERVER_NAME_H

#include <stddef.h>

#include "config/config.h"

#define SERVER_NAME_MAX 253

/* 0 or -EINVAL; *ret_error then points to a constant that says what was expected. */
int server_name_check(const char *text, const char **ret_error);
/* NULL: it has no more. Where it says none it has its own, if that is a host name. */
const char *server_name_of(const struct config_vm *vm, unsigned int nth);
/* The first VM that has such a name, as a whole or, if none has, as its first label. NULL: none. */
const struct config_vm *server_name_find(const struct config *config, const char *name);

#endif
