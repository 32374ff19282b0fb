// SPDX-License-Identifier: GPL-2.0-or-later
/* The calls of the kernel's driver of Intel's GPUs, by number. */
#include <drm.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/gpu/gpu.h"
#include "tests/gpu/i915.h"

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

static int getparam(void *data)
{
	return i915_answer_getparam(data);
}

static int query(void *data)
{
	return i915_answer_query(data);
}

static int create(void *data)
{
	/* The newer kind only has more members behind these. */
	struct drm_i915_gem_create *create = data;
	struct gpu_object *object;
	int err = gpu_object_new(create->size, &create->handle, &object);

	if (!err)
		create->size = object->bytes;
	return err;
}

static int read_object(void *data)
{
	const struct drm_i915_gem_pread *args = data;
	const struct gpu_object *object = gpu_object_find(args->handle);
	int err = gpu_object_touch(object);

	if (err)
		return err;
	if (args->offset > object->bytes || args->size > object->bytes - args->offset)
		return -EINVAL;
	return pread(gpu_memory(), (void *)(uintptr_t)args->data_ptr, args->size,
			       (off_t)(object->start + args->offset)) == (ssize_t)args->size
			? 0
			: -EFAULT;
}

static int write_object(void *data)
{
	const struct drm_i915_gem_pwrite *args = data;
	const struct gpu_object *object = gpu_object_find(args->handle);
	int err = gpu_object_touch(object);

	if (err)
		return err;
	if (args->offset > object->bytes || args->size > object->bytes - args->offset)
		return -EINVAL;
	return pwrite(gpu_memory(), (const void *)(uintptr_t)args->data_ptr, args->size,
			       (off_t)(object->start + args->offset)) == (ssize_t)args->size
			? 0
			: -EFAULT;
}

static int map(void *data)
{
	struct drm_i915_gem_mmap *args = data;
	const struct gpu_object *object = gpu_object_find(args->handle);
	int err = gpu_object_touch(object);
	void *mapped;

	if (err)
		return err;
	if (args->offset > object->bytes || args->size > object->bytes - args->offset)
		return -EINVAL;
	mapped = mmap(NULL, args->size, PROT_READ | PROT_WRITE, MAP_SHARED, gpu_memory(),
			(off_t)(object->start + args->offset));
	if (mapped == MAP_FAILED)
		return -ENOMEM;
	args->addr_ptr = (uintptr_t)mapped;
	return 0;
}

static int map_later(void *data)
{
	/* The newer kind only has more members behind these. */
	struct drm_i915_gem_mmap_gtt *args = data;
	const struct gpu_object *object = gpu_object_find(args->handle);
	int err = gpu_object_touch(object);

	if (!err)
		args->offset = object->start;
	return err;
}

static int set_domain(void *data)
{
	const struct drm_i915_gem_set_domain *args = data;
	const struct gpu_object *object = gpu_object_find(args->handle);

	if (!object)
		return -ENOENT;
	return args->read_domains & (I915_GEM_DOMAIN_CPU | I915_GEM_DOMAIN_GTT) ? gpu_object_touch(object) : 0;
}

static int set_tiling(void *data)
{
	struct drm_i915_gem_set_tiling *args = data;
	struct gpu_object *object = gpu_object_find(args->handle);

	if (!object)
		return -ENOENT;
	object->tiling = args->tiling_mode;
	object->stride = args->stride;
	args->swizzle_mode = I915_BIT_6_SWIZZLE_NONE;
	return 0;
}

static int get_tiling(void *data)
{
	struct drm_i915_gem_get_tiling *args = data;
	const struct gpu_object *object = gpu_object_find(args->handle);

	if (!object)
		return -ENOENT;
	args->tiling_mode = object->tiling;
	args->swizzle_mode = args->phys_swizzle_mode = I915_BIT_6_SWIZZLE_NONE;
	return 0;
}

static int get_aperture(void *data)
{
	*(struct drm_i915_gem_get_aperture *)data = (struct drm_i915_gem_get_aperture){
		.aper_size = 1ull << 32,
		.aper_available_size = 1ull << 32,
	};
	return 0;
}

static int busy(void *data)
{
	((struct drm_i915_gem_busy *)data)->busy = 0;
	return 0;
}

static int madvise_object(void *data)
{
	((struct drm_i915_gem_madvise *)data)->retained = 1;
	return 0;
}

