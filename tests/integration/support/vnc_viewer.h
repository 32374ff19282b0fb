/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A libvncclient viewer: options, connection, what arrived. */
#ifndef PLANECAST_TESTS_VNC_VIEWER_H
#define PLANECAST_TESTS_VNC_VIEWER_H

#include <rfb/rfbclient.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/integration/support/picture.h"
#include "tests/integration/support/steer.h"

struct vnc_viewer {
	struct steer steer; /* first */
	rfbClient *client;
	unsigned int copies; /* CopyRect rectangles since reset */
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

/* SetDesktopSize with one screen. libvncclient's own call leaves half of the message to chance. */
bool vnc_viewer_ask_size(struct vnc_viewer *viewer, uint16_t width, uint16_t height);

#endif
