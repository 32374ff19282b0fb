// SPDX-License-Identifier: GPL-2.0-or-later
/* A picture's way through an open candidate. */
#include "encoders/vaapi_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/encoder.h"
#include "encoders/va_display.h"
#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_caps.h"
#include "encoders/vaapi_convert.h"
#include "encoders/vaapi_import.h"
#include "encoders/vaapi_stream.h"
#include "server/frame.h"

struct vaapi_session {
	struct va_display *display;
	VADisplay va;
	struct vaapi_caps caps;
	struct vaapi_imports *imports;
	struct vaapi_convert convert;
	struct vaapi_stream stream;
	struct packet_box box; /* of the last picture */
	int qp; /* of the stream's first picture */
};

int vaapi_session_new(const char *name, struct vaapi_imports *imports, struct vaapi_session **ret)
{
	struct vaapi_session *session;
	const char *node, *driver;
	int err = vaapi_candidate_parse(name, &node, &driver);

	if (err)
		return err;
	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->imports = imports;
	err = va_display_new(node, driver, &session->display);
	if (!err) {
		session->va = va_display_get(session->display);
		err = vaapi_caps_query(session->va, !node, &session->caps);
	}
	if (!err)
		err = vaapi_convert_init(&session->convert, session->va, &session->caps);
	if (err) {
		vaapi_session_free(session);
		return err;
	}
	*ret = session;
	return 0;
}

void vaapi_session_free(struct vaapi_session *session)
{
	if (!session)
		return;
	vaapi_convert_finish(&session->convert);
	vaapi_stream_finish(&session->stream);
	if (session->imports && session->va)
		vaapi_imports_close(session->imports, session->va);
	va_display_free(session->display);
	free(session);
}

const struct vaapi_caps *vaapi_session_caps(const struct vaapi_session *session)
{
	return &session->caps;
}

bool vaapi_session_is_picture_error(int err)
{
	return err == -ENOTSUP || err == -EACCES || err == -ERANGE;
}

void vaapi_session_reap(struct vaapi_session *session)
{
	if (session->imports)
		vaapi_imports_reap(session->imports, session->va);
}

static uint32_t even(uint64_t value)
{
	return (uint32_t)(value + (value & 1));
}

/* Within the encoder's limits, and of the box's shape as far as even numbers are. */
static int choose_size(const struct vaapi_session *session, const struct packet_box *box,
		uint32_t *ret_width, uint32_t *ret_height)
{
	const struct vaapi_caps *caps = &session->caps;
	uint64_t width = even(box->width), height = even(box->height);
	uint32_t width_max = caps->width_max & ~1u, height_max = caps->height_max & ~1u;

	if (width > width_max) {
		height = height * width_max / width;
		width = width_max;
	}
	if (height > height_max) {
		width = width * height_max / height;
		height = height_max;
	}
	*ret_width = (uint32_t)(width & ~1ull);
	*ret_height = (uint32_t)(height & ~1ull);
	if (*ret_width < caps->width_min || *ret_height < caps->height_min)
		return -ERANGE;
	return 0;
}

static int open_stream(struct vaapi_session *session, uint32_t width, uint32_t height)
{
	int err = vaapi_convert_set_target(&session->convert, VA_INVALID_SURFACE, 0, 0);

	vaapi_stream_finish(&session->stream);
	if (!err)
		err = vaapi_stream_init(&session->stream, session->va, &session->caps, width, height);
	if (!err)
		err = vaapi_convert_set_target(
				&session->convert, session->stream.input, width, height);
	/* Half a stream is none. */
	if (err) {
		vaapi_convert_set_target(&session->convert, VA_INVALID_SURFACE, 0, 0);
		vaapi_stream_finish(&session->stream);
	}
	return err;
}

static bool is_stream_for(const struct vaapi_session *session, uint32_t width, uint32_t height, int qp)
{
	const struct vaapi_stream *stream = &session->stream;

	return stream->va && stream->width == width && stream->height == height &&
			(!session->caps.stream_qp || session->qp == qp);
}

