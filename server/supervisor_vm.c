// SPDX-License-Identifier: GPL-2.0-or-later
/* One VM: its listening sockets, what its worker is told, and what that says. */
#include "server/supervisor_vm.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/supervisor_avoid.h"
#include "server/supervisor_broker.h"
#include "server/supervisor_door.h"
#include "server/supervisor_process.h"
#include "server/supervisor_sockets.h"

#define BIND_RETRY_NS (3 * NSEC_PER_SEC)

#define vm_log(level, vm, ...)                                                                     \
	(log_set_vm((vm)->name), log_at(level, NULL, __VA_ARGS__), log_set_vm(NULL))

struct supervisor_vm {
	struct event_base *base;
	const struct supervisor_vm_events *events;
	void *user;
	char *name;
	const struct config *config;
	const struct config_vm *config_vm; /* NULL: stopped, or not started yet */
	struct supervisor_sockets sockets;
	struct event *bind_timer;
	struct supervisor_door door;

	struct supervisor_process worker;
	bool serves; /* the worker has said so */
	bool has_broker; /* a channel to it */
	struct supervisor_avoid avoid;
	struct supervisor_questions questions;
	struct channel_status status; /* the newest */
};

static void tell(struct supervisor_vm *vm, enum channel_kind kind, const void *payload,
		size_t payload_bytes, int fd)
{
	supervisor_process_tell(&vm->worker, kind, payload, payload_bytes, fd);
}

static void tell_config(struct supervisor_vm *vm)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *stream = open_memstream(&text, &bytes);
	int r = -ENOMEM;

	if (stream) {
		r = config_dump(vm->config, vm->config_vm, false, stream);
		if (fclose(stream) < 0)
			r = -ENOMEM;
	}
	if (r < 0) {
		vm_log(LOG_LEVEL_ERROR, vm, "cannot write the worker's configuration: %s",
				strerror(-r));
		supervisor_process_abandon(&vm->worker);
	} else {
		tell(vm, CHANNEL_CONFIG, text, bytes, -1);
	}
	free(text);
}

static void tell_avoid(struct supervisor_vm *vm)
{
	char names[CHANNEL_NAMES_MAX + 1];

	supervisor_avoid_list(&vm->avoid, clock_now_ns(), names);
	tell(vm, CHANNEL_AVOID, names, strlen(names), -1);
}

static void handle_opened(void *user, const struct supervisor_socket *socket)
{
	char name[SUPERVISOR_SOCKET_NAME_MAX];

	supervisor_socket_name(socket, name);
	tell(user, CHANNEL_LISTENER, name, strlen(name), socket->fd);
}

static void handle_closing(void *user, const struct supervisor_socket *socket)
{
	char name[SUPERVISOR_SOCKET_NAME_MAX];

	supervisor_socket_name(socket, name);
	tell(user, CHANNEL_LISTENER_CLOSE, name, strlen(name), -1);
}

static const struct supervisor_sockets_events sockets_events = {
	.opened = handle_opened,
	.closing = handle_closing,
};

static void tell_door(struct supervisor_vm *vm)
{
	if (vm->door.worker_fd >= 0)
		tell(vm, CHANNEL_DOOR, NULL, 0, vm->door.worker_fd);
}

/* There is a door while there are ports that VMs share. True: it is another one than before. */
static bool make_door(struct supervisor_vm *vm)
{
	int r = 0;

	if (config_has_shared_listeners(&vm->config->server))
		r = supervisor_door_open(&vm->door);
	else
		supervisor_door_close(&vm->door);
	if (r < 0)
		vm_log(LOG_LEVEL_ERROR, vm, "cannot be reached by shared ports: %s", strerror(-r));
	return r > 0;
}

static void bind_sockets(struct supervisor_vm *vm)
{
	struct timeval retry = clock_timeval(BIND_RETRY_NS);
	int r;

	log_set_vm(vm->name);
	r = supervisor_sockets_bind(&vm->sockets, vm->config, vm->config_vm, &sockets_events, vm);
	log_set_vm(NULL);
	if (r)
		event_add(vm->bind_timer, &retry);
	else
		event_del(vm->bind_timer);
}

static void handle_bind_timer(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	bind_sockets(user);
}

static void receive_status(struct supervisor_vm *vm, const char *payload)
{
	struct channel_status status;

	memcpy(&status, payload, sizeof(status));
	status.state[sizeof(status.state) - 1] = '\0';
	vm->status = status;
	vm->events->status(vm->user, vm, &status);
}

