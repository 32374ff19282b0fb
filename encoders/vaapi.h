/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoder by VA-API: H.264 of a GPU, by whichever driver it has, or of planecast's own
 * driver on the CPU. From the guest's buffer to the coded picture no CPU copies pixels where
 * the GPU can read that buffer.
 *
 * Each picture has the quantiser it is submitted with; there is no rate control of
 * the driver's. Loop thread; the work is done on a thread of its own (vaapi_thread.h).
 */
#ifndef PLANECAST_ENCODERS_VAAPI_H
#define PLANECAST_ENCODERS_VAAPI_H

#include <stdint.h>

#include "encoders/encoder.h"

struct event_base;
struct vaapi_candidates;

struct vaapi_settings {
	struct vaapi_candidates *candidates; /* shared with other encoders; referenced */
	/* After so long a driver hangs, and is not used any more. 0: a reasonable time. */
	int64_t deadline_ns;
};

/* Candidates are opened with the first picture. -ENOMEM and the like. */
int vaapi_new(struct event_base *base, const struct vaapi_settings *settings,
		const struct encoder_events *events, void *user, struct encoder **ret);

#endif
