// SPDX-License-Identifier: GPL-2.0-or-later
/* One VM's process: its loop, its listeners, its orders and its reports. */
#include "server/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config/config.h"
#include "encoders/vaapi_thread.h"
#include "net/listener.h"
#include "net/viewer.h"
#include "server/channel.h"
#include "server/clock.h"
#include "server/control_problems.h"
#include "server/log.h"
#include "server/notify.h"
#include "server/sandbox.h"
#include "server/supervisor_sockets.h"
#include "server/video.h"
#include "server/vm.h"
#include "server/worker_control.h"
#include "server/worker_door.h"
#include "server/worker_fds.h"
#include "server/worker_memory.h"

#define STATUS_INTERVAL_NS NSEC_PER_SEC
/* With no viewer and nothing new for this many reports, the host is left in peace. */
#define STATUS_QUIET_MAX 15
/* A video driver that has not come back by then is left as it is. */
#define DRIVER_PATIENCE_NS (500 * NSEC_PER_MSEC)
#define BIND_RETRY_NS (3 * NSEC_PER_SEC)

struct worker {
	struct event_base *base;
	const char *name;
	struct config *config;
	const struct config_vm *config_vm; /* in config */
	struct vm *vm;
	struct worker_listener {
		struct worker *worker;
		struct listener *listener; /* NULL: a free place */
		enum config_listeners key;
	} listeners[SUPERVISOR_SOCKETS_MAX];
	struct worker_memory memory;
	int exit_status;

	int channel; /* -1: alone */
	struct event *channel_event;
	char avoid[CHANNEL_NAMES_MAX + 1];
	struct video_drivers drivers;
	struct worker_control control;
	struct worker_door door;
	struct event *status_timer;
	struct channel_status status; /* as last sent */
	unsigned int quiet;

	/* alone */
	struct supervisor_sockets sockets;
	struct event *bind_timer;
	struct event *signals[3];
	worker_load_fn load;
	void *load_user;
};

static void end(struct worker *worker, int exit_status)
{
	worker->exit_status = exit_status;
	event_base_loopbreak(worker->base);
}

static void end_badly(struct worker *worker, const char *what, int err)
{
	log_error(NULL, "%s: %s", what, strerror(-err));
	worker->exit_status = EXIT_FAILURE;
}

void worker_raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max < WORKER_FDS_MAX ? limit.rlim_max : WORKER_FDS_MAX;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int worker_init(struct worker *worker, const char *name)
{
	struct event_config *config = event_config_new();
	char comm[16];

	/*
	 * glibc gives each thread a heap of its own, and back to the kernel the end of one only:
	 * a viewer's threads leave theirs at 10 MB each.
	 */
	mallopt(M_ARENA_MAX, 1);
	*worker = (struct worker){ .name = name, .channel = -1, .control.teller.channel = -1 };
	if (!config || evthread_use_pthreads() < 0)
		return -ENOMEM;
	/* Timers to the microsecond: a picture due in 16.6 ms is not to wait for 17. */
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
	worker->base = event_base_new_with_config(config);
	event_config_free(config);
	/* Two: what is urgent, and all else (server/capture/attach_broker.h). */
	if (!worker->base || event_base_priority_init(worker->base, 2) < 0)
		return -ENOMEM;

	worker_control_init(&worker->control, worker->base);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	snprintf(comm, sizeof(comm), "pc:%s", name);
	prctl(PR_SET_NAME, comm);
	worker_raise_fd_limit();
	log_set_vm(name);
	return 0;
}

static void worker_finish(struct worker *worker)
{
	for (size_t i = 0; i < SUPERVISOR_SOCKETS_MAX; i++)
		listener_free(worker->listeners[i].listener);
	supervisor_sockets_finish(&worker->sockets);
	worker_door_close(&worker->door);
	worker_control_finish(&worker->control);
	vm_free(worker->vm);
	if (worker->channel_event)
		event_free(worker->channel_event);
	if (worker->status_timer)
		event_free(worker->status_timer);
	if (worker->bind_timer)
		event_free(worker->bind_timer);
	for (size_t i = 0; i < sizeof(worker->signals) / sizeof(worker->signals[0]); i++)
		if (worker->signals[i])
			event_free(worker->signals[i]);
	if (worker->channel >= 0)
		close(worker->channel);
	if (worker->base)
		event_base_free(worker->base);
	config_free(worker->config);
	/* Drivers' exit handlers are not for a thread that is still inside. */
	if (!vaapi_threads_wait(DRIVER_PATIENCE_NS))
		_exit(worker->exit_status);
}

