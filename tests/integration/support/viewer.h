/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A libvncclient viewer as the command line wants it, not connected yet. */
#ifndef PLANECAST_TESTS_VIEWER_H
#define PLANECAST_TESTS_VIEWER_H

#include <rfb/rfbclient.h>
#include <stdint.h>
#include <stdio.h>

/* NULL: the command line is wrong. *ret_patience_ns is left alone unless it says one. */
rfbClient *viewer_new(int argc, char **argv, int64_t *ret_patience_ns);
void viewer_print_options(FILE *file);

#endif
