// SPDX-License-Identifier: GPL-2.0-or-later
/* Binding, re-binding and giving up listening sockets. */
#include "server/supervisor_sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/address.h"
#include "config/origins.h"
#include "net/listener.h"
#include "server/log.h"

/* Which keys are its listeners', and what they say. */
static unsigned int first_key(const struct config_vm *config_vm)
{
	return config_vm ? 0 : CONFIG_LISTENERS;
}

static unsigned int end_of_keys(const struct config_vm *config_vm)
{
	return config_vm ? CONFIG_LISTENERS : CONFIG_LISTENERS_ALL;
}

static const struct config_addresses *addresses_of(const struct config *config, const struct config_vm *config_vm,
		enum config_listeners which)
{
	return config_vm ? config_vm_listeners(config_vm, which) : config_shared_listeners(&config->server, which);
}

static bool addresses_name(const struct config_addresses *addresses, const char *address)
{
	for (unsigned int i = 0; i < addresses->count; i++)
		if (!strcmp(addresses->text[i], address))
			return true;
	return false;
}

static bool sockets_have(const struct supervisor_sockets *sockets, enum config_listeners protocol,
		const char *address)
{
	for (unsigned int i = 0; i < sockets->count; i++)
		if (sockets->sockets[i].protocol == protocol &&
				!strcmp(sockets->sockets[i].address, address))
			return true;
	return false;
}

/* The path of a unix socket; buf is larger than any, so that it ends in NUL. NULL: it has none. */
static const char *socket_path(const struct supervisor_socket *socket, struct sockaddr_storage *buf)
{
	const struct sockaddr_un *name = (const struct sockaddr_un *)buf;
	socklen_t length = sizeof(*buf);

	memset(buf, 0, sizeof(*buf));
	if (getsockname(socket->fd, (struct sockaddr *)buf, &length) < 0 ||
			buf->ss_family != AF_UNIX || !name->sun_path[0])
		return NULL;
	return name->sun_path;
}

/* Whether the path is what it was when we bound it, and not gone or somebody else's. */
static bool path_is_ours(const struct supervisor_socket *socket, const char *path)
{
	struct stat st;

	return !lstat(path, &st) && st.st_dev == socket->device && st.st_ino == socket->inode;
}

static bool socket_can_be_reached(const struct supervisor_socket *socket)
{
	struct sockaddr_storage buf;
	const char *path = socket_path(socket, &buf);

	return listener_fd_listens(socket->fd) && (!path || path_is_ours(socket, path));
}

/*
 * The worker may still hold its copy for a moment. After shutdown() it accepts
 * nobody, and the address can be bound again at once.
 */
static void socket_unbind(struct supervisor_socket *socket)
{
	struct sockaddr_storage buf;
	const char *path;

	if (socket->fd < 0)
		return;
	shutdown(socket->fd, SHUT_RDWR);
	path = socket_path(socket, &buf);
	if (path && path_is_ours(socket, path))
		unlink(path);
	close(socket->fd);
	socket->fd = -1;
}

static void socket_close(struct supervisor_socket *socket)
{
	socket_unbind(socket);
	free(socket->address);
}

/* " (FILE:LINE)" of the key that names the listener; "" where it is not written. */
static const char *describe_place(const struct config *config, const struct config_vm *config_vm,
		enum config_listeners protocol, char *buf, size_t size)
{
	const size_t offset = config_listener_keys[protocol].addresses;
	const struct config_origin *origin = NULL;

	buf[0] = '\0';
	if (!config_vm)
		origin = origins_find(&config->origins->server, SCHEMA_SERVER, offset);
	for (unsigned int i = 0; i < config->n_vms; i++) {
		if (config->vms[i] == config_vm)
			origin = origins_find(config->origins->vms[i], SCHEMA_VM, offset);
	}
	if (origin && origin->file)
		snprintf(buf, size, " (%s:%u)", origin->file, origin->line);
	return buf;
}

