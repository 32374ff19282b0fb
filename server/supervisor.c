// SPDX-License-Identifier: GPL-2.0-or-later
/* All VMs of one configuration: signals, reload, what systemd is told. */
#include "server/supervisor.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "config/config.h"
#include "server/channel.h"
#include "server/clock.h"
#include "server/control.h"
#include "server/control_reload.h"
#include "server/control_tell.h"
#include "server/log.h"
#include "server/notify.h"
#include "server/supervisor_broker.h"
#include "server/supervisor_gateway.h"
#include "server/supervisor_vm.h"

#define NOTIFY_INTERVAL_NS NSEC_PER_SEC
/*
 * From being told to end to ending in any case: time for the workers, and for
 * the kernel to bring down those that were killed for taking longer.
 */
#define END_NS (900 * NSEC_PER_MSEC)
/* The same once told twice. */
#define END_NOW_NS (100 * NSEC_PER_MSEC)

/* One VM, present or on its way out. */
struct entry {
	struct entry *next;
	struct supervisor *supervisor;
	struct supervisor_vm *vm;
	unsigned int viewers;
};

struct supervisor {
	struct event_base *base;
	const struct supervisor_events *events;
	void *user;
	struct config *config;
	struct entry *entries;
	struct supervisor_gateway *gateway;
	struct supervisor_broker *broker;
	struct control *control;
	struct event *signals[4];
	struct event *notify_timer; /* runs while systemd is to be told something */
	unsigned int viewers; /* as systemd knows it */
	bool ready_due; /* READY=1 was not sent yet */
	bool stopping;
	struct event *end_timer;
};

static void notify_later(struct supervisor *supervisor)
{
	struct timeval interval = clock_timeval(NOTIFY_INTERVAL_NS);

	if (!event_pending(supervisor->notify_timer, EV_TIMEOUT, NULL))
		event_add(supervisor->notify_timer, &interval);
}

/* Tells systemd what it does not know yet; what it does not take now is tried again. */
static void notify(struct supervisor *supervisor)
{
	unsigned int viewers = 0;

	for (struct entry *entry = supervisor->entries; entry; entry = entry->next)
		viewers += entry->viewers;
	if (supervisor->stopping || (viewers == supervisor->viewers && !supervisor->ready_due))
		return;
	if (notify_send("%sSTATUS=%u VMs, %u viewers", supervisor->ready_due ? "READY=1\n" : "",
			    supervisor->config->n_vms, viewers) == -EAGAIN) {
		notify_later(supervisor);
		return;
	}
	supervisor->ready_due = false;
	supervisor->viewers = viewers;
}

static void notify_ready(struct supervisor *supervisor)
{
	supervisor->ready_due = true;
	notify(supervisor);
}

static void handle_notify_timer(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	notify(user);
}

static void handle_serving(void *user, struct supervisor_vm *vm)
{
	struct entry *entry = user;
	struct supervisor *supervisor = entry->supervisor;

	supervisor_gateway_tell_vm(supervisor->gateway, vm);
	control_tell_serving(supervisor->control, supervisor_vm_name(vm));
	control_reload_serving(supervisor->control, supervisor_vm_name(vm));
	if (supervisor->events->serving)
		supervisor->events->serving(supervisor->user, supervisor_vm_name(vm));
}

static void handle_status(void *user, struct supervisor_vm *vm, const struct channel_status *status)
{
	struct entry *entry = user;
	struct supervisor *supervisor = entry->supervisor;

	if (entry->viewers != status->viewers)
		notify_later(supervisor);
	entry->viewers = status->viewers;
	supervisor_gateway_tell_vm(supervisor->gateway, vm);
	if (supervisor->events->status)
		supervisor->events->status(supervisor->user, supervisor_vm_name(vm), status);
}

static void handle_started(void *user, struct supervisor_vm *vm, pid_t pid)
{
	struct entry *entry = user;

	supervisor_gateway_tell_doors(entry->supervisor->gateway);
	supervisor_broker_tell_vms(entry->supervisor->broker);
	control_tell_started(entry->supervisor->control, supervisor_vm_name(vm), pid);
}