static void schedule_status(struct worker *worker)
{
	struct timeval interval = clock_timeval(STATUS_INTERVAL_NS);

	if (worker->status_timer && !event_pending(worker->status_timer, EV_TIMEOUT, NULL))
		event_add(worker->status_timer, &interval);
}

/* Takes fd. */
static void handle_handed(void *user, enum config_listeners key, int fd, const struct sockaddr *peer, socklen_t length)
{
	struct worker *worker = user;

	worker->quiet = 0;
	schedule_status(worker);
	vm_accept(worker->vm, key, fd, peer, length);
}

/* Takes fd. */
static void handle_viewer(void *user, int fd, const struct channel_viewer *viewer)
{
	const struct protocol_proof proof = { .user = viewer->user, .tls = viewer->tls };
	struct worker *worker = user;

	worker->quiet = 0;
	schedule_status(worker);
	vm_admit(worker->vm, fd, (const struct sockaddr *)&viewer->address, viewer->address_bytes, &proof);
}

static const struct worker_door_events door_events = {
	.handed = handle_handed,
	.viewer = handle_viewer,
};

static void handle_accept(void *user, int fd, const struct sockaddr *peer, socklen_t length)
{
	const struct worker_listener *listener = user;

	handle_handed(listener->worker, listener->key, fd, peer, length);
}

/* name is "KEY ADDRESS". Takes fd. */
static int listener_add(struct worker *worker, const char *name, int fd)
{
	enum config_listeners key = config_find_listeners(name, strcspn(name, " "));
	int r = key == CONFIG_LISTENERS ? -EINVAL : -EMFILE;

	for (size_t i = 0; i < SUPERVISOR_SOCKETS_MAX && r == -EMFILE; i++) {
		struct worker_listener *place = &worker->listeners[i];

		if (place->listener)
			continue;
		place->worker = worker;
		place->key = key;
		r = listener_new(worker->base, fd, name, handle_accept, place, &place->listener);
		break;
	}
	if (r < 0) {
		log_error(NULL, "cannot listen on %s: %s", name, strerror(-r));
		close(fd);
	}
	return r;
}

static void listener_remove(struct worker *worker, const char *name)
{
	for (size_t i = 0; i < SUPERVISOR_SOCKETS_MAX; i++) {
		struct worker_listener *place = &worker->listeners[i];

		if (!place->listener || strcmp(listener_name(place->listener), name))
			continue;
		listener_free(place->listener);
		place->listener = NULL;
	}
}

static void apply_log(const struct config *config)
{
	log_set_level(config->server.log_level);
	log_set_format(config->server.log_format);
}

/* Before anything of strangers is here. */
static void confine(const struct config_vm *config_vm)
{
	int r = sandbox_enter(config_vm->vfio_device && config_vm->vfio_attach == CONFIG_ATTACH_OWN);

	if (r < 0)
		log_warn(NULL, "system calls are not filtered: %s", strerror(-r));
}

/* Takes config, on success only. The first one makes the VM; later ones change live keys. */
static int configure(struct worker *worker, struct config *config)
{
	const struct config_vm *config_vm = config_find_vm(config, worker->name);
	enum config_change change = CONFIG_LIVE;
	int r = 0;

	if (!config_vm)
		return -ENOENT;
	if (worker->config)
		change = config_vm_compare(worker->config_vm, config_vm);
	if (change == CONFIG_RESTART)
		return -EBUSY;
	apply_log(config);
	if (!worker->config) {
		confine(config_vm);
		worker_memory_limit(&worker->memory, config_vm->memory_max_bytes);
	}
	if (!worker->vm)
		r = vm_new(worker->base, config_vm, worker->channel < 0 ? NULL : &worker->drivers,
				&worker_control_events, &worker->control, &worker->vm);
	else
		vm_reconfigure(worker->vm, config_vm);
	if (r < 0)
		return r;
	worker_fds_check(config_vm);
	config_free(worker->config);
	worker->config = config;
	worker->config_vm = config_vm;
	return 0;
}