static int socket_open(struct supervisor_socket *socket, const char *place)
{
	struct sockaddr_storage address;
	char bound[ADDRESS_TEXT_MAX];
	struct stat st = { 0 };
	const char *error;
	socklen_t length;
	int r;

	r = address_parse(socket->address, &address, &length, &error);
	if (!r)
		r = listener_bind((struct sockaddr *)&address, length, &socket->fd);
	if (r < 0) {
		if (!socket->complained)
			log_error(NULL,
					"cannot listen on %s%s: %s; serving without it and trying "
					"again",
					socket->address, place, strerror(-r));
		socket->complained = true;
		return r;
	}
	/* Says which port the kernel chose for port 0. */
	length = sizeof(address);
	getsockname(socket->fd, (struct sockaddr *)&address, &length);
	/* Before it is said: who hears may put something else in its place. */
	if (address.ss_family == AF_UNIX)
		lstat(((struct sockaddr_un *)&address)->sun_path, &st);
	socket->device = st.st_dev;
	socket->inode = st.st_ino;
	log_notice(NULL, "listening on %s for %s",
			address_format((struct sockaddr *)&address, length, bound),
			config_listener_keys[socket->protocol].name);
	socket->complained = false;
	return 0;
}

const char *supervisor_socket_name(const struct supervisor_socket *socket,
		char buf[SUPERVISOR_SOCKET_NAME_MAX])
{
	snprintf(buf, SUPERVISOR_SOCKET_NAME_MAX, "%s %s", config_listener_keys[socket->protocol].name,
			socket->address);
	return buf;
}

const char *supervisor_socket_address(const struct supervisor_socket *socket, char buf[ADDRESS_TEXT_MAX])
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	if (socket->fd >= 0 && !getsockname(socket->fd, (struct sockaddr *)&address, &length))
		return address_format((struct sockaddr *)&address, length, buf);
	snprintf(buf, ADDRESS_TEXT_MAX, "%s", socket->address);
	return buf;
}

void supervisor_sockets_keep(struct supervisor_sockets *sockets, const struct config *config,
		const struct config_vm *config_vm, const struct supervisor_sockets_events *events,
		void *user)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < sockets->count; i++) {
		struct supervisor_socket *socket = &sockets->sockets[i];

		if (addresses_name(addresses_of(config, config_vm, socket->protocol), socket->address)) {
			sockets->sockets[kept++] = *socket;
			continue;
		}
		if (socket->fd >= 0) {
			log_info(NULL, "no longer listening on %s", socket->address);
			events->closing(user, socket);
		}
		socket_close(socket);
	}
	sockets->count = kept;
}

static int add_sockets(struct supervisor_sockets *sockets, enum config_listeners protocol,
		const struct config_addresses *addresses)
{
	for (unsigned int i = 0; i < addresses->count && sockets->count < SUPERVISOR_SOCKETS_MAX; i++) {
		char *address;

		if (sockets_have(sockets, protocol, addresses->text[i]))
			continue;
		address = strdup(addresses->text[i]);
		if (!address)
			return -ENOMEM;
		sockets->sockets[sockets->count++] = (struct supervisor_socket){
			.protocol = protocol,
			.address = address,
			.fd = -1,
		};
	}
	return 0;
}

int supervisor_sockets_bind(struct supervisor_sockets *sockets, const struct config *config,
		const struct config_vm *config_vm, const struct supervisor_sockets_events *events,
		void *user)
{
	char place[512];
	int unbound = 0;

	for (unsigned int i = first_key(config_vm); i < end_of_keys(config_vm); i++) {
		if (add_sockets(sockets, i, addresses_of(config, config_vm, i)) < 0)
			return -ENOMEM;
	}
	for (unsigned int i = 0; i < sockets->count; i++) {
		struct supervisor_socket *socket = &sockets->sockets[i];

		if (socket->fd >= 0 && socket_can_be_reached(socket))
			continue;
		if (socket->fd >= 0) {
			log_warn(NULL, "%s is no longer ours or was shut down, listening anew",
					socket->address);
			events->closing(user, socket);
			socket_unbind(socket);
		}
		if (socket_open(socket, describe_place(config, config_vm, socket->protocol, place,
				sizeof(place))) < 0)
			unbound++;
		else
			events->opened(user, socket);
	}
	return unbound;
}

void supervisor_sockets_finish(struct supervisor_sockets *sockets)
{
	for (unsigned int i = 0; i < sockets->count; i++)
		socket_close(&sockets->sockets[i]);
	sockets->count = 0;
}
