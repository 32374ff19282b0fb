// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses to listen at: does the server, or will it be able to? */
#include <errno.h>
#include <json-c/json.h>
#include <libgen.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/address.h"
#include "config/config.h"
#include "server/json.h"
#include "tools/planecastctl/doctor.h"
#include "tools/planecastctl/doctor_proc.h"

#define FIRST_FREE_PORT "/proc/sys/net/ipv4/ip_unprivileged_port_start"

struct place {
	const char *key, *address;
};

static void say_taken(struct doctor *doctor, const struct place *place, unsigned long inode)
{
	struct doctor_holder holder;
	bool blind;

	if (inode && doctor_proc_find_socket(inode, &holder, 1, &blind))
		doctor_say(doctor, DOCTOR_BAD, "%s %s is taken by %s", place->key, place->address, holder.name);
	else
		doctor_say(doctor, DOCTOR_BAD, "%s %s is taken by another program", place->key, place->address);
	doctor_fix(doctor, "end that, or choose another %s; planecastd tries again by itself", place->key);
}

static void look_at_path(struct doctor *doctor, const struct place *place, const struct sockaddr_un *address)
{
	unsigned long listener, connection;
	char copy[sizeof(address->sun_path) + 1];
	const char *folder;
	int r;

	snprintf(copy, sizeof(copy), "%.*s", (int)sizeof(address->sun_path), address->sun_path);
	doctor_proc_unix(copy, &listener, &connection);
	if (listener) {
		say_taken(doctor, place, listener);
		return;
	}
	folder = dirname(copy);
	r = doctor_who_may(&doctor->who, folder, W_OK | X_OK);
	if (!r) {
		doctor_say(doctor, DOCTOR_OK, "%s %s is free", place->key, place->address);
		return;
	}
	doctor_say(doctor, DOCTOR_BAD, "%s %s cannot be made by user %s: %s: %s", place->key, place->address,
			doctor->who.name, folder, strerror(-r));
	doctor_fix(doctor, "make %s a folder that this user may write to, or choose one below /run/planecast",
			folder);
}

/* 0 or negative errno. */
static int try_to_bind(const struct sockaddr *address, socklen_t length)
{
	const int on = 1, off = 0;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), r = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, address, length) < 0 || listen(fd, 1) < 0)
		r = -errno;
	close(fd);
	return r;
}

static bool is_privileged(const struct doctor *doctor, const struct sockaddr *address)
{
	const unsigned int port = ntohs(address->sa_family == AF_INET6
					? ((const struct sockaddr_in6 *)(const void *)address)->sin6_port
					: ((const struct sockaddr_in *)(const void *)address)->sin_port);
	char first[16] = "1024";

	doctor_proc_read_line(FIRST_FREE_PORT, first, sizeof(first));
	return port && port < strtoul(first, NULL, 10) && !doctor_who_has(&doctor->who, CAP_NET_BIND_SERVICE);
}

static void look_at_port(struct doctor *doctor, const struct place *place, const struct sockaddr *address,
		socklen_t length)
{
	const int r = try_to_bind(address, length);

	if (r == -EADDRINUSE) {
		say_taken(doctor, place, doctor_proc_tcp(address));
	} else if (r == -EADDRNOTAVAIL) {
		doctor_say(doctor, DOCTOR_BAD, "%s %s: this host does not have that address", place->key,
				place->address);
		doctor_fix(doctor,
				"give it to an interface (ip address), or listen at * or at one that there is");
	} else if (r == -EACCES || is_privileged(doctor, address)) {
		doctor_say(doctor, DOCTOR_BAD, "%s %s: user %s may not listen at a port below 1024", place->key,
				place->address, doctor->who.name);
		doctor_fix(doctor,
				"choose another port; or systemctl edit planecast and add AmbientCapabilities= and "
				"CapabilityBoundingSet=CAP_NET_BIND_SERVICE, PrivateUsers=no");
	} else if (r < 0) {
		doctor_say(doctor, DOCTOR_BAD, "%s %s cannot be had: %s", place->key, place->address,
				strerror(-r));
		doctor_fix(doctor, "mend %s", place->key);
	} else {
		doctor_say(doctor, DOCTOR_OK, "%s %s is free", place->key, place->address);
	}
}

static void look_at(struct doctor *doctor, const struct place *place)
{
	struct sockaddr_storage address;
	const char *error;
	socklen_t length;

	if (address_parse(place->address, &address, &length, &error) < 0)
		return; /* the configuration's check has said so */
	if (address.ss_family == AF_UNIX)
		look_at_path(doctor, place, (const void *)&address);
	else
		look_at_port(doctor, place, (const void *)&address, length);
}

/* What a server says of its listeners. How many it has. */
static size_t look_at_bound(struct doctor *doctor, struct json_object *listeners)
{
	const size_t count = json_object_is_type(listeners, json_type_array) ? json_object_array_length(listeners)
									     : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *row = json_object_array_get_idx(listeners, i);
		struct place place = { json_get_text(row, "protocol"), json_get_text(row, "address") };

		if (!place.key || !place.address)
			continue;
		if (json_object_get_boolean(json_object_object_get(row, "bound")))
			doctor_say(doctor, DOCTOR_OK, "%s %s: planecastd listens", place.key, place.address);
		else
			look_at(doctor, &place);
		/* What is free now, and not bound, will be when the server tries again. */
	}
	return count;
}

static void look_at_all(struct doctor *doctor, struct json_object *status, enum config_listeners from,
		enum config_listeners end)
{
	size_t wanted = 0, had;

	for (enum config_listeners which = from; which < end; which++) {
		const struct config_addresses *addresses = doctor->vm
				? config_vm_listeners(doctor->vm, which)
				: config_shared_listeners(&doctor->config->server, which);

		wanted += addresses->count;
		for (unsigned int i = 0; !status && i < addresses->count; i++)
			look_at(doctor, &(struct place){ config_listener_keys[which].name, addresses->text[i] });
	}
	had = status ? look_at_bound(doctor, json_object_object_get(status, "listeners")) : wanted;
	if (had != wanted) {
		doctor_say(doctor, DOCTOR_WARN,
				"planecastd has %zu listeners here and the configuration %zu: it was changed",
				had, wanted);
		doctor_fix(doctor, "planecastctl reload");
	} else if (!wanted && doctor->vm && !config_has_shared_listeners(&doctor->config->server)) {
		doctor_say(doctor, DOCTOR_BAD, "nobody can connect: there is no address to listen at");
		doctor_fix(doctor, "give the VM vnc = 127.0.0.1:5900, say");
	}
}

void doctor_check_ports(struct doctor *doctor)
{
	look_at_all(doctor, doctor->vm_status, 0, CONFIG_LISTENERS);
}

void doctor_check_shared_ports(struct doctor *doctor)
{
	look_at_all(doctor, doctor->server_status, CONFIG_SHARED_WEB, CONFIG_LISTENERS_ALL);
}
