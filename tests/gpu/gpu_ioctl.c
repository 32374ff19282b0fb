// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's calls that any GPU has, by number. */
#include <drm.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "tests/gpu/gpu.h"
#include "tests/gpu/gpu_noop.h"

static const struct gpu_kernel *const kernels[] = { &gpu_i915, &gpu_amdgpu };
static const struct gpu_kernel *chosen;

bool gpu_noop_choose(const char *device)
{
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		if (kernels[i]->choose(device)) {
			chosen = kernels[i];
			return true;
		}
	return false;
}

const struct gpu_kernel *gpu_kernel(void)
{
	const char *name = chosen ? NULL : getenv("GPU_NOOP_DEVICE");

	if (name && !gpu_noop_choose(name))
		abort();
	return chosen;
}

static void fill_word(char *to, __kernel_size_t *length, const char *word)
{
	if (to && *length)
		strncpy(to, word, *length);
	*length = strlen(word);
}

static int version(void *data)
{
	struct drm_version *answer = data;

	answer->version_major = gpu_kernel()->major;
	answer->version_minor = gpu_kernel()->minor;
	answer->version_patchlevel = 0;
	fill_word(answer->name, &answer->name_len, gpu_kernel()->name);
	fill_word(answer->date, &answer->date_len, gpu_kernel()->date);
	fill_word(answer->desc, &answer->desc_len, gpu_kernel()->description);
	return 0;
}

static int get_cap(void *data)
{
	struct drm_get_cap *cap = data;

	switch (cap->capability) {
	case DRM_CAP_PRIME:
		cap->value = DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT;
		return 0;
	case DRM_CAP_SYNCOBJ:
	case DRM_CAP_ADDFB2_MODIFIERS:
		cap->value = 1;
		return 0;
	default:
		cap->value = 0;
		return 0;
	}
}

static int close_object(void *data)
{
	return gpu_object_close(((struct drm_gem_close *)data)->handle);
}

static int import(void *data)
{
	struct drm_prime_handle *prime = data;

	return gpu_object_import(prime->fd, &prime->handle);
}

static int create_sync(void *data)
{
	static uint32_t syncs;

	((struct drm_syncobj_create *)data)->handle = ++syncs;
	return 0;
}

/* All is done at once. */
static int nothing(void *data)
{
	(void)data;
	return 0;
}

static int (*const answers[256])(void *data) = {
	[_IOC_NR(DRM_IOCTL_VERSION)] = version,
	[_IOC_NR(DRM_IOCTL_GET_CAP)] = get_cap,
	[_IOC_NR(DRM_IOCTL_GEM_CLOSE)] = close_object,
	[_IOC_NR(DRM_IOCTL_PRIME_FD_TO_HANDLE)] = import,
	[_IOC_NR(DRM_IOCTL_SYNCOBJ_CREATE)] = create_sync,
	[_IOC_NR(DRM_IOCTL_SYNCOBJ_DESTROY)] = nothing,
	[_IOC_NR(DRM_IOCTL_SYNCOBJ_WAIT)] = nothing,
};

static unsigned int n_unanswered;
static uint32_t last_unanswered;

int gpu_answer(unsigned long request, void *data)
{
	uint32_t number = _IOC_NR(request);
	int (*answer)(void *data) = answers[number];

	if (number >= DRM_COMMAND_BASE && number < DRM_COMMAND_BASE + GPU_COMMANDS)
		answer = gpu_kernel()->answers[number - DRM_COMMAND_BASE];
	if (_IOC_TYPE(request) == DRM_IOCTL_BASE && answer)
		return answer(data);
	n_unanswered++;
	last_unanswered = number;
	return -EINVAL;
}

unsigned int gpu_noop_unanswered(uint32_t *ret_last)
{
	*ret_last = last_unanswered;
	return n_unanswered;
}
