// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc, and descriptors out of other processes. */
#include "server/broker/owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "server/broker/proc_text.h"
#include "server/capture/vfio_device.h"
#include "server/capture/vfio_sysfs.h"

/* Long enough for fdinfo of a device, and for what comes before the parent in stat. */
#define TEXT_BYTES 4608
#define GROUPS_MAX 64

/* What a process has of VFIO. */
struct holdings {
	unsigned int n_groups, n_devices;
	dev_t groups[GROUPS_MAX]; /* different ones */
};

const char *owner_device_name(const struct owner_device *device)
{
	return strrchr(device->path, '/') + 1;
}

/* NUL terminated. False: nothing to be read. */
static bool read_text(int dir_fd, const char *path, char text[TEXT_BYTES])
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	size_t bytes = 0;
	ssize_t n = 0;

	if (fd < 0)
		return false;
	do {
		bytes += (size_t)n;
		n = read(fd, text + bytes, TEXT_BYTES - 1 - bytes);
	} while (n > 0);
	close(fd);
	text[bytes] = '\0';
	return n == 0 && bytes;
}

/* 0: there is none. */
static dev_t read_dev(const char *path)
{
	char text[TEXT_BYTES];
	dev_t dev;

	return read_text(AT_FDCWD, path, text) && !proc_text_dev(text, &dev) ? dev : 0;
}

int owner_device_find(const char *device, struct owner_device *ret, char *reason)
{
	char path[PATH_MAX + 64], name[VFIO_SYSFS_NAME_BYTES];
	int r = vfio_sysfs_find(device, ret->path, reason);

	if (r < 0)
		return r;
	ret->group = ret->cdev = 0;
	if (vfio_sysfs_cdev(ret->path, name)) {
		snprintf(path, sizeof(path), "%s/vfio-dev/%s/dev", ret->path, name);
		ret->cdev = read_dev(path);
	}
	r = vfio_sysfs_group(ret->path, name, reason);
	if (!r) {
		snprintf(path, sizeof(path), "/sys/class/vfio/%s/dev", name);
		ret->group = read_dev(path);
	}
	if (ret->group || ret->cdev)
		return 0;
	if (!r)
		snprintf(reason, VFIO_REASON_BYTES, "%.60s is not for virtual machines: bind it to its VFIO driver.",
				owner_device_name(ret));
	return -ENODEV;
}

/* The character device behind an open file, as the kernel remembers it: its file system is not asked. */
static dev_t device_number(int dir_fd, const char *name, int flags)
{
	struct statx st;

	if (statx(dir_fd, name, flags | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) < 0 ||
			!S_ISCHR(st.stx_mode))
		return 0;
	return makedev(st.stx_rdev_major, st.stx_rdev_minor);
}

/* Groups have a major number of their own. */
static void count_group(struct holdings *holdings, dev_t dev, dev_t wanted)
{
	if (!wanted || major(dev) != major(wanted))
		return;
	for (unsigned int i = 0; i < holdings->n_groups; i++)
		if (holdings->groups[i] == dev)
			return;
	if (holdings->n_groups < GROUPS_MAX)
		holdings->groups[holdings->n_groups++] = dev;
}

static bool is_of(int pid_fd, const char *fd_name, const struct owner_device *device)
{
	char path[32], text[TEXT_BYTES];

	snprintf(path, sizeof(path), "fdinfo/%.16s", fd_name);
	/* The kernel leaves out where sysfs is mounted, or not. */
	return read_text(pid_fd, path, text) &&
			(proc_text_is_of(text, device->path) ||
			(!strncmp(device->path, "/sys/", 5) && proc_text_is_of(text, device->path + 4)));
}

/* One of its files. found[i].fd is -1 as long as it does not hold the ith device. False: it may not be looked at. */
static bool look_at_file(int pid_fd, int fd_dir, const char *name, struct holdings *holdings,
		const struct owner_search *searches, size_t n, struct owner_holder *found)
{
	char target[64];
	ssize_t length = readlinkat(fd_dir, name, target, sizeof(target) - 1);
	enum proc_link link;
	dev_t dev = 0;

	if (length < 0)
		return errno != EACCES && errno != EPERM;
	target[length] = '\0';
	link = proc_text_link(target);
	if (link == PROC_LINK_OTHER)
		return true;
	if (link == PROC_LINK_DEVICE)
		holdings->n_devices++;
	else
		dev = device_number(fd_dir, name, 0);
	for (size_t i = 0; i < n; i++) {
		const struct owner_device *device = searches[i].device;
		bool direct = link == PROC_LINK_DEVICE ? is_of(pid_fd, name, device) : dev && dev == device->cdev;

		count_group(holdings, dev, device->group);
		if (direct || (dev && dev == device->group && found[i].fd < 0)) {
			found[i].fd = atoi(name);
			found[i].by_group = !direct;
		}
	}
	return true;
}

