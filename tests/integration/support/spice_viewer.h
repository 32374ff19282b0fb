/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A viewer on spice-client-glib: options, connection, what arrived. */
#ifndef PLANECAST_TESTS_SPICE_VIEWER_H
#define PLANECAST_TESTS_SPICE_VIEWER_H

#include <spice-client.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "server/capture/mark.h"
#include "tests/integration/support/film_watch.h"
#include "tests/integration/support/pieces.h"
#include "tests/integration/support/steer.h"

struct spice_viewer {
	struct steer steer; /* first */
	SpiceSession *session;
	/* NULL: not there, or no longer. */
	SpiceChannel *main, *display, *inputs, *cursor;
	unsigned int opened; /* bit per channel type */
	uint64_t bytes_gone; /* read by channels that are no more */
	const char *error; /* why there is no connection; a constant */

	/* The library's surface, XR24. NULL: none. */
	const uint8_t *pixels;
	size_t stride;
	struct pieces pieces; /* drawn there so far */
	bool drawn; /* since the last update */
	int64_t drawn_ns; /* when last */
	int64_t read_ns; /* when bytes last came */
	uint64_t read_bytes; /* as of then */
	bool marked; /* mark is what the surface shows */
	struct mark mark;
	struct film_watch watch;

	struct {
		bool visible, placed;
		int x, y; /* if placed: clients that point by themselves are not told */
	} pointer;
	int buttons; /* that are down, SPICE_MOUSE_BUTTON_MASK_... */
};

/* Not connected yet. False: the command line is wrong. */
bool spice_viewer_init(struct spice_viewer *viewer, int argc, char **argv);
void spice_viewer_print_options(FILE *file);
/* All channels linked and a surface there; otherwise error says why. */
bool spice_viewer_connect(struct spice_viewer *viewer);
void spice_viewer_finish(struct spice_viewer *viewer);

/* For struct steer_impl. */
uint64_t spice_viewer_bytes(struct steer *steer);
bool spice_viewer_serve(struct steer *steer, int timeout_ms, int input_fd);
struct picture spice_viewer_picture(struct steer *steer);

#endif
