// SPDX-License-Identifier: GPL-2.0-or-later
/* The calls of the kernel's driver of AMD's GPUs, by number. */
#include <amdgpu_drm.h>
#include <drm.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/gpu/amdgpu.h"
#include "tests/gpu/gpu.h"

static int nothing(void *data)
{
	(void)data;
	return 0;
}

/* As a kernel that cannot follow what becomes of a process' memory. */
static int no_user_memory(void *data)
{
	(void)data;
	return -ENODEV;
}

static int create(void *data)
{
	union drm_amdgpu_gem_create *create = data;
	struct gpu_object *object;
	uint32_t handle;
	int err = gpu_object_new(create->in.bo_size, &handle, &object);

	if (!err)
		create->out.handle = handle;
	return err;
}

static int map(void *data)
{
	union drm_amdgpu_gem_mmap *map = data;
	const struct gpu_object *object = gpu_object_find(map->in.handle);
	int err = gpu_object_touch(object);

	if (!err)
		map->out.addr_ptr = object->start;
	return err;
}

/* Nobody has said how an object of somebody else's is tiled. */
static int metadata(void *data)
{
	struct drm_amdgpu_gem_metadata *metadata = data;

	if (!gpu_object_find(metadata->handle))
		return -ENOENT;
	if (metadata->op == AMDGPU_GEM_METADATA_OP_GET_METADATA)
		memset(&metadata->data, 0, sizeof(metadata->data));
	return 0;
}

static int object_op(void *data)
{
	const struct drm_amdgpu_gem_op *op = data;
	const struct gpu_object *object = gpu_object_find(op->handle);
	struct drm_amdgpu_gem_create_in *info = (void *)(uintptr_t)op->value;

	if (!object)
		return -ENOENT;
	if (op->op == AMDGPU_GEM_OP_GET_GEM_CREATE_INFO)
		*info = (struct drm_amdgpu_gem_create_in){
			.bo_size = object->bytes,
			.alignment = 4096,
			.domains = AMDGPU_GEM_DOMAIN_GTT,
		};
	return 0;
}

static int address(void *data)
{
	const struct drm_amdgpu_gem_va *args = data;

	/* Without an object it is cleared. */
	return args->handle && !gpu_object_find(args->handle) ? -ENOENT : 0;
}

static int context(void *data)
{
	static uint32_t contexts;
	union drm_amdgpu_ctx *context = data;
	uint32_t op = context->in.op;

	memset(&context->out, 0, sizeof(context->out));
	if (op == AMDGPU_CTX_OP_ALLOC_CTX)
		context->out.alloc.ctx_id = ++contexts;
	return 0;
}

static int wait_idle(void *data)
{
	memset(&((union drm_amdgpu_gem_wait_idle *)data)->out, 0, sizeof(struct drm_amdgpu_gem_wait_idle_out));
	return 0;
}

static int wait_submission(void *data)
{
	((union drm_amdgpu_wait_cs *)data)->out.status = 0;
	return 0;
}

static int wait_fences(void *data)
{
	((union drm_amdgpu_wait_fences *)data)->out = (struct drm_amdgpu_wait_fences_out){ .status = 1 };
	return 0;
}

static int info(void *data)
{
	return amdgpu_answer_info(data);
}

/* Where the program looks how far the GPU is. */
static int signal_fence(const struct drm_amdgpu_cs_chunk_fence *fence, uint64_t number)
{
	const struct gpu_object *object = gpu_object_find(fence->handle);

	if (!object)
		return -ENOENT;
	return pwrite(gpu_memory(), &number, sizeof(number), (off_t)(object->start + fence->offset)) == sizeof(number)
			? 0
			: -EFAULT;
}

static int refer(const struct drm_amdgpu_bo_list_in *list)
{
	const struct drm_amdgpu_bo_list_entry *entries = (void *)(uintptr_t)list->bo_info_ptr;

	if (list->bo_info_size != sizeof(*entries))
		return -EINVAL;
	for (uint32_t i = 0; i < list->bo_number; i++)
		if (!gpu_object_find(entries[i].bo_handle))
			return -ENOENT;
	for (uint32_t i = 0; i < list->bo_number; i++)
		gpu_execute_refer(gpu_object_find(entries[i].bo_handle));
	return 0;
}

static int submit(void *data)
{
	static uint64_t submissions;
	union drm_amdgpu_cs *submission = data;
	const uint64_t *chunks = (void *)(uintptr_t)submission->in.chunks;
	int err = 0;

	/* Lists that are made beforehand are of older drivers. */
	if (submission->in.bo_list_handle)
		return -EINVAL;
	gpu_execute_begin(submission->in.flags);
	submissions++;
	for (uint32_t i = 0; !err && i < submission->in.num_chunks; i++) {
		const struct drm_amdgpu_cs_chunk *chunk = (void *)(uintptr_t)chunks[i];
		const void *content = (void *)(uintptr_t)chunk->chunk_data;

		if (chunk->chunk_id == AMDGPU_CHUNK_ID_BO_HANDLES)
			err = refer(content);
		else if (chunk->chunk_id == AMDGPU_CHUNK_ID_FENCE)
			err = signal_fence(content, submissions);
	}
	if (!err)
		submission->out.handle = submissions;
	return err;
}

static int (*const answers[GPU_COMMANDS])(void *data) = {
	[DRM_AMDGPU_GEM_CREATE] = create,
	[DRM_AMDGPU_GEM_MMAP] = map,
	[DRM_AMDGPU_CTX] = context,
	[DRM_AMDGPU_CS] = submit,
	[DRM_AMDGPU_INFO] = info,
	[DRM_AMDGPU_GEM_METADATA] = metadata,
	[DRM_AMDGPU_GEM_WAIT_IDLE] = wait_idle,
	[DRM_AMDGPU_GEM_VA] = address,
	[DRM_AMDGPU_WAIT_CS] = wait_submission,
	[DRM_AMDGPU_GEM_OP] = object_op,
	[DRM_AMDGPU_GEM_USERPTR] = no_user_memory,
	[DRM_AMDGPU_WAIT_FENCES] = wait_fences,
	[DRM_AMDGPU_VM] = nothing,
};

const struct gpu_kernel gpu_amdgpu = {
	.name = "amdgpu",
	.date = "20150101",
	.description = "AMD GPU",
	.major = 3,
	.minor = 42,
	.vendor = 0x1002,
	.choose = amdgpu_choose,
	.pci_id = amdgpu_pci_id,
	.answers = answers,
};
