/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VM's status says of the time since the last one. Pure; the clock is the caller's. */
#ifndef PLANECAST_SERVER_VM_WINDOW_H
#define PLANECAST_SERVER_VM_WINDOW_H

#include <stdint.h>

struct channel_status;

struct vm_window {
	int64_t start_ns;
	uint64_t bytes_before; /* sent, when it began */
	uint64_t changed; /* pictures */
	uint64_t dirty_permille; /* of each, summed up */
};

/* The picture has changed in dirty of its total tiles. */
void vm_window_add(struct vm_window *window, unsigned int dirty, unsigned int total);
/* Fills the rates in, and begins the next. */
void vm_window_end(struct vm_window *window, uint64_t bytes_sent, int64_t now_ns, struct channel_status *ret);

#endif
