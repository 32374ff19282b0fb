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

static int map(struct memory *memory)
{
	int access = memory->writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *data = mmap(NULL, memory->bytes, access, MAP_SHARED, memory->fd, 0);

	if (data == MAP_FAILED)
		return -errno;
	memory->data = data;
	return 0;
}

int memory_alloc(uint64_t bytes, struct memory *ret)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct memory memory = { .writable = true };
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
		err = map(&memory);
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

int memory_import(int fd, struct memory *ret)
{
	struct memory memory = { .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0), .writable = true };
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
	err = map(&memory);
	if (err == -EACCES || err == -EPERM) {
		/* Sealed, or a descriptor to read only. */
		memory.writable = false;
		err = map(&memory);
	}
	if (err) {
		memory_finish(&memory);
		return err == -EACCES || err == -ENOMEM ? err : -EINVAL;
	}
	*ret = memory;
	return 0;
}

void memory_finish(struct memory *memory)
{
	if (memory->data)
		munmap(memory->data, memory->bytes);
	if (memory->fd >= 0)
		close(memory->fd);
	*memory = (struct memory){ .fd = -1 };
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

void memory_begin_access(const struct memory *memory, bool write)
{
	synchronize(memory, write, DMA_BUF_SYNC_START);
}

void memory_end_access(const struct memory *memory, bool write)
{
	synchronize(memory, write, DMA_BUF_SYNC_END);
}
