// SPDX-License-Identifier: GPL-2.0-or-later
/* The keys that say where viewers connect, and what is different about each. */
#include "config/config.h"

#include <stddef.h>
#include <string.h>

const struct config_listener_key config_listener_keys[CONFIG_LISTENERS_ALL] = {
	[CONFIG_LISTENERS_VNC] = {
		.name = "vnc",
		.protocol = "vnc",
		.addresses = offsetof(struct config_vm, vnc),
		.auth = offsetof(struct config_vm, vnc_auth),
		.remedy = "\"vnc-auth = vncauth\" with a vnc-password-file",
		.tls_remedy = "tls-certificate and tls-key without \"vnc-tls = off\"",
	},
	[CONFIG_LISTENERS_WEBSOCKET] = {
		.name = "websocket",
		.protocol = "vnc",
		.addresses = offsetof(struct config_vm, websocket),
		.auth = offsetof(struct config_vm, vnc_auth),
		.remedy = "\"vnc-auth = vncauth\" with a vnc-password-file",
		.tls_remedy = "tls-certificate and tls-key without \"vnc-tls = off\"",
	},
	[CONFIG_LISTENERS_SPICE] = {
		.name = "spice",
		.protocol = "spice",
		.addresses = offsetof(struct config_vm, spice),
		.auth = offsetof(struct config_vm, spice_auth),
		.remedy = "\"spice-auth = ticket\" with a spice-password-file",
		.tls_remedy = "spice-tls instead, with tls-certificate and tls-key",
	},
	[CONFIG_LISTENERS_SPICE_TLS] = {
		.name = "spice-tls",
		.protocol = "spice",
		.tls = true,
		.addresses = offsetof(struct config_vm, spice_tls),
		.auth = offsetof(struct config_vm, spice_auth),
		.remedy = "\"spice-auth = ticket\" with a spice-password-file",
	},
	[CONFIG_SHARED_WEB] = {
		.name = "web",
		.tls = true,
		.addresses = offsetof(struct config_server, web),
	},
	[CONFIG_SHARED_SPICE_TLS] = {
		.name = "spice-tls",
		.tls = true,
		.addresses = offsetof(struct config_server, spice_tls),
	},
};

const struct config_addresses *config_vm_listeners(const struct config_vm *vm, enum config_listeners which)
{
	return (const struct config_addresses *)((const char *)vm + config_listener_keys[which].addresses);
}

const struct config_addresses *config_shared_listeners(const struct config_server *server, enum config_listeners which)
{
	return (const struct config_addresses *)((const char *)server + config_listener_keys[which].addresses);
}

bool config_has_shared_listeners(const struct config_server *server)
{
	for (unsigned int which = CONFIG_LISTENERS; which < CONFIG_LISTENERS_ALL; which++) {
		if (config_shared_listeners(server, which)->count)
			return true;
	}
	return false;
}

enum config_listeners config_find_listeners(const char *name, size_t bytes)
{
	enum config_listeners which = 0;

	while (which < CONFIG_LISTENERS && (strlen(config_listener_keys[which].name) != bytes ||
			memcmp(config_listener_keys[which].name, name, bytes)))
		which++;
	return which;
}

bool config_listener_is_encrypted(const struct config_vm *vm, enum config_listeners which)
{
	if (which == CONFIG_LISTENERS_VNC || which == CONFIG_LISTENERS_WEBSOCKET)
		return vm->vnc_tls == CONFIG_TLS_REQUIRED || (vm->vnc_tls == CONFIG_TLS_AUTO && vm->tls_certificate);
	return config_listener_keys[which].tls;
}
