/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that are memory of QEMU's, which it goes on drawing into: shared memory and dma-bufs. Numbers and memory are
 * QEMU's, and checked here. Loop thread; the last reference may go in any.
 *
 * On failure reason, of DBUS_REASON_BYTES, is one sentence for people.
 */
#ifndef PLANECAST_SERVER_CAPTURE_DBUS_MEMORY_H
#define PLANECAST_SERVER_CAPTURE_DBUS_MEMORY_H

#include <stdint.h>

#include "server/capture/dbus_picture.h"

struct dbus_format;
struct frame;

/* -EINVAL: numbers that cannot be, or less memory than that; -ENOTSUP; -ENOMEM and others of mmap(). */
int dbus_memory_map(const struct dbus_map *map, struct frame **ret, char *reason);
/* The same of a dma-buf; format NULL: none that is read. */
int dbus_memory_dmabuf(const struct dbus_map *map, const struct dbus_format *format, uint64_t modifier,
		struct frame **ret, char *reason);
/* As dbus_picture_check(), of such a frame. */
int dbus_memory_check(struct frame *frame, char *reason);

#endif
