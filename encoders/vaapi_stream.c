// SPDX-License-Identifier: GPL-2.0-or-later
/* Encoding pictures of one size. */
#include "encoders/vaapi_stream.h"

#include <errno.h>
#include <string.h>

#include "encoders/packet.h"
#include "encoders/vaapi_call.h"
#include "encoders/vaapi_caps.h"
#include "encoders/vaapi_headers.h"
#include "encoders/vaapi_picture.h"
#include "server/clock.h"

/* H.264's largest macroblock is 3200 bits, and a picture has headers. */
#define CODED_BYTES_PER_MB 400
#define CODED_BYTES_MORE 65536
/* One is what a driver makes of one slice. */
#define SEGMENTS_MAX 64
/* Of waiting for a picture. Nothing that works takes so long. */
#define SYNC_NS (2 * NSEC_PER_SEC)

static int create_surfaces(struct vaapi_stream *stream, VASurfaceID *ret, unsigned int count)
{
	VASurfaceAttrib attrib = {
		.type = VASurfaceAttribPixelFormat,
		.flags = VA_SURFACE_ATTRIB_SETTABLE,
		.value = { .type = VAGenericValueTypeInteger, .value.i = VA_FOURCC_NV12 },
	};

	return vaapi_result(vaCreateSurfaces(stream->va, VA_RT_FORMAT_YUV420, stream->width,
					    stream->height, ret, count, &attrib, 1),
			"vaCreateSurfaces");
}

static int create_config(struct vaapi_stream *stream)
{
	VAConfigAttrib attribs[] = {
		{ VAConfigAttribRTFormat, VA_RT_FORMAT_YUV420 },
		{ VAConfigAttribRateControl, VA_RC_CQP },
		{ VAConfigAttribEncPackedHeaders, stream->caps->packed },
	};
	/* Where there are none to announce, some drivers know no such attribute. */
	int count = stream->caps->packed ? 3 : 2;

	return vaapi_result(vaCreateConfig(stream->va, stream->caps->profile,
					    stream->caps->entrypoint, attribs, count, &stream->config),
			"vaCreateConfig");
}

static int create_context(struct vaapi_stream *stream)
{
	VASurfaceID surfaces[] = { stream->input, stream->reconstructed[0],
		stream->reconstructed[1] };

	return vaapi_result(vaCreateContext(stream->va, stream->config, (int)stream->width,
					    (int)stream->height, VA_PROGRESSIVE, surfaces, 3,
					    &stream->context),
			"vaCreateContext");
}

int vaapi_stream_init(struct vaapi_stream *stream, VADisplay va, const struct vaapi_caps *caps,
		uint32_t width, uint32_t height)
{
	int err;

	*stream = (struct vaapi_stream){
		.va = va,
		.caps = caps,
		.config = VA_INVALID_ID,
		.context = VA_INVALID_ID,
		.input = VA_INVALID_SURFACE,
		.reconstructed = { VA_INVALID_SURFACE, VA_INVALID_SURFACE },
		.coded = VA_INVALID_ID,
		.width = width,
		.height = height,
	};
	err = vaapi_picture_make_sets(caps, width, height, &stream->sets);
	if (err)
		return err;
	stream->coded_bytes = (size_t)stream->sets.sps.width_mbs * stream->sets.sps.height_mbs *
					CODED_BYTES_PER_MB +
			CODED_BYTES_MORE;
	err = create_config(stream);
	if (!err)
		err = create_surfaces(stream, &stream->input, 1);
	if (!err)
		err = create_surfaces(stream, stream->reconstructed, 2);
	if (!err)
		err = create_context(stream);
	if (!err)
		err = vaapi_result(vaCreateBuffer(va, stream->context, VAEncCodedBufferType,
						   (unsigned int)stream->coded_bytes, 1, NULL,
						   &stream->coded),
				"vaCreateBuffer");
	return err;
}

void vaapi_stream_finish(struct vaapi_stream *stream)
{
	if (!stream->va)
		return;
	if (stream->coded != VA_INVALID_ID)
		vaDestroyBuffer(stream->va, stream->coded);
	if (stream->context != VA_INVALID_ID)
		vaDestroyContext(stream->va, stream->context);
	if (stream->reconstructed[0] != VA_INVALID_SURFACE)
		vaDestroySurfaces(stream->va, stream->reconstructed, 2);
	if (stream->input != VA_INVALID_SURFACE)
		vaDestroySurfaces(stream->va, &stream->input, 1);
	if (stream->config != VA_INVALID_ID)
		vaDestroyConfig(stream->va, stream->config);
	stream->va = NULL;
}

void vaapi_stream_restart(struct vaapi_stream *stream)
{
	stream->started = false;
}

static VARectangle to_rectangle(const pixman_box32_t *box)
{
	return (VARectangle){
		.x = (int16_t)box->x1,
		.y = (int16_t)box->y1,
		.width = (uint16_t)(box->x2 - box->x1),
		.height = (uint16_t)(box->y2 - box->y1),
	};
}

/* Too many become one around all: what is left out would not be looked at. */
static void choose_dirty(const struct vaapi_stream *stream, const pixman_region32_t *dirty,
		struct vaapi_picture *picture)
{
	const uint32_t room = stream->caps->n_dirty < VAAPI_PICTURE_DIRTY_MAX
			? stream->caps->n_dirty
			: VAAPI_PICTURE_DIRTY_MAX;
	const pixman_box32_t *boxes;
	int count;