static void report_problem(void *user, const struct config_problem *problem)
{
	(void)user;
	log_error(NULL, "configuration from the supervisor, line %u: %s", problem->line,
			problem->message);
}

static void receive_config(struct worker *worker, const char *text, size_t bytes)
{
	struct config *config = NULL;
	int r;

	worker_control_watch(&worker->control);
	r = config_parse("supervisor", text, bytes, report_problem, NULL, &config);
	if (!r) {
		r = configure(worker, config);
		if (r < 0)
			config_free(config);
	}
	control_problems_unwatch();
	if (r < 0) {
		log_error(NULL, "cannot serve this VM: %s", strerror(-r));
		end(worker, EXIT_FAILURE);
	}
}

/* From any thread. Not retried: a supervisor that is that far behind has other worries. */
static void tell_encoding(void *user, const char *names)
{
	const struct worker *worker = user;

	channel_send(worker->channel, CHANNEL_ENCODING, names, strlen(names), -1);
}

static void receive_generation(const char *payload)
{
	uint32_t generation;

	memcpy(&generation, payload, sizeof(generation));
	viewer_set_generation(generation);
}

static void receive_avoid(struct worker *worker, const char *names, size_t bytes)
{
	memcpy(worker->avoid, names, bytes + 1); /* no more than the kind can have */
	if (worker->vm)
		vm_drivers_changed(worker->vm);
}

static void handle_channel(evutil_socket_t fd, short what, void *user)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	struct worker *worker = user;
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
		end(worker, EXIT_FAILURE);
		return;
	}
	switch (kind) {
	case CHANNEL_CONFIG:
		receive_config(worker, payload, bytes);
		break;
	case CHANNEL_GENERATION:
		receive_generation(payload);
		break;
	case CHANNEL_AVOID:
		receive_avoid(worker, payload, bytes);
		break;
	case CHANNEL_LISTENER:
		listener_add(worker, payload, passed_fd);
		break;
	case CHANNEL_LISTENER_CLOSE:
		listener_remove(worker, payload);
		break;
	case CHANNEL_DOOR:
		if (worker_door_open(&worker->door, worker->base, passed_fd, &door_events, worker) < 0)
			log_error(NULL, "cannot be reached by shared ports: %s", strerror(ENOMEM));
		break;
	case CHANNEL_BROKER:
		vm_take_broker(worker->vm, passed_fd);
		break;
	case CHANNEL_READY:
		channel_send(worker->channel, CHANNEL_SERVING, NULL, 0, -1);
		schedule_status(worker);
		break;
	case CHANNEL_ASK:
		worker_control_answer(&worker->control, worker->vm, payload, bytes);
		break;
	case CHANNEL_STOP:
		end(worker, EXIT_SUCCESS);
		break;
	default:
		log_error(NULL, "order %d is not for workers", kind);
		end(worker, EXIT_FAILURE);
	}
}

static void handle_status_timer(evutil_socket_t fd, short what, void *user)
{
	struct worker *worker = user;
	struct channel_status status;

	(void)fd;
	(void)what;
	memset(&status, 0, sizeof(status));
	vm_status(worker->vm, &status);
	worker_memory_check(&worker->memory);
	worker->quiet++;
	if (memcmp(&status, &worker->status, sizeof(status))) {
		worker->quiet = 0;
		/* A supervisor that does not read misses one of many; the next says all. */
		if (!channel_send(worker->channel, CHANNEL_STATUS, &status, sizeof(status), -1))
			worker->status = status;
	}
	if (status.viewers || worker->quiet < STATUS_QUIET_MAX)
		schedule_status(worker);
}

static void handle_end(evutil_socket_t signal_number, short what, void *user)
{
	(void)what;
	log_notice(NULL, "SIG%s: ending", sigabbrev_np(signal_number));
	end(user, EXIT_SUCCESS);
}

static int add_signal(
		struct worker *worker, size_t slot, int signal_number, event_callback_fn handle)
{
	worker->signals[slot] = evsignal_new(worker->base, signal_number, handle, worker);
	if (!worker->signals[slot] || event_add(worker->signals[slot], NULL) < 0)
		return -ENOMEM;
	return 0;
}

