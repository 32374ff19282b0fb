// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory of the GPU. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/gpu/gpu.h"
#include "tests/gpu/gpu_noop.h"

#define MEMORY_BYTES (1ull << 40)
#define OBJECT_BYTES_MAX (1ull << 32)
/* Places of objects that are gone are not used again: what is equal each time can be compared. */
#define OBJECTS_MAX 65536
#define PAGE 4096

static int memory = -1;
static uint64_t used_bytes;
static struct gpu_object objects[OBJECTS_MAX];
static uint32_t n_objects;
static unsigned int touches;
static uint32_t tiling_of_imports;

int gpu_memory(void)
{
	return memory;
}

int gpu_memory_open(void)
{
	if (memory < 0) {
		int fd = memfd_create("i915", MFD_CLOEXEC);

		if (fd < 0 || ftruncate(fd, MEMORY_BYTES))
			return -1;
		/* Out of the way of who counts descriptors. */
		memory = fcntl(fd, F_DUPFD_CLOEXEC, 500);
		close(fd);
	}
	return memory < 0 ? -1 : fcntl(memory, F_DUPFD_CLOEXEC, 0);
}

static struct gpu_object *add(uint32_t *ret_handle)
{
	/* Zero is no handle. */
	if (n_objects + 1 >= OBJECTS_MAX)
		return NULL;
	*ret_handle = ++n_objects;
	return &objects[n_objects];
}

int gpu_object_new(uint64_t bytes, uint32_t *ret_handle, struct gpu_object **ret)
{
	struct gpu_object *object;

	bytes = (bytes + PAGE - 1) / PAGE * PAGE;
	if (!bytes || bytes > OBJECT_BYTES_MAX)
		return -EINVAL;
	if (bytes > MEMORY_BYTES - used_bytes)
		return -ENOMEM;
	object = add(ret_handle);
	if (!object)
		return -ENOMEM;
	/* Never at the file's begin: some take an offset of 0 for none. */
	used_bytes += used_bytes ? 0 : PAGE;
	*object = (struct gpu_object){ .live = true, .start = used_bytes, .bytes = bytes };
	used_bytes += bytes;
	*ret = object;
	return 0;
}

struct gpu_object *gpu_object_find(uint32_t handle)
{
	return handle && handle <= n_objects && objects[handle].live ? &objects[handle] : NULL;
}

int gpu_object_close(uint32_t handle)
{
	struct gpu_object *object = gpu_object_find(handle);

	if (!object)
		return -EINVAL;
	if (!object->ino)
		fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)object->start,
				(off_t)object->bytes);
	object->live = false;
	return 0;
}

/* One file is one object, however often it is imported. */
static uint32_t find_import(const struct stat *file)
{
	for (uint32_t i = 1; i <= n_objects; i++)
		if (objects[i].live && objects[i].ino == file->st_ino && objects[i].dev == file->st_dev)
			return i;
	return 0;
}

int gpu_object_import(int fd, uint32_t *ret_handle)
{
	struct gpu_object *object;
	struct stat file;

	if (fstat(fd, &file))
		return -EBADF;
	*ret_handle = find_import(&file);
	if (*ret_handle)
		return 0;
	object = add(ret_handle);
	if (!object)
		return -ENOMEM;
	*object = (struct gpu_object){
		.live = true,
		.bytes = (uint64_t)file.st_size,
		.tiling = tiling_of_imports,
		.dev = file.st_dev,
		.ino = file.st_ino,
	};
	return 0;
}

int gpu_object_touch(const struct gpu_object *object)
{
	if (!object)
		return -ENOENT;
	if (!object->ino)
		return 0;
	touches++;
	return -EACCES;
}

unsigned int gpu_noop_touches(void)
{
	return touches;
}

void gpu_noop_set_tiling(uint32_t tiling)
{
	tiling_of_imports = tiling;
}

unsigned int gpu_noop_imports(int fd)
{
	unsigned int count = 0;
	struct stat file;

	if (fstat(fd, &file))
		return 0;
	for (uint32_t i = 1; i <= n_objects; i++)
		count += objects[i].ino == file.st_ino && objects[i].dev == file.st_dev;
	return count;
}

unsigned int gpu_noop_uses(int fd)
{
	unsigned int count = 0;
	struct stat file;

	if (fstat(fd, &file))
		return 0;
	for (uint32_t i = 1; i <= n_objects; i++)
		if (objects[i].ino == file.st_ino && objects[i].dev == file.st_dev)
			count += objects[i].uses;
	return count;
}
