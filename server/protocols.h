/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of all protocols of a VM together. Loop thread. */
#ifndef PLANECAST_SERVER_PROTOCOLS_H
#define PLANECAST_SERVER_PROTOCOLS_H

#include <stddef.h>

#include "net/protocol.h"

struct frame;

/* all: n of them, of which those that are NULL do not count. */

/* NULL: there is none of that name. */
struct protocol *protocols_find(struct protocol *const *all, size_t n, const char *name);
struct protocol_stats protocols_sum_stats(struct protocol *const *all, size_t n);
/* Calls each (NULL: none, but their rates are those since this call) with every viewer. */
void protocols_each_viewer(struct protocol *const *all, size_t n, protocol_viewer_fn each, void *user);
/* Closes the viewer of that id, 0: all. Returns how many that were. */
unsigned int protocols_close_viewer(struct protocol *const *all, size_t n, uint64_t id, const char *why);
/* All of a picture, to one of them whose first viewer would wait for one that rests. */
void protocols_show(struct protocol *protocol, struct frame *frame);

#endif
