/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shadows of one VM: a few frames of one size, one of them current.
 *
 * Readers hold references to shadows as long as they like. Only a shadow that
 * nobody else holds, but for loosely, is ever written: the current one as long as
 * it can be. Each other one knows where it is behind the current one, and is
 * brought up to date just before it takes its place.
 *
 * Loop thread; readers drop their references on any thread.
 */
#ifndef PLANECAST_SERVER_DAMAGE_POOL_H
#define PLANECAST_SERVER_DAMAGE_POOL_H

#include <pixman.h>
#include <stdint.h>

#include "server/damage.h"

#define DAMAGE_POOL_MAX DAMAGE_BUFFERS_MAX

struct frame;

struct damage_shadow {
	struct frame *frame; /* NULL: not allocated (yet) */
	pixman_region32_t stale; /* where it differs from the current one */
};

struct damage_pool {
	unsigned int limit; /* 1..DAMAGE_POOL_MAX */
	unsigned int current;
	struct damage_shadow shadows[DAMAGE_POOL_MAX];
};

void damage_pool_init(struct damage_pool *pool, unsigned int limit);
/* Lets go of all shadows; readers keep theirs. The pool may be used again. */
void damage_pool_clear(struct damage_pool *pool);
/* New size: one black shadow, nobody's but ours. On failure all stays. -EINVAL, -ENOMEM. */
int damage_pool_resize(struct damage_pool *pool, uint32_t width, uint32_t height);

/* NULL while there is none. */
struct frame *damage_pool_current(const struct damage_pool *pool);
/*
 * Makes the current shadow one that may be written, its pixels unchanged, by
 * taking another buffer where readers hold it. -EBUSY: all are held; -ENOMEM.
 */
int damage_pool_writable(struct damage_pool *pool, struct frame **ret_frame);
/* The current shadow's pixels were changed there. */
void damage_pool_changed(struct damage_pool *pool, const pixman_region32_t *region);

#endif