int worker_run_supervised(const char *name, int channel)
{
	struct worker worker;
	int r;

	r = worker_init(&worker, name);
	worker.channel = channel;
	worker.control.teller.channel = channel;
	worker.drivers = (struct video_drivers){
		.avoid = worker.avoid,
		.used = tell_encoding,
		.user = &worker,
	};
	if (r < 0)
		goto out;
	/* A terminal's Ctrl-C and hangup reach the whole group; what follows is the supervisor's to say. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	r = add_signal(&worker, 0, SIGTERM, handle_end);
	if (r < 0)
		goto out;
	worker.status_timer = evtimer_new(worker.base, handle_status_timer, &worker);
	worker.channel_event = event_new(
			worker.base, channel, EV_READ | EV_PERSIST, handle_channel, &worker);
	if (!worker.status_timer || !worker.channel_event ||
			event_add(worker.channel_event, NULL) < 0) {
		r = -ENOMEM;
		goto out;
	}
	event_base_dispatch(worker.base);
	r = 0;
out:
	if (r < 0)
		end_badly(&worker, "worker", r);
	worker_finish(&worker);
	return worker.exit_status;
}

static void handle_opened(void *user, const struct supervisor_socket *socket)
{
	int fd = fcntl(socket->fd, F_DUPFD_CLOEXEC, 0);
	char name[SUPERVISOR_SOCKET_NAME_MAX];

	if (fd < 0)
		log_error(NULL, "cannot listen on %s: %m", socket->address);
	else
		listener_add(user, supervisor_socket_name(socket, name), fd);
}

static void handle_closing(void *user, const struct supervisor_socket *socket)
{
	char name[SUPERVISOR_SOCKET_NAME_MAX];

	listener_remove(user, supervisor_socket_name(socket, name));
}

static const struct supervisor_sockets_events sockets_events = {
	.opened = handle_opened,
	.closing = handle_closing,
};

static void bind_sockets(struct worker *worker)
{
	struct timeval retry = clock_timeval(BIND_RETRY_NS);

	if (supervisor_sockets_bind(&worker->sockets, worker->config, worker->config_vm,
			    &sockets_events, worker))
		event_add(worker->bind_timer, &retry);
}

static void handle_bind_timer(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	bind_sockets(user);
}

static const char *describe_refusal(int error)
{
	switch (error) {
	case -EINVAL:
		return "it is wrong, see above";
	case -EBUSY:
		return "it needs a restart of this VM's process";
	case -ENOENT:
		return "this VM is no longer in it";
	}
	return strerror(-error);
}

static int reload(struct worker *worker)
{
	struct config *config;
	int r = worker->load(worker->load_user, &config);

	if (r < 0)
		return r;
	r = configure(worker, config);
	if (r < 0) {
		config_free(config);
		return r;
	}
	supervisor_sockets_keep(&worker->sockets, worker->config, worker->config_vm, &sockets_events, worker);
	bind_sockets(worker);
	return 0;
}

static void handle_reload(evutil_socket_t signal_number, short what, void *user)
{
	int r;

	(void)signal_number;
	(void)what;
	notify_send("RELOADING=1\nMONOTONIC_USEC=%lld",
			(long long)(clock_now_ns() / NSEC_PER_USEC));
	r = reload(user);
	if (r < 0)
		log_error(NULL, "the configuration was not reloaded, the old one stays: %s",
				describe_refusal(r));
	else
		log_notice(NULL, "configuration reloaded");
	notify_send("READY=1");
}

int worker_run_alone(struct config *config, const char *name, worker_load_fn load, void *user)
{
	struct worker worker;
	int r;

	r = worker_init(&worker, name);
	if (!r)
		r = configure(&worker, config);
	if (r < 0) {
		config_free(config);
		goto out;
	}
	worker.load = load;
	worker.load_user = user;
	worker.bind_timer = evtimer_new(worker.base, handle_bind_timer, &worker);
	if (!worker.bind_timer || add_signal(&worker, 0, SIGTERM, handle_end) < 0 ||
			add_signal(&worker, 1, SIGINT, handle_end) < 0 ||
			add_signal(&worker, 2, SIGHUP, handle_reload) < 0) {
		r = -ENOMEM;
		goto out;
	}
	bind_sockets(&worker);
	notify_send("READY=1");
	event_base_dispatch(worker.base);
	notify_send("STOPPING=1");
out:
	if (r < 0)
		end_badly(&worker, "cannot serve this VM", r);
	worker_finish(&worker);
	return worker.exit_status;
}
