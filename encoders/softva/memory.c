// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory of surfaces: memfds and dma-bufs, mapped. */
#include "encoders/softva/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int map(int fd, size_t bytes, bool writable, uint8_t **ret)
{
	int access = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *data = mmap(NULL, bytes, access, MAP_SHARED, fd, 0);

	if (data == MAP_FAILED)
		return -errno;
	*ret = data;
	return 0;
}

int memory_alloc(uint64_t bytes, struct memory *ret)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct memory memory = { .writable = true, .copy_fd = -1 };
	int err;

	if (!bytes || bytes > INT64_MAX - page)
		return -ENOMEM;
	memory.bytes = (size_t)((bytes + page - 1) / page * page);
	memory.fd = memfd_create("surface", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory.fd < 0)
		return -errno;
	/* Sealed: a stranger whom it is exported to cannot pull it away from under us; udmabuf wants that. */
	if (ftruncate(memory.fd, (off_t)memory.bytes) ||
			fcntl(memory.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW))
		err = -errno;
	else
		err = map(memory.fd, memory.bytes, true, &memory.data);
	if (err) {
		memory_finish(&memory);
		return err;
	}
	*ret = memory;
	return 0;
}

static bool is_dma_buf(int fd)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ };

	if (ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync))
		return false;
	sync.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ;
	ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
	return true;
}

/* What was mapped becomes the origin. Of the copy, too, only what is touched takes room. */
static int make_copy(struct memory *memory)
{
	memory->origin = memory->data;
	memory->data = NULL;
	memory->used_bytes = memory->bytes;
	memory->copy_fd = memfd_create("copy", MFD_CLOEXEC);
	if (memory->copy_fd < 0 || ftruncate(memory->copy_fd, (off_t)memory->bytes))
		return -errno;
	return map(memory->copy_fd, memory->bytes, true, &memory->data);
}

static bool can_go_away(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals < 0 || !(seals & F_SEAL_SHRINK);
}

int memory_import(int fd, struct memory *ret)
{
	struct memory memory = { .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0), .writable = true, .copy_fd = -1 };
	off_t bytes;
	int err;

	if (memory.fd < 0)
		return -errno;
	/* A dma-buf and a memfd both say their size so. */
	bytes = lseek(memory.fd, 0, SEEK_END);
	if (bytes <= 0) {
		memory_finish(&memory);
		return -EINVAL;
	}
	memory.bytes = (size_t)bytes;
	memory.dma_buf = is_dma_buf(memory.fd);
	err = map(memory.fd, memory.bytes, true, &memory.data);
	if (err == -EACCES || err == -EPERM) {
		/* Sealed, or a descriptor to read only. */
		memory.writable = false;
		err = map(memory.fd, memory.bytes, false, &memory.data);
	}
	if (err)
		err = err == -EACCES || err == -ENOMEM ? err : -EINVAL;
	else if (can_go_away(memory.fd))
		err = make_copy(&memory);
	if (err) {
		memory_finish(&memory);
		return err;
	}
	*ret = memory;
	return 0;
}

void memory_limit(struct memory *memory, uint64_t used_bytes)
{
	if (used_bytes < memory->used_bytes)
		memory->used_bytes = (size_t)used_bytes;
}

void memory_finish(struct memory *memory)
{
	if (memory->data)
		munmap(memory->data, memory->bytes);
	if (memory->origin)
		munmap(memory->origin, memory->bytes);
	if (memory->fd >= 0)
		close(memory->fd);
	if (memory->copy_fd >= 0)
		close(memory->copy_fd);
	*memory = (struct memory){ .fd = -1, .copy_fd = -1 };
}

static int make_dma_buf(const struct memory *memory)
{
	struct udmabuf_create create = {
		.memfd = (uint32_t)memory->fd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = memory->bytes,
	};
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd;

	if (device < 0)
		return -errno;
	fd = ioctl(device, UDMABUF_CREATE, &create);
	if (fd < 0)
		fd = -errno;
	close(device);
	return fd;
}

int memory_export(const struct memory *memory, int *ret_fd)
{
	int fd = memory->dma_buf ? -1 : make_dma_buf(memory);

	if (fd < 0)
		fd = fcntl(memory->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static void synchronize(const struct memory *memory, bool write, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags |
				(write ? DMA_BUF_SYNC_RW : DMA_BUF_SYNC_READ) };

	if (!memory->dma_buf)
		return;
	/* May be interrupted; any other failure leaves things as they were on kernels that know no such call. */
	while (ioctl(memory->fd, DMA_BUF_IOCTL_SYNC, &sync) && (errno == EINTR || errno == EAGAIN))
		continue;
}

/* The kernel moves it, to or from a file: what another process may be asked for leaves devices' memory out. */
static int move(const struct memory *memory, bool out)
{
	size_t done = 0;

	while (done < memory->used_bytes) {
		uint8_t *at = memory->origin + done;
		size_t left = memory->used_bytes - done;
		ssize_t moved = out ? pread(memory->copy_fd, at, left, (off_t)done)
				    : pwrite(memory->copy_fd, at, left, (off_t)done);

		if (moved < 0 && errno != EINTR)
			return -errno;
		if (!moved)
			return -EFAULT;
		done += moved > 0 ? (size_t)moved : 0;
	}
	return 0;
}

int memory_begin_access(const struct memory *memory, bool write)
{
	int err;

	synchronize(memory, write, DMA_BUF_SYNC_START);
	err = memory->origin ? move(memory, false) : 0;
	if (err)
		synchronize(memory, write, DMA_BUF_SYNC_END);
	return err;
}

int memory_end_access(const struct memory *memory, bool write)
{
	int err = memory->origin && write && memory->writable ? move(memory, true) : 0;

	synchronize(memory, write, DMA_BUF_SYNC_END);
	return err;
}
