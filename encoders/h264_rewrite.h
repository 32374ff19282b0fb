/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A slice that one encoder made, under the header, and for the parameter sets,
 * of another: how a VA driver whose client writes the headers itself uses an
 * encoder that insists on its own.
 *
 * What the slice's data depends on is kept: its first macroblock, quantiser,
 * CABAC table, number of references, deblocking. Everything else is the new
 * header's: identifiers, numbering, reference list, marking. Pure. Any thread.
 */
#ifndef PLANECAST_ENCODERS_H264_REWRITE_H
#define PLANECAST_ENCODERS_H264_REWRITE_H

#include "encoders/h264_headers.h"

/* Room that any rewritten slice of so many bytes fits into. */
static inline size_t h264_rewrite_bound(size_t nal_bytes)
{
	/* Shifted bits may have to be escaped where the source's had not. */
	return nal_bytes + nal_bytes / 2 + 1024;
}

/*
 * Whether slices made for one pair of sets decode to the same pixels with the
 * other: equal size, entropy coding, transform, chroma quantiser, intra
 * constraints. NULL, or why not: a constant for the log.
 */
const char *h264_sets_differ(const struct h264_sets *from, const struct h264_sets *to);

/*
 * Writes the slice of nal, made for from, as one NAL unit with start code for to.
 * header gives the rest. -EINVAL: the sets differ, the header is not one that can
 * be written, or is no header for this slice (I for P, IDR for none), or the
 * slice's deblocking or quantiser cannot be said with it. -EBADMSG, -ENOTSUP: the
 * slice, as h264_read_slice(). -ENOSPC: less room than h264_rewrite_bound().
 */
int h264_rewrite_slice(const struct h264_nal *nal, const struct h264_sets *from,
		const struct h264_sets *to, const struct h264_slice *header, struct h264_writer *writer);

#endif