static void handle_ended(void *user, struct supervisor_vm *vm, pid_t pid, const char *how, int64_t delay_ns)
{
	struct entry *entry = user;

	control_tell_ended(entry->supervisor->control, supervisor_vm_name(vm), pid, how, delay_ns);
}

static int handle_told(void *user, struct supervisor_vm *vm, const char *text, size_t bytes)
{
	struct entry *entry = user;

	return control_tell_worker(entry->supervisor->control, supervisor_vm_name(vm), text, bytes);
}

static const struct supervisor_vm_events vm_events = {
	.serving = handle_serving,
	.status = handle_status,
	.started = handle_started,
	.ended = handle_ended,
	.told = handle_told,
};

static struct entry *entry_find(struct supervisor *supervisor, const char *name)
{
	struct entry *entry = supervisor->entries;

	while (entry && strcmp(supervisor_vm_name(entry->vm), name))
		entry = entry->next;
	return entry;
}

static int entry_new(struct supervisor *supervisor, const char *name)
{
	struct entry *entry = calloc(1, sizeof(*entry)), **link = &supervisor->entries;
	int r = -ENOMEM;

	if (entry)
		r = supervisor_vm_new(supervisor->base, name, &vm_events, entry, &entry->vm);
	if (r < 0) {
		free(entry);
		return r;
	}
	entry->supervisor = supervisor;
	while (*link)
		link = &(*link)->next;
	*link = entry;
	return 0;
}

/* Forgets the VMs that were stopped and whose workers have gone. */
static void entries_sweep(struct supervisor *supervisor)
{
	struct entry **link = &supervisor->entries;

	while (*link) {
		struct entry *entry = *link;

		if (supervisor_vm_config(entry->vm) || supervisor_vm_pid(entry->vm)) {
			link = &entry->next;
			continue;
		}
		*link = entry->next;
		supervisor_vm_free(entry->vm);
		free(entry);
	}
	if (supervisor->stopping && !supervisor->entries && !supervisor_gateway_pid(supervisor->gateway) &&
			!supervisor_broker_pid(supervisor->broker))
		event_base_loopbreak(supervisor->base);
}

