// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of a process: started, told, heard, ended, started again. */
#include "server/supervisor_process.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/log.h"
#include "server/supervisor_spawn.h"

/* Who was asked to end is killed after this. */
#define STOP_GRACE_NS (700 * NSEC_PER_MSEC)
/* The first restart is immediate; then this, doubled each time. */
#define RESTART_DELAY_NS (100 * NSEC_PER_MSEC)
/* Who ran this long is forgiven. */
#define RESTART_RESET_NS (10 * NSEC_PER_SEC)
/* Messages read in one turn of the loop: a process gone mad must not own it. */
#define MESSAGES_A_TURN 16
/*
 * And what it may send in the long run, where one or two a second are usual. A
 * full channel may come at once, when the supervisor was held up.
 */
#define MESSAGE_COST_NS (50 * NSEC_PER_MSEC)
#define MESSAGES_SAVED_UP 300

#define process_log(level, process, ...)                                                           \
	(log_set_vm((process)->name), log_at(level, NULL, __VA_ARGS__), log_set_vm(NULL))

static void close_channel(struct supervisor_process *process)
{
	if (process->channel < 0)
		return;
	if (process->channel_event)
		event_free(process->channel_event);
	process->channel_event = NULL;
	close(process->channel);
	process->channel = -1;
	if (process->events->unreachable)
		process->events->unreachable(process->user);
}

void supervisor_process_kill(struct supervisor_process *process)
{
	if (process->pid)
		kill(process->pid, SIGKILL);
}

void supervisor_process_abandon(struct supervisor_process *process)
{
	close_channel(process);
	supervisor_process_kill(process);
}

/* It ends by itself, or is killed for not doing so. */
static void expect_end(struct supervisor_process *process)
{
	struct timeval grace = clock_timeval(STOP_GRACE_NS);

	if (!event_pending(process->kill_timer, EV_TIMEOUT, NULL))
		event_add(process->kill_timer, &grace);
}

void supervisor_process_tell(struct supervisor_process *process, enum channel_kind kind, const void *payload,
		size_t payload_bytes, int fd)
{
	int r;

	if (process->channel < 0)
		return;
	r = channel_send(process->channel, kind, payload, payload_bytes, fd);
	if (!r)
		return;
	if (r == -EPIPE) {
		close_channel(process);
		expect_end(process);
		return;
	}
	process_log(LOG_LEVEL_ERROR, process, "%s %d does not take orders (%s), killing it", process->what,
			(int)process->pid, strerror(-r));
	supervisor_process_abandon(process);
}

static void ask_to_end(struct supervisor_process *process)
{
	if (!process->pid || process->stopping)
		return;
	process->stopping = true;
	supervisor_process_tell(process, CHANNEL_STOP, NULL, 0, -1);
	expect_end(process);
}

static void handle_kill_timer(evutil_socket_t fd, short what, void *user)
{
	struct supervisor_process *process = user;

	(void)fd;
	(void)what;
	process_log(LOG_LEVEL_WARN, process, "%s %d did not end in time, killing it", process->what,
			(int)process->pid);
	supervisor_process_kill(process);
}

/* False: it sends more than any of ours has to say. */
static bool may_send(struct supervisor_process *process)
{
	int64_t now_ns = clock_now_ns();
	int64_t earliest_ns = now_ns - MESSAGES_SAVED_UP * MESSAGE_COST_NS;

	if (process->messages_paid_ns < earliest_ns)
		process->messages_paid_ns = earliest_ns;
	process->messages_paid_ns += MESSAGE_COST_NS;
	return process->messages_paid_ns <= now_ns;
}

void supervisor_process_asked(struct supervisor_process *process)
{
	process->messages_paid_ns -= MESSAGE_COST_NS;
}

static void handle_channel(evutil_socket_t fd, short what, void *user)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	struct supervisor_process *process = user;
	enum channel_kind kind;
	int passed_fd, r;
	size_t bytes;
	bool heeded;

	(void)what;
	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		r = channel_receive(fd, &kind, payload, &bytes, &passed_fd);
		if (r == -EAGAIN)
			return;
		if (r == -EPIPE) {
			close_channel(process);
			expect_end(process);
			return;
		}
		if (!may_send(process)) {
			if (passed_fd >= 0 && !r)
				close(passed_fd);
			process_log(LOG_LEVEL_ERROR, process, "%s %d sends too much, killing it", process->what,
					(int)process->pid);
			supervisor_process_abandon(process);
			return;
		}
		heeded = !r && process->events->said(process->user, kind, payload, bytes, passed_fd);
		if (!r && passed_fd >= 0)
			close(passed_fd);
		if (!heeded) {
			process_log(LOG_LEVEL_ERROR, process, "%s %d sends nonsense (%s), killing it",
					process->what, (int)process->pid, r ? strerror(-r) : "not its to send");
			supervisor_process_abandon(process);
			return;
		}
	}
}

