/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The status card: what a viewer sees instead of black when there is no
 * picture. Says the VM's name, the reason, and what to do.
 */
#ifndef PLANECAST_SERVER_CAPTURE_CARD_H
#define PLANECAST_SERVER_CAPTURE_CARD_H

#include <stdint.h>

struct frame;

/*
 * A new XR24 memory frame of the given size (clamped to 320x200 .. 3840x2160).
 * reason is wrapped to the width. -ENOMEM.
 */
int card_render(const char *vm_name, const char *reason, uint32_t width, uint32_t height,
		struct frame **ret);

#endif