/* False: it is gone, or may not be looked into (*ret_denied counts). */
static bool look_at_process(int proc_fd, const char *name, const struct owner_search *searches, size_t n,
		struct owner_holder *found, unsigned int *ret_denied)
{
	int pid_fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd_dir = pid_fd < 0 ? -1 : openat(pid_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct proc_stat stat = { 0 };
	struct holdings holdings = { 0 };
	bool holds = false, known = false, denied;
	char text[TEXT_BYTES];
	struct dirent *entry;
	DIR *dir = NULL;

	denied = pid_fd >= 0 && fd_dir < 0 && (errno == EACCES || errno == EPERM);
	for (size_t i = 0; i < n; i++)
		found[i] = (struct owner_holder){ .pid = proc_text_pid(name), .fd = -1 };
	if (fd_dir >= 0)
		dir = fdopendir(fd_dir);
	while (dir && !denied && (entry = readdir(dir)))
		denied = !look_at_file(pid_fd, fd_dir, entry->d_name, &holdings, searches, n, found);
	*ret_denied += denied;
	for (size_t i = 0; i < n && dir; i++)
		holds = holds || found[i].fd >= 0;
	if (holds)
		known = read_text(pid_fd, "stat", text) && !proc_text_stat(text, &stat);
	for (size_t i = 0; i < n; i++) {
		memcpy(found[i].comm, stat.comm, sizeof(found[i].comm));
		found[i].ready = !found[i].by_group || holdings.n_devices >= holdings.n_groups;
	}
	if (dir)
		closedir(dir);
	else if (fd_dir >= 0)
		close(fd_dir);
	if (pid_fd >= 0)
		close(pid_fd);
	return known && stat.parent != getppid();
}

/* The walk's notes: who was there before, and who is there now. */
struct walk {
	const struct owner_processes *before;
	size_t at; /* before's next */
	struct owner_processes now;
	size_t room;
};

/* The kernel lists them by pid. 0 and since when it is known, or -ENOMEM. */
static int note_process(struct walk *walk, pid_t pid, int64_t now_ns, int64_t *ret_since_ns)
{
	const struct owner_processes *before = walk->before;
	int64_t since_ns = before->n ? now_ns : now_ns - OWNER_YOUNG_NS;

	if (walk->now.n == walk->room) {
		size_t room = walk->room ? walk->room * 2 : 512;
		void *list = realloc(walk->now.list, room * sizeof(*walk->now.list));

		if (!list)
			return -ENOMEM;
		walk->now.list = list;
		walk->room = room;
	}
	while (walk->at < before->n && before->list[walk->at].pid < pid)
		walk->at++;
	if (walk->at < before->n && before->list[walk->at].pid == pid)
		since_ns = before->list[walk->at].since_ns;
	walk->now.list[walk->now.n++] = (struct owner_process){ .pid = pid, .since_ns = since_ns };
	*ret_since_ns = since_ns;
	return 0;
}

static void add_holders(struct owner_search *searches, size_t n, const struct owner_holder *found)
{
	for (size_t i = 0; i < n; i++) {
		if (found[i].fd < 0)
			continue;
		if (searches[i].n_holders < OWNER_HOLDERS_MAX)
			searches[i].holders[searches[i].n_holders] = found[i];
		searches[i].n_holders++;
	}
}

int owner_search_all(struct owner_processes *processes, bool young_only, int64_t now_ns, struct owner_search *searches,
		size_t n, unsigned int *ret_denied)
{
	struct owner_holder *found = calloc(n ? n : 1, sizeof(*found));
	DIR *proc = found ? opendir("/proc") : NULL;
	struct walk walk = { .before = processes };
	int r = proc ? 0 : -errno;
	struct dirent *entry;

	*ret_denied = 0;
	for (size_t i = 0; i < n; i++)
		searches[i].n_holders = 0;
	while (!r && (entry = readdir(proc))) {
		const pid_t pid = proc_text_pid(entry->d_name);
		int64_t since_ns = 0;

		if (!pid)
			continue;
		r = note_process(&walk, pid, now_ns, &since_ns);
		if (!r && (!young_only || since_ns > now_ns - OWNER_YOUNG_NS) &&
				look_at_process(dirfd(proc), entry->d_name, searches, n, found, ret_denied))
			add_holders(searches, n, found);
	}
	if (!r) {
		free(processes->list);
		*processes = walk.now;
	} else {
		free(walk.now.list);
	}
	if (proc)
		closedir(proc);
	free(found);
	return r;
}

bool owner_holds(const struct owner_device *device, pid_t pid, struct owner_holder *ret)
{
	const struct owner_search search = { .device = device };
	struct owner_holder found;
	unsigned int denied;
	char name[32];
	bool looked;
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (proc_fd < 0)
		return false;
	snprintf(name, sizeof(name), "%d", (int)pid);
	looked = look_at_process(proc_fd, name, &search, 1, &found, &denied);
	close(proc_fd);
	if (!looked || found.fd < 0)
		return false;
	*ret = found;
	return true;
}

static bool yama_forbids(void)
{
	char text[TEXT_BYTES];

	return read_text(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", text) && text[0] == '3';
}

static int explain_refusal(const struct owner_holder *owner, char *reason)
{
	if (yama_forbids())
		snprintf(reason, VFIO_REASON_BYTES, "The kernel forbids to take the vGPU from a running QEMU "
				"(kernel.yama.ptrace_scope is 3): set vfio-attach = socket.");
	else
		snprintf(reason, VFIO_REASON_BYTES, "planecast may not take the vGPU from process %d (%s): run it by "
				"its systemd unit, and look what SELinux or AppArmor say.", (int)owner->pid,
				owner->comm);
	return -EPERM;
}

/* The descriptor is what it was taken for. */
static bool is_as_found(int fd, const struct owner_holder *owner, const struct owner_device *device)
{
	char name[16];
	dev_t dev = device_number(fd, "", AT_EMPTY_PATH);
	bool is;
	int self;

	if (owner->by_group)
		return dev && dev == device->group;
	if (dev)
		return dev == device->cdev;
	self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(name, sizeof(name), "%d", fd);
	is = self >= 0 && is_of(self, name, device);
	if (self >= 0)
		close(self);
	return is;
}

/* A new descriptor of the device, or negative errno. */
static int ask_group(int group_fd, const struct owner_device *device, char *reason)
{
	char name[PATH_MAX];
	int fd;

	snprintf(name, sizeof(name), "%s", owner_device_name(device));
	fd = ioctl(group_fd, VFIO_GROUP_GET_DEVICE_FD, name);
	if (fd >= 0) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		return fd;
	}
	fd = -errno;
	snprintf(reason, VFIO_REASON_BYTES, "%.60s cannot be had from the QEMU that has it: %s.", name, strerror(-fd));
	return fd;
}

static int prove(int device_fd, const struct owner_device *device, char *reason)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	enum vfio_plane_kind kind;
	int r = vfio_device_probe(device_fd, &kind);

