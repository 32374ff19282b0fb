/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What passes between a front's client and the library, either way, through the
 * filter. The fields are the front's. Loop thread.
 */
#ifndef PLANECAST_NET_SPICE_RELAY_H
#define PLANECAST_NET_SPICE_RELAY_H

#include <stdbool.h>

struct spice_front;

/* Makes the socketpair, gives the library its end and links to it: the front is then UPLINKING, or closed. */
void spice_relay_start(struct spice_front *front);
/* Handles what the client of an OPEN front has said. */
void spice_relay_read_client(struct spice_front *front);
/* Handles what the library has said, as far as the client takes it. */
void spice_relay_read_library(struct spice_front *front);
/* Writes what the library has not taken yet; behind the last of a LEAVING front the end. */
void spice_relay_flush(struct spice_front *front);
/* The client has so much to take that there should not be more. */
bool spice_relay_is_full(const struct spice_front *front);
/* Nothing is on its way from the library to the kernel's end of the client. */
bool spice_relay_is_idle(const struct spice_front *front);
/* Our end, when the front is freed. */
void spice_relay_finish(struct spice_front *front);

#endif
