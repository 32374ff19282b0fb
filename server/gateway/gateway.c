// SPDX-License-Identifier: GPL-2.0-or-later
/* The gateway's process: its loop, its orders, its listeners, its doors. */
#include "server/gateway/gateway.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/address.h"
#include "config/config.h"
#include "net/listener.h"
#include "net/tls.h"
#include "net/tls_config.h"
#include "server/board.h"
#include "server/gateway/dispatch.h"
#include "server/gateway/web.h"
#include "server/log.h"
#include "server/supervisor_sockets.h"
#include "server/worker.h"
#include "server/worker_memory.h"

/* A browser takes some 100 KB of it, mostly TLS's. */
#define MEMORY_MAX_BYTES (1LL << 30)

struct door {
	char name[CHANNEL_NAME_MAX + 1]; /* of its VM */
	int fd;
};

struct gateway {
	struct event_base *base;
	struct config *config; /* NULL: none so far */
	struct tls *tls;
	struct dispatch *dispatch;
	struct web *web;
	struct board *board;
	unsigned int n_doors;
	struct door doors[CONFIG_VMS_MAX];
	struct gateway_listener {
		struct gateway *gateway;
		struct listener *listener; /* NULL: a free place */
		enum config_listeners key;
	} listeners[SUPERVISOR_SOCKETS_MAX];
	int channel;
	struct event *channel_event, *sigterm;
	int exit_status;
};

static void end(struct gateway *gateway, int exit_status)
{
	gateway->exit_status = exit_status;
	event_base_loopbreak(gateway->base);
}

struct event_base *gateway_base(const struct gateway *gateway)
{
	return gateway->base;
}

const struct config *gateway_config(const struct gateway *gateway)
{
	return gateway->config;
}

struct tls *gateway_tls(const struct gateway *gateway)
{
	return gateway->tls;
}

void gateway_read_board(const struct gateway *gateway, unsigned int nth, struct board_row *ret)
{
	board_read(gateway->board, nth, ret);
}

static struct door *find_door(struct gateway *gateway, const char *vm)
{
	for (unsigned int i = 0; i < gateway->n_doors; i++) {
		if (!strcmp(gateway->doors[i].name, vm))
			return &gateway->doors[i];
	}
	return NULL;
}

int gateway_hand_over(const struct gateway *gateway, const char *vm, enum channel_kind kind, const void *payload,
		size_t bytes, int fd)
{
	const struct door *door = find_door((struct gateway *)gateway, vm);

	return door ? channel_send(door->fd, kind, payload, bytes, fd) : -ENOENT;
}

static void handle_accept(void *user, int fd, const struct sockaddr *peer, socklen_t length)
{
	const struct gateway_listener *place = user;

	dispatch_accept(place->gateway->dispatch, place->key, fd, peer, length);
}

static void handle_other(void *user, int fd, const struct sockaddr *peer, socklen_t length)
{
	const struct gateway *gateway = user;

	web_accept(gateway->web, fd, peer, length);
}

/* Of the shared ones. CONFIG_LISTENERS_ALL: that is no such key. */
static enum config_listeners find_key(const char *name)
{
	const size_t bytes = strcspn(name, " ");
	enum config_listeners which = CONFIG_LISTENERS;

	while (which < CONFIG_LISTENERS_ALL && (strlen(config_listener_keys[which].name) != bytes ||
			memcmp(config_listener_keys[which].name, name, bytes)))
		which++;
	return which;
}

/* name is "KEY ADDRESS". Takes fd. */
static void add_listener(struct gateway *gateway, const char *name, int fd)
{
	enum config_listeners key = find_key(name);
	int r = key == CONFIG_LISTENERS_ALL ? -EINVAL : -EMFILE;

	for (size_t i = 0; i < SUPERVISOR_SOCKETS_MAX && r == -EMFILE; i++) {
		struct gateway_listener *place = &gateway->listeners[i];

		if (place->listener)
			continue;
		place->gateway = gateway;
		place->key = key;
		r = listener_new(gateway->base, fd, name, handle_accept, place, &place->listener);
		break;
	}
	if (r < 0) {
		log_error(NULL, "cannot listen on %s: %s", name, strerror(-r));
		close(fd);
	}
}

