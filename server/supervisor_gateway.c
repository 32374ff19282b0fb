// SPDX-License-Identifier: GPL-2.0-or-later
/* What the gateway is given: sockets, configuration, doors, and a board with what is known of VMs. */
#include "server/supervisor_gateway.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "server/board.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/supervisor.h"
#include "server/supervisor_door.h"
#include "server/supervisor_process.h"
#include "server/supervisor_sockets.h"
#include "server/supervisor_vm.h"

#define BIND_RETRY_NS (3 * NSEC_PER_SEC)

struct supervisor_gateway {
	struct event_base *base;
	struct supervisor *supervisor;
	const struct config *config; /* NULL: there is nothing to share */
	struct supervisor_sockets sockets;
	struct event *bind_timer;
	struct supervisor_process process;
	bool serves; /* has said so */
	struct board *board;
	int board_fd; /* -1: there is none */
	struct event *channel_writable; /* doors have to wait for room */
};

/* All of a configuration, in memory that nobody can change any more. A descriptor or negative errno. */
static int make_config_file(const struct config *config)
{
	int fd = memfd_create("planecast-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *stream = copy < 0 ? NULL : fdopen(copy, "w");
	int r;

	if (!stream) {
		r = -errno;
		goto fail;
	}
	r = config_dump(config, NULL, false, stream);
	if (fclose(stream) < 0)
		r = -EIO;
	copy = -1;
	if (!r && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		r = -errno;
	if (!r)
		return fd;
fail:
	if (copy >= 0)
		close(copy);
	if (fd >= 0)
		close(fd);
	return r;
}

static void drop_board(struct supervisor_gateway *gateway)
{
	board_free(gateway->board);
	gateway->board = NULL;
	if (gateway->board_fd >= 0)
		close(gateway->board_fd);
	gateway->board_fd = -1;
}

static void write_row(void *user, struct supervisor_vm *vm)
{
	supervisor_gateway_tell_vm(user, vm);
}

static void make_board(struct supervisor_gateway *gateway)
{
	int r;

	drop_board(gateway);
	r = board_new(gateway->config->n_vms, &gateway->board, &gateway->board_fd);
	if (r < 0)
		log_error(NULL, "the gateway will know nothing of VMs: %s", strerror(-r));
	supervisor_each_vm(gateway->supervisor, write_row, gateway);
}

static void tell_config(struct supervisor_gateway *gateway)
{
	int fd = make_config_file(gateway->config);

	if (fd < 0) {
		log_error(NULL, "cannot write the gateway's configuration: %s", strerror(-fd));
		supervisor_process_abandon(&gateway->process);
		return;
	}
	supervisor_process_tell(&gateway->process, CHANNEL_CONFIG_FILE, NULL, 0, fd);
	close(fd);
	if (gateway->board_fd >= 0)
		supervisor_process_tell(&gateway->process, CHANNEL_BOARD, NULL, 0, gateway->board_fd);
}

/* There may be more of them than its channel has room for: these wait. */
static void tell_door(void *user, struct supervisor_vm *vm)
{
	struct supervisor_door *door = supervisor_vm_door(vm);
	struct supervisor_gateway *gateway = user;
	const char *name = supervisor_vm_name(vm);
	int r;

	if (door->gateway_fd < 0 || door->gateway_knows || gateway->process.channel < 0 ||
			event_pending(gateway->channel_writable, EV_WRITE, NULL))
		return;
	r = channel_send(gateway->process.channel, CHANNEL_VM_DOOR, name, strlen(name), door->gateway_fd);
	if (r == -EAGAIN)
		event_add(gateway->channel_writable, NULL);
	door->gateway_knows = !r;
}

void supervisor_gateway_tell_doors(struct supervisor_gateway *gateway)
{
	if (gateway->channel_writable)
		supervisor_each_vm(gateway->supervisor, tell_door, gateway);
}

static void handle_channel_writable(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	supervisor_gateway_tell_doors(user);
}

/* The gateway is a new one. */
static void forget_door(void *user, struct supervisor_vm *vm)
{
	(void)user;
	supervisor_vm_mend_door(vm);
	supervisor_vm_door(vm)->gateway_knows = false;
}

static void handle_opened(void *user, const struct supervisor_socket *socket)
{
	struct supervisor_gateway *gateway = user;
	char name[SUPERVISOR_SOCKET_NAME_MAX];

	supervisor_socket_name(socket, name);
	supervisor_process_tell(&gateway->process, CHANNEL_LISTENER, name, strlen(name), socket->fd);
}

static void handle_closing(void *user, const struct supervisor_socket *socket)
{
	struct supervisor_gateway *gateway = user;
	char name[SUPERVISOR_SOCKET_NAME_MAX];

	supervisor_socket_name(socket, name);
	supervisor_process_tell(&gateway->process, CHANNEL_LISTENER_CLOSE, name, strlen(name), -1);
}

static const struct supervisor_sockets_events sockets_events = {
	.opened = handle_opened,
	.closing = handle_closing,
};

static void bind_sockets(struct supervisor_gateway *gateway)
{
	struct timeval retry = clock_timeval(BIND_RETRY_NS);

	if (gateway->config && supervisor_sockets_bind(&gateway->sockets, gateway->config, NULL, &sockets_events,
			gateway))
		event_add(gateway->bind_timer, &retry);
	else
		event_del(gateway->bind_timer);
}

static void handle_bind_timer(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	bind_sockets(user);
}

static void handle_starting(void *user)
{
	struct supervisor_gateway *gateway = user;

	bind_sockets(gateway); /* the last one could do to them what it liked */
	gateway->serves = false;
}

static void handle_started(void *user)
{
	struct supervisor_gateway *gateway = user;

	gateway->channel_writable = event_new(gateway->base, gateway->process.channel, EV_WRITE,
			handle_channel_writable, gateway);
	if (!gateway->channel_writable) {
		supervisor_process_abandon(&gateway->process);
		return;
	}
	tell_config(gateway);
	for (unsigned int i = 0; i < gateway->sockets.count; i++)
		if (gateway->sockets.sockets[i].fd >= 0)
			handle_opened(gateway, &gateway->sockets.sockets[i]);
	supervisor_process_tell(&gateway->process, CHANNEL_READY, NULL, 0, -1);
	supervisor_each_vm(gateway->supervisor, forget_door, NULL);
	supervisor_gateway_tell_doors(gateway);
}

static bool handle_said(void *user, enum channel_kind kind, const char *payload, size_t bytes, int fd)
{
	struct supervisor_gateway *gateway = user;

	(void)payload;
	(void)bytes;
	(void)fd;
	if (kind != CHANNEL_SERVING || gateway->serves)
		return false;
	gateway->serves = true;
	log_info(NULL, "gateway %d serves", (int)gateway->process.pid);
	return true;
}

static void handle_unreachable(void *user)
{
	struct supervisor_gateway *gateway = user;

	if (gateway->channel_writable)
		event_free(gateway->channel_writable);
	gateway->channel_writable = NULL;
	gateway->serves = false;
}

static const struct supervisor_process_events process_events = {
	.starting = handle_starting,
	.started = handle_started,
	.said = handle_said,
	.unreachable = handle_unreachable,
};

int supervisor_gateway_new(struct event_base *base, struct supervisor *supervisor, struct supervisor_gateway **ret)
{
	struct supervisor_gateway *gateway = calloc(1, sizeof(*gateway));
	int r;

	if (!gateway)
		return -ENOMEM;
	gateway->base = base;
	gateway->supervisor = supervisor;
	gateway->board_fd = -1;
	r = supervisor_process_init(&gateway->process, base, "gateway", "--gateway", NULL, &process_events, gateway);
	gateway->bind_timer = evtimer_new(base, handle_bind_timer, gateway);
	if (r < 0 || !gateway->bind_timer) {
		supervisor_gateway_free(gateway);
		return -ENOMEM;
	}
	*ret = gateway;
	return 0;
}

void supervisor_gateway_free(struct supervisor_gateway *gateway)
{
	if (!gateway)
		return;
	supervisor_process_finish(&gateway->process);
	supervisor_sockets_finish(&gateway->sockets);
	if (gateway->bind_timer)
		event_free(gateway->bind_timer);
	drop_board(gateway);
	free(gateway);
}

void supervisor_gateway_release(struct supervisor_gateway *gateway, const struct config *config)
{
	supervisor_sockets_keep(&gateway->sockets, config, NULL, &sockets_events, gateway);
}

void supervisor_gateway_apply(struct supervisor_gateway *gateway, const struct config *config)
{
	if (!config_has_shared_listeners(&config->server)) {
		supervisor_gateway_stop(gateway);
		return;
	}
	gateway->config = config;
	gateway->process.restart_delay_max_ns = config->server.restart_delay_max_ns;
	make_board(gateway);
	bind_sockets(gateway);
	if (!gateway->process.pid || !gateway->process.wanted) {
		supervisor_process_start(&gateway->process);
		return;
	}
	tell_config(gateway);
	supervisor_gateway_tell_doors(gateway);
}

void supervisor_gateway_tell_server(struct supervisor_gateway *gateway)
{
	if (gateway->config)
		tell_config(gateway);
}

void supervisor_gateway_tell_vm(struct supervisor_gateway *gateway, const struct supervisor_vm *vm)
{
	const struct config *config = gateway->config;
	struct supervisor_vm_report report;
	unsigned int nth = 0;

	if (!gateway->board)
		return;
	while (nth < config->n_vms && strcmp(config->vms[nth]->name, supervisor_vm_name(vm)))
		nth++;
	supervisor_vm_report(vm, &report);
	board_write(gateway->board, nth, &(struct board_row){ report.serves, report.status });
}

pid_t supervisor_gateway_pid(const struct supervisor_gateway *gateway)
{
	return gateway->process.pid;
}

const struct supervisor_sockets *supervisor_gateway_sockets(const struct supervisor_gateway *gateway)
{
	return &gateway->sockets;
}

bool supervisor_gateway_serves(const struct supervisor_gateway *gateway)
{
	return gateway->serves;
}

void supervisor_gateway_stop(struct supervisor_gateway *gateway)
{
	gateway->config = NULL;
	event_del(gateway->bind_timer);
	supervisor_process_stop(&gateway->process);
	supervisor_sockets_finish(&gateway->sockets);
	drop_board(gateway);
}

void supervisor_gateway_kill(struct supervisor_gateway *gateway)
{
	supervisor_process_kill(&gateway->process);
}

void supervisor_gateway_exited(struct supervisor_gateway *gateway, int status)
{
	supervisor_process_exited(&gateway->process, status);
}
