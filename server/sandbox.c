// SPDX-License-Identifier: GPL-2.0-or-later
/* The filter of a worker's system calls: tables, and the program for the kernel that is made of them. */
#include "server/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
/* Set in the numbers of calls of its other way to pass pointers. */
#define FOREIGN_CALLS 0x40000000u
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef OUR_ARCH
/* Since Linux 6.6; headers of the distributions we build on are older. */
#ifndef VFIO_DEVICE_BIND_IOMMUFD
#define VFIO_DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
#endif

#define NEW_NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
			CLONE_NEWNET)

static const uint32_t display_requests[] = {
	VFIO_DEVICE_QUERY_GFX_PLANE,
	VFIO_DEVICE_GET_GFX_DMABUF,
	VFIO_DEVICE_GET_INFO,
	VFIO_DEVICE_GET_REGION_INFO,
};

/* What it takes to open a device: server/capture/attach_own.c. */
static const uint32_t opening_requests[] = {
	VFIO_GROUP_GET_STATUS,
	VFIO_GROUP_SET_CONTAINER,
	VFIO_GROUP_GET_DEVICE_FD,
	VFIO_CHECK_EXTENSION,
	VFIO_SET_IOMMU,
	VFIO_DEVICE_BIND_IOMMUFD,
};

/* Nothing of them writes into a terminal's input, as TIOCSTI would. */
static const uint32_t plain_requests[] = {
	FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TIOCOUTQ, TCGETS, TIOCGWINSZ,
	0x8910, /* SIOCGIFNAME */
	0x8933, /* SIOCGIFINDEX */
};

/* All of a kind: the second lowest byte of a request says which. */
static const uint32_t whole_types[] = {
	'd', /* DRM: GPUs, each driver with numbers of its own */
	'b', /* dma-bufs */
	'>', /* fences: sync_file */
};

static const uint32_t refused_calls[] = {
	/* Other processes. LeakSanitizer looks into its own like that. */
#if !defined(__SANITIZE_ADDRESS__)
	__NR_ptrace,
#endif
	__NR_process_vm_readv, __NR_process_vm_writev, __NR_pidfd_getfd,
	/* What is where. */
	__NR_mount, __NR_umount2, __NR_pivot_root, __NR_chroot, __NR_move_mount, __NR_open_tree, __NR_fsopen,
	__NR_fsconfig, __NR_fsmount, __NR_fspick, __NR_mount_setattr, __NR_setns, __NR_unshare, __NR_swapon,
	__NR_swapoff, __NR_quotactl, __NR_quotactl_fd, __NR_acct, __NR_open_by_handle_at, __NR_fanotify_init,
	__NR_mknodat,
	/* Code for the kernel, and its insides. */
	__NR_init_module, __NR_finit_module, __NR_delete_module, __NR_kexec_load, __NR_kexec_file_load, __NR_bpf,
	__NR_perf_event_open, __NR_userfaultfd, __NR_io_uring_setup, __NR_io_uring_enter, __NR_io_uring_register,
	__NR_syslog,
	/* Keys, the machine, its time. */
	__NR_add_key, __NR_request_key, __NR_keyctl, __NR_reboot, __NR_sethostname, __NR_setdomainname,
	__NR_vhangup, __NR_settimeofday, __NR_clock_settime, __NR_clock_adjtime, __NR_adjtimex,
	/* Other users. */
	__NR_setgid, __NR_setreuid, __NR_setregid, __NR_setresuid, __NR_setresgid, __NR_setfsuid, __NR_setfsgid,
	__NR_setgroups,
#if defined(__x86_64__)
	__NR_mknod, __NR_iopl, __NR_ioperm, __NR_modify_ldt,
#endif
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define INSTRUCTIONS_MAX (2 * (COUNT(refused_calls) + COUNT(display_requests) + COUNT(opening_requests) + \
				COUNT(plain_requests) + COUNT(whole_types)) + 64)

#define ALLOW SECCOMP_RET_ALLOW
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)
/* glibc then calls clone(), whose flags can be seen. */
#define UNKNOWN (SECCOMP_RET_ERRNO | ENOSYS)

struct program {
	struct sock_filter instructions[INSTRUCTIONS_MAX];
	unsigned short count;
};

static void add(struct program *program, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	program->instructions[program->count++] = (struct sock_filter)BPF_JUMP(code, k, if_true, if_false);
}

/* Half of an argument at most: on the processors above, the lower one. */
static void load(struct program *program, size_t offset)
{
	add(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void end(struct program *program, uint32_t what)
{
	add(program, BPF_RET | BPF_K, what, 0, 0);
}

static void end_if(struct program *program, uint32_t value, uint32_t what)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	end(program, what);
}

static void end_if_any(struct program *program, const uint32_t *values, size_t count, uint32_t what)
{
	for (size_t i = 0; i < count; i++)
		end_if(program, values[i], what);
}

/* What follows, until end_call(), is for that call only. Where it ends is not known yet. */
static unsigned short begin_call(struct program *program, uint32_t call)
{
	load(program, offsetof(struct seccomp_data, nr));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, call, 0, 0);
	return program->count;
}

static void end_call(struct program *program, unsigned short begin)
{
	program->instructions[begin - 1].jf = (uint8_t)(program->count - begin);
}

static void add_ioctl(struct program *program, bool opens_device)
{
	unsigned short begin = begin_call(program, __NR_ioctl);

	load(program, offsetof(struct seccomp_data, args[1]));
	end_if_any(program, display_requests, COUNT(display_requests), ALLOW);
	if (opens_device)
		end_if_any(program, opening_requests, COUNT(opening_requests), ALLOW);
	end_if_any(program, plain_requests, COUNT(plain_requests), ALLOW);
	add(program, BPF_ALU | BPF_RSH | BPF_K, 8, 0, 0);
	add(program, BPF_ALU | BPF_AND | BPF_K, 0xff, 0, 0);
	end_if_any(program, whole_types, COUNT(whole_types), ALLOW);
	end(program, REFUSE);
	end_call(program, begin);
}

static void add_clone(struct program *program)
{
	unsigned short begin = begin_call(program, __NR_clone);

	load(program, offsetof(struct seccomp_data, args[0]));
	add(program, BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1);
	end(program, REFUSE);
	end(program, ALLOW);
	end_call(program, begin);
}

/* PAM's modules become who they are before they start helpers. */
static void add_setuid(struct program *program)
{
	unsigned short begin = begin_call(program, __NR_setuid);

	load(program, offsetof(struct seccomp_data, args[0]));
	end_if(program, getuid(), ALLOW);
	end(program, REFUSE);
	end_call(program, begin);
}

static void build(struct program *program, bool opens_device)
{
	load(program, offsetof(struct seccomp_data, arch));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
	end(program, REFUSE);
	load(program, offsetof(struct seccomp_data, nr));
#ifdef FOREIGN_CALLS
	add(program, BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS, 0, 1);
	end(program, REFUSE);
#endif
	end_if(program, __NR_clone3, UNKNOWN);
	end_if_any(program, refused_calls, COUNT(refused_calls), REFUSE);
	add_ioctl(program, opens_device);
	add_clone(program);
	add_setuid(program);
	end(program, ALLOW);
}

int sandbox_enter(bool opens_device)
{
	struct program program = { .count = 0 };
	struct sock_fprog fprog = { .filter = program.instructions };

	build(&program, opens_device);
	fprog.len = program.count;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	/* All threads: a library may have begun one. */
	return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &fprog) < 0 ? -errno : 0;
}
#else
int sandbox_enter(bool opens_device)
{
	(void)opens_device;
	return -ENOSYS;
}
#endif