	if (!dirty || !room || picture->idr)
		return;
	boxes = pixman_region32_rectangles(dirty, &count);
	if ((uint32_t)count > room) {
		boxes = pixman_region32_extents(dirty);
		count = 1;
	}
	for (int i = 0; i < count; i++)
		picture->dirty[i] = to_rectangle(&boxes[i]);
	picture->n_dirty = (unsigned int)count;
}

static int begin(struct vaapi_stream *stream, const struct vaapi_picture *picture)
{
	struct vaapi_picture_buffers buffers;
	VAStatus ended;
	int err = vaapi_result(vaBeginPicture(stream->va, stream->context, stream->input),
			"vaBeginPicture");

	if (err)
		return err;
	err = vaapi_picture_render(stream->va, stream->context, picture, &buffers);
	/* Also after a failure: a picture that was begun has to end. */
	ended = vaEndPicture(stream->va, stream->context);
	vaapi_picture_destroy_buffers(stream->va, &buffers);
	return err ? err : vaapi_result(ended, "vaEndPicture");
}

static int wait(struct vaapi_stream *stream)
{
	VAStatus status = vaSyncBuffer(stream->va, stream->coded, SYNC_NS);

	/* Older drivers only know when the picture is free again, which is when it is coded. */
	if (status == VA_STATUS_ERROR_UNIMPLEMENTED)
		return vaapi_result(vaSyncSurface(stream->va, stream->input), "vaSyncSurface");
	return vaapi_result(status, "vaSyncBuffer");
}

static const struct {
	uint32_t bits;
	int err;
	const char *what;
} complaints[] = {
	{ VA_CODED_BUF_STATUS_SLICE_OVERFLOW_MASK, -EOVERFLOW, "slices that do not fit" },
	{ VA_CODED_BUF_STATUS_FRAME_SIZE_OVERFLOW, -EOVERFLOW, "a picture that does not fit" },
	{ VA_CODED_BUF_STATUS_BAD_BITSTREAM, -EIO, "a bad bitstream" },
};

static int complain(const char *what, int err)
{
	log_warn(NULL, "VA-API: the driver reports %s", what);
	return err;
}

/* The sum of all segments, or why it cannot be. */
static int measure(const struct vaapi_stream *stream, const VACodedBufferSegment *segment,
		size_t *ret_bytes)
{
	unsigned int count = 0;
	size_t bytes = 0;

	for (; segment; segment = segment->next) {
		for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++)
			if (segment->status & complaints[i].bits)
				return complain(complaints[i].what, complaints[i].err);
		if (++count > SEGMENTS_MAX || segment->size > stream->coded_bytes - bytes ||
				(segment->size && !segment->buf))
			return complain("more bytes than the buffer has", -EOVERFLOW);
		bytes += segment->size;
	}
	if (!bytes)
		return complain("a picture of no bytes", -EIO);
	*ret_bytes = bytes;
	return 0;
}

static int collect(struct vaapi_stream *stream, struct packet **ret)
{
	struct packet *packet;
	size_t bytes = 0, at = 0;
	void *mapped = NULL;
	int err = vaapi_result(vaMapBuffer(stream->va, stream->coded, &mapped), "vaMapBuffer");

	if (err)
		return err;
	err = measure(stream, mapped, &bytes);
	packet = err ? NULL : packet_new(bytes);
	if (!err && !packet)
		err = -ENOMEM;
	for (const VACodedBufferSegment *segment = err ? NULL : mapped; segment;
			segment = segment->next) {
		memcpy(packet->data + at, segment->buf, segment->size);
		at += segment->size;
	}
	if (vaUnmapBuffer(stream->va, stream->coded) != VA_STATUS_SUCCESS && !err)
		err = -EIO;
	if (err) {
		packet_unref(packet);
		return err;
	}
	*ret = packet;
	return 0;
}

int vaapi_stream_encode(struct vaapi_stream *stream, int qp, const pixman_region32_t *dirty,
		struct packet **ret)
{
	bool idr = !stream->started || stream->number >= VAAPI_PICTURE_PERIOD - 1;
	struct vaapi_picture picture = {
		.sets = &stream->sets,
		.caps = stream->caps,
		.idr = idr,
		.number = idr ? 0 : stream->number,
		.idr_id = stream->idr_id,
		.qp = qp,
		.reconstructed = stream->reconstructed[stream->next],
		.reference = stream->reconstructed[!stream->next],
		.coded = stream->coded,
	};
	struct packet *packet = NULL;
	int err;

	choose_dirty(stream, dirty, &picture);
	/* What the driver did of a picture that fails nobody knows. */
	stream->started = false;
	err = begin(stream, &picture);
	if (!err)
		err = wait(stream);
	if (!err)
		err = collect(stream, &packet);
	if (!err && idr && !(stream->caps->packed & VA_ENC_PACKED_HEADER_SEQUENCE))
		err = vaapi_headers_complete(&stream->sets.sps.vui, &packet);
	if (err) {
		packet_unref(packet);
		return err;
	}
	stream->started = true;
	stream->number = picture.number + 1;
	stream->idr_id = (stream->idr_id + picture.idr) & 0xff;
	stream->next = !stream->next;
	packet->keyframe = idr;
	packet->qp = qp;
	packet->width = stream->width;
	packet->height = stream->height;
	*ret = packet;
	return 0;
}
