// SPDX-License-Identifier: GPL-2.0-or-later
/* Who asks the broker for which device, and whom it wants killed. */
#include "server/supervisor_broker.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "server/log.h"
#include "server/supervisor.h"
#include "server/supervisor_process.h"
#include "server/supervisor_vm.h"

struct supervisor_broker {
	struct event_base *base;
	struct supervisor *supervisor;
	const struct config *config; /* NULL: there is nothing to look for */
	struct supervisor_process process;
	bool serves; /* has said so */
	struct event *channel_writable; /* VMs have to wait for room */
};

bool supervisor_broker_is_for(const struct config_vm *config)
{
	return config_vm_has_source(config, CONFIG_SOURCE_VFIO) && config->vfio_attach == CONFIG_ATTACH_AUTO;
}

/* One end to the broker, the other to the worker, none is kept: it ends when either of them does. */
static int introduce(struct supervisor_broker *broker, struct supervisor_vm *vm)
{
	char payload[CHANNEL_NAME_MAX + 1 + CHANNEL_DEVICE_MAX + 1];
	int ends[2], bytes, r;

	bytes = snprintf(payload, sizeof(payload), "%s\n%s", supervisor_vm_name(vm),
			supervisor_vm_config(vm)->vfio_device);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;
	r = channel_send(broker->process.channel, CHANNEL_VM_DEVICE, payload, (size_t)bytes, ends[0]);
	if (!r)
		supervisor_vm_give_broker(vm, ends[1]);
	close(ends[0]);
	close(ends[1]);
	return r;
}

static void tell_vm(void *user, struct supervisor_vm *vm)
{
	struct supervisor_broker *broker = user;
	int r;

	if (!supervisor_vm_lacks_broker(vm) || broker->process.channel < 0 ||
			event_pending(broker->channel_writable, EV_WRITE, NULL))
		return;
	r = introduce(broker, vm);
	if (r == -EAGAIN) {
		event_add(broker->channel_writable, NULL);
	} else if (r < 0 && r != -EPIPE) {
		log_set_vm(supervisor_vm_name(vm));
		log_error(NULL, "the worker gets no vGPU from the broker: %s", strerror(-r));
		log_set_vm(NULL);
	}
}

void supervisor_broker_tell_vms(struct supervisor_broker *broker)
{
	if (broker->channel_writable)
		supervisor_each_vm(broker->supervisor, tell_vm, broker);
}

static void handle_channel_writable(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	supervisor_broker_tell_vms(user);
}

static void tell_log(struct supervisor_broker *broker)
{
	const struct config_server *server = &broker->config->server;
	const struct channel_log settings = { .level = server->log_level, .format = server->log_format };

	supervisor_process_tell(&broker->process, CHANNEL_LOG, &settings, sizeof(settings), -1);
}

/* The broker is a new one. */
static void forget_vm(void *user, struct supervisor_vm *vm)
{
	(void)user;
	supervisor_vm_give_broker(vm, -1);
}

static void handle_started(void *user)
{
	struct supervisor_broker *broker = user;

	broker->serves = false;
	broker->channel_writable = event_new(broker->base, broker->process.channel, EV_WRITE,
			handle_channel_writable, broker);
	if (!broker->channel_writable) {
		supervisor_process_abandon(&broker->process);
		return;
	}
	tell_log(broker);
	supervisor_process_tell(&broker->process, CHANNEL_READY, NULL, 0, -1);
	supervisor_each_vm(broker->supervisor, forget_vm, NULL);
	supervisor_broker_tell_vms(broker);
}

/* NUL terminated, but it may have more of them. */
static bool end_worker(struct supervisor_broker *broker, const char *name, size_t bytes)
{
	struct supervisor_vm *vm = strlen(name) == bytes ? supervisor_find_vm(broker->supervisor, name) : NULL;

	if (!vm)
		return strlen(name) == bytes; /* it was removed in between */
	log_set_vm(name);
	log_error(NULL, "worker %d holds the vGPU longer than QEMU, killing it", (int)supervisor_vm_pid(vm));
	log_set_vm(NULL);
	supervisor_vm_kill(vm);
	return true;
}

static bool handle_said(void *user, enum channel_kind kind, const char *payload, size_t bytes, int fd)
{
	struct supervisor_broker *broker = user;

	(void)fd;
	if (kind == CHANNEL_DEVICE_HELD)
		return end_worker(broker, payload, bytes);
	if (kind != CHANNEL_SERVING || broker->serves)
		return false;
	broker->serves = true;
	log_info(NULL, "broker %d serves", (int)broker->process.pid);
	return true;
}

static void handle_unreachable(void *user)
{
	struct supervisor_broker *broker = user;

	if (broker->channel_writable)
		event_free(broker->channel_writable);
	broker->channel_writable = NULL;
}

static const struct supervisor_process_events process_events = {
	.started = handle_started,
	.said = handle_said,
	.unreachable = handle_unreachable,
};

int supervisor_broker_new(struct event_base *base, struct supervisor *supervisor, struct supervisor_broker **ret)
{
	struct supervisor_broker *broker = calloc(1, sizeof(*broker));

	if (!broker)
		return -ENOMEM;
	broker->base = base;
	broker->supervisor = supervisor;
	if (supervisor_process_init(&broker->process, base, "broker", "--broker", NULL, &process_events, broker) < 0) {
		supervisor_broker_free(broker);
		return -ENOMEM;
	}
	broker->process.privileged = true;
	*ret = broker;
	return 0;
}

void supervisor_broker_free(struct supervisor_broker *broker)
{
	if (!broker)
		return;
	supervisor_process_finish(&broker->process);
	free(broker);
}

void supervisor_broker_apply(struct supervisor_broker *broker, const struct config *config)
{
	unsigned int nth = 0;

	while (nth < config->n_vms && !supervisor_broker_is_for(config->vms[nth]))
		nth++;
	if (nth == config->n_vms) {
		supervisor_broker_stop(broker);
		return;
	}
	broker->config = config;
	broker->process.restart_delay_max_ns = config->server.restart_delay_max_ns;
	if (!broker->process.pid || !broker->process.wanted) {
		supervisor_process_start(&broker->process);
		return;
	}
	tell_log(broker);
	supervisor_broker_tell_vms(broker);
}

void supervisor_broker_tell_server(struct supervisor_broker *broker)
{
	if (broker->config)
		tell_log(broker);
}

pid_t supervisor_broker_pid(const struct supervisor_broker *broker)
{
	return broker->process.pid;
}

void supervisor_broker_stop(struct supervisor_broker *broker)
{
	broker->config = NULL;
	supervisor_process_stop(&broker->process);
}

void supervisor_broker_kill(struct supervisor_broker *broker)
{
	supervisor_process_kill(&broker->process);
}

void supervisor_broker_exited(struct supervisor_broker *broker, int status)
{
	supervisor_process_exited(&broker->process, status);
}
