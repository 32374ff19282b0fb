/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What encoding a film as H.264 costs at the least: planecast's conversion to NV12 and x264
 * ultrafast zerolatency, of whole pictures at the quality of server/video.c, one after the
 * other on the caller's thread. One thread at a time.
 */
#ifndef PLANECAST_TESTS_BENCH_BARE_ENCODER_H
#define PLANECAST_TESTS_BENCH_BARE_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* server/video.c's. */
#define BARE_ENCODER_QP 24

struct bare_encoder;
struct colour_rgb;

/* Even sizes. -EINVAL; -ENOMEM. */
int bare_encoder_new(uint32_t width, uint32_t height, struct bare_encoder **ret);
void bare_encoder_free(struct bare_encoder *encoder);
/* A picture of that size, as one access unit that is valid until the next call. -EIO; colour_to_nv12()'s. */
int bare_encoder_encode(struct bare_encoder *encoder, const struct colour_rgb *picture, bool keyframe,
		const uint8_t **ret_data, size_t *ret_bytes);

#endif
