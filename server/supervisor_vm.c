// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of one VM's worker: started, fed, watched, started again. */
#include "server/supervisor_vm.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/supervisor_avoid.h"
#include "server/supervisor_sockets.h"
#include "server/supervisor_spawn.h"

/* A worker that was asked to end is killed after this. */
#define STOP_GRACE_NS (700 * NSEC_PER_MSEC)
/* The first restart is immediate; then this, doubled each time. */
#define RESTART_DELAY_NS (100 * NSEC_PER_MSEC)
/* Who ran this long is forgiven. */
#define RESTART_RESET_NS (10 * NSEC_PER_SEC)
#define BIND_RETRY_NS (3 * NSEC_PER_SEC)
/* Messages read in one turn of the loop: a worker gone mad must not own it. */
#define MESSAGES_A_TURN 16
/*
 * And what it may send in the long run, where one or two a second are usual. A
 * full channel may come at once, when the supervisor was held up.
 */
#define MESSAGE_COST_NS (50 * NSEC_PER_MSEC)
#define MESSAGES_SAVED_UP 300

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

	pid_t pid; /* 0: none */
	int channel; /* -1: none */
	struct event *channel_event;
	bool serves; /* has said so */
	struct supervisor_avoid avoid;
	struct supervisor_questions questions;
	struct channel_status status; /* the newest */
	unsigned int starts; /* of workers, ever */
	int64_t messages_paid_ns; /* up to when the time that passed paid for its messages */
	bool stopping; /* asked to end, or killed by us */
	struct event *kill_timer;

	int64_t started_ns;
	unsigned int failures; /* in a row */
	struct event *start_timer;
};

static void start_worker(struct supervisor_vm *vm);

static void close_channel(struct supervisor_vm *vm)
{
	if (vm->channel < 0)
		return;
	if (vm->channel_event)
		event_free(vm->channel_event);
	vm->channel_event = NULL;
	close(vm->channel);
	vm->channel = -1;
	supervisor_questions_end(&vm->questions);
}

static void kill_worker(struct supervisor_vm *vm)
{
	if (vm->pid)
		kill(vm->pid, SIGKILL);
}

/* The worker is of no more use; waitpid() will tell, and the back-off decides. */
static void abandon_worker(struct supervisor_vm *vm)
{
	close_channel(vm);
	kill_worker(vm);
}

/* It ends by itself, or is killed for not doing so. */
static void expect_end(struct supervisor_vm *vm)
{
	struct timeval grace = clock_timeval(STOP_GRACE_NS);

	if (!event_pending(vm->kill_timer, EV_TIMEOUT, NULL))
		event_add(vm->kill_timer, &grace);
}