static void remove_listener(struct gateway *gateway, const char *name)
{
	for (size_t i = 0; i < SUPERVISOR_SOCKETS_MAX; i++) {
		struct gateway_listener *place = &gateway->listeners[i];

		if (!place->listener || strcmp(listener_name(place->listener), name))
			continue;
		listener_free(place->listener);
		place->listener = NULL;
	}
}

static void report_problem(void *user, const struct config_problem *problem)
{
	(void)user;
	log_error(NULL, "configuration from the supervisor, line %u: %s", problem->line, problem->message);
}

/* Takes fd. */
static int read_config(int fd, struct config **ret)
{
	struct stat st;
	void *text;
	int r;

	if (fstat(fd, &st) < 0) {
		r = -errno;
		goto out;
	}
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED) {
		r = -errno;
		goto out;
	}
	r = config_parse("supervisor", text, (size_t)st.st_size, report_problem, NULL, ret);
	munmap(text, (size_t)st.st_size);
out:
	close(fd);
	return r;
}

static void drop_doors(struct gateway *gateway, const struct config *config)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < gateway->n_doors; i++) {
		if (config && config_find_vm(config, gateway->doors[i].name))
			gateway->doors[kept++] = gateway->doors[i];
		else
			close(gateway->doors[i].fd);
	}
	gateway->n_doors = kept;
}

static void receive_config(struct gateway *gateway, int fd)
{
	struct config *config = NULL, *before = gateway->config;
	int r = read_config(fd, &config);

	if (r < 0) {
		log_error(NULL, "the gateway cannot serve: %s", strerror(-r));
		end(gateway, EXIT_FAILURE);
		return;
	}
	log_set_level(config->server.log_level);
	log_set_format(config->server.log_format);
	gateway->config = config;
	board_free(gateway->board); /* it was of other VMs */
	gateway->board = NULL;
	drop_doors(gateway, config);
	tls_configure_server(gateway->tls, &config->server);
	dispatch_reconfigure(gateway->dispatch);
	web_reconfigure(gateway->web);
	config_free(before);
}

static void receive_board(struct gateway *gateway, int fd)
{
	struct board *board;
	int r = gateway->config ? board_open(fd, gateway->config->n_vms, &board) : -EINVAL;

	if (r < 0) {
		log_error(NULL, "the gateway knows nothing of VMs: %s", strerror(-r));
		close(fd);
		return;
	}
	board_free(gateway->board);
	gateway->board = board;
}

/* Takes fd. */
static void receive_door(struct gateway *gateway, const char *vm, int fd)
{
	struct door *door = find_door(gateway, vm);

	if (door) {
		close(door->fd);
	} else if (gateway->n_doors < CONFIG_VMS_MAX) {
		door = &gateway->doors[gateway->n_doors++];
		memcpy(door->name, vm, strlen(vm) + 1); /* no longer than the kind can have */
	} else {
		close(fd);
		return;
	}
	door->fd = fd;
}

