// SPDX-License-Identifier: GPL-2.0-or-later
/* What a client of the VA-API driver says of a picture to be encoded: buffers of any type and content. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/softva/buffer.h"
#include "encoders/softva/params.h"
#include "encoders/softva/surface.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Handles as a new driver gives them out; the corpus knows them. */
static void add_objects(struct driver *driver, struct surface *surfaces, struct buffer *coded)
{
	uint32_t handle;

	for (unsigned int i = 0; i < 3; i++) {
		surfaces[i] = (struct surface){
			.refs = 1,
			.format = formats_find(VA_FOURCC_NV12),
			.width = 96,
			.height = 80,
		};
		if (objects_add(&driver->objects, OBJECTS_SURFACE, &surfaces[i], &handle))
			abort();
	}
	*coded = (struct buffer){ .refs = 1, .type = VAEncCodedBufferType };
	if (objects_add(&driver->objects, OBJECTS_BUFFER, coded, &handle))
		abort();
}

/* Those with pointers into the client's memory, which is the client's to keep right. */
static bool has_pointers(const struct buffer *buffer)
{
	uint32_t type;

	if (buffer->type != VAEncMiscParameterBufferType || buffer->element_bytes < sizeof(type))
		return false;
	memcpy(&type, buffer->data, sizeof(type));
	return type == VAEncMiscParameterTypeROI || type == VAEncMiscParameterTypeDirtyRect;
}

/* A picture: its buffers, each with a byte of type and two of length. */
static const uint8_t *add_picture(struct params *params, const uint8_t *at, const uint8_t *end)
{
	static const VABufferType types[] = { VAEncSequenceParameterBufferType,
		VAEncPictureParameterBufferType, VAEncSliceParameterBufferType,
		VAEncMiscParameterBufferType, VAEncPackedHeaderParameterBufferType,
		VAEncPackedHeaderDataBufferType };

	while (end - at >= 3) {
		uint8_t type = at[0];
		size_t bytes = at[1] | (size_t)at[2] << 8;
		struct buffer buffer = { .refs = 1, .n_elements = 1 };

		at += 3;
		if (type >= sizeof(types) / sizeof(types[0]))
			return at;
		if (bytes > (size_t)(end - at))
			bytes = (size_t)(end - at);
		buffer.type = types[type];
		buffer.element_bytes = (uint32_t)bytes;
		/* Of exactly that size, so that a step past it is seen. */
		buffer.data = malloc(bytes);
		if (bytes && buffer.data) {
			memcpy(buffer.data, at, bytes);
			if (!has_pointers(&buffer))
				params_add(params, &buffer);
		}
		free(buffer.data);
		at += bytes;
	}
	return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const VAProfile profiles[] = { VAProfileH264ConstrainedBaseline, VAProfileH264Main,
		VAProfileH264High };
	static struct params_picture picture;
	struct VADriverContext va = { 0 };
	struct driver driver = { .va = &va };
	struct caps caps = { .entrypoint = VAEntrypointEncSlice };
	struct config config = { .caps = &caps, .rate_control = VA_RC_CQP };
	struct params *params = malloc(sizeof(*params));
	struct surface surfaces[3];
	struct buffer coded;
	const uint8_t *at = data, *end = data + size;

	if (!params || size < 2)
		goto out;
	caps.profile = profiles[at[0] % 3];
	config.packed_headers = at[1] & 0x1f;
	if (at[1] & 0x20)
		config.rate_control = VA_RC_VBR;
	at += 2;
	add_objects(&driver, surfaces, &coded);
	params_init(params, &driver, &config);
	while (at < end) {
		at = add_picture(params, at, end);
		if (params_check(params, &surfaces[0], 0x30000000, &picture) == VA_STATUS_SUCCESS) {
			/* What the job counts on. */
			if (picture.qp > 51 || !picture.slice_mbs ||
					picture.sets.sps.width_mbs > 96 / 16 ||
					picture.sets.sps.height_mbs > 80 / 16 ||
					(picture.idr && !picture.intra))
				abort();
		}
		params_clear(params);
	}
	objects_finish(&driver.objects);
out:
	free(params);
	return 0;
}