static void handle_child(evutil_socket_t signal_number, short what, void *user)
{
	struct supervisor *supervisor = user;
	int status;
	pid_t pid;

	(void)signal_number;
	(void)what;
	/* Any child: as process 1 of a container, strangers' children are ours to reap as well. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (supervisor_gateway_pid(supervisor->gateway) == pid)
			supervisor_gateway_exited(supervisor->gateway, status);
		if (supervisor_broker_pid(supervisor->broker) == pid)
			supervisor_broker_exited(supervisor->broker, status);
		for (struct entry *entry = supervisor->entries; entry; entry = entry->next) {
			if (supervisor_vm_pid(entry->vm) == pid) {
				supervisor_vm_exited(entry->vm, status);
				break;
			}
		}
	}
	entries_sweep(supervisor);
}

/* Even SIGKILL does not end a process that is stuck inside the kernel. */
static void handle_end_timer(evutil_socket_t fd, short what, void *user)
{
	struct supervisor *supervisor = user;

	(void)fd;
	(void)what;
	if (supervisor_gateway_pid(supervisor->gateway))
		log_error(NULL, "gateway %d cannot be killed, ending without it",
				(int)supervisor_gateway_pid(supervisor->gateway));
	if (supervisor_broker_pid(supervisor->broker))
		log_error(NULL, "broker %d cannot be killed, ending without it",
				(int)supervisor_broker_pid(supervisor->broker));
	for (struct entry *entry = supervisor->entries; entry; entry = entry->next) {
		log_set_vm(supervisor_vm_name(entry->vm));
		log_error(NULL, "worker %d cannot be killed, ending without it",
				(int)supervisor_vm_pid(entry->vm));
	}
	log_set_vm(NULL);
	event_base_loopbreak(supervisor->base);
}

static void handle_end(evutil_socket_t signal_number, short what, void *user)
{
	(void)what;
	log_notice(NULL, "SIG%s: ending", sigabbrev_np(signal_number));
	supervisor_stop(user);
}

static void apply_log(const struct config *config)
{
	log_set_level(config->server.log_level);
	log_set_format(config->server.log_format);
}

/* All or nothing up to the point where the new configuration is taken. */
static int take_config(struct supervisor *supervisor, struct config *config)
{
	for (unsigned int i = 0; i < config->n_vms; i++) {
		if (!entry_find(supervisor, config->vms[i]->name)) {
			int r = entry_new(supervisor, config->vms[i]->name);

			if (r < 0) {
				entries_sweep(supervisor); /* those just made have no configuration */
				return r;
			}
		}
	}
	apply_log(config);
	supervisor_gateway_release(supervisor->gateway, config);
	for (struct entry *entry = supervisor->entries; entry; entry = entry->next) {
		const char *name = supervisor_vm_name(entry->vm);
		const struct config_vm *config_vm = config_find_vm(config, name);

		if (config_vm) {
			supervisor_vm_release(entry->vm, config, config_vm);
		} else if (supervisor_vm_config(entry->vm)) {
			log_set_vm(name); /* each VM has its own limit */
			log_notice(NULL, "was removed");
			log_set_vm(NULL);
			supervisor_vm_stop(entry->vm);
		}
	}
	for (unsigned int i = 0; i < config->n_vms; i++)
		supervisor_vm_apply(entry_find(supervisor, config->vms[i]->name)->vm, config,
				config->vms[i]);
	supervisor_gateway_apply(supervisor->gateway, config);
	supervisor_broker_apply(supervisor->broker, config);
	if (config != supervisor->config)
		config_free(supervisor->config);
	supervisor->config = config;
	control_listen(supervisor->control, config);
	entries_sweep(supervisor);
	return 0;
}

int supervisor_reload(struct supervisor *supervisor, config_report_fn report, void *report_user)
{
	struct config *config;
	int r;

	if (supervisor->stopping)
		return -ESHUTDOWN;
	if (!supervisor->events->load)
		return -ENOTSUP;
	notify_send("RELOADING=1\nMONOTONIC_USEC=%lld",
			(long long)(clock_now_ns() / NSEC_PER_USEC));
	r = supervisor->events->load(supervisor->user, report, report_user, &config);
	if (!r) {
		r = take_config(supervisor, config);
		if (r < 0)
			config_free(config);
	}
	if (r < 0)
		log_error(NULL, "the configuration was not reloaded, the old one stays: %s",
				r == -EINVAL ? "it is wrong, see above" : strerror(-r));
	else
		log_notice(NULL, "configuration reloaded: %u VMs", config->n_vms);
	notify_ready(supervisor);
	control_tell_reload(supervisor->control, r);
	return r;
}

static void handle_reload(evutil_socket_t signal_number, short what, void *user)
{
	(void)signal_number;
	(void)what;
	if (supervisor_reload(user, NULL, NULL) == -ENOTSUP)
		supervisor_stop(user); /* nothing to read again: a hangup is what it says */
}

void supervisor_set_log_level(struct supervisor *supervisor, int level)
{
	config_override_server(supervisor->config, offsetof(struct config_server, log_level), level);
	apply_log(supervisor->config);
	for (struct entry *entry = supervisor->entries; entry; entry = entry->next)
		supervisor_vm_tell_server(entry->vm);
	supervisor_gateway_tell_server(supervisor->gateway);
	supervisor_broker_tell_server(supervisor->broker);
}

const struct config *supervisor_config(const struct supervisor *supervisor)
{
	return supervisor->config;
}

const struct supervisor_gateway *supervisor_get_gateway(const struct supervisor *supervisor)
{
	return supervisor->gateway;
}

struct supervisor_vm *supervisor_find_vm(struct supervisor *supervisor, const char *name)
{
	struct entry *entry = entry_find(supervisor, name);

	return entry && supervisor_vm_config(entry->vm) ? entry->vm : NULL;
}

void supervisor_each_vm(struct supervisor *supervisor, void (*each)(void *user, struct supervisor_vm *vm), void *user)
{
	for (struct entry *entry = supervisor->entries; entry; entry = entry->next) {
		if (supervisor_vm_config(entry->vm))
			each(user, entry->vm);
	}
}

int supervisor_new(struct event_base *base, struct config *config,
		const struct supervisor_events *events, void *user, struct supervisor **ret)
{
	static const struct {
		int signal_number;
		event_callback_fn handle;
	} signals[] = {
			{SIGCHLD, handle_child},
			{SIGTERM, handle_end},
			{SIGINT, handle_end},
			{SIGHUP, handle_reload},
	};
	struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
	int r = -ENOMEM;

	if (!supervisor)
		return -ENOMEM;
	supervisor->base = base;
	supervisor->events = events;
	supervisor->user = user;
	supervisor->notify_timer = evtimer_new(base, handle_notify_timer, supervisor);
	supervisor->end_timer = evtimer_new(base, handle_end_timer, supervisor);
	if (!supervisor->notify_timer || !supervisor->end_timer)
		goto fail;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		supervisor->signals[i] = evsignal_new(
				base, signals[i].signal_number, signals[i].handle, supervisor);
		if (!supervisor->signals[i] || event_add(supervisor->signals[i], NULL) < 0)
			goto fail;
	}
	signal(SIGPIPE, SIG_IGN);
	r = supervisor_gateway_new(base, supervisor, &supervisor->gateway);
	if (!r)
		r = supervisor_broker_new(base, supervisor, &supervisor->broker);
	if (!r)
		r = control_new(base, supervisor, &supervisor->control);
	if (r < 0)
		goto fail;
	supervisor->config = config;
	r = take_config(supervisor, config);
	if (r < 0)
		goto fail;
	notify_ready(supervisor);
	*ret = supervisor;
	return 0;
fail:
	supervisor->config = NULL;
	supervisor_free(supervisor);
	return r;
}

