// SPDX-License-Identifier: GPL-2.0-or-later
/* What a confined process can ask of the kernel, and what not; each case in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xf86drm.h>

#include "server/sandbox.h"

/* Of headers that need not be there: KVM_RUN, IOMMU_IOAS_MAP. */
#define KVM_RUN_REQUEST _IO(0xae, 0x80)
#define IOMMUFD_MAP_REQUEST _IO(';', 0x85)
#ifndef VFIO_DEVICE_BIND_IOMMUFD
#define VFIO_DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
#endif

extern char **environ;

/* Runs it confined: its return value, or a signal's number + 1000. */
static int confined(int (*run)(void), bool opens_device)
{
	int status, r;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		r = sandbox_enter(opens_device);
		_exit(r < 0 ? 250 : run());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* An error says whether the kernel was asked: this descriptor has none of these requests. */
static bool reaches_kernel(unsigned long request)
{
	static int fd = -1;

	if (fd < 0)
		fd = eventfd(0, EFD_CLOEXEC);
	errno = 0;
	return ioctl(fd, request, 0) < 0 && errno == ENOTTY;
}

static bool is_refused(unsigned long request)
{
	return !reaches_kernel(request) && errno == EPERM;
}

static int report(const char *what, unsigned long number)
{
	fprintf(stderr, "%s: 0x%lx: %m\n", what, number);
	return 1;
}

static int ask_display(void)
{
	static const unsigned long allowed[] = {
		VFIO_DEVICE_QUERY_GFX_PLANE, VFIO_DEVICE_GET_GFX_DMABUF, VFIO_DEVICE_GET_INFO,
		VFIO_DEVICE_GET_REGION_INFO, DMA_BUF_IOCTL_SYNC, DRM_IOCTL_VERSION, DRM_IOCTL_PRIME_FD_TO_HANDLE,
	};
	static const unsigned long refused[] = {
		VFIO_DEVICE_RESET, VFIO_DEVICE_SET_IRQS, VFIO_DEVICE_GET_IRQ_INFO, VFIO_DEVICE_PCI_HOT_RESET,
		VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, VFIO_IOMMU_MAP_DMA, VFIO_IOMMU_GET_INFO, VFIO_DEVICE_IOEVENTFD,
		VFIO_DEVICE_FEATURE, VFIO_GROUP_UNSET_CONTAINER, IOMMUFD_MAP_REQUEST, KVM_RUN_REQUEST, TIOCSTI,
		TIOCSCTTY, TIOCLINUX,
	};

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (!reaches_kernel(allowed[i]))
			return report("is refused", allowed[i]);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (!is_refused(refused[i]))
			return report("is not refused", refused[i]);
	return 0;
}

static const unsigned long opening[] = { VFIO_GROUP_GET_STATUS, VFIO_GROUP_SET_CONTAINER, VFIO_GROUP_GET_DEVICE_FD,
		VFIO_CHECK_EXTENSION, VFIO_SET_IOMMU, VFIO_DEVICE_BIND_IOMMUFD };

static int open_in_vain(void)
{
	for (size_t i = 0; i < sizeof(opening) / sizeof(opening[0]); i++)
		if (!is_refused(opening[i]))
			return report("is not refused", opening[i]);
	return ask_display();
}

static int open_device(void)
{
	for (size_t i = 0; i < sizeof(opening) / sizeof(opening[0]); i++)
		if (!reaches_kernel(opening[i]))
			return report("is refused", opening[i]);
	return ask_display();
}

static void test_requests(void **state)
{
	(void)state;
	assert_int_equal(confined(open_in_vain, false), 0);
	assert_int_equal(confined(open_device, true), 0);
}

static int use_sockets(void)
{
	int ends[2], bytes = -1;
	struct winsize size;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || write(ends[0], "abc", 3) != 3)
		return 1;
	if (ioctl(ends[1], FIONREAD, &bytes) < 0 || bytes != 3)
		return 2;
	bytes = -1;
	if (ioctl(ends[0], TIOCOUTQ, &bytes) < 0 || bytes <= 0)
		return 3;
	/* Not a terminal, which is not to be forbidden to find out. */
	errno = 0;
	if (isatty(ends[0]) || errno == EPERM)
		return 4;
	errno = 0;
	if (!ioctl(ends[0], TIOCGWINSZ, &size) || errno == EPERM)
		return 5;
	return 0;
}

