// SPDX-License-Identifier: GPL-2.0-or-later
/* Buffers by number. */
#include "encoders/softva/buffer.h"

#include "encoders/softva/context.h"
#include "encoders/softva/queue.h"
#include "encoders/softva/surface.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Which buffers mean something to which contexts. */
static const struct {
	VABufferType type;
	VAEntrypoint entrypoint;
} known[] = {
	{ VAEncCodedBufferType, VAEntrypointEncSlice },
	{ VAEncSequenceParameterBufferType, VAEntrypointEncSlice },
	{ VAEncPictureParameterBufferType, VAEntrypointEncSlice },
	{ VAEncSliceParameterBufferType, VAEntrypointEncSlice },
	{ VAEncPackedHeaderParameterBufferType, VAEntrypointEncSlice },
	{ VAEncPackedHeaderDataBufferType, VAEntrypointEncSlice },
	{ VAEncMiscParameterBufferType, VAEntrypointEncSlice },
	{ VAProcPipelineParameterBufferType, VAEntrypointVideoProc },
	/* There are no filters, but asking which there are may begin with a buffer for one. */
	{ VAProcFilterParameterBufferType, VAEntrypointVideoProc },
};

static bool is_known(VABufferType type, VAEntrypoint entrypoint)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].type == type && known[i].entrypoint == entrypoint)
			return true;
	return false;
}

struct buffer *buffer_find(struct driver *driver, VABufferID id)
{
	return objects_find(&driver->objects, OBJECTS_BUFFER, id);
}

void buffer_ref(struct buffer *buffer)
{
	buffer->refs++;
}

void buffer_unref(struct buffer *buffer)
{
	if (--buffer->refs)
		return;
	if (buffer->surface)
		surface_unref(buffer->surface);
	else
		free(buffer->data);
	free(buffer);
}

static int add(struct driver *driver, const struct buffer *wanted, VABufferID *ret_id)
{
	size_t bytes = buffer_bytes(wanted);
	struct buffer *buffer = malloc(sizeof(*buffer));
	int err;

	if (!buffer)
		return -ENOMEM;
	*buffer = *wanted;
	buffer->refs = 1;
	buffer->room_elements = buffer->n_elements;
	if (!buffer->surface) {
		buffer->data = calloc(1, bytes);
		if (!buffer->data) {
			free(buffer);
			return -ENOMEM;
		}
	} else {
		surface_ref(buffer->surface);
	}
	err = objects_add(&driver->objects, OBJECTS_BUFFER, buffer, ret_id);
	if (err)
		buffer_unref(buffer);
	return err;
}

int buffer_add_image(
		struct driver *driver, uint64_t bytes, struct surface *surface, VABufferID *ret_id)
{
	struct buffer wanted = {
		.type = VAImageBufferType, .element_bytes = (uint32_t)bytes, .n_elements = 1
	};

	if (bytes > UINT32_MAX)
		return -ENOMEM;
	if (surface) {
		wanted.surface = surface;
		wanted.data = surface->memory.data;
	}
	return add(driver, &wanted, ret_id);
}

VAStatus buffer_create(VADriverContextP va, VAContextID context_id, VABufferType type,
		unsigned int size, unsigned int count, void *data, VABufferID *ret_id)
{
	struct driver *driver = driver_of(va);
	struct buffer wanted = { .type = type, .element_bytes = size, .n_elements = count };
	const struct context *context;
	VAStatus status;

	if (!size || !count || (uint64_t)size * count > BUFFER_BYTES_MAX)
		return driver_refuse(driver, VA_STATUS_ERROR_INVALID_PARAMETER,
				"buffer of %u times %u bytes", count, size);
	driver_lock(driver);
	context = objects_find(&driver->objects, OBJECTS_CONTEXT, context_id);
	if (!context)
		status = VA_STATUS_ERROR_INVALID_CONTEXT;
	else if (!is_known(type, context->config.caps->entrypoint))
		status = driver_refuse(driver, VA_STATUS_ERROR_UNSUPPORTED_BUFFERTYPE,
				"buffer of type %d", (int)type);
	else
		status = driver_status(add(driver, &wanted, ret_id));
	if (status == VA_STATUS_SUCCESS && data && type != VAEncCodedBufferType)
		memcpy(buffer_find(driver, *ret_id)->data, data, (size_t)size * count);
	driver_unlock(driver);
	return status;
}

