// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds what is wrong between keys that are each right by themselves. */
#include "config/check.h"

#include "config/address.h"
#include "config/origins.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

/* Where to point for a VM's key: its own place, or the VM's header while it has the default. */
static const struct config_origin *place_of(const struct config_section_origins *section,
		const struct config_origin *origin)
{
	return origin->file ? origin : &section->header;
}

struct requirement {
	const char *because; /* "KEY = VALUE" that asks for it */
	size_t because_offset, needed_offset;
	int because_value;
	size_t also_offset; /* a second condition */
	int also_value;
	const char *needed;
};

#define FIELD(name) offsetof(struct config_vm, name)

static const struct requirement requirements[] = {
	{ "source = dbus", FIELD(source), FIELD(dbus), CONFIG_SOURCE_DBUS, FIELD(source), CONFIG_SOURCE_DBUS,
			"dbus" },
	{ "source = memory", FIELD(source), FIELD(memory_file), CONFIG_SOURCE_MEMORY, FIELD(source),
			CONFIG_SOURCE_MEMORY, "memory-file" },
	{ "source = replay", FIELD(source), FIELD(replay_file), CONFIG_SOURCE_REPLAY, FIELD(source),
			CONFIG_SOURCE_REPLAY, "replay-file" },
	{ "source = vfio", FIELD(source), FIELD(vfio_device), CONFIG_SOURCE_VFIO, FIELD(vfio_attach),
			CONFIG_ATTACH_OWN, "vfio-device" },
	{ "source = vfio", FIELD(source), FIELD(vfio_device), CONFIG_SOURCE_VFIO, FIELD(vfio_attach),
			CONFIG_ATTACH_AUTO, "vfio-device" },
	{ "vfio-attach = socket", FIELD(vfio_attach), FIELD(vfio_socket), CONFIG_ATTACH_SOCKET,
			FIELD(source), CONFIG_SOURCE_VFIO, "vfio-socket" },
	{ "vnc-auth = vncauth", FIELD(vnc_auth), FIELD(vnc_password_file), CONFIG_AUTH_VNCAUTH,
			FIELD(vnc_auth), CONFIG_AUTH_VNCAUTH, "vnc-password-file" },
	{ "spice-auth = ticket", FIELD(spice_auth), FIELD(spice_password_file), CONFIG_AUTH_TICKET,
			FIELD(spice_auth), CONFIG_AUTH_TICKET, "spice-password-file" },
};

static bool applies(const struct config_vm *vm, const struct config_section_origins *origins,
		size_t offset, int value)
{
	if (origins_find(origins, SCHEMA_VM, offset)->bad)
		return false;
	if (offset == FIELD(source))
		return config_vm_has_source(vm, value);
	return *(const int *)((const char *)vm + offset) == value;
}

/* How far from the value's beginning the word is that asks for it, if it is one of a list. */
static unsigned int offset_of(const struct config_vm *vm, const struct requirement *rule,
		const struct config_origin *place)
{
	if (rule->because_offset != FIELD(source))
		return 0;
	for (unsigned int i = 0; i < vm->source.count; i++)
		if (vm->source.value[i] == rule->because_value)
			return place->places.offset[i];
	return 0;
}

static void check_required(const struct config_vm *vm, const struct config_section_origins *origins,
		struct problems *problems)
{
	for (size_t i = 0; i < sizeof(requirements) / sizeof(requirements[0]); i++) {
		const struct requirement *rule = &requirements[i];
		const struct config_origin *place;

		if (!applies(vm, origins, rule->because_offset, rule->because_value) ||
				!applies(vm, origins, rule->also_offset, rule->also_value) ||
				origins_find(origins, SCHEMA_VM, rule->needed_offset)->bad ||
				*(char *const *)((const char *)vm + rule->needed_offset))
			continue;
		place = place_of(origins, origins_find(origins, SCHEMA_VM, rule->because_offset));
		problems_add(problems, place->file, place->line, place->column + offset_of(vm, rule, place),
				"vm \"%s\" has %s%s and so needs %s", vm->name, rule->because,
				place == &origins->header ? " (the default)" : "", rule->needed);
	}
}