static void test_sockets(void **state)
{
	(void)state;
	assert_int_equal(confined(use_sockets, false), 0);
}

static int call_in_vain(void)
{
	/* A number, and what would be wrong with the call if it were made. */
	static const struct {
		long call, first;
	} calls[] = {
#if !defined(__SANITIZE_ADDRESS__)
		{ __NR_ptrace, PTRACE_TRACEME },
#endif
		{ __NR_process_vm_readv, 0 }, { __NR_process_vm_writev, 0 }, { __NR_pidfd_getfd, -1 },
		{ __NR_mount, 0 }, { __NR_umount2, 0 }, { __NR_setns, -1 }, { __NR_unshare, 0 }, { __NR_chroot, 0 },
		{ __NR_init_module, 0 }, { __NR_finit_module, -1 }, { __NR_kexec_load, 0 }, { __NR_bpf, -1 },
		{ __NR_perf_event_open, 0 }, { __NR_userfaultfd, 1 << 30 }, { __NR_io_uring_setup, 0 },
		{ __NR_keyctl, -1 }, { __NR_reboot, 0 }, { __NR_setresuid, -1 }, { __NR_setgroups, -1 },
		{ __NR_mknodat, -1 }, { __NR_open_by_handle_at, -1 },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		errno = 0;
		if (syscall(calls[i].call, calls[i].first, -1L, -1L, -1L, -1L, -1L) >= 0 || errno != EPERM)
			return report("is not refused", (unsigned long)calls[i].call);
	}
	if (syscall(__NR_setuid, getuid()) < 0)
		return report("may not stay who we are", __NR_setuid);
	if (syscall(__NR_setuid, getuid() + 1) >= 0 || errno != EPERM)
		return report("is not refused", __NR_setuid);
	if (syscall(__NR_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) >= 0 || errno != EPERM)
		return report("is not refused", __NR_clone);
	return 0;
}

static void test_calls(void **state)
{
	(void)state;
	assert_int_equal(confined(call_in_vain, false), 0);
	assert_int_equal(confined(call_in_vain, true), 0);
}

static void *ask_in_thread(void *ret)
{
	*(int *)ret = ask_display();
	return NULL;
}

/* As drivers do: threads, memory to run code in, other programs, which are confined as well. */
static int work(void)
{
	char *const argv[] = { "sh", "-c", "grep -q '^Seccomp:.2' /proc/self/status", NULL };
	pthread_t thread;
	int r = 1, status;
	pid_t pid;

	if (pthread_create(&thread, NULL, ask_in_thread, &r) || pthread_join(thread, NULL) || r)
		return 10 + r;
	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) || waitpid(pid, &status, 0) != pid)
		return 20;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 21;
}

static void test_work(void **state)
{
	(void)state;
	assert_int_equal(confined(work, false), 0);
}

static pthread_barrier_t entered;

static void *wait_and_ask(void *ret)
{
	pthread_barrier_wait(&entered);
	return ask_in_thread(ret);
}

/* A thread that a library began before. */
static void test_threads_there_already(void **state)
{
	pthread_t thread;
	int status, r = 1;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid) {
		pthread_barrier_init(&entered, NULL, 2);
		if (pthread_create(&thread, NULL, wait_and_ask, &r) || sandbox_enter(false) < 0)
			_exit(2);
		pthread_barrier_wait(&entered);
		pthread_join(thread, NULL);
		_exit(r);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_threads_there_already),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