static int follow_picture(struct vaapi_session *session, const struct packet_box *box, int qp)
{
	uint32_t width, height;
	int err = choose_size(session, box, &width, &height);

	if (err)
		return err;
	if (!is_stream_for(session, width, height, qp)) {
		err = open_stream(session, width, height);
		session->qp = qp;
	} else if (memcmp(&session->box, box, sizeof(*box)))
		vaapi_stream_restart(&session->stream);
	session->box = *box;
	return err;
}

/* Into the video's coordinates, grown to whole macroblocks, which overlap then: all of it counts. */
#define MB 16

static int translate(const struct packet_box *box, const pixman_region32_t *damage,
		pixman_region32_t *ret)
{
	const pixman_box32_t *boxes;
	int count;

	boxes = pixman_region32_rectangles(damage, &count);
	for (int i = 0; i < count; i++) {
		int64_t x1 = (int64_t)boxes[i].x1 - box->x, y1 = (int64_t)boxes[i].y1 - box->y;
		int64_t x2 = (int64_t)boxes[i].x2 - box->x, y2 = (int64_t)boxes[i].y2 - box->y;

		x1 = x1 < 0 ? 0 : x1 / MB * MB;
		y1 = y1 < 0 ? 0 : y1 / MB * MB;
		x2 = x2 > box->width ? box->width : (x2 + MB - 1) / MB * MB;
		y2 = y2 > box->height ? box->height : (y2 + MB - 1) / MB * MB;
		if (x2 > box->width)
			x2 = box->width;
		if (y2 > box->height)
			y2 = box->height;
		if (x1 < x2 && y1 < y2 &&
				!pixman_region32_union_rect(ret, ret, (int)x1, (int)y1,
						(unsigned int)(x2 - x1), (unsigned int)(y2 - y1)))
			return -ENOMEM;
	}
	return 0;
}

/*
 * As a surface, or VA_INVALID_SURFACE: the CPU reads it. Where the driver is a CPU's, too, a frame that can be
 * read at all is read by us, who survive that its memory goes away under our hands (capture/mapping.h).
 */
static VASurfaceID import(struct vaapi_session *session, const struct vaapi_session_picture *picture)
{
	VASurfaceID source = VA_INVALID_SURFACE;

	if (picture->import && !(session->caps.thrifty && picture->frame->data))
		vaapi_import_surface(picture->import, session->va, &session->caps, picture->frame, &source);
	return source;
}

static int encode(struct vaapi_session *session, const struct vaapi_session_picture *picture,
		bool scaled, struct packet **ret)
{
	pixman_region32_t dirty;
	int err = 0;

	pixman_region32_init(&dirty);
	/* A pixel that is scaled touches its neighbours. */
	if (picture->damage && !scaled)
		err = translate(&picture->box, picture->damage, &dirty);
	if (!err)
		err = vaapi_stream_encode(&session->stream, picture->qp,
				picture->damage && !scaled ? &dirty : NULL, ret);
	pixman_region32_fini(&dirty);
	return err;
}

int vaapi_session_encode(struct vaapi_session *session,
		const struct vaapi_session_picture *picture, struct packet **ret)
{
	struct frame *frame = picture->frame;
	struct packet *packet;
	bool scaled;
	int err = follow_picture(session, &picture->box, picture->qp);

	if (err)
		return err;
	vaapi_session_reap(session);
	if (picture->keyframe)
		vaapi_stream_restart(&session->stream);
	err = vaapi_convert_run(&session->convert, frame, &picture->box, import(session, picture));
	scaled = session->stream.width != even(picture->box.width) ||
			session->stream.height != even(picture->box.height);
	if (!err)
		err = encode(session, picture, scaled, &packet);
	if (err) {
		/* The next one's damage is since this one, which no viewer gets. */
		vaapi_stream_restart(&session->stream);
		return err;
	}
	packet->box = picture->box;
	packet->scaled = scaled;
	packet->capture_ns = frame->capture_ns;
	packet->stamp = frame->stamp;
	*ret = packet;
	return 0;
}
