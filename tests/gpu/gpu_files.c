// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The calls of libc that take a path or the node. Paths below /dev/dri and the node's in /sys lead to files of
 * the same names in a directory of the build.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/gpu/gpu.h"
#include "tests/gpu/gpu_noop.h"

#define NODE_MAJOR 226
#define NODE_MINOR 128

static const char *const prefixes[] = { "/dev/dri", "/sys/dev/char/226:128" };

#define PCI_DIRECTORY "/sys/dev/char/226:128/device"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The call that a program would have got. */
#define NEXT(name) ((__typeof__(&(name)))(uintptr_t)find_next(#name))

static void *find_next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	return found;
}

/* Where it really is; room is of PATH_MAX. */
static const char *lead(const char *path, char *room)
{
	for (size_t i = 0; path && i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(path, prefixes[i], length) || (path[length] && path[length] != '/') || !gpu_kernel())
			continue;
		snprintf(room, PATH_MAX, "%s%s", GPU_NOOP_FILES, path);
		return room;
	}
	return path;
}

static bool is_node_path(const char *path)
{
	return path && !strcmp(path, GPU_NOOP_NODE) && gpu_kernel();
}

static bool has_same_file(int fd, int other)
{
	struct stat a, b;

	return fd >= 0 && other >= 0 && !NEXT(fstat)(fd, &a) && !NEXT(fstat)(other, &b) &&
			a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

bool gpu_is_node(int fd)
{
	return has_same_file(fd, gpu_memory());
}

static int open_node(void)
{
	int fd;

	pthread_mutex_lock(&lock);
	fd = gpu_memory_open();
	pthread_mutex_unlock(&lock);
	return fd;
}

#define DEFINE_OPEN(name)                                                                          \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		char room[PATH_MAX];                                                               \
		mode_t mode = 0;                                                                   \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, flags);                                                             \
		if (flags & (O_CREAT | __O_TMPFILE))                                               \
			mode = va_arg(args, mode_t);                                               \
		va_end(args);                                                                      \
		return is_node_path(path) ? open_node() : NEXT(name)(lead(path, room), flags, mode); \
	}

DEFINE_OPEN(open)
DEFINE_OPEN(open64)

static void make_node(struct stat *ret)
{
	ret->st_mode = S_IFCHR | 0666;
	ret->st_rdev = makedev(NODE_MAJOR, NODE_MINOR);
	ret->st_size = 0;
}

int stat(const char *restrict path, struct stat *restrict ret)
{
	char room[PATH_MAX];
	int result = NEXT(stat)(lead(path, room), ret);

	if (!result && is_node_path(path))
		make_node(ret);
	return result;
}

int stat64(const char *restrict path, struct stat64 *restrict ret)
{
	return stat(path, (struct stat *)ret);
}

int fstat(int fd, struct stat *ret)
{
	int result = NEXT(fstat)(fd, ret);

	if (!result && gpu_is_node(fd))
		make_node(ret);
	return result;
}

int fstat64(int fd, struct stat64 *ret)
{
	return fstat(fd, (struct stat *)ret);
}

int access(const char *path, int mode)
{
	char room[PATH_MAX];

	return NEXT(access)(lead(path, room), mode);
}

ssize_t readlink(const char *restrict path, char *restrict ret, size_t bytes)
{
	char room[PATH_MAX];

	return NEXT(readlink)(lead(path, room), ret, bytes);
}

DIR *opendir(const char *path)
{
	char room[PATH_MAX];

	return NEXT(opendir)(lead(path, room));
}

int scandir(const char *restrict path, struct dirent ***restrict ret, int (*choose)(const struct dirent *),
		int (*compare)(const struct dirent **, const struct dirent **))
{
	char room[PATH_MAX];

	return NEXT(scandir)(lead(path, room), ret, choose, compare);
}

int scandir64(const char *restrict path, struct dirent64 ***restrict ret, int (*choose)(const struct dirent64 *),
		int (*compare)(const struct dirent64 **, const struct dirent64 **))
{
	char room[PATH_MAX];

	return NEXT(scandir64)(lead(path, room), ret, choose, compare);
}

enum pci_file { SLOT, REVISION, VENDOR, DEVICE };

/* What the kernel says of the device behind the node. */
static const struct {
	const char *path;
	enum pci_file file;
} pci_files[] = {
	{ PCI_DIRECTORY "/uevent", SLOT },
	{ PCI_DIRECTORY "/revision", REVISION },
	{ PCI_DIRECTORY "/vendor", VENDOR },
	{ PCI_DIRECTORY "/device", DEVICE },
	{ PCI_DIRECTORY "/subsystem_vendor", VENDOR },
	{ PCI_DIRECTORY "/subsystem_device", DEVICE },
};

static FILE *open_pci_file(enum pci_file which)
{
	FILE *file = tmpfile();

	if (!file)
		return NULL;
	if (which == SLOT)
		fputs("PCI_SLOT_NAME=0000:00:02.0\n", file);
	else
		fprintf(file, "%#06x\n",
				which == VENDOR		? gpu_kernel()->vendor
						: which == DEVICE ? gpu_kernel()->pci_id()
								  : 0);
	rewind(file);
	return file;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
	char room[PATH_MAX];

	for (size_t i = 0; path && i < sizeof(pci_files) / sizeof(pci_files[0]); i++)
		if (!strcmp(path, pci_files[i].path) && gpu_kernel())
			return open_pci_file(pci_files[i].file);
	return NEXT(fopen)(lead(path, room), mode);
}

FILE *fopen64(const char *restrict path, const char *restrict mode)
{
	return fopen(path, mode);
}

/* No links lead to the device. */
char *realpath(const char *restrict path, char *restrict ret)
{
	char room[PATH_MAX];

	if (lead(path, room) == path)
		return NEXT(realpath)(path, ret);
	return ret ? strcpy(ret, path) : strdup(path);
}

char *__realpath_chk(const char *path, char *ret, size_t bytes);
char *__realpath_chk(const char *path, char *ret, size_t bytes)
{
	(void)bytes;
	return realpath(path, ret);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *data;
	int result;

	va_start(args, request);
	data = va_arg(args, void *);
	va_end(args);
	if (!gpu_is_node(fd))
		return NEXT(ioctl)(fd, request, data);
	pthread_mutex_lock(&lock);
	result = gpu_answer(request, data);
	pthread_mutex_unlock(&lock);
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}
