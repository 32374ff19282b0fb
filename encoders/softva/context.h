/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contexts: one stream of pictures to be processed or encoded, its queue, and the
 * picture that is being described between vaBeginPicture() and vaEndPicture().
 * With the driver's lock. In libva's table, but for what is of struct context.
 */
#ifndef PLANECAST_SOFTVA_CONTEXT_H
#define PLANECAST_SOFTVA_CONTEXT_H

#include "encoders/softva/caps.h"
#include "encoders/softva/driver.h"
#include "encoders/softva/queue.h"

struct buffer;
struct context;
struct surface;

/* What the two entrypoints do differently. */
struct context_kind {
	int (*init)(struct context *context);
	/* When no job is left. */
	void (*finish)(struct context *context);
	/* One buffer of the picture: copied, for the client may destroy it at once. */
	VAStatus (*render)(struct context *context, const struct buffer *buffer);
	/* All of it is there: check, and submit. */
	VAStatus (*end)(struct context *context);
	/* Forgets what render() has gathered; also after end(). */
	void (*clear)(struct context *context);
};

struct context {
	struct driver *driver;
	struct config config;
	uint32_t width, height;
	struct queue queue;
	const struct context_kind *kind;
	void *state; /* the kind's */
	struct surface *target; /* of the picture begun, with a reference; NULL: none */
	VASurfaceID target_id;
	VAStatus failure; /* the first of render() in this picture */
};

/* Takes a context apart that is in no table any more. Without the lock. */
void context_free(struct context *context);

VAStatus context_create(VADriverContextP va, VAConfigID config, int width, int height, int flags,
		VASurfaceID *targets, int n_targets, VAContextID *ret_context);
VAStatus context_destroy(VADriverContextP va, VAContextID id);
VAStatus context_begin_picture(VADriverContextP va, VAContextID id, VASurfaceID target);
VAStatus context_render_picture(
		VADriverContextP va, VAContextID id, VABufferID *buffers, int count);
VAStatus context_end_picture(VADriverContextP va, VAContextID id);

#endif
