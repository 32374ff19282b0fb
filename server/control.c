// SPDX-License-Identifier: GPL-2.0-or-later
/* The control socket and who is connected to it. */
#include "server/control.h"

#include <errno.h>
#include <event2/event.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/config.h"
#include "net/listener.h"
#include "server/control_client.h"
#include "server/json.h"
#include "server/log.h"

#define RETRY_NS (3 * NSEC_PER_SEC)

/* Allocated; NULL: none is wanted, or there is no memory. */
static char *wanted_path(const struct config *config)
{
	const char *key = config->server.control_socket, *directory;
	char *path = NULL;

	if (!key || !strcmp(key, "off"))
		return NULL;
	if (strcmp(key, "auto"))
		return strdup(key);
	directory = getenv("RUNTIME_DIRECTORY"); /* several are separated by colons */
	if (!directory || directory[0] != '/' || asprintf(&path, "%.*s/" CONTROL_SOCKET_NAME,
			(int)strcspn(directory, ":"), directory) < 0)
		return NULL;
	return path;
}

static bool path_is_ours(const struct control *control)
{
	struct stat st;

	return !lstat(control->path, &st) && st.st_dev == control->device && st.st_ino == control->inode;
}

static void stop_listening(struct control *control)
{
	event_del(control->retry);
	if (control->listener && path_is_ours(control))
		unlink(control->path);
	listener_free(control->listener);
	control->listener = NULL;
	control->complained = false;
}

/* Whoever else gets at the socket learns nothing, not even why. */
static bool may_connect(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	log_warn(NULL, "control socket: user %u (process %d) has no business here", peer.uid, (int)peer.pid);
	return false;
}

/* Who has had nothing to say for longest goes for somebody who may. False: all are busy. */
static bool make_room(struct control *control)
{
	struct control_client *client, *idle = NULL;

	if (control->n_clients < CONTROL_CLIENTS_MAX)
		return true;
	TAILQ_FOREACH(client, &control->clients, link) {
		if (control_client_is_idle(client) && (!idle || client->active_ns < idle->active_ns))
			idle = client;
	}
	if (idle)
		control_client_close(idle, "made room for another one");
	return idle != NULL;
}

static void handle_accept(void *user, int fd, const struct sockaddr *peer, socklen_t length)
{
	static const char full[] = "{\"error\":{\"code\":\"busy\",\"message\":\"too many connections\"}}\n";
	struct control *control = user;

	(void)peer;
	(void)length;
	if (may_connect(fd)) {
		if (make_room(control) && !control_client_new(control, fd))
			return;
		if (send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			log_debug(NULL, "control socket: %m");
	}
	close(fd);
}

static int start_listening(struct control *control)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, r;

	if (strlen(control->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, control->path);
	r = listener_bind((struct sockaddr *)&address, sizeof(address), &fd);
	if (r < 0)
		return r;
	r = lstat(control->path, &st) < 0 ? -errno : 0;
	if (!r)
		r = listener_new(control->base, fd, "control socket", handle_accept, control, &control->listener);
	if (r < 0) {
		unlink(control->path);
		close(fd);
		return r;
	}
	control->device = st.st_dev;
	control->inode = st.st_ino;
	return 0;
}

static void try_listening(struct control *control)
{
	struct timeval retry = clock_timeval(RETRY_NS);
	int r = start_listening(control);

	if (!r) {
		log_notice(NULL, "control socket: %s", control->path);
		return;
	}
	if (!control->complained)
		log_error(NULL, "no control socket at %s: %s; trying again", control->path, strerror(-r));
	control->complained = true;
	event_add(control->retry, &retry);
}

static void handle_retry(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	try_listening(user);
}

void control_listen(struct control *control, const struct config *config)
{
	char *path = wanted_path(config);
	bool same = path && control->path && !strcmp(path, control->path);

	if (same && control->listener && path_is_ours(control)) {
		free(path);
		return;
	}
	stop_listening(control);
	free(control->path);
	control->path = path;
	if (path)
		try_listening(control);
}

void control_later(struct control *control)
{
	event_active(control->later, 0, 0);
}

static void handle_later(evutil_socket_t fd, short what, void *user)
{
	struct control *control = user;
	struct control_client *client, *next;

	(void)fd;
	(void)what;
	for (client = TAILQ_FIRST(&control->clients); client; client = next) {
		next = TAILQ_NEXT(client, link);
		if (!client->stream)
			control_client_free(client);
	}
}

void control_broadcast(struct control *control, const char *vm, struct json_object *event)
{
	const char *text = NULL;
	struct control_client *client;

	/* Most of the time nobody listens. */
	TAILQ_FOREACH(client, &control->clients, link) {
		if (!control_client_wants(client, vm))
			continue;
		if (!text)
			text = json_text(event);
		if (text)
			control_client_tell(client, text);
	}
	json_object_put(event);
}

int control_new(struct event_base *base, struct supervisor *supervisor, struct control **ret)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return -ENOMEM;
	TAILQ_INIT(&control->clients);
	control->base = base;
	control->supervisor = supervisor;
	control->started_ns = clock_now_ns();
	control->retry = evtimer_new(base, handle_retry, control);
	control->later = event_new(base, -1, 0, handle_later, control);
	if (!control->retry || !control->later) {
		control_free(control);
		return -ENOMEM;
	}
	*ret = control;
	return 0;
}

void control_free(struct control *control)
{
	struct control_client *client;

	if (!control)
		return;
	while ((client = TAILQ_FIRST(&control->clients))) {
		control_client_close(client, "the server ends");
		control_client_free(client);
	}
	if (control->retry && control->later)
		stop_listening(control);
	if (control->retry)
		event_free(control->retry);
	if (control->later)
		event_free(control->later);
	free(control->path);
	free(control);
}
