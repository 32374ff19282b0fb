// SPDX-License-Identifier: GPL-2.0-or-later
/* What the broker cannot do any more, and what it still can. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/broker/confine.h"

static int pair[2], inotify;

static bool refused(long result)
{
	return result < 0 && errno == EPERM;
}

static bool makes_sockets(void)
{
	return !refused(socket(AF_INET, SOCK_STREAM, 0)) || !refused(socket(AF_UNIX, SOCK_STREAM, 0)) ||
			!refused(socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){ 0 })) ||
			!refused(bind(pair[0], NULL, 0)) || !refused(connect(pair[0], NULL, 0));
}

static bool writes_files(void)
{
	return !refused(open("/dev/null", O_WRONLY)) || !refused(open("/dev/null", O_RDWR)) ||
			!refused(open("/tmp/planecast-confine", O_RDONLY | O_CREAT, 0600)) ||
			!refused(open("/tmp", O_TMPFILE | O_RDWR, 0600)) ||
			!refused(open("/dev/null", O_RDONLY | O_TRUNC)) || !refused(unlink("/nowhere")) ||
			!refused(rename("/nowhere", "/nowhere2")) || !refused(mkdir("/nowhere/a", 0700)) ||
			!refused(truncate("/dev/null", 0)) || !refused(chmod("/nowhere", 0));
}

static bool reaches_processes(void)
{
	return !refused(kill(getppid(), 0)) || !refused(ptrace(PTRACE_ATTACH, getppid(), 0, 0)) ||
			!refused(fork()) || !refused(execl("/bin/true", "true", NULL)) ||
			!refused(syscall(SYS_pidfd_send_signal, -1, 0, NULL, 0)) ||
			!refused(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0)) ||
			!refused(fcntl(pair[0], F_SETOWN, getppid()));
}

static bool gets_more(void)
{
	return !refused(setuid(getuid())) || !refused(prctl(PR_SET_DUMPABLE, 1)) ||
			!refused(ioctl(pair[0], FIONREAD, 0)) ||
			mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ||
			!refused(inotify_init1(0)) || !refused(syscall(SYS_memfd_create, "x", 0));
}

static bool cannot_work(void)
{
	char text[64];
	DIR *dir = opendir("/proc/self/fd");
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0), copy;
	bool broken = !dir || !readdir(dir) || self < 0;

	copy = (int)syscall(SYS_pidfd_getfd, self, pair[0], 0);
	return broken || copy < 0 || readlink("/proc/self/exe", text, sizeof(text)) < 0 ||
			send(copy, "x", 1, 0) != 1 || read(pair[1], text, 1) != 1 ||
			inotify_add_watch(inotify, "/dev", IN_CREATE) < 0 || closedir(dir) < 0;
}

static const struct {
	const char *what;
	bool (*holds)(void);
} faults[] = {
	{ "makes sockets", makes_sockets },
	{ "writes files", writes_files },
	{ "reaches processes", reaches_processes },
	{ "gets more", gets_more },
	{ "cannot work", cannot_work },
};

#define N_FAULTS (sizeof(faults) / sizeof(faults[0]))

static void what_is_left(void **state)
{
	bool privileged = false;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	inotify = inotify_init1(0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (confine_broker(&privileged) < 0)
			_exit(100);
		for (size_t i = 0; i < N_FAULTS; i++)
			if (faults[i].holds())
				_exit((int)i + 1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status))
		fail_msg("it %s", WEXITSTATUS(status) <= (int)N_FAULTS ? faults[WEXITSTATUS(status) - 1].what :
				"cannot be confined");
	close(pair[0]);
	close(pair[1]);
	close(inotify);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_left) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
