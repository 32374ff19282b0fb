/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A libvncclient viewer: options, connection, what arrived. */
#ifndef PLANECAST_TESTS_VIEWER_H
#define PLANECAST_TESTS_VIEWER_H

#include <rfb/rfbclient.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/integration/support/follow.h"
#include "tests/integration/support/picture.h"

struct viewer {
	rfbClient *client;
	bool connected;
	/* Since viewer_reset(). */
	uint64_t bytes_before;
	unsigned int updates, copies; /* messages, CopyRect rectangles */
	struct follow follow;
};

/*
 * Not connected yet. False: the command line is wrong. *ret_patience_ns is left
 * alone unless --patience says one.
 */
bool viewer_init(struct viewer *viewer, int argc, char **argv, int64_t *ret_patience_ns);
void viewer_print_options(FILE *file);
/* False: there is no connection and nothing left to finish. */
bool viewer_connect(struct viewer *viewer);
void viewer_finish(struct viewer *viewer);

void viewer_reset(struct viewer *viewer);
/* Stream bytes, as the kernel counted them, so that none is hidden. 0: not TCP. */
uint64_t viewer_bytes(const struct viewer *viewer);
/* One message, if one comes in time. False: the connection is gone. */
bool viewer_serve(struct viewer *viewer, int timeout_ms);
/* SetDesktopSize with one screen. libvncclient's own call leaves half of the message to chance. */
bool viewer_ask_size(struct viewer *viewer, uint16_t width, uint16_t height);
/* What the viewer would show now, whatever pixel format it asked for. For the caller to finish. */
struct picture viewer_picture(const struct viewer *viewer);

#endif
