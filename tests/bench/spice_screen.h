/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One SPICE viewer: spice-client-glib's session with the channels that a desktop
 * has, but nothing that draws on a screen. The picture is the library's own
 * memory. It comes in pieces, one for each drawing command, and SPICE says of
 * none that it is the last.
 *
 * Thread of GLib's default main context.
 */
#ifndef PLANECAST_TESTS_BENCH_SPICE_SCREEN_H
#define PLANECAST_TESTS_BENCH_SPICE_SCREEN_H

#include <stdint.h>

#include "tests/bench/view_screen.h"

#define SPICE_SCREEN_CHANNELS_MAX 16
#define SPICE_SCREEN_REASON_BYTES 160

typedef struct _SpiceSession SpiceSession;
typedef struct _SpiceChannel SpiceChannel;

struct spice_screen {
	struct view_screen view;
	struct view_picture picture; /* of no size where there is none; borrowed from the library */
	SpiceSession *session;
	SpiceChannel *channels[SPICE_SCREEN_CHANNELS_MAX];
	unsigned int n_channels;
	char reason[SPICE_SCREEN_REASON_BYTES]; /* why it is at its end; empty: it is not */
};

/* Connects when GLib's loop turns. At a fixed address from then on. */
void spice_screen_init(struct spice_screen *screen, const char *host, const char *port, uint32_t mark_step);
void spice_screen_finish(struct spice_screen *screen);
/* Brings the bytes of the statistics up to date. */
void spice_screen_count(struct spice_screen *screen);

#endif
