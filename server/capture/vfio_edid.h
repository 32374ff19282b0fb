/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor that a vGPU's guest sees: its EDID, changed when viewers wish for a
 * size.
 *
 * The device has a region for it. As QEMU does, the monitor is unplugged, told
 * anew, and plugged in again a moment later by a timer; a driver that fails one
 * of these for the moment is asked again. The guest may make of it what it likes.
 *
 * The mode told is the wished one as far as the device and EDID go (edid.h), and
 * an even number of pixels wide, which guests' drivers want.
 *
 * Loop thread. Source: struct vfio_region_gfx_edid of linux/vfio.h.
 */
#ifndef PLANECAST_SERVER_CAPTURE_VFIO_EDID_H
#define PLANECAST_SERVER_CAPTURE_VFIO_EDID_H

#include <stdint.h>

#include "server/capture/edid.h"
#include "server/capture/vfio_plane.h"

struct event;
struct event_base;
struct vfio_region_gfx_edid;

enum vfio_edid_step { VFIO_EDID_RESTS, VFIO_EDID_TO_TELL, VFIO_EDID_TO_PLUG };

struct vfio_edid {
	struct event *due;
	char serial[EDID_TEXT_MAX + 1];

	int device_fd; /* -1: none, or it has no such region */
	uint64_t registers, block; /* offsets on device_fd */
	uint32_t max_width, max_height;

	enum vfio_edid_step step;
	unsigned int failures; /* of this step */
	uint32_t width, height; /* the mode told, or about to be; 0: none yet */
	int complained; /* of this errno */
};

/*
 * 0, or -EINVAL and reason, of VFIO_REASON_BYTES: no EDID of ours can go there.
 * The region's size is no part of it: i915 tells that of the block alone.
 */
int vfio_edid_check(const struct vfio_region_gfx_edid *registers, char *reason);
/* What is told the guest when viewers wish for *width x *height and the device has these limits, 0: none. */
void vfio_edid_fit(uint32_t max_width, uint32_t max_height, uint32_t *width, uint32_t *height);

/* serial: of the monitor. -ENOMEM. */
int vfio_edid_init(struct vfio_edid *edid, struct event_base *base, const char *serial);
void vfio_edid_finish(struct vfio_edid *edid);

/* There is a device, from now on until vfio_edid_detach(), which leaves its monitor plugged in. */
void vfio_edid_attach(struct vfio_edid *edid, int device_fd);
void vfio_edid_detach(struct vfio_edid *edid);

/*
 * Viewers wish for a size while the guest shows another, 0 x 0: none. 0: it is
 * being told, or was before and shows just that. -EOPNOTSUPP: no device, or none
 * that can be told; other negative errnos of the driver, which got one line in the log.
 */
int vfio_edid_wish(struct vfio_edid *edid, uint32_t width, uint32_t height, uint32_t shown_width,
		uint32_t shown_height);

#endif
