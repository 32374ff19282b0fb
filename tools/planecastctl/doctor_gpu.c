// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GPUs by their PCI numbers, and Debian's VA-API drivers, as what these say they can do on each generation has shown
 * (tests/gpu runs them). Intel's numbers are those of the kernel's include/drm/i915_pciids.h.
 */
#include "tools/planecastctl/doctor_gpu.h"

#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NON_FREE "intel-media-va-driver-non-free (of Debian's non-free)"

enum row { GEN7, GEN8, GEN9, GEN11, AMD, NVIDIA, VIRTIO };

static const struct doctor_gpu gpus[] = {
	[GEN7] = { "Intel Gen6 to Gen7.5 (Sandy Bridge to Haswell)", "i965-va-driver", "i965-va-driver" },
	[GEN8] = { "Intel Gen8 (Broadwell)", NON_FREE ", or i965-va-driver-shaders",
			NON_FREE
			", or i965-va-driver-shaders; intel-media-va-driver without -non-free can do neither there" },
	[GEN9] = { "Intel Gen9 (Skylake to Comet Lake)",
			"intel-media-va-driver; or " NON_FREE ", which converts pictures there, too",
			NON_FREE
			"; intel-media-va-driver encodes there but has no VideoProc, and i965-va-driver may abort" },
	[GEN11] = { "Intel Gen11 or newer", "intel-media-va-driver, or " NON_FREE,
			"intel-media-va-driver, or " NON_FREE },
	[AMD] = { "AMD", "mesa-va-drivers", "mesa-va-drivers" },
	[NVIDIA] = { "NVIDIA", NULL, NULL },
	[VIRTIO] = { "virtio-gpu", "mesa-va-drivers, if this host's host lends it a video encoder",
			"mesa-va-drivers, if this host's host lends it a video encoder" },
};

static const struct {
	unsigned int vendor, mask, value;
	enum row row;
} numbers[] = {
	{ 0x8086, 0xff00, 0x0100, GEN7 },
	{ 0x8086, 0xff00, 0x0400, GEN7 },
	{ 0x8086, 0xff00, 0x0a00, GEN7 },
	{ 0x8086, 0xff00, 0x0c00, GEN7 },
	{ 0x8086, 0xff00, 0x0d00, GEN7 },
	{ 0x8086, 0xff00, 0x0f00, GEN7 },
	{ 0x8086, 0xff00, 0x1600, GEN8 },
	{ 0x8086, 0xfff0, 0x22b0, GEN8 },
	{ 0x8086, 0xffff, 0x0a84, GEN9 },
	{ 0x8086, 0xfffe, 0x1a84, GEN9 },
	{ 0x8086, 0xfffe, 0x5a84, GEN9 },
	{ 0x8086, 0xff00, 0x1900, GEN9 },
	{ 0x8086, 0xff00, 0x5900, GEN9 },
	{ 0x8086, 0xfff0, 0x87c0, GEN9 },
	{ 0x8086, 0xfffe, 0x3184, GEN9 },
	{ 0x8086, 0xff00, 0x3e00, GEN9 },
	{ 0x8086, 0xff00, 0x9b00, GEN9 },
	{ 0x8086, 0xff00, 0x8a00, GEN11 },
	{ 0x8086, 0xff00, 0x4500, GEN11 },
	{ 0x8086, 0xff00, 0x4e00, GEN11 },
	{ 0x8086, 0xff00, 0x9a00, GEN11 },
	{ 0x8086, 0xff00, 0x4c00, GEN11 },
	{ 0x8086, 0xff00, 0x4600, GEN11 },
	{ 0x8086, 0xff00, 0xa700, GEN11 },
	{ 0x8086, 0xff00, 0x4900, GEN11 },
	{ 0x8086, 0xff00, 0x5600, GEN11 },
	{ 0x8086, 0xff00, 0x7d00, GEN11 },
	{ 0x8086, 0xff00, 0x6400, GEN11 },
	{ 0x8086, 0xff00, 0xe200, GEN11 },
	{ 0x1002, 0x0000, 0x0000, AMD },
	{ 0x10de, 0x0000, 0x0000, NVIDIA },
	{ 0x1af4, 0x0000, 0x0000, VIRTIO },
};

const struct doctor_gpu *doctor_gpu_find(unsigned int vendor, unsigned int device)
{
	size_t i;

	/* The more exact ones come first: 0x0a84 is no Haswell. */
	for (unsigned int mask = 0xffff;; mask = mask & (mask << 1) & 0xffff) {
		for (i = 0; i < COUNT(numbers); i++)
			if (numbers[i].mask == mask && numbers[i].vendor == vendor &&
					(device & mask) == numbers[i].value)
				return &gpus[numbers[i].row];
		if (!mask)
			return NULL;
	}
}
