// SPDX-License-Identifier: GPL-2.0-or-later
/* Capabilities, and an allow-list of system calls. */
#include "server/broker/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the broker's allow-list of system calls has to be looked at for this architecture"
#endif

#define CAPABILITIES (1U << CAP_SYS_PTRACE | 1U << CAP_DAC_READ_SEARCH)
/* A file is opened for reading, and none is made. */
#define OPEN_WRITES (O_ACCMODE | O_CREAT | O_TRUNC)

#define ANY 0, 0, 0

/* Allowed where the argument's low half, of the bits in mask, is value. */
static const struct rule {
	uint32_t call;
	uint32_t argument, mask, value;
} rules[] = {
	/* /proc and sysfs */
	{ __NR_openat, 2, OPEN_WRITES, O_RDONLY },
	{ __NR_read, ANY },
	{ __NR_lseek, ANY },
	{ __NR_close, ANY },
	{ __NR_getdents64, ANY },
	{ __NR_readlinkat, ANY },
	{ __NR_newfstatat, ANY },
	{ __NR_fstat, ANY },
	{ __NR_statx, ANY },
	{ __NR_faccessat, ANY },
	{ __NR_faccessat2, ANY },
#ifdef __NR_readlink
	{ __NR_readlink, ANY },
	{ __NR_access, ANY },
#endif
	{ __NR_inotify_add_watch, ANY },
	/* devices of others */
	{ __NR_pidfd_open, ANY },
	{ __NR_pidfd_getfd, ANY },
	{ __NR_ioctl, 1, UINT32_MAX, VFIO_GROUP_GET_DEVICE_FD },
	{ __NR_ioctl, 1, UINT32_MAX, VFIO_DEVICE_QUERY_GFX_PLANE },
	{ __NR_ioctl, 1, UINT32_MAX, VFIO_DEVICE_GET_INFO },
	/* supervisor and workers, the loop, the log */
	{ __NR_sendmsg, ANY },
	{ __NR_recvmsg, ANY },
	{ __NR_sendto, ANY },
	{ __NR_recvfrom, ANY },
	{ __NR_write, ANY },
	{ __NR_ppoll, ANY },
	{ __NR_epoll_ctl, ANY },
	{ __NR_epoll_pwait, ANY },
#ifdef __NR_epoll_pwait2
	{ __NR_epoll_pwait2, ANY },
#endif
#ifdef __NR_poll
	{ __NR_poll, ANY },
	{ __NR_epoll_wait, ANY },
#endif
	{ __NR_timerfd_settime, ANY },
	{ __NR_clock_gettime, ANY }, /* of CPU time */
	{ __NR_fcntl, 1, UINT32_MAX, F_GETFD },
	{ __NR_fcntl, 1, UINT32_MAX, F_SETFD },
	{ __NR_fcntl, 1, UINT32_MAX, F_GETFL },
	/* memory, and the end */
	{ __NR_brk, ANY },
	{ __NR_mmap, 2, PROT_EXEC, 0 },
	{ __NR_mprotect, 2, PROT_EXEC, 0 },
	{ __NR_munmap, ANY },
	{ __NR_mremap, ANY },
	{ __NR_madvise, ANY },
	{ __NR_futex, ANY },
	{ __NR_getrandom, ANY },
	{ __NR_getpid, ANY },
	{ __NR_getppid, ANY },
	{ __NR_gettid, ANY },
	{ __NR_rt_sigaction, ANY },
	{ __NR_rt_sigprocmask, ANY },
	{ __NR_rt_sigreturn, ANY },
	{ __NR_sigaltstack, ANY }, /* of sanitizers */
	{ __NR_restart_syscall, ANY },
	{ __NR_exit, ANY },
	{ __NR_exit_group, ANY },
};

#define N_RULES (sizeof(rules) / sizeof(rules[0]))
#define RULE_STEPS 6
#define CALL offsetof(struct seccomp_data, nr)
/* Both architectures are little-endian. */
#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8 * (n))

static int filter_calls(void)
{
	struct sock_filter steps[4 + RULE_STEPS * N_RULES] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_filter *at = steps + 3;
	struct sock_fprog program;

	for (size_t i = 0; i < N_RULES; i++) {
		const struct rule *rule = &rules[i];
		const struct sock_filter rule_steps[RULE_STEPS] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CALL),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rule->call, 0, 4),
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)ARGUMENT(rule->argument)),
			BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rule->mask),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rule->value, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};

		for (size_t step = 0; step < RULE_STEPS; step++)
			*at++ = rule_steps[step];
	}
	*at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	program = (struct sock_fprog){ .len = (unsigned short)(at - steps), .filter = steps };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

/* What is not there cannot be kept. */
static int keep_capabilities(bool *ret_all)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	uint32_t kept;

	/* It may be given none again by a program that it starts; it starts none, and this needs a privilege. */
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	kept = data[0].permitted & CAPABILITIES;
	data[0] = (struct __user_cap_data_struct){ .permitted = kept, .effective = kept };
	data[1] = (struct __user_cap_data_struct){ 0 };
	if (syscall(SYS_capset, &header, data) < 0)
		return -errno;
	*ret_all = kept == CAPABILITIES;
	return 0;
}

int confine_broker(bool *ret_privileged)
{
	bool all = false;
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	r = keep_capabilities(&all);
	if (!r)
		r = filter_calls();
	if (!r)
		*ret_privileged = all;
	return r;
}