/* False: no worker of ours says that. */
static bool handle_said(void *user, enum channel_kind kind, const char *payload, size_t bytes, int fd)
{
	struct supervisor_vm *vm = user;

	switch (kind) {
	case CHANNEL_SERVING:
		if (vm->serves)
			return false;
		vm->serves = true;
		vm_log(LOG_LEVEL_INFO, vm, "worker %d serves", (int)vm->worker.pid);
		vm->events->serving(vm->user, vm);
		return true;
	case CHANNEL_ENCODING:
		return strlen(payload) == bytes &&
				supervisor_avoid_encoding(&vm->avoid, payload) != -EINVAL;
	case CHANNEL_STATUS:
		receive_status(vm, payload);
		return true;
	case CHANNEL_ANSWER:
		return supervisor_questions_answer(&vm->questions, payload, bytes, fd) == 0;
	case CHANNEL_EVENT:
		return vm->events->told(vm->user, vm, payload, bytes) == 0;
	default:
		return false;
	}
}

/* It said something, and died at once. */
static void handle_last_word(void *user, enum channel_kind kind, const char *payload, size_t bytes)
{
	struct supervisor_vm *vm = user;

	if (kind == CHANNEL_ENCODING && strlen(payload) == bytes)
		supervisor_avoid_encoding(&vm->avoid, payload);
}

static void handle_unreachable(void *user)
{
	struct supervisor_vm *vm = user;

	supervisor_questions_end(&vm->questions);
}

static void handle_starting(void *user)
{
	struct supervisor_vm *vm = user;

	/* The last worker could do to them what it liked. */
	bind_sockets(vm);
	make_door(vm);
	vm->serves = false;
	vm->has_broker = false;
}

static void handle_started(void *user)
{
	struct supervisor_vm *vm = user;

	tell(vm, CHANNEL_GENERATION, &(uint32_t){ vm->worker.starts - 1 }, sizeof(uint32_t), -1);
	tell_avoid(vm);
	tell_config(vm);
	for (unsigned int i = 0; i < vm->sockets.count; i++)
		if (vm->sockets.sockets[i].fd >= 0)
			handle_opened(vm, &vm->sockets.sockets[i]);
	tell_door(vm);
	tell(vm, CHANNEL_READY, NULL, 0, -1);
	vm->events->started(vm->user, vm, vm->worker.pid);
}

static void handle_ended(void *user, pid_t pid, int status, const char *how, bool expected, int64_t delay_ns)
{
	struct supervisor_vm *vm = user;

	log_set_vm(vm->name);
	supervisor_avoid_ended(&vm->avoid, status, expected, clock_now_ns());
	log_set_vm(NULL);
	vm->events->ended(vm->user, vm, pid, how, delay_ns);
	vm->status = (struct channel_status){ .state = "restarting" };
	vm->events->status(vm->user, vm, &vm->status);
}

static const struct supervisor_process_events worker_events = {
	.starting = handle_starting,
	.started = handle_started,
	.said = handle_said,
	.last_word = handle_last_word,
	.unreachable = handle_unreachable,
	.ended = handle_ended,
};

int supervisor_vm_new(struct event_base *base, const char *name,
		const struct supervisor_vm_events *events, void *user, struct supervisor_vm **ret)
{
	struct supervisor_vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return -ENOMEM;
	vm->base = base;
	vm->events = events;
	vm->user = user;
	vm->door = SUPERVISOR_DOOR_NONE;
	supervisor_questions_init(&vm->questions, base);
	vm->name = strdup(name);
	vm->bind_timer = evtimer_new(base, handle_bind_timer, vm);
	if (supervisor_process_init(&vm->worker, base, "worker", "--worker", vm->name, &worker_events, vm) < 0 ||
			!vm->name || !vm->bind_timer) {
		supervisor_vm_free(vm);
		return -ENOMEM;
	}
	*ret = vm;
	return 0;
}

void supervisor_vm_free(struct supervisor_vm *vm)
{
	if (!vm)
		return;
	supervisor_process_finish(&vm->worker);
	supervisor_sockets_finish(&vm->sockets);
	supervisor_door_close(&vm->door);
	supervisor_avoid_finish(&vm->avoid);
	if (vm->bind_timer)
		event_free(vm->bind_timer);
	free(vm->name);
	free(vm);
}

const char *supervisor_vm_name(const struct supervisor_vm *vm)
{
	return vm->name;
}