static void check_stride(const struct config_vm *vm, const struct config_section_origins *origins,
		struct problems *problems)
{
	const struct config_origin *place = origins_of_vm_key(origins, memory_stride_bytes);
	int64_t row_bytes = (int64_t)vm->memory_size.width * 4;

	if (place->bad || origins_of_vm_key(origins, memory_size)->bad || !vm->memory_stride_bytes ||
			vm->memory_stride_bytes >= row_bytes)
		return;
	problems_add(problems, place->file, place->line, place->column,
			"a row of %u pixels has %" PRId64 " bytes, and memory-stride is less: %" PRId64,
			vm->memory_size.width, row_bytes, vm->memory_stride_bytes);
}

static void check_dbus(const struct config_vm *vm, const struct config_section_origins *origins,
		struct problems *problems)
{
	const struct config_origin *place = origins_of_vm_key(origins, dbus);

	if (!vm->dbus || place->bad || strcmp(vm->dbus, "p2p") || vm->qmp || origins_of_vm_key(origins, qmp)->bad)
		return;
	problems_add(problems, place->file, place->line, place->column,
			"vm \"%s\" has dbus = p2p and so needs qmp", vm->name);
}

/* Keys of which one is of no use without the other. */
static void check_tls(const struct config_vm *vm, const struct config_section_origins *origins,
		struct problems *problems)
{
	const struct {
		const char *name;
		size_t offset;
		bool is_set;
		const char *set; /* what it needs */
		const char *needed;
	} rules[] = {
		{ "tls-certificate", FIELD(tls_certificate), vm->tls_certificate, vm->tls_key, "tls-key" },
		{ "tls-key", FIELD(tls_key), vm->tls_key, vm->tls_certificate, "tls-certificate" },
		{ "tls-client-ca", FIELD(tls_client_ca), vm->tls_client_ca, vm->tls_certificate, "tls-certificate" },
		{ "tls-client-crl", FIELD(tls_client_crl), vm->tls_client_crl, vm->tls_client_ca, "tls-client-ca" },
		{ "vnc-tls = required", FIELD(vnc_tls), vm->vnc_tls == CONFIG_TLS_REQUIRED, vm->tls_certificate,
				"tls-certificate" },
		{ "spice-tls", FIELD(spice_tls), vm->spice_tls.count, vm->tls_certificate, "tls-certificate" },
	};

	if (origins_of_vm_key(origins, tls_certificate)->bad || origins_of_vm_key(origins, tls_key)->bad)
		return;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct config_origin *place = origins_find(origins, SCHEMA_VM, rules[i].offset);

		if (rules[i].is_set && !rules[i].set && !place->bad)
			problems_add(problems, place->file, place->line, place->column,
					"vm \"%s\" has %s and so needs %s", vm->name, rules[i].name,
					rules[i].needed);
	}
}

/* Names, passwords and certificates are asked for inside TLS only. */
static void check_users(const struct config_vm *vm, const struct config_section_origins *origins,
		struct problems *problems)
{
	const struct config_origin *place = origins_of_vm_key(origins, vnc_auth);
	const bool encrypted = config_listener_is_encrypted(vm, CONFIG_LISTENERS_VNC);
	const struct {
		int auth;
		const char *name;
		bool fulfilled;
		const char *needed;
	} rules[] = {
		{ CONFIG_AUTH_USERS, "users", vm->users_file || vm->pam_service, "a users-file or a pam-service" },
		{ CONFIG_AUTH_USERS, "users", encrypted, "TLS: a tls-certificate, and vnc-tls not off" },
		{ CONFIG_AUTH_CERTIFICATE, "certificate", encrypted && vm->tls_client_ca,
				"TLS and a CA of viewers: a tls-certificate and a tls-client-ca, and vnc-tls not off" },
	};

