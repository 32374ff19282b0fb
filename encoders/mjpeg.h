/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoder for viewers that know no H.264: each picture is a JFIF file by itself, and a
 * keyframe. Takes linear XR24 in CPU memory; hints of damage save it nothing.
 *
 * Loop thread; the work is done on a thread of its own.
 */
#ifndef PLANECAST_ENCODERS_MJPEG_H
#define PLANECAST_ENCODERS_MJPEG_H

#include "encoders/encoder.h"

struct event_base;

/* -ENOMEM and the like. */
int mjpeg_new(struct event_base *base, const struct encoder_events *events, void *user,
		struct encoder **ret);
/* The JPEG quality that pictures of a quantiser have; 0 to ENCODER_QP_MAX. Any thread. */
int mjpeg_quality(int qp);

#endif