void supervisor_stop(struct supervisor *supervisor)
{
	struct timeval end = clock_timeval(supervisor->stopping ? END_NOW_NS : END_NS);

	event_add(supervisor->end_timer, &end);
	if (!supervisor->stopping)
		notify_send("STOPPING=1");
	control_tell_stopping(supervisor->control);
	for (struct entry *entry = supervisor->entries; entry; entry = entry->next) {
		if (supervisor->stopping)
			supervisor_vm_kill(entry->vm);
		else
			supervisor_vm_stop(entry->vm);
	}
	if (supervisor->stopping) {
		supervisor_gateway_kill(supervisor->gateway);
		supervisor_broker_kill(supervisor->broker);
	} else {
		supervisor_gateway_stop(supervisor->gateway);
		supervisor_broker_stop(supervisor->broker);
	}
	supervisor->stopping = true;
	entries_sweep(supervisor);
}

void supervisor_free(struct supervisor *supervisor)
{
	if (!supervisor)
		return;
	control_free(supervisor->control); /* who waits for an answer is gone before who gives it */
	supervisor->control = NULL;
	supervisor_gateway_free(supervisor->gateway);
	supervisor->gateway = NULL;
	supervisor_broker_free(supervisor->broker);
	supervisor->broker = NULL;
	while (supervisor->entries) {
		struct entry *entry = supervisor->entries;

		supervisor->entries = entry->next;
		supervisor_vm_free(entry->vm);
		free(entry);
	}
	for (size_t i = 0; i < sizeof(supervisor->signals) / sizeof(supervisor->signals[0]); i++)
		if (supervisor->signals[i])
			event_free(supervisor->signals[i]);
	if (supervisor->notify_timer)
		event_free(supervisor->notify_timer);
	if (supervisor->end_timer)
		event_free(supervisor->end_timer);
	config_free(supervisor->config);
	free(supervisor);
}
