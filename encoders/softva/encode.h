/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entrypoint EncSlice: pictures into H.264. A picture's bytes are the client's
 * packed headers where it put them, and x264's slices under the client's headers.
 * Surfaces for reconstructed pictures are names only: x264 keeps those itself, and
 * the specification calls them scratch.
 */
#ifndef PLANECAST_SOFTVA_ENCODE_H
#define PLANECAST_SOFTVA_ENCODE_H

#include "encoders/softva/context.h"

extern const struct context_kind encode_kind;

#endif