	if (origins_of_vm_key(origins, tls_certificate)->bad || origins_of_vm_key(origins, tls_client_ca)->bad ||
			origins_of_vm_key(origins, vnc_tls)->bad || origins_of_vm_key(origins, users_file)->bad ||
			origins_of_vm_key(origins, pam_service)->bad)
		return;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (applies(vm, origins, FIELD(vnc_auth), rules[i].auth) && !rules[i].fulfilled)
			problems_add(problems, place->file, place->line, place->column,
					"vm \"%s\" has vnc-auth = %s and so needs %s", vm->name, rules[i].name,
					rules[i].needed);
	}
}

/* Does who comes there have to prove who he is? */
static bool is_authenticated(const struct config_vm *vm, const struct config_section_origins *origins,
		enum config_listeners which)
{
	return !applies(vm, origins, config_listener_keys[which].auth, CONFIG_AUTH_NONE) ||
			(vm->tls_client_ca && config_listener_is_encrypted(vm, which));
}

static void check_remote(const struct config_vm *vm, const struct config_section_origins *origins,
		enum config_listeners which, struct problems *problems)
{
	const struct config_listener_key *key = &config_listener_keys[which];
	const struct config_origin *listeners = origins_find(origins, SCHEMA_VM, key->addresses);
	const struct config_addresses *addresses = config_vm_listeners(vm, which);
	const bool authenticated = is_authenticated(vm, origins, which);

	if (authenticated ? vm->allow_cleartext || config_listener_is_encrypted(vm, which)
			: vm->allow_unauthenticated_remote)
		return;
	if (origins_of_vm_key(origins, allow_unauthenticated_remote)->bad ||
			origins_of_vm_key(origins, allow_cleartext)->bad || origins_of_vm_key(origins, vnc_tls)->bad ||
			origins_of_vm_key(origins, tls_certificate)->bad ||
			origins_find(origins, SCHEMA_VM, key->auth)->bad)
		return;
	for (unsigned int i = 0; i < addresses->count; i++) {
		struct sockaddr_storage address;
		socklen_t length;
		const char *error;

		if (address_parse(addresses->text[i], &address, &length, &error) < 0 ||
				address_is_local((struct sockaddr *)&address))
			continue;
		if (authenticated)
			problems_add(problems, listeners->file, listeners->line,
					listeners->column + listeners->places.offset[i],
					"other machines can reach %s, and vm \"%s\" has no TLS there: write %s, or, if "
					"everybody on the way may see what viewers see and type, "
					"\"allow-cleartext = yes\"",
					addresses->text[i], vm->name, key->tls_remedy);
		else
			problems_add(problems, listeners->file, listeners->line,
					listeners->column + listeners->places.offset[i],
					"other machines can reach %s, and vm \"%s\" has no authentication: "
					"write %s, or, if everybody may see and control the VM, "
					"\"allow-unauthenticated-remote = yes\"",
					addresses->text[i], vm->name, key->remedy);
	}
}

/* One address somebody wants to listen on, brought into a form that compares. */
struct listener_place {
	uint16_t port; /* 0: a unix socket */
	bool any4, any6; /* every IPv4, IPv6 address */
	struct in6_addr ip; /* IPv4 as ::ffff:a.b.c.d */
	uint32_t scope;
	const char *text;
	const struct config_vm *vm; /* NULL: VMs share it */
	const struct config_origin *origin;
	unsigned int item;
};

/* false: clashes with nothing. */
static bool read_listener(const char *text, struct listener_place *ret)
{
	struct sockaddr_storage address;
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&address;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&address;
	socklen_t length;
	const char *error;

	if (address_parse(text, &address, &length, &error) < 0)
		return false;
	*ret = (struct listener_place){ .text = text };
	switch (address.ss_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		ret->ip.s6_addr[10] = ret->ip.s6_addr[11] = 0xff;
		memcpy(&ret->ip.s6_addr[12], &sin->sin_addr, sizeof(sin->sin_addr));
		ret->port = ntohs(sin->sin_port);
		ret->any4 = sin->sin_addr.s_addr == htonl(INADDR_ANY);
		break;
	default:
		ret->ip = sin6->sin6_addr;
		ret->scope = sin6->sin6_scope_id;
		ret->port = ntohs(sin6->sin6_port);
		ret->any4 = ret->any6 = IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr);
	}
	return ret->port != 0;
}

