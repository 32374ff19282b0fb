// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes of ours: fork, exec of this program, and what waitpid() says of them. */
#include "server/supervisor_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/privileges.h"

/* Only async-signal-safe calls. Ends in exec or with the status a shell gives a missing command. */
static _Noreturn void become(const char *option, const char *name, bool privileged, int channel, pid_t supervisor,
		const sigset_t *mask)
{
	char *const argv[] = {"planecastd", (char *)option, (char *)name, NULL};
	int null;

	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL);
	/* The second line closes the gap in which the supervisor died before the first. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != supervisor)
		_exit(127);
	if (channel == SUPERVISOR_CHANNEL_FD)
		fcntl(channel, F_SETFD, 0);
	else
		dup2(channel, SUPERVISOR_CHANNEL_FD);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	if (privileged)
		privileges_pass_on();
	close_range(SUPERVISOR_CHANNEL_FD + 1, ~0U, 0);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execv("/proc/self/exe", argv);
	_exit(127);
}

int supervisor_spawn(const char *option, const char *name, bool privileged, pid_t *ret_pid, int *ret_channel)
{
	pid_t supervisor = getpid(), pid;
	sigset_t all, before;
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;
	/* A signal between fork and exec must not reach the handlers, which would write to our loop. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	r = pid < 0 ? -errno : 0;
	if (pid == 0)
		become(option, name, privileged, ends[1], supervisor, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (r < 0) {
		close(ends[0]);
		return r;
	}
	*ret_pid = pid;
	*ret_channel = ends[0];
	return 0;
}

const char *supervisor_describe_exit(int status, char *buf, size_t size)
{
	const char *name;

	if (!WIFSIGNALED(status)) {
		snprintf(buf, size, "exit status %d", WEXITSTATUS(status));
		return buf;
	}
	name = sigabbrev_np(WTERMSIG(status));
	if (name)
		snprintf(buf, size, "killed by SIG%s (%s)%s", name, sigdescr_np(WTERMSIG(status)),
				WCOREDUMP(status) ? ", core dumped" : "");
	else
		snprintf(buf, size, "killed by signal %d", WTERMSIG(status));
	return buf;
}
