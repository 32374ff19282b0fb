/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A libvncclient viewer: options, connection, what arrived. */
#ifndef PLANECAST_TESTS_VNC_VIEWER_H
#define PLANECAST_TESTS_VNC_VIEWER_H

#include <rfb/rfbclient.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/integration/support/film_watch.h"
#include "tests/integration/support/h264_view.h"
#include "tests/integration/support/picture.h"
#include "tests/integration/support/steer.h"

struct vnc_viewer {
	struct steer steer; /* first */
	rfbClient *client;
	/* Since reset. */
	unsigned int copies; /* CopyRect rectangles */
	uint64_t pixels; /* painted, however */
	struct vnc_video {
		unsigned int rects, keyframes, resets;
		uint64_t bytes, pixels;
	} video; /* Open H.264 rectangles */
	struct h264_view *h264; /* NULL: never asked for any */
	struct h264_place place; /* of the last rectangle of video */
	bool fresh; /* there was one in this update */
	struct film_watch watch;
	struct { /* as libvncclient gives it, in the picture's format; 0 x 0: the server has shown none */
		int width, height, hot_x, hot_y;
		uint32_t *pixels;
		uint8_t *mask; /* 0: clear */
	} pointer;
};

/* Not connected yet. False: the command line is wrong. */
bool vnc_viewer_init(struct vnc_viewer *viewer, int argc, char **argv);
void vnc_viewer_print_options(FILE *file);
/* False: there is no connection and nothing left to finish. */
bool vnc_viewer_connect(struct vnc_viewer *viewer);
void vnc_viewer_finish(struct vnc_viewer *viewer);

/* For struct steer_impl. */
uint64_t vnc_viewer_bytes(struct steer *steer); /* 0: not TCP */
bool vnc_viewer_serve(struct steer *steer, int timeout_ms, int input_fd);
struct picture vnc_viewer_picture(struct steer *steer);

/* Says anew what it understands: Open H.264 as well, or no more. */
bool vnc_viewer_set_video(struct vnc_viewer *viewer, bool on);

/* SetDesktopSize with one screen. libvncclient's own call leaves half of the message to chance. */
bool vnc_viewer_ask_size(struct vnc_viewer *viewer, uint16_t width, uint16_t height);

#endif
