/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the kernel's driver of AMD's GPUs. */
#ifndef PLANECAST_TESTS_AMDGPU_H
#define PLANECAST_TESTS_AMDGPU_H

#include <stdbool.h>
#include <stdint.h>

#include <amdgpu_drm.h>

bool amdgpu_choose(const char *device);
uint16_t amdgpu_pci_id(void);

int amdgpu_answer_info(const struct drm_amdgpu_info *info);

#endif