static void schedule_start(struct supervisor_process *process, int64_t delay_ns)
{
	struct timeval delay = clock_timeval(delay_ns);

	event_add(process->start_timer, &delay);
}

static int64_t next_delay_ns(struct supervisor_process *process)
{
	int64_t delay_ns = 0, max_ns = process->restart_delay_max_ns;

	if (clock_now_ns() - process->started_ns >= RESTART_RESET_NS)
		process->failures = 0;
	for (unsigned int i = 0; i < process->failures && delay_ns < max_ns; i++)
		delay_ns = i ? delay_ns * 2 : RESTART_DELAY_NS;
	process->failures++;
	return delay_ns < max_ns ? delay_ns : max_ns;
}

static int open_process(struct supervisor_process *process)
{
	int r = supervisor_spawn(process->option, process->name, process->privileged, &process->pid,
			&process->channel);

	if (r < 0)
		return r;
	process->messages_paid_ns = 0;
	process->channel_event = event_new(
			process->base, process->channel, EV_READ | EV_PERSIST, handle_channel, process);
	if (!process->channel_event || event_add(process->channel_event, NULL) < 0) {
		supervisor_process_abandon(process);
		return -ENOMEM;
	}
	return 0;
}

static void start(struct supervisor_process *process)
{
	int r;

	event_del(process->start_timer);
	if (process->events->starting)
		process->events->starting(process->user);
	process->started_ns = clock_now_ns();
	r = open_process(process);
	if (r < 0) {
		process_log(LOG_LEVEL_ERROR, process, "cannot start a %s: %s", process->what, strerror(-r));
		/* Otherwise its end is reported like any other. */
		if (!process->pid)
			schedule_start(process, next_delay_ns(process) + RESTART_DELAY_NS);
		return;
	}
	process->starts++;
	process_log(LOG_LEVEL_INFO, process, "%s %d started", process->what, (int)process->pid);
	process->events->started(process->user);
}

static void handle_start_timer(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	start(user);
}

int supervisor_process_init(struct supervisor_process *process, struct event_base *base, const char *what,
		const char *option, const char *name, const struct supervisor_process_events *events, void *user)
{
	*process = (struct supervisor_process){
		.base = base,
		.what = what,
		.option = option,
		.name = name,
		.events = events,
		.user = user,
		.channel = -1,
	};
	process->kill_timer = evtimer_new(base, handle_kill_timer, process);
	process->start_timer = evtimer_new(base, handle_start_timer, process);
	return process->kill_timer && process->start_timer ? 0 : -ENOMEM;
}

void supervisor_process_finish(struct supervisor_process *process)
{
	if (process->pid) {
		supervisor_process_abandon(process);
		waitpid(process->pid, NULL, WNOHANG); /* who cannot be killed is not waited for */
	}
	close_channel(process);
	if (process->kill_timer)
		event_free(process->kill_timer);
	if (process->start_timer)
		event_free(process->start_timer);
	process->kill_timer = process->start_timer = NULL;
	process->pid = 0;
}

void supervisor_process_start(struct supervisor_process *process)
{
	process->wanted = true;
	process->failures = 0;
	if (!process->pid)
		start(process);
	else
		ask_to_end(process);
}

void supervisor_process_stop(struct supervisor_process *process)
{
	process->wanted = false;
	event_del(process->start_timer);
	ask_to_end(process);
}

/* It said something, and died at once. */
static void hear_last_words(struct supervisor_process *process)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	enum channel_kind kind;
	int passed_fd;
	size_t bytes;

	if (!process->events->last_word)
		return;
	/* No more can be underway than it had to spare. */
	for (int i = 0; i < MESSAGES_SAVED_UP && process->channel >= 0; i++) {
		if (channel_receive(process->channel, &kind, payload, &bytes, &passed_fd))
			break;
		if (passed_fd >= 0)
			close(passed_fd);
		process->events->last_word(process->user, kind, payload, bytes);
	}
}

void supervisor_process_exited(struct supervisor_process *process, int status)
{
	const bool expected = process->stopping;
	const pid_t pid = process->pid;
	int64_t delay_ns = 0;
	char how[80];

	supervisor_describe_exit(status, how, sizeof(how));
	hear_last_words(process);
	close_channel(process);
	event_del(process->kill_timer);
	if (expected) {
		process_log(LOG_LEVEL_INFO, process, "%s %d ended: %s", process->what, (int)pid, how);
	} else {
		delay_ns = next_delay_ns(process);
		process_log(LOG_LEVEL_ERROR, process, "%s %d died: %s; starting another in %lld ms",
				process->what, (int)pid, how, (long long)(delay_ns / NSEC_PER_MSEC));
	}
	process->stopping = false;
	process->pid = 0;
	if (process->events->ended)
		process->events->ended(process->user, pid, status, how, expected, process->wanted ? delay_ns : -1);
	if (!process->wanted)
		return;
	if (delay_ns)
		schedule_start(process, delay_ns);
	else
		start(process);
}