static void handle_channel(evutil_socket_t fd, short what, void *user)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	struct gateway *gateway = user;
	enum channel_kind kind;
	int passed_fd, r;
	size_t bytes;

	(void)what;
	r = channel_receive(fd, &kind, payload, &bytes, &passed_fd);
	if (r == -EAGAIN)
		return;
	if (r < 0) {
		if (r == -EPIPE)
			log_notice(NULL, "the supervisor is gone, ending");
		else
			log_error(NULL, "order from the supervisor: %s", strerror(-r));
		end(gateway, EXIT_FAILURE);
		return;
	}
	switch (kind) {
	case CHANNEL_CONFIG_FILE:
		receive_config(gateway, passed_fd);
		break;
	case CHANNEL_BOARD:
		receive_board(gateway, passed_fd);
		break;
	case CHANNEL_VM_DOOR:
		receive_door(gateway, payload, passed_fd);
		break;
	case CHANNEL_LISTENER:
		add_listener(gateway, payload, passed_fd);
		break;
	case CHANNEL_LISTENER_CLOSE:
		remove_listener(gateway, payload);
		break;
	case CHANNEL_READY:
		channel_send(gateway->channel, CHANNEL_SERVING, NULL, 0, -1);
		break;
	case CHANNEL_STOP:
		end(gateway, EXIT_SUCCESS);
		break;
	default:
		log_error(NULL, "order %d is not for the gateway", kind);
		end(gateway, EXIT_FAILURE);
	}
}

static void handle_sigterm(evutil_socket_t signal_number, short what, void *user)
{
	(void)what;
	log_notice(NULL, "SIG%s: ending", sigabbrev_np(signal_number));
	end(user, EXIT_SUCCESS);
}

static int init(struct gateway *gateway, int channel)
{
	struct event_config *config = event_config_new();
	int r;

	gateway->channel = channel;
	if (!config || evthread_use_pthreads() < 0)
		return -ENOMEM;
	event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
	gateway->base = event_base_new_with_config(config);
	event_config_free(config);
	if (!gateway->base)
		return -ENOMEM;
	signal(SIGPIPE, SIG_IGN);
	/* A terminal's Ctrl-C and hangup reach the whole group; what follows is the supervisor's to say. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* It has passwords and a key in its memory. */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "pc:gateway");
	worker_raise_fd_limit();
	worker_memory_limit(&(struct worker_memory){ .max_bytes = 0 }, MEMORY_MAX_BYTES);
	r = tls_new(&gateway->tls);
	if (!r)
		r = web_new(gateway, &gateway->web);
	if (!r)
		r = dispatch_new(gateway, handle_other, gateway, &gateway->dispatch);
	if (r < 0)
		return r;
	gateway->sigterm = evsignal_new(gateway->base, SIGTERM, handle_sigterm, gateway);
	gateway->channel_event = event_new(gateway->base, channel, EV_READ | EV_PERSIST, handle_channel, gateway);
	if (!gateway->sigterm || event_add(gateway->sigterm, NULL) < 0 || !gateway->channel_event ||
			event_add(gateway->channel_event, NULL) < 0)
		return -ENOMEM;
	return 0;
}

static void finish(struct gateway *gateway)
{
	for (size_t i = 0; i < SUPERVISOR_SOCKETS_MAX; i++)
		listener_free(gateway->listeners[i].listener);
	dispatch_free(gateway->dispatch);
	web_free(gateway->web);
	tls_free(gateway->tls);
	drop_doors(gateway, NULL);
	board_free(gateway->board);
	if (gateway->channel_event)
		event_free(gateway->channel_event);
	if (gateway->sigterm)
		event_free(gateway->sigterm);
	close(gateway->channel);
	/* Streams' bufferevents end in the loop; none of the events that are left waits for anything. */
	for (int i = 0; i < 16 && gateway->base; i++)
		event_base_loop(gateway->base, EVLOOP_NONBLOCK);
	if (gateway->base)
		event_base_free(gateway->base);
	config_free(gateway->config);
}

int gateway_run(int channel)
{
	struct gateway *gateway = calloc(1, sizeof(*gateway));
	int r = gateway ? init(gateway, channel) : -ENOMEM, exit_status = EXIT_FAILURE;

	if (r < 0)
		log_error(NULL, "gateway: %s", strerror(-r));
	else
		event_base_dispatch(gateway->base);
	if (gateway) {
		exit_status = r < 0 ? EXIT_FAILURE : gateway->exit_status;
		finish(gateway);
	}
	free(gateway);
	return exit_status;
}