static bool clash(const struct listener_place *a, const struct listener_place *b)
{
	bool a_is4, b_is4;

	if (a->port != b->port)
		return false;
	if (a->port == 0)
		return strcmp(a->text, b->text) == 0;
	a_is4 = IN6_IS_ADDR_V4MAPPED(&a->ip);
	b_is4 = IN6_IS_ADDR_V4MAPPED(&b->ip);
	if ((a_is4 ? b->any4 : b->any6) || (b_is4 ? a->any4 : a->any6))
		return true;
	return memcmp(&a->ip, &b->ip, sizeof(a->ip)) == 0 && a->scope == b->scope;
}

static void report_clash(const struct listener_place *first, const struct listener_place *second,
		struct problems *problems)
{
	const struct config_origin *here = second->origin;

	problems_add(problems, here->file, here->line,
			here->column + here->places.offset[second->item],
			"%s is already taken by %s of %s%s%s at %s:%u", second->text, first->text,
			first->vm ? "vm \"" : "[server]", first->vm ? first->vm->name : "", first->vm ? "\"" : "",
			first->origin->file, first->origin->line);
}

/* Adds those of one key to the count places, and says which clash with one before. */
static size_t add_listeners(const struct config_vm *vm, const struct config_addresses *addresses,
		const struct config_origin *origin, struct listener_place *places, size_t count,
		struct problems *problems)
{
	for (unsigned int i = 0; i < addresses->count; i++) {
		struct listener_place *place = &places[count];
		size_t other = 0;

		if (!read_listener(addresses->text[i], place))
			continue;
		place->vm = vm;
		place->origin = origin;
		place->item = i;
		while (other < count && !clash(&places[other], place))
			other++;
		if (other < count)
			report_clash(&places[other], place, problems);
		count++;
	}
	return count;
}

static int check_listeners(const struct config *config, struct problems *problems)
{
	size_t count = 0, most = ((size_t)config->n_vms + 1) * CONFIG_LISTENERS * CONFIG_ADDRESSES_MAX;
	const struct config_origins *origins = config->origins;
	struct listener_place *places;

	places = calloc(most, sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (unsigned int which = CONFIG_LISTENERS; which < CONFIG_LISTENERS_ALL; which++)
		count = add_listeners(NULL, config_shared_listeners(&config->server, which),
				origins_find(&origins->server, SCHEMA_SERVER, config_listener_keys[which].addresses),
				places, count, problems);
	for (unsigned int i = 0; i < config->n_vms; i++) {
		for (unsigned int which = 0; which < CONFIG_LISTENERS; which++)
			count = add_listeners(config->vms[i], config_vm_listeners(config->vms[i], which),
					origins_find(origins->vms[i], SCHEMA_VM, config_listener_keys[which].addresses),
					places, count, problems);
	}
	free(places);
	return 0;
}

int check_config(const struct config *config, struct problems *problems)
{
	for (unsigned int i = 0; i < config->n_vms; i++) {
		check_required(config->vms[i], config->origins->vms[i], problems);
		check_stride(config->vms[i], config->origins->vms[i], problems);
		check_dbus(config->vms[i], config->origins->vms[i], problems);
		check_tls(config->vms[i], config->origins->vms[i], problems);
		check_users(config->vms[i], config->origins->vms[i], problems);
		for (unsigned int which = 0; which < CONFIG_LISTENERS; which++)
			check_remote(config->vms[i], config->origins->vms[i], which, problems);
	}
	check_shared(config, problems);
	return check_listeners(config, problems);
}