	/* A cdev that was not bound to an iommufd as yet says no to everything. */
	if (r == -ENOTTY && ioctl(device_fd, VFIO_DEVICE_GET_INFO, &info) < 0 && errno == EINVAL)
		return -EAGAIN;
	if (r == -ENOTTY)
		snprintf(reason, VFIO_REASON_BYTES, "%.64s has no display: use a vGPU type that has one.",
				owner_device_name(device));
	else if (r < 0)
		snprintf(reason, VFIO_REASON_BYTES, "%.64s does not answer as a VFIO device: %s.",
				owner_device_name(device), strerror(-r));
	return r;
}

bool owner_is_alive(int pidfd)
{
	return poll(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, 1, 0) == 0;
}

int owner_take(const struct owner_device *device, pid_t pid, struct channel_owner *ret_owner, int *ret_device_fd,
		int *ret_pidfd, char *reason)
{
	struct owner_holder owner;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), fd = -1, device_fd = -1, r;

	if (pidfd < 0)
		return -EAGAIN;
	r = -EAGAIN;
	if (!owner_holds(device, pid, &owner) || !owner.ready)
		goto out;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, owner.fd, 0);
	if (fd < 0) {
		r = errno == EPERM ? explain_refusal(&owner, reason) : -EAGAIN;
		goto out;
	}
	if (!is_as_found(fd, &owner, device))
		goto out;
	device_fd = owner.by_group ? ask_group(fd, device, reason) : fd;
	if (owner.by_group)
		close(fd);
	fd = device_fd;
	r = device_fd < 0 ? device_fd : prove(device_fd, device, reason);
	/* It was all the time: what /proc said was of it. */
	if (!r && !owner_is_alive(pidfd))
		r = -EAGAIN;
	if (r < 0)
		goto out;
	*ret_owner = (struct channel_owner){ .pid = pid };
	memcpy(ret_owner->comm, owner.comm, sizeof(ret_owner->comm));
	*ret_device_fd = device_fd;
	*ret_pidfd = pidfd;
	return 0;
out:
	if (fd >= 0)
		close(fd);
	close(pidfd);
	return r;
}