static void tell(struct supervisor_vm *vm, enum channel_kind kind, const void *payload,
		size_t payload_bytes, int fd)
{
	int r;

	if (vm->channel < 0)
		return;
	r = channel_send(vm->channel, kind, payload, payload_bytes, fd);
	if (!r)
		return;
	if (r == -EPIPE) {
		close_channel(vm);
		expect_end(vm);
		return;
	}
	vm_log(LOG_LEVEL_ERROR, vm, "worker %d does not take orders (%s), killing it", (int)vm->pid,
			strerror(-r));
	abandon_worker(vm);
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
		abandon_worker(vm);
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

static void stop_worker(struct supervisor_vm *vm)
{
	if (!vm->pid || vm->stopping)
		return;
	vm->stopping = true;
	tell(vm, CHANNEL_STOP, NULL, 0, -1);
	expect_end(vm);
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

static void handle_kill_timer(evutil_socket_t fd, short what, void *user)
{
	struct supervisor_vm *vm = user;

	(void)fd;
	(void)what;
	vm_log(LOG_LEVEL_WARN, vm, "worker %d did not end in time, killing it", (int)vm->pid);
	kill_worker(vm);
}

static void handle_start_timer(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	start_worker(user);
}

static void receive_status(struct supervisor_vm *vm, const char *payload)
{
	struct channel_status status;

	memcpy(&status, payload, sizeof(status));
	status.state[sizeof(status.state) - 1] = '\0';
	vm->status = status;
	vm->events->status(vm->user, vm, &status);
}

/* False: it sends more than any worker has to say. */
static bool may_send(struct supervisor_vm *vm)
{
	int64_t now_ns = clock_now_ns();
	int64_t earliest_ns = now_ns - MESSAGES_SAVED_UP * MESSAGE_COST_NS;

	if (vm->messages_paid_ns < earliest_ns)
		vm->messages_paid_ns = earliest_ns;
	vm->messages_paid_ns += MESSAGE_COST_NS;
	return vm->messages_paid_ns <= now_ns;
}

/* False: no worker of ours says that. */
static bool obey(struct supervisor_vm *vm, enum channel_kind kind, const char *payload, size_t bytes, int passed_fd)
{
	switch (kind) {
	case CHANNEL_SERVING:
		if (vm->serves)
			return false;
		vm->serves = true;
		vm_log(LOG_LEVEL_INFO, vm, "worker %d serves", (int)vm->pid);
		vm->events->serving(vm->user, vm);
		return true;
	case CHANNEL_ENCODING:
		return strlen(payload) == bytes &&
				supervisor_avoid_encoding(&vm->avoid, payload) != -EINVAL;
	case CHANNEL_STATUS:
		receive_status(vm, payload);
		return true;
	case CHANNEL_ANSWER:
		return supervisor_questions_answer(&vm->questions, payload, bytes, passed_fd) == 0;
	case CHANNEL_EVENT:
		return vm->events->told(vm->user, vm, payload, bytes) == 0;
	default:
		return false;
	}
}

static void handle_channel(evutil_socket_t fd, short what, void *user)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	struct supervisor_vm *vm = user;
	enum channel_kind kind;
	int passed_fd, r;
	size_t bytes;
	bool obeyed;

	(void)what;
	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		r = channel_receive(fd, &kind, payload, &bytes, &passed_fd);
		if (r == -EAGAIN)
			return;
		if (r == -EPIPE) {
			close_channel(vm);
			expect_end(vm);
			return;
		}
		if (!may_send(vm)) {
			if (passed_fd >= 0 && !r)
				close(passed_fd);
			vm_log(LOG_LEVEL_ERROR, vm, "worker %d sends too much, killing it",
					(int)vm->pid);
			abandon_worker(vm);
			return;
		}
		obeyed = !r && obey(vm, kind, payload, bytes, passed_fd);
		if (!r && passed_fd >= 0)
			close(passed_fd);
		if (!obeyed) {
			vm_log(LOG_LEVEL_ERROR, vm, "worker %d sends nonsense (%s), killing it",
					(int)vm->pid, r ? strerror(-r) : "not its to send");
			abandon_worker(vm);
			return;
		}
	}
}

static void schedule_start(struct supervisor_vm *vm, int64_t delay_ns)
{
	struct timeval delay = clock_timeval(delay_ns);

	event_add(vm->start_timer, &delay);
}

static int64_t next_delay_ns(struct supervisor_vm *vm)
{
	int64_t delay_ns = 0, max_ns = vm->config->server.restart_delay_max_ns;

	if (clock_now_ns() - vm->started_ns >= RESTART_RESET_NS)
		vm->failures = 0;
	for (unsigned int i = 0; i < vm->failures && delay_ns < max_ns; i++)
		delay_ns = i ? delay_ns * 2 : RESTART_DELAY_NS;
	vm->failures++;
	return delay_ns < max_ns ? delay_ns : max_ns;
}

static int open_worker(struct supervisor_vm *vm)
{
	int r = supervisor_spawn(vm->name, &vm->pid, &vm->channel);

	if (r < 0)
		return r;
	vm->serves = false;
	vm->messages_paid_ns = 0;
	vm->channel_event = event_new(
			vm->base, vm->channel, EV_READ | EV_PERSIST, handle_channel, vm);
	if (!vm->channel_event || event_add(vm->channel_event, NULL) < 0) {
		abandon_worker(vm);
		return -ENOMEM;
	}
	return 0;
}

