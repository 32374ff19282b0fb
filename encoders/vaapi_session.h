/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One open candidate: its display, and the way of a picture through it from frame to packet.
 * A size that changes makes a new stream, a box that moves a keyframe.
 *
 * One thread at a time, which may block for as long as the driver does.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_SESSION_H
#define PLANECAST_ENCODERS_VAAPI_SESSION_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoders/packet.h"

struct frame;
struct vaapi_caps;
struct vaapi_import;
struct vaapi_imports;
struct vaapi_session;

struct vaapi_session_picture {
	struct frame *frame;
	struct vaapi_import *import; /* of that frame; NULL: it is read by the CPU */
	struct packet_box box;
	int qp;
	bool keyframe;
	/* In the frame's coordinates, since the picture before; NULL: anything may differ. */
	const pixman_region32_t *damage;
};

/*
 * name: as vaapi_candidate_parse(). imports: where surfaces of frames are kept; NULL: there are none.
 * Errors of va_display_new() and vaapi_caps_query().
 */
int vaapi_session_new(const char *name, struct vaapi_imports *imports, struct vaapi_session **ret);
/* NULL is fine. */
void vaapi_session_free(struct vaapi_session *session);

const struct vaapi_caps *vaapi_session_caps(const struct vaapi_session *session);

/*
 * The packet lacks a number only. -ENOTSUP, -EACCES, -ERANGE: it is the picture that cannot be encoded, and the
 * session is as good as before. All else: the session is to be opened afresh.
 */
int vaapi_session_encode(struct vaapi_session *session,
		const struct vaapi_session_picture *picture, struct packet **ret);
bool vaapi_session_is_picture_error(int err);

/* Lets go of imported buffers whose frames are gone. */
void vaapi_session_reap(struct vaapi_session *session);

#endif
