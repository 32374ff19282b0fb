// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds what is wrong with the ports that VMs share: certificates, names, and who could come in. */
#include "config/check.h"

#include <strings.h>

#include "config/address.h"
#include "config/origins.h"
#include "config/server_name.h"

static const struct config_origin *server_place(const struct config *config, size_t offset)
{
	return origins_find(&config->origins->server, SCHEMA_SERVER, offset);
}

#define SERVER_PLACE(config, field) server_place(config, offsetof(struct config_server, field))

static void check_certificate(const struct config *config, struct problems *problems)
{
	const struct config_server *server = &config->server;
	const struct config_origin *place = SERVER_PLACE(config, web);

	if (!server->web.count || SERVER_PLACE(config, tls_certificate)->bad || SERVER_PLACE(config, tls_key)->bad)
		return;
	if (!server->tls_certificate || !server->tls_key)
		problems_add(problems, place->file, place->line, place->column,
				"[server] has web and so needs tls-certificate and tls-key; planecastd --make-certs "
				"makes them");
}

/* The first of the VMs before this one that has that name. */
static const struct config_vm *find_before(const struct config *config, unsigned int vm, const char *name)
{
	const char *other;

	for (unsigned int i = 0; i < vm; i++) {
		for (unsigned int nth = 0; (other = server_name_of(config->vms[i], nth)); nth++) {
			if (!strcasecmp(other, name))
				return config->vms[i];
		}
	}
	return NULL;
}

static void check_names(const struct config *config, unsigned int vm, struct problems *problems)
{
	const struct config_section_origins *origins = config->origins->vms[vm];
	const struct config_origin *place = origins_of_vm_key(origins, server_names);
	const struct config_vm *other;
	const char *name;

	if (place->bad)
		return;
	if (!place->file)
		place = &origins->header; /* it is the VM's own name */
	for (unsigned int nth = 0; (name = server_name_of(config->vms[vm], nth)); nth++) {
		other = find_before(config, vm, name);
		if (other)
			problems_add(problems, place->file, place->line, place->column + place->places.offset[nth],
					"vm \"%s\" has %s among its server-names already; give vm \"%s\" "
					"server-names of its own",
					other->name, name, config->vms[vm]->name);
	}
}

/* The first of them that other machines can reach; NULL: none. */
static const char *find_remote(const struct config_addresses *addresses)
{
	struct sockaddr_storage address;
	socklen_t length;
	const char *error;

	for (unsigned int i = 0; i < addresses->count; i++) {
		if (address_parse(addresses->text[i], &address, &length, &error) == 0 &&
				!address_is_local((struct sockaddr *)&address))
			return addresses->text[i];
	}
	return NULL;
}

static void check_spice(const struct config *config, unsigned int vm, struct problems *problems)
{
	const struct config_section_origins *origins = config->origins->vms[vm];
	const struct config_vm *config_vm = config->vms[vm];
	const char *address = find_remote(&config->server.spice_tls);
	const struct config_origin *place = origins_of_vm_key(origins, spice_auth);

	if (!address || !server_name_of(config_vm, 0) || !config_vm->tls_certificate || config_vm->tls_client_ca ||
			config_vm->spice_auth != CONFIG_AUTH_NONE || config_vm->allow_unauthenticated_remote)
		return;
	if (place->bad || origins_of_vm_key(origins, allow_unauthenticated_remote)->bad ||
			origins_of_vm_key(origins, server_names)->bad || origins_of_vm_key(origins, tls_client_ca)->bad)
		return;
	place = place->file ? place : &origins->header;
	problems_add(problems, place->file, place->line, place->column,
			"other machines can reach %s, the spice-tls of [server], and vm \"%s\" has no authentication: "
			"write %s, or \"server-names = off\", or, if everybody may see and control the VM, "
			"\"allow-unauthenticated-remote = yes\"",
			address, config_vm->name, config_listener_keys[CONFIG_LISTENERS_SPICE_TLS].remedy);
}

/* Without users there is no login: then whoever comes by web sees the VM. */
static void check_web(const struct config *config, unsigned int vm, struct problems *problems)
{
	const struct config_section_origins *origins = config->origins->vms[vm];
	const struct config_origin *place = origins_of_vm_key(origins, vnc_auth);
	const struct config_vm *config_vm = config->vms[vm];
	const char *address = find_remote(&config->server.web);

	if (!address || config->server.users_file || config->server.pam_service ||
			config_vm->vnc_auth != CONFIG_AUTH_NONE || config_vm->allow_unauthenticated_remote)
		return;
	if (place->bad || origins_of_vm_key(origins, allow_unauthenticated_remote)->bad ||
			SERVER_PLACE(config, users_file)->bad || SERVER_PLACE(config, pam_service)->bad)
		return;
	place = place->file ? place : &origins->header;
	problems_add(problems, place->file, place->line, place->column,
			"other machines can reach %s, the web of [server], and vm \"%s\" has no authentication: "
			"give [server] a users-file or a pam-service, or write %s, or, if everybody may see and "
			"control the VM, \"allow-unauthenticated-remote = yes\"",
			address, config_vm->name, config_listener_keys[CONFIG_LISTENERS_VNC].remedy);
}

void check_shared(const struct config *config, struct problems *problems)
{
	if (!config_has_shared_listeners(&config->server))
		return;
	check_certificate(config, problems);
	for (unsigned int i = 0; i < config->n_vms; i++) {
		check_names(config, i, problems);
		check_spice(config, i, problems);
		check_web(config, i, problems);
	}
}
