/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x264, told to make exactly the slices that a client describes. One context's
 * thread. Every picture refers to the one before; there are no B pictures.
 */
#ifndef PLANECAST_SOFTVA_CODER_H
#define PLANECAST_SOFTVA_CODER_H

#include "encoders/h264_headers.h"
#include "encoders/softva/rate.h"

struct coder;
struct picture;

/*
 * All members have 32 bits, so that structures can be compared as bytes. fixed takes
 * effect with the next IDR picture, changing with each picture.
 */
struct coder_settings {
	struct coder_fixed {
		uint32_t width, height; /* even; what is there to be encoded, up to whole macroblocks */
		uint32_t level_idc;
		uint32_t cabac, transform_8x8, constrained_intra;
		int32_t chroma_qp_offset;
		uint32_t cabac_init_idc;
		uint32_t log2_max_mv; /* vertically, in quarter pixels; 0: the level's */
		uint32_t rate_control; /* VA_RC_* */
		/*
		 * CQP: not the cheap way, which costs a quarter less, but has no QPs for single
		 * macroblocks, and none for pictures outside of CODER_CHEAP_QP_*.
		 */
		uint32_t costly;
		uint32_t fps_num, fps_den;
		uint32_t quality; /* as struct rate */
		uint32_t resets;
		uint32_t min_qp, max_qp; /* max 0: not told */
		uint32_t initial_kbits;
	} fixed;
	struct coder_changing {
		uint32_t kbps, max_kbps, buffer_kbits;
		uint32_t quality_factor;
		uint32_t slice_mbs;
		uint32_t deblocking;
		int32_t alpha_div2, beta_div2;
	} changing;
};

struct coder_input {
	const struct picture *source; /* NV12 */
	bool idr, intra;
	uint32_t qp; /* CQP only */
	/* One for each macroblock, or NULL. */
	const float *qp_offsets;
	const uint8_t *constant; /* not 0: the same pixels as in the picture before */
};

/* Valid until the next picture. */
struct coder_output {
	const uint8_t *data; /* slices with start codes */
	size_t bytes;
	uint32_t average_qp;
};

/* -ENOMEM. */
int coder_new(struct coder **ret);
/* NULL is fine. */
void coder_free(struct coder *coder);

/*
 * -EINVAL: x264 takes no such settings.
 * -EIO: it failed; nothing but an IDR picture mends that.
 */
int coder_encode(struct coder *coder, const struct coder_settings *settings,
		const struct coder_input *input, struct coder_output *ret);
/* The parameter sets that its slices are made for. After a picture was encoded. */
const struct h264_sets *coder_sets(const struct coder *coder);

/* How far x264 lets pictures' QPs be apart where it controls nothing. */
#define CODER_CHEAP_QP_MIN 7
#define CODER_CHEAP_QP_MAX 45

/* For coder_input. */
#define CODER_CONSTANT 1

#endif