static int execute(void *data)
{
	const struct drm_i915_gem_execbuffer2 *execute = data;
	const struct drm_i915_gem_exec_object2 *list = (void *)(uintptr_t)execute->buffers_ptr;

	if (!execute->buffer_count)
		return -EINVAL;
	for (uint32_t i = 0; i < execute->buffer_count; i++)
		if (!gpu_object_find(list[i].handle))
			return -ENOENT;
	gpu_execute_begin(execute->flags);
	for (uint32_t i = 0; i < execute->buffer_count; i++)
		gpu_execute_refer(gpu_object_find(list[i].handle));
	return 0;
}

static int create_context(void *data)
{
	static uint32_t contexts;

	((struct drm_i915_gem_context_create *)data)->ctx_id = ++contexts;
	return 0;
}

static int context_param(void *data)
{
	struct drm_i915_gem_context_param *args = data;

	switch (args->param) {
	case I915_CONTEXT_PARAM_GTT_SIZE:
		args->value = i915_device()->graphics < 8 ? 1ull << 31 : 1ull << 48;
		return 0;
	case I915_CONTEXT_PARAM_SSEU:
		if (args->size >= sizeof(struct drm_i915_gem_context_param_sseu)) {
			struct drm_i915_gem_context_param_sseu *sseu = (void *)(uintptr_t)args->value;

			sseu->slice_mask = 1;
			sseu->subslice_mask = (1u << i915_device()->subslices) - 1;
			sseu->min_eus_per_subslice = sseu->max_eus_per_subslice =
					i915_device()->eus_per_subslice;
		}
		args->size = sizeof(struct drm_i915_gem_context_param_sseu);
		return 0;
	case I915_CONTEXT_PARAM_VM:
	case I915_CONTEXT_PARAM_RECOVERABLE:
		args->value = 1;
		return 0;
	default:
		return -EINVAL;
	}
}

static int create_vm(void *data)
{
	static uint32_t vms;

	((struct drm_i915_gem_vm_control *)data)->vm_id = ++vms;
	return 0;
}

static int read_register(void *data)
{
	((struct drm_i915_reg_read *)data)->val = 0;
	return 0;
}

static int reset_stats(void *data)
{
	struct drm_i915_reset_stats *args = data;

	args->reset_count = args->batch_active = args->batch_pending = 0;
	return 0;
}

static int (*const answers[GPU_COMMANDS])(void *data) = {
	[DRM_I915_GETPARAM] = getparam,
	[DRM_I915_QUERY] = query,
	[DRM_I915_GEM_CREATE] = create,
	[DRM_I915_GEM_CREATE_EXT] = create,
	[DRM_I915_GEM_PREAD] = read_object,
	[DRM_I915_GEM_PWRITE] = write_object,
	[DRM_I915_GEM_MMAP] = map,
	[DRM_I915_GEM_MMAP_GTT] = map_later,
	[DRM_I915_GEM_SET_DOMAIN] = set_domain,
	[DRM_I915_GEM_SW_FINISH] = nothing,
	[DRM_I915_GEM_SET_TILING] = set_tiling,
	[DRM_I915_GEM_GET_TILING] = get_tiling,
	[DRM_I915_GEM_GET_APERTURE] = get_aperture,
	[DRM_I915_GEM_BUSY] = busy,
	[DRM_I915_GEM_WAIT] = nothing,
	[DRM_I915_GEM_THROTTLE] = nothing,
	[DRM_I915_GEM_MADVISE] = madvise_object,
	[DRM_I915_GEM_SET_CACHING] = nothing,
	[DRM_I915_GEM_EXECBUFFER2] = execute,
	[DRM_I915_GEM_CONTEXT_CREATE] = create_context,
	[DRM_I915_GEM_CONTEXT_DESTROY] = nothing,
	[DRM_I915_GEM_USERPTR] = no_user_memory,
	[DRM_I915_GEM_CONTEXT_GETPARAM] = context_param,
	[DRM_I915_GEM_CONTEXT_SETPARAM] = nothing,
	[DRM_I915_GEM_VM_CREATE] = create_vm,
	[DRM_I915_GEM_VM_DESTROY] = nothing,
	[DRM_I915_REG_READ] = read_register,
	[DRM_I915_GET_RESET_STATS] = reset_stats,
};

const struct gpu_kernel gpu_i915 = {
	.name = "i915",
	.date = "20201103",
	.description = "Intel Graphics",
	.major = 1,
	.minor = 6,
	.vendor = 0x8086,
	.choose = i915_choose,
	.pci_id = i915_pci_id,
	.answers = answers,
};
