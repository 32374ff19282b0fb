/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A viewer's side of Open H.264, decoded by libavcodec: one decoder a place and size,
 * 64 at most, and the picture as a viewer would show it, BT.709 limited range.
 */
#ifndef PLANECAST_TESTS_H264_VIEW_H
#define PLANECAST_TESTS_H264_VIEW_H

#include <stddef.h>
#include <stdint.h>

#define H264_VIEW_DECODERS 64

struct h264_place {
	int x, y, width, height;
};

struct h264_view;

struct h264_view *h264_view_new(void);
void h264_view_free(struct h264_view *view);
/*
 * What one rectangle says, and the pixels that come of it, XR24, stride in pixels. -EPROTO:
 * a viewer could not decode it, or is out of decoders.
 */
int h264_view_show(struct h264_view *view, const struct h264_place *place, uint32_t flags, const uint8_t *data,
		size_t bytes, uint32_t *pixels, size_t stride);

#endif
