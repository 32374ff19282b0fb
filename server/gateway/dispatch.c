// SPDX-License-Identifier: GPL-2.0-or-later
/* Strangers at the shared ports: looked at, and handed over or turned away. */
#include "server/gateway/dispatch.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "config/address.h"
#include "config/server_name.h"
#include "net/gate.h"
#include "server/clock.h"
#include "server/gateway/gateway.h"
#include "server/gateway/hello.h"
#include "server/gateway/limits.h"
#include "server/log.h"

/* Nobody's network cuts it into more; who does so himself wants it to be read again and again. */
#define PIECES_MAX 64
/* Who is handed over waits as in a listener's backlog. When that is full: */
#define RETRY_NS (20 * NSEC_PER_MSEC)

struct stranger {
	TAILQ_ENTRY(stranger) link;
	struct dispatch *dispatch;
	enum config_listeners key;
	int fd; /* -1: is somebody else's now */
	struct event *readable, *timer;
	int64_t until_ns;
	unsigned int pieces;
	struct gate_guest guest;
	struct sockaddr_storage peer;
	socklen_t peer_bytes;
	char peer_text[ADDRESS_TEXT_MAX];
};

struct dispatch {
	struct gateway *gateway;
	dispatch_other_fn other;
	void *user;
	struct limits limits;
	TAILQ_HEAD(, stranger) strangers;
};

static void drop(struct stranger *stranger)
{
	TAILQ_REMOVE(&stranger->dispatch->strangers, stranger, link);
	gate_leave(stranger->dispatch->limits.gate, &stranger->guest);
	if (stranger->readable)
		event_free(stranger->readable);
	if (stranger->timer)
		event_free(stranger->timer);
	if (stranger->fd >= 0)
		close(stranger->fd);
	free(stranger);
}

static void turn_away(struct stranger *stranger, enum log_level level, const char *why)
{
	log_at(level, stranger->peer_text, "turned away at %s: %s", config_listener_keys[stranger->key].name, why);
	drop(stranger);
}

static void handle_leave(struct gate_guest *guest)
{
	struct stranger *stranger = (struct stranger *)((char *)guest - offsetof(struct stranger, guest));

	turn_away(stranger, LOG_LEVEL_INFO, "too many wait");
}

static void set_timer(struct stranger *stranger, int64_t delay_ns)
{
	const int64_t left_ns = stranger->until_ns - clock_now_ns();
	struct timeval delay = clock_timeval(left_ns < 0 ? 0 : left_ns < delay_ns ? left_ns : delay_ns);

	event_add(stranger->timer, &delay);
}

