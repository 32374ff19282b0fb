/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a worker gets at its VFIO device, and lets go of it again. Loop thread;
 * never blocks.
 *
 * auto: the broker, planecastd's process that may, finds the QEMU that has the
 * device open and passes a descriptor of it (server/capture/attach_broker.h).
 *
 * own: opens the device itself, as its only user.
 *
 * socket: connects to the unix stream socket vfio-socket and waits for the
 * launcher there to send the device's fd: any one byte with one descriptor
 * (SCM_RIGHTS). A further one takes the place of the one before. As long as the
 * connection is open the launcher vouches for the device; when it closes it
 * (because QEMU has ended, say) everything is let go at once, and planecast
 * connects again each second.
 *
 * A device that is held keeps QEMU from starting anew and the device from being
 * removed, so letting go is prompt: whoever uses the fd drops every mapping of
 * it, and every dma-buf that came from it, inside the lost callback.
 */
#ifndef PLANECAST_SERVER_CAPTURE_ATTACH_H
#define PLANECAST_SERVER_CAPTURE_ATTACH_H

#include "server/capture/vfio_plane.h"

struct attach;
struct config_vm;
struct event_base;

/* From the loop; lost also from inside attach_drop(). */
struct attach_events {
	/*
	 * There is a device now, or there is none any more, or for another reason: ask soon. Not where
	 * asking finds it. After lost, when the device is free: what else its end means can wait until then.
	 */
	void (*changed)(void *user);
	/* The fd that attach_device() gave is closed when this returns. */
	void (*lost)(void *user);
};

/* config is not kept. A device that is not there is no error. -EINVAL, -ENOMEM. */
int attach_new(struct event_base *base, const struct config_vm *config, const struct attach_events *events,
		void *user, struct attach **ret);
/* The user has dropped everything before; there is no lost callback. NULL is fine. */
void attach_free(struct attach *attach);

/* The way to the broker, in place of one before. Takes fd, which modes that need none close. */
void attach_take_broker(struct attach *attach, int fd);

/*
 * The device's fd, borrowed until the lost callback, and how it shows planes.
 * Negative errno with reason, of VFIO_REASON_BYTES, while there is none; tries
 * to get it at most once a second, so ask at every look.
 */
int attach_device(struct attach *attach, enum vfio_plane_kind *ret_kind, char *reason);
/* The device answered that it is gone. Calls back before it returns. */
void attach_drop(struct attach *attach);

#endif
