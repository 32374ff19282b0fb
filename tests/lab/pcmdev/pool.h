/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a pcmdev device and the buffers shown from it. It outlives the
 * device for as long as a dma-buf is open.
 */
#ifndef PLANECAST_TESTS_LAB_PCMDEV_POOL_H
#define PLANECAST_TESTS_LAB_PCMDEV_POOL_H

#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/mm.h>

#include "pcmdev.h"

struct dma_fence;
struct pcmdev_buffer;

struct pcmdev_pool {
	struct kref ref;
	void *vram;
	struct mutex lock; /* everything below */
	struct pcmdev_regs regs;
	struct idr ids;
	struct list_head buffers, exports;
	struct dma_fence *drawing; /* while regs.busy */
	struct pcmdev_buffer *shown[PCMDEV_PLANES]; /* what the last query of each answered */
};

struct pcmdev_pool *pcmdev_pool_new(void);
void pcmdev_pool_put(struct pcmdev_pool *pool);

/* Lock held. What a plane shows, and how many bytes of it really are there. */
u32 pcmdev_plane_bytes(const struct pcmdev_plane *plane);
u32 pcmdev_plane_true_bytes(const struct pcmdev_pool *pool, const struct pcmdev_plane *plane);

/* Lock held. The id of what the plane shows now, or a negative errno. */
int pcmdev_pool_show(struct pcmdev_pool *pool, enum pcmdev_plane_kind kind);
/* Lock held. Nothing is shown any more. */
void pcmdev_pool_hide(struct pcmdev_pool *pool);
/* A new dma-buf fd for the id, or a negative errno. */
int pcmdev_pool_export(struct pcmdev_pool *pool, u32 id);
/* Whole words inside struct pcmdev_regs; what is read only stays as it is. */
void pcmdev_pool_write_regs(struct pcmdev_pool *pool, u32 offset, const u32 *words, u32 bytes);
void pcmdev_pool_read_regs(struct pcmdev_pool *pool, u32 offset, u32 *words, u32 bytes);

/* Maps so many bytes of vram from offset. Refused and revocable as the registers say. */
int pcmdev_pool_mmap(struct pcmdev_pool *pool, struct vm_area_struct *vma, u32 offset, u32 bytes);

#endif