/* Fatal, unrecognized_name (RFC 6066). What has come is taken first, or the kernel would reset the connection. */
static void send_alert(int fd)
{
	static const unsigned char alert[] = { 21, 3, 3, 0, 2, 2, 112 };
	char taken[HELLO_MAX_BYTES];

	if (recv(fd, taken, sizeof(taken), MSG_DONTWAIT) > 0)
		send(fd, alert, sizeof(alert), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void refuse_name(struct stranger *stranger, const char *name)
{
	const char *key = config_listener_keys[stranger->key].name;

	if (name[0])
		log_notice(stranger->peer_text, "turned away at %s: no VM there is called \"%s\"", key, name);
	else
		log_notice(stranger->peer_text, "turned away at %s: does not say which VM is meant", key);
	send_alert(stranger->fd);
	drop(stranger);
}

/* Can other machines come there? */
static bool is_remote(const struct config_addresses *addresses)
{
	struct sockaddr_storage address;
	socklen_t length;
	const char *error;

	for (unsigned int i = 0; i < addresses->count; i++) {
		if (address_parse(addresses->text[i], &address, &length, &error) < 0 ||
				!address_is_local((struct sockaddr *)&address))
			return true;
	}
	return false;
}

/* At the port "web" a VM that asks nobody who he is has to be meant for that: the pages may ask. */
static bool is_there(const struct config *config, const struct config_vm *vm, enum config_listeners key)
{
	if (!vm->tls_certificate)
		return false;
	if (key == CONFIG_SHARED_SPICE_TLS)
		return true;
	return config_listener_is_encrypted(vm, CONFIG_LISTENERS_WEBSOCKET) &&
			(vm->vnc_auth != CONFIG_AUTH_NONE || vm->tls_client_ca || vm->allow_unauthenticated_remote ||
			!is_remote(&config->server.web));
}

static void hand_over(struct stranger *stranger, const struct config_vm *vm)
{
	const enum config_listeners as = stranger->key == CONFIG_SHARED_WEB ? CONFIG_LISTENERS_WEBSOCKET
			: CONFIG_LISTENERS_SPICE_TLS;
	const char *key = config_listener_keys[as].name;
	int r;

	r = gateway_hand_over(stranger->dispatch->gateway, vm->name, CHANNEL_HANDED, key, strlen(key), stranger->fd);
	switch (r) {
	case 0:
		log_debug(stranger->peer_text, "handed over to %s for %s", vm->name, key);
		drop(stranger);
		break;
	case -EAGAIN:
	case -ENOENT: /* the supervisor is about to say where it is */
	case -EPIPE:
		set_timer(stranger, RETRY_NS);
		break;
	default:
		turn_away(stranger, LOG_LEVEL_WARN, strerror(-r));
	}
}

static void pass_on(struct stranger *stranger)
{
	struct dispatch *dispatch = stranger->dispatch;
	const struct sockaddr_storage peer = stranger->peer;
	const socklen_t bytes = stranger->peer_bytes;
	const int fd = stranger->fd;

	stranger->fd = -1;
	drop(stranger);
	dispatch->other(dispatch->user, fd, (const struct sockaddr *)&peer, bytes);
}

static void decide(struct stranger *stranger, const char *name)
{
	const struct config *config = gateway_config(stranger->dispatch->gateway);
	const struct config_vm *vm = name[0] ? server_name_find(config, name) : NULL;

	if (vm && is_there(config, vm, stranger->key))
		hand_over(stranger, vm);
	else if (stranger->key == CONFIG_SHARED_WEB)
		pass_on(stranger);
	else
		refuse_name(stranger, name);
}

static bool has_hung_up(int fd)
{
	struct pollfd ends = { .fd = fd, .events = POLLRDHUP };

	return poll(&ends, 1, 0) != 0;
}

static void look(struct stranger *stranger)
{
	static char bytes[HELLO_MAX_BYTES];
	char name[SERVER_NAME_MAX + 1];
	ssize_t n = recv(stranger->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	int r;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	r = n < 0 ? -errno : hello_parse(bytes, (size_t)n, name);
	if (!r)
		decide(stranger, name);
	else if (r != -EAGAIN)
		turn_away(stranger, LOG_LEVEL_INFO, r == -EPROTO ? "that is no TLS" : r == -EMSGSIZE ?
				"a ClientHello without end" : strerror(-r));
	else if (has_hung_up(stranger->fd))
		turn_away(stranger, LOG_LEVEL_INFO, "left without a ClientHello");
	else if (++stranger->pieces > PIECES_MAX)
		turn_away(stranger, LOG_LEVEL_INFO, "a ClientHello in too many pieces");
}

static void handle_readable(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	look(user);
}

static void handle_timer(evutil_socket_t fd, short what, void *user)
{
	struct stranger *stranger = user;

	(void)fd;
	(void)what;
	if (clock_now_ns() >= stranger->until_ns) {
		turn_away(stranger, LOG_LEVEL_INFO, "no ClientHello, or no way to its VM, in time");
		return;
	}
	/* It is a retry, or the loop's clock is ahead of ours. */
	set_timer(stranger, INT64_MAX);
	look(stranger);
}

void dispatch_accept(struct dispatch *dispatch, enum config_listeners key, int fd, const struct sockaddr *peer,
		socklen_t length)
{
	struct event_base *base = gateway_base(dispatch->gateway);
	struct stranger *stranger = calloc(1, sizeof(*stranger));
	char text[ADDRESS_TEXT_MAX];
	int r = -ENOMEM;

	address_format(peer, length, text);
	if (!stranger || length > sizeof(stranger->peer))
		goto refuse;
	stranger->dispatch = dispatch;
	stranger->key = key;
	stranger->until_ns = clock_now_ns() +
			gateway_config(dispatch->gateway)->server.shared_handshake_timeout_ns;
	memcpy(&stranger->peer, peer, length);
	stranger->peer_bytes = length;
	memcpy(stranger->peer_text, text, sizeof(text));
	r = gate_enter(dispatch->limits.gate, &stranger->guest, peer, handle_leave, clock_now_ns());
	if (r < 0)
		goto refuse;
	stranger->fd = fd;
	TAILQ_INSERT_TAIL(&dispatch->strangers, stranger, link);
	/* By edges: what was only looked at stays readable. */
	stranger->readable = event_new(base, fd, EV_READ | EV_ET | EV_PERSIST, handle_readable, stranger);
	stranger->timer = evtimer_new(base, handle_timer, stranger);
	if (!stranger->readable || !stranger->timer || event_add(stranger->readable, NULL) < 0) {
		turn_away(stranger, LOG_LEVEL_WARN, strerror(ENOMEM));
		return;
	}
	set_timer(stranger, INT64_MAX);
	return;
refuse:
	log_at(r == -EBUSY ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, text, "turned away at %s: %s",
			config_listener_keys[key].name, r == -EBUSY ? "too many wait" : strerror(-r));
	free(stranger);
	close(fd);
}

int dispatch_new(struct gateway *gateway, dispatch_other_fn other, void *user, struct dispatch **ret)
{
	struct dispatch *dispatch = calloc(1, sizeof(*dispatch));
	int r;

	if (!dispatch)
		return -ENOMEM;
	TAILQ_INIT(&dispatch->strangers);
	dispatch->gateway = gateway;
	dispatch->other = other;
	dispatch->user = user;
	/*
	 * Nobody is punished here: whether somebody is let in is for others to find out, and what these
	 * have against him is theirs.
	 */
	r = limits_init(&dispatch->limits, false);
	if (r < 0) {
		free(dispatch);
		return r;
	}
	*ret = dispatch;
	return 0;
}

void dispatch_reconfigure(struct dispatch *dispatch)
{
	limits_reconfigure(&dispatch->limits, &gateway_config(dispatch->gateway)->server, clock_now_ns());
}

void dispatch_free(struct dispatch *dispatch)
{
	struct stranger *stranger;

	if (!dispatch)
		return;
	while ((stranger = TAILQ_FIRST(&dispatch->strangers)))
		drop(stranger);
	limits_finish(&dispatch->limits);
	free(dispatch);
}