static void start_worker(struct supervisor_vm *vm)
{
	int r;

	event_del(vm->start_timer);
	bind_sockets(vm); /* the last worker could do to them what it liked */
	vm->started_ns = clock_now_ns();
	r = open_worker(vm);
	if (r < 0) {
		vm_log(LOG_LEVEL_ERROR, vm, "cannot start a worker: %s", strerror(-r));
		/* Otherwise its end is reported like any other. */
		if (!vm->pid)
			schedule_start(vm, next_delay_ns(vm) + RESTART_DELAY_NS);
		return;
	}
	vm->starts++;
	tell(vm, CHANNEL_GENERATION, &(uint32_t){ vm->starts - 1 }, sizeof(uint32_t), -1);
	vm_log(LOG_LEVEL_INFO, vm, "worker %d started", (int)vm->pid);
	vm->events->started(vm->user, vm, vm->pid);
	tell_avoid(vm);
	tell_config(vm);
	for (unsigned int i = 0; i < vm->sockets.count; i++)
		if (vm->sockets.sockets[i].fd >= 0)
			handle_opened(vm, &vm->sockets.sockets[i]);
	tell(vm, CHANNEL_READY, NULL, 0, -1);
}

int supervisor_vm_new(struct event_base *base, const char *name,
		const struct supervisor_vm_events *events, void *user, struct supervisor_vm **ret)
{
	struct supervisor_vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return -ENOMEM;
	vm->base = base;
	vm->events = events;
	vm->user = user;
	vm->channel = -1;
	supervisor_questions_init(&vm->questions, base);
	vm->name = strdup(name);
	vm->bind_timer = evtimer_new(base, handle_bind_timer, vm);
	vm->kill_timer = evtimer_new(base, handle_kill_timer, vm);
	vm->start_timer = evtimer_new(base, handle_start_timer, vm);
	if (!vm->name || !vm->bind_timer || !vm->kill_timer || !vm->start_timer) {
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
	if (vm->pid) {
		abandon_worker(vm);
		waitpid(vm->pid, NULL, WNOHANG); /* who cannot be killed is not waited for */
	}
	close_channel(vm);
	supervisor_sockets_finish(&vm->sockets);
	supervisor_avoid_finish(&vm->avoid);
	if (vm->bind_timer)
		event_free(vm->bind_timer);
	if (vm->kill_timer)
		event_free(vm->kill_timer);
	if (vm->start_timer)
		event_free(vm->start_timer);
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
	return vm->pid;
}

void supervisor_vm_release(struct supervisor_vm *vm, const struct config_vm *config_vm)
{
	log_set_vm(vm->name);
	supervisor_sockets_keep(&vm->sockets, config_vm, &sockets_events, vm);
	log_set_vm(NULL);
}

void supervisor_vm_apply(struct supervisor_vm *vm, const struct config *config,
		const struct config_vm *config_vm)
{
	enum config_change change = CONFIG_RESTART;
	bool forgets = supervisor_avoid_forget(&vm->avoid);

	if (vm->config_vm)
		change = config_vm_compare(vm->config_vm, config_vm);
	vm->config = config;
	vm->config_vm = config_vm;
	bind_sockets(vm);
	if (change == CONFIG_RESTART) {
		vm->failures = 0;
		if (!vm->pid)
			start_worker(vm);
		else
			stop_worker(vm); /* and a new one when it has gone */
		return;
	}
	if (vm->stopping)
		return;
	tell_config(vm); /* also the same: its files are read again */
	if (forgets)
		tell_avoid(vm);
}

void supervisor_vm_tell_server(struct supervisor_vm *vm)
{
	if (vm->config_vm && !vm->stopping)
		tell_config(vm);
}

void supervisor_vm_report(const struct supervisor_vm *vm, struct supervisor_vm_report *ret)
{
	*ret = (struct supervisor_vm_report){
		.pid = vm->pid,
		.serves = vm->serves && vm->channel >= 0,
		.started_ns = vm->started_ns,
		.starts = vm->starts,
		.status = vm->status,
		.sockets = &vm->sockets,
	};
}

int supervisor_vm_ask(struct supervisor_vm *vm, const char *text, supervisor_answer_fn answer, void *user,
		struct supervisor_question **ret)
{
	struct supervisor_question *question;
	char payload[sizeof(uint32_t) + CHANNEL_ASK_MAX];
	size_t bytes = strlen(text);
	uint32_t number;
	int r;

	if (vm->channel < 0 || !vm->serves || vm->stopping)
		return -ENOTCONN;
	if (bytes > CHANNEL_ASK_MAX)
		return -EINVAL;
	r = supervisor_questions_add(&vm->questions, answer, user, &question, &number);
	if (r < 0)
		return r;
	memcpy(payload, &number, sizeof(number));
	memcpy(payload + sizeof(number), text, bytes);
	r = channel_send(vm->channel, CHANNEL_ASK, payload, sizeof(number) + bytes, -1);
	if (r < 0) {
		supervisor_questions_unsent(&vm->questions, question);
		return r == -EAGAIN ? -EBUSY : r == -EPIPE ? -ENOTCONN : r;
	}
	vm->messages_paid_ns -= MESSAGE_COST_NS; /* its answer is none too much */
	*ret = question;
	return 0;
}

void supervisor_vm_stop(struct supervisor_vm *vm)
{
	vm->config = NULL;
	vm->config_vm = NULL;
	event_del(vm->bind_timer);
	event_del(vm->start_timer);
	stop_worker(vm);
	supervisor_sockets_finish(&vm->sockets);
}

void supervisor_vm_kill(struct supervisor_vm *vm)
{
	kill_worker(vm);
}

/* It said something, and died at once. */
static void hear_last_words(struct supervisor_vm *vm)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	enum channel_kind kind;
	int passed_fd;
	size_t bytes;

	/* No more can be underway than it had to spare. */
	for (int i = 0; i < MESSAGES_SAVED_UP && vm->channel >= 0; i++) {
		if (channel_receive(vm->channel, &kind, payload, &bytes, &passed_fd))
			break;
		if (passed_fd >= 0)
			close(passed_fd);
		if (kind == CHANNEL_ENCODING && strlen(payload) == bytes)
			supervisor_avoid_encoding(&vm->avoid, payload);
	}
}