VAStatus buffer_set_elements(VADriverContextP va, VABufferID id, unsigned int count)
{
	struct driver *driver = driver_of(va);
	VAStatus status = VA_STATUS_SUCCESS;
	struct buffer *buffer;

	driver_lock(driver);
	buffer = buffer_find(driver, id);
	if (!buffer || buffer->type == VAImageBufferType || buffer->pending)
		status = VA_STATUS_ERROR_INVALID_BUFFER;
	else if (!count || count > buffer->room_elements)
		status = VA_STATUS_ERROR_INVALID_PARAMETER;
	else
		buffer->n_elements = count;
	driver_unlock(driver);
	return status;
}

VAStatus buffer_map(VADriverContextP va, VABufferID id, void **ret_data)
{
	struct driver *driver = driver_of(va);
	struct buffer *buffer;

	driver_lock(driver);
	buffer = buffer_find(driver, id);
	if (!buffer) {
		driver_unlock(driver);
		return VA_STATUS_ERROR_INVALID_BUFFER;
	}
	buffer_ref(buffer);
	if (buffer->surface) {
		/* What went wrong with the picture is told by vaSyncSurface(). */
		queue_wait_surface(driver, buffer->surface, VA_TIMEOUT_INFINITE);
		if (!buffer->maps) {
			int err;

			/* May wait for a GPU. */
			driver_unlock(driver);
			err = memory_begin_access(&buffer->surface->memory, true);
			driver_lock(driver);
			if (err) {
				buffer_unref(buffer);
				driver_unlock(driver);
				return driver_status(err);
			}
		}
	}
	if (buffer->type == VAEncCodedBufferType) {
		/* A failure is in the segment's status, which only who maps the buffer can read. */
		queue_wait_buffer(driver, buffer, VA_TIMEOUT_INFINITE);
		buffer->segment.buf = buffer->data;
		*ret_data = &buffer->segment;
	} else {
		*ret_data = buffer->data;
	}
	buffer->maps++;
	buffer_unref(buffer);
	driver_unlock(driver);
	return VA_STATUS_SUCCESS;
}

VAStatus buffer_unmap(VADriverContextP va, VABufferID id)
{
	struct driver *driver = driver_of(va);
	VAStatus status = VA_STATUS_SUCCESS;
	struct buffer *buffer;

	driver_lock(driver);
	buffer = buffer_find(driver, id);
	if (!buffer || !buffer->maps)
		status = VA_STATUS_ERROR_INVALID_BUFFER;
	else if (!--buffer->maps && buffer->surface)
		status = driver_status(memory_end_access(&buffer->surface->memory, true));
	driver_unlock(driver);
	return status;
}

void buffer_remove(struct driver *driver, VABufferID id)
{
	struct buffer *buffer = objects_remove(&driver->objects, OBJECTS_BUFFER, id);

	if (!buffer)
		return;
	if (buffer->maps && buffer->surface)
		memory_end_access(&buffer->surface->memory, true);
	buffer_unref(buffer);
}

VAStatus buffer_destroy(VADriverContextP va, VABufferID id)
{
	struct driver *driver = driver_of(va);
	VAStatus status = VA_STATUS_SUCCESS;
	const struct buffer *buffer;

	driver_lock(driver);
	buffer = buffer_find(driver, id);
	if (!buffer)
		status = VA_STATUS_ERROR_INVALID_BUFFER;
	else if (buffer->type == VAImageBufferType)
		status = driver_refuse(driver, VA_STATUS_ERROR_INVALID_BUFFER,
				"buffer %#x is its image's", id);
	else
		buffer_remove(driver, id);
	driver_unlock(driver);
	return status;
}

VAStatus buffer_info(VADriverContextP va, VABufferID id, VABufferType *ret_type,
		unsigned int *ret_size, unsigned int *ret_count)
{
	struct driver *driver = driver_of(va);
	const struct buffer *buffer;

	driver_lock(driver);
	buffer = buffer_find(driver, id);
	if (buffer) {
		*ret_type = buffer->type;
		*ret_size = buffer->element_bytes;
		*ret_count = buffer->n_elements;
	}
	driver_unlock(driver);
	return buffer ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_BUFFER;
}

VAStatus buffer_sync(VADriverContextP va, VABufferID id, uint64_t timeout_ns)
{
	struct driver *driver = driver_of(va);
	VAStatus status = VA_STATUS_ERROR_INVALID_BUFFER;
	struct buffer *buffer;

	driver_lock(driver);
	buffer = buffer_find(driver, id);
	if (buffer && buffer->type != VAEncCodedBufferType) {
		status = VA_STATUS_ERROR_UNSUPPORTED_BUFFERTYPE;
	} else if (buffer) {
		buffer_ref(buffer);
		status = queue_wait_buffer(driver, buffer, timeout_ns);
		buffer_unref(buffer);
	}
	driver_unlock(driver);
	return status;
}
