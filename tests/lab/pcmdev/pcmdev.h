/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcmdev: a mediated display device that shows what a test tells it to.
 *
 * Types (in /sys/class/pcmdev/pcmdev/mdev_supported_types): pcmdev-dmabuf and
 * pcmdev-region show their planes in that way, pcmdev-plain has no display and
 * answers ENOTTY. Each device has PCMDEV_VRAM_BYTES of memory (BAR 0) and the
 * registers below (BAR 2).
 *
 * A guest's CPU reaches both through KVM, not through VFIO, and so does a test:
 * /sys/bus/mdev/devices/UUID/pcmdev/{vram,regs} are the guest's side, open to
 * anybody with the right even while VFIO has a user. vram can be mmap()ed; regs
 * is read and written in whole 32-bit words. edid there is what the guest reads
 * of its monitor: nothing while that is unplugged.
 *
 * The device checks nothing that it is told to show: it exists to lie.
 */
#ifndef PLANECAST_TESTS_LAB_PCMDEV_H
#define PLANECAST_TESTS_LAB_PCMDEV_H

#include <linux/types.h>

#define PCMDEV_VRAM_BYTES (16u << 20)
#define PCMDEV_EDID_BYTES 1024u
#define PCMDEV_MAGIC 0x76644d50u
/* An injected errno with this count stays. */
#define PCMDEV_FOREVER 0xffffffffu
/* Where the display region is unless region_index says otherwise: beyond num_regions, as mdpy's. */
#define PCMDEV_REGION_INDEX 16u

enum pcmdev_plane_kind { PCMDEV_PRIMARY, PCMDEV_CURSOR, PCMDEV_PLANES };

struct pcmdev_plane {
	__u32 enable;
	__u32 fourcc, modifier_low, modifier_high;
	__u32 width, height, stride;
	__u32 offset; /* in vram, page aligned; where the dma-buf or the region begins */
	__u32 size; /* what a query says; 0: stride * height */
	__u32 x, y, hot_x, hot_y;
	__u32 reserved[3];
};

struct pcmdev_regs {
	/* Writable. */
	struct pcmdev_plane plane[PCMDEV_PLANES];
	__u32 query_errno, query_errno_count; /* so many queries fail so */
	__u32 get_errno, get_errno_count; /* so many GET_GFX_DMABUF fail so */
	__u32 mmap_errno; /* mmap of display region and dma-bufs fails so */
	__u32 region_index;
	__u32 reuse_ids; /* 1: the lowest free id first, as i915 does; 0: ids count up */
	__u32 same_id; /* not 0: whatever is shown, its id is this one */
	__u32 buffer_bytes; /* true size of dma-buf or region; 0: what the query says, in whole pages */
	__u32 leave_struct; /* 1: a query of a disabled plane leaves the caller's struct as it was, as i915 does */
	__u32 revoked; /* 1: the memory behind mappings is gone; touching them is SIGBUS */
	__u32 busy; /* 1: the GPU begins to draw into every dma-buf that is open, 0: it is done */
	__u32 edid_errno, edid_errno_count; /* so many writes to the EDID region fail so */
	__u32 edid_max_size, edid_max_xres, edid_max_yres; /* what that region says */
	__u32 reserved[15];
	/* Read only. */
	__u32 magic;
	__u32 queries, gets, resets;
	__u32 opens; /* 1 while VFIO has a user */
	__u32 buffers, exports; /* buffers alive, dma-bufs open */
	__u32 mmaps; /* ever made, of display region and dma-bufs */
	__u32 read_begins, read_ends; /* DMA_BUF_IOCTL_SYNC for reading, ever */
	__u32 unplugs, plugs; /* of the monitor, ever */
};

#endif
