// SPDX-License-Identifier: GPL-2.0-or-later
/* Starting a process that tries a candidate, and reading what it says. */
#include "encoders/vaapi_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "encoders/vaapi_probe_line.h"
#include "server/clock.h"
#include "server/log.h"

#define DEADLINE_NS (5 * NSEC_PER_SEC)
#define LINE_BYTES_MAX 1024

static int spawn(const char *prober, const char *candidate, int out, pid_t *ret)
{
	char *const argv[] = { (char *)(uintptr_t)prober, (char *)(uintptr_t)VAAPI_PROBE_OPTION,
		(char *)(uintptr_t)candidate, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	err = -posix_spawn_file_actions_init(&actions);
	if (err)
		return err;
	err = -posix_spawnattr_init(&attributes);
	if (err) {
		posix_spawn_file_actions_destroy(&actions);
		return err;
	}
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	err = -posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	/* Drivers are talkative. */
	if (!err && !log_enabled(LOG_LEVEL_DEBUG))
		err = -posix_spawn_file_actions_addopen(
				&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	/* Libraries forget to keep theirs back, and this may hang with a viewer's connection. */
	if (!err)
		err = -posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	if (!err)
		err = -posix_spawn(ret, prober, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

/* All that it writes, until it closes its output or the time is over; at most a line's worth is kept. */
static int read_all(int fd, int64_t end_ns, char *line, size_t *ret_bytes)
{
	size_t bytes = 0;

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int64_t left_ns = end_ns - clock_now_ns();
		char rest[256];
		ssize_t got;

		if (left_ns <= 0)
			return -ETIMEDOUT;
		if (poll(&poll_fd, 1, (int)(left_ns / NSEC_PER_MSEC) + 1) < 1)
			continue;
		got = bytes < LINE_BYTES_MAX - 1 ? read(fd, line + bytes, LINE_BYTES_MAX - 1 - bytes)
						 : read(fd, rest, sizeof(rest));
		if (got < 0 && errno != EINTR)
			return -errno;
		if (!got)
			break;
		if (got > 0 && bytes < LINE_BYTES_MAX - 1)
			bytes += (size_t)got;
	}
	*ret_bytes = bytes;
	return 0;
}

/* A process that has closed its output may still hang on its way out. */
static int reap(pid_t pid, bool kill_it, int64_t end_ns, int *ret_status)
{
	const struct timespec pause = { .tv_nsec = 2 * NSEC_PER_MSEC };

	for (;;) {
		pid_t got;

		if (kill_it || clock_now_ns() >= end_ns) {
			kill(pid, SIGKILL);
			while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
				;
			return -ETIMEDOUT;
		}
		got = waitpid(pid, ret_status, WNOHANG);
		if (got == pid)
			return 0;
		if (got < 0 && errno != EINTR)
			return -errno;
		nanosleep(&pause, NULL);
	}
}

static int run(const char *prober, const char *candidate, int64_t deadline_ns, char *line,
		int *ret_status)
{
	int64_t end_ns = clock_now_ns() + (deadline_ns ? deadline_ns : DEADLINE_NS);
	size_t bytes = 0;
	int fds[2], err, reaped;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	err = spawn(prober ? prober : "/proc/self/exe", candidate, fds[1], &pid);
	close(fds[1]);
	if (!err) {
		err = read_all(fds[0], end_ns, line, &bytes);
		line[bytes] = '\0';
		reaped = reap(pid, err, end_ns, ret_status);
		if (!err)
			err = reaped;
	}
	close(fds[0]);
	return err;
}

int vaapi_probe(const char *prober, const char *candidate, int64_t deadline_ns,
		struct vaapi_probe_report *ret)
{
	struct vaapi_probe_report report = { .vendor = "" };
	char line[LINE_BYTES_MAX] = "";
	int status = 0, err = run(prober, candidate, deadline_ns, line, &status);

	if (err == -ETIMEDOUT)
		snprintf(report.reason, sizeof(report.reason), "its driver hangs");
	else if (err)
		snprintf(report.reason, sizeof(report.reason), "it cannot be tried: %s", strerror(-err));
	if (!err && WIFSIGNALED(status)) {
		err = -EFAULT;
		snprintf(report.reason, sizeof(report.reason), "its driver crashes (%s)",
				strsignal(WTERMSIG(status)));
	} else if (!err && !vaapi_probe_line_read(line, &report)) {
		err = -EPROTO;
		snprintf(report.reason, sizeof(report.reason), "trying it said nothing");
	} else if (!err && (!WIFEXITED(status) || WEXITSTATUS(status) || report.reason[0])) {
		err = -ENODEV;
	}
	/* A reason is the least that one is owed. */
	if (err && !report.reason[0])
		snprintf(report.reason, sizeof(report.reason), "trying it failed");
	*ret = report;
	return err;
}
