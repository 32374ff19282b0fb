/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VFIO driver appends to a region's description. Pure; any thread.
 *
 * Source: struct vfio_region_info and struct vfio_info_cap_header of linux/vfio.h.
 */
#ifndef PLANECAST_SERVER_CAPTURE_VFIO_CAPS_H
#define PLANECAST_SERVER_CAPTURE_VFIO_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest description that is asked for; those of real drivers are below 100 bytes. */
#define VFIO_CAPS_BYTES_MAX 4096

/*
 * Whether info, the bytes that VFIO_DEVICE_GET_REGION_INFO filled, says that the
 * region is of that type. A chain that leaves them, or never ends, says nothing.
 */
bool vfio_caps_say_type(const void *info, size_t bytes, uint32_t type, uint32_t subtype);

#endif
