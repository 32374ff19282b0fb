// SPDX-License-Identifier: GPL-2.0-or-later
/* Host names: what is one, and whose it is. */
#include "config/server_name.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define LABEL_MAX 63

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

int server_name_check(const char *text, const char **ret_error)
{
	const char *at = text;
	size_t label;

	*ret_error = "expected a host name, like win11 or win11.example.org";
	if (strlen(text) > SERVER_NAME_MAX)
		return -EINVAL;
	for (;;) {
		label = strspn(at, letters);
		if (label == 0 || label > LABEL_MAX)
			return -EINVAL;
		at += label;
		if (!*at)
			return 0;
		if (*at++ != '.')
			return -EINVAL;
	}
}

const char *server_name_of(const struct config_vm *vm, unsigned int nth)
{
	const struct config_addresses *names = &vm->server_names;
	const char *error;

	if (names->count == 0)
		return nth == 0 && server_name_check(vm->name, &error) == 0 ? vm->name : NULL;
	if (nth >= names->count || (names->count == 1 && !strcmp(names->text[0], "off")))
		return NULL;
	return names->text[nth];
}

static const struct config_vm *find(const struct config *config, const char *name, size_t bytes)
{
	const char *own;

	for (unsigned int i = 0; i < config->n_vms; i++) {
		for (unsigned int nth = 0; (own = server_name_of(config->vms[i], nth)); nth++) {
			if (strlen(own) == bytes && !strncasecmp(own, name, bytes))
				return config->vms[i];
		}
	}
	return NULL;
}

const struct config_vm *server_name_find(const struct config *config, const char *name)
{
	const struct config_vm *vm = find(config, name, strlen(name));

	return vm ? vm : find(config, name, strcspn(name, "."));
}
