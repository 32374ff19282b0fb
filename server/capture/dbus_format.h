/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pixel formats that QEMU names over D-Bus, which are pixman's. Any thread. */
#ifndef PLANECAST_SERVER_CAPTURE_DBUS_FORMAT_H
#define PLANECAST_SERVER_CAPTURE_DBUS_FORMAT_H

#include <stdint.h>

struct dbus_format {
	uint32_t pixman; /* pixman_format_code_t */
	uint32_t fourcc; /* the same as DRM calls it; 0: it has to become XR24 */
	uint8_t bytes_per_pixel;
};

/* NULL: none that planecast reads. */
const struct dbus_format *dbus_format_find(uint32_t pixman);
/* The same by DRM's name. */
const struct dbus_format *dbus_format_find_fourcc(uint32_t fourcc);

#endif