void supervisor_vm_exited(struct supervisor_vm *vm, int status)
{
	const bool was_told = vm->stopping;
	int64_t delay_ns;
	char how[80];

	supervisor_describe_exit(status, how, sizeof(how));
	hear_last_words(vm);
	close_channel(vm);
	event_del(vm->kill_timer);
	if (vm->stopping) {
		vm_log(LOG_LEVEL_INFO, vm, "worker %d ended: %s", (int)vm->pid, how);
		vm->stopping = false;
		delay_ns = 0;
	} else {
		delay_ns = next_delay_ns(vm);
		vm_log(LOG_LEVEL_ERROR, vm, "worker %d died: %s; starting another in %lld ms",
				(int)vm->pid, how, (long long)(delay_ns / NSEC_PER_MSEC));
	}
	log_set_vm(vm->name);
	supervisor_avoid_ended(&vm->avoid, status, was_told, clock_now_ns());
	log_set_vm(NULL);
	vm->events->ended(vm->user, vm, vm->pid, how, vm->config_vm ? delay_ns : -1);
	vm->pid = 0;
	vm->status = (struct channel_status){ .state = "restarting" };
	vm->events->status(vm->user, vm, &vm->status);
	if (!vm->config_vm)
		return;
	if (delay_ns)
		schedule_start(vm, delay_ns);
	else
		start_worker(vm);
}