const struct config_vm *supervisor_vm_config(const struct supervisor_vm *vm)
{
	return vm->config_vm;
}

pid_t supervisor_vm_pid(const struct supervisor_vm *vm)
{
	return vm->worker.pid;
}

void supervisor_vm_release(struct supervisor_vm *vm, const struct config *config, const struct config_vm *config_vm)
{
	log_set_vm(vm->name);
	supervisor_sockets_keep(&vm->sockets, config, config_vm, &sockets_events, vm);
	log_set_vm(NULL);
}

void supervisor_vm_apply(struct supervisor_vm *vm, const struct config *config,
		const struct config_vm *config_vm)
{
	enum config_change change = CONFIG_RESTART;
	bool forgets = supervisor_avoid_forget(&vm->avoid), new_door;

	if (vm->config_vm)
		change = config_vm_compare(vm->config_vm, config_vm);
	vm->config = config;
	vm->config_vm = config_vm;
	vm->worker.restart_delay_max_ns = config->server.restart_delay_max_ns;
	bind_sockets(vm);
	new_door = make_door(vm);
	if (change == CONFIG_RESTART) {
		supervisor_process_start(&vm->worker);
		return;
	}
	if (vm->worker.stopping)
		return;
	tell_config(vm); /* also the same: its files are read again */
	if (forgets)
		tell_avoid(vm);
	if (new_door)
		tell_door(vm);
}

void supervisor_vm_tell_server(struct supervisor_vm *vm)
{
	if (vm->config_vm && !vm->worker.stopping)
		tell_config(vm);
}

void supervisor_vm_report(const struct supervisor_vm *vm, struct supervisor_vm_report *ret)
{
	*ret = (struct supervisor_vm_report){
		.pid = vm->worker.pid,
		.serves = vm->serves && vm->worker.channel >= 0,
		.started_ns = vm->worker.started_ns,
		.starts = vm->worker.starts,
		.status = vm->status,
		.sockets = &vm->sockets,
	};
}

struct supervisor_door *supervisor_vm_door(struct supervisor_vm *vm)
{
	return &vm->door;
}

void supervisor_vm_mend_door(struct supervisor_vm *vm)
{
	if (vm->config && make_door(vm))
		tell_door(vm);
}

bool supervisor_vm_lacks_broker(const struct supervisor_vm *vm)
{
	return vm->config_vm && supervisor_broker_is_for(vm->config_vm) && vm->worker.channel >= 0 &&
			!vm->worker.stopping && !vm->has_broker;
}

void supervisor_vm_give_broker(struct supervisor_vm *vm, int fd)
{
	vm->has_broker = fd >= 0;
	if (fd >= 0)
		tell(vm, CHANNEL_BROKER, NULL, 0, fd);
}

int supervisor_vm_ask(struct supervisor_vm *vm, const char *text, supervisor_answer_fn answer, void *user,
		struct supervisor_question **ret)
{
	struct supervisor_question *question;
	char payload[sizeof(uint32_t) + CHANNEL_ASK_MAX];
	size_t bytes = strlen(text);
	uint32_t number;
	int r;

	if (vm->worker.channel < 0 || !vm->serves || vm->worker.stopping)
		return -ENOTCONN;
	if (bytes > CHANNEL_ASK_MAX)
		return -EINVAL;
	r = supervisor_questions_add(&vm->questions, answer, user, &question, &number);
	if (r < 0)
		return r;
	memcpy(payload, &number, sizeof(number));
	memcpy(payload + sizeof(number), text, bytes);
	r = channel_send(vm->worker.channel, CHANNEL_ASK, payload, sizeof(number) + bytes, -1);
	if (r < 0) {
		supervisor_questions_unsent(&vm->questions, question);
		return r == -EAGAIN ? -EBUSY : r == -EPIPE ? -ENOTCONN : r;
	}
	supervisor_process_asked(&vm->worker);
	*ret = question;
	return 0;
}

void supervisor_vm_stop(struct supervisor_vm *vm)
{
	vm->config = NULL;
	vm->config_vm = NULL;
	event_del(vm->bind_timer);
	supervisor_process_stop(&vm->worker);
	supervisor_sockets_finish(&vm->sockets);
	supervisor_door_close(&vm->door);
}

void supervisor_vm_kill(struct supervisor_vm *vm)
{
	supervisor_process_kill(&vm->worker);
}

void supervisor_vm_exited(struct supervisor_vm *vm, int status)
{
	supervisor_process_exited(&vm->worker, status);
}
