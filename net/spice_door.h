/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link stage of a front: the limits on strangers, the password and its
 * penalties, a session for a viewer's main channel or the one that a further
 * channel belongs to. Loop thread.
 */
#ifndef PLANECAST_NET_SPICE_DOOR_H
#define PLANECAST_NET_SPICE_DOOR_H

struct spice_front;

/* The client of a front that is LINKING has said something. */
void spice_door_read(struct spice_front *front);
/* The wait of a front that is REFUSED is over. */
void spice_door_tell(struct spice_front *front);

#endif
