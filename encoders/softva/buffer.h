/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffers: what clients hand in (parameters, headers) and get back (coded pictures),
 * and the pixels of images. All with the driver's lock; the bytes of a pending coded
 * buffer are its job's.
 */
#ifndef PLANECAST_SOFTVA_BUFFER_H
#define PLANECAST_SOFTVA_BUFFER_H

#include "encoders/softva/driver.h"

#include <stdbool.h>
#include <stddef.h>

#define BUFFER_BYTES_MAX (512u << 20)

struct surface;

struct buffer {
	unsigned int refs;
	VABufferType type;
	uint32_t element_bytes, n_elements;
	uint32_t room_elements; /* allocated */
	uint8_t *data; /* ours, or within the surface */
	unsigned int maps;
	struct surface *surface; /* of a derived image; NULL */
	/* Coded ones. */
	bool pending;
	VAStatus outcome; /* of the last job */
	VACodedBufferSegment segment;
};

/* NULL: no such buffer. */
struct buffer *buffer_find(struct driver *driver, VABufferID id);
void buffer_ref(struct buffer *buffer);
void buffer_unref(struct buffer *buffer);
static inline size_t buffer_bytes(const struct buffer *buffer)
{
	return (size_t)buffer->element_bytes * buffer->n_elements;
}

/* For an image: zeros, or the memory of a surface, which it takes a reference to. */
int buffer_add_image(
		struct driver *driver, uint64_t bytes, struct surface *surface, VABufferID *ret_id);
/* Its memory stays as long as a job uses it. Gone already is fine. */
void buffer_remove(struct driver *driver, VABufferID id);

/* In libva's table. */
VAStatus buffer_create(VADriverContextP va, VAContextID context, VABufferType type,
		unsigned int size, unsigned int count, void *data, VABufferID *ret_id);
VAStatus buffer_set_elements(VADriverContextP va, VABufferID id, unsigned int count);
VAStatus buffer_map(VADriverContextP va, VABufferID id, void **ret_data);
VAStatus buffer_unmap(VADriverContextP va, VABufferID id);
VAStatus buffer_destroy(VADriverContextP va, VABufferID id);
VAStatus buffer_info(VADriverContextP va, VABufferID id, VABufferType *ret_type,
		unsigned int *ret_size, unsigned int *ret_count);
VAStatus buffer_sync(VADriverContextP va, VABufferID id, uint64_t timeout_ns);

#endif
