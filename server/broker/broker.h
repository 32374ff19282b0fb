/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The broker: the one process with privileges. It finds the QEMU that has a VM's
 * VFIO device open (owner.h), and gives the VM's worker a descriptor of it, and of
 * that QEMU. It hears the supervisor, which says by which channel a worker asks for
 * which device, and from workers one word, that they have let go: no worker can
 * ask for a device that is not its own. It serves no network, and keeps no device.
 *
 * It looks when something is opened or made below /dev/vfio, and, for QEMUs that
 * libvirt gives a /dev of their own are not seen there, ten times a second at
 * processes that are young, and now and then at all of them. Once a
 * second it makes sure that the owner still has what was given away. When that
 * ends, in whatever way, the worker is told to let go, and has LET_GO_NS for it;
 * then the supervisor is asked to kill it, because a device that anybody holds keeps
 * QEMU from starting anew, and the host from removing it.
 *
 * Loop thread; never blocks.
 */
#ifndef PLANECAST_SERVER_BROKER_BROKER_H
#define PLANECAST_SERVER_BROKER_BROKER_H

/*
 * Serves what the supervisor at the other end of channel describes, until it says stop or goes
 * away. Takes channel. Returns the process's exit status: it is not to be used any further, as
 * almost all system calls are forbidden.
 */
int broker_run(int channel);

#endif
