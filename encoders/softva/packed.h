/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packed headers of a picture: bits of H.264 that a client has written itself, to
 * stand in the stream where they were handed in. Parameter sets and slice headers
 * are read on the way; the rest (delimiters, SEI) passes through.
 */
#ifndef PLANECAST_SOFTVA_PACKED_H
#define PLANECAST_SOFTVA_PACKED_H

#include "encoders/h264_headers.h"
#include "encoders/softva/caps.h"

#include <stdbool.h>
#include <stddef.h>

struct driver;

#define PACKED_PARTS_MAX (CAPS_SLICES_MAX + 64)
#define PACKED_BYTES_MAX (1u << 20)

/* Bytes for the stream. */
struct packed_part {
	size_t begin, bytes;
	unsigned int after_slices; /* so many slices come before it */
	bool delimiter; /* begins with an access unit delimiter */
};

/* The head of a slice, from its NAL's header on. */
struct packed_slice {
	size_t begin, bytes;
};

/* All zero is empty. */
struct packed {
	uint8_t *data;
	size_t bytes, room;
	struct packed_part parts[PACKED_PARTS_MAX];
	unsigned int n_parts;
	struct packed_slice slices[CAPS_SLICES_MAX];
	unsigned int n_slices;
	/* The last parameters, waiting for their data. */
	bool announced;
	VAEncPackedHeaderParameterBuffer params;
	/* What was read in this picture. */
	bool has_sps, has_pps;
	struct h264_sets sets;
};

/*
 * A VAEncPackedHeaderParameterBuffer; then, n_slices slices into the picture, its
 * data. allowed: VA_ENC_PACKED_HEADER_*.
 */
VAStatus packed_add_params(struct driver *driver, struct packed *packed, uint32_t allowed,
		const void *data, size_t bytes);
VAStatus packed_add_data(struct driver *driver, struct packed *packed, unsigned int n_slices,
		const void *data, size_t bytes);
/* The header of slice number index. Errors of h264_read_slice(). */
int packed_read_slice(const struct packed *packed, unsigned int index, const struct h264_sets *sets,
		struct h264_slice *ret_slice);
/* Empties it, and gives its memory back. */
void packed_finish(struct packed *packed);

#endif
