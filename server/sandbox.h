/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker may not ask of the kernel, whoever has taken it over: it has viewers' bytes, a guest's
 * picture and GPU drivers in it, and perhaps a VFIO device that is a virtual machine's.
 *
 * ioctl(): only requests of the tables in sandbox.c, by number, for a filter cannot know what a
 * descriptor is. Of VFIO's those that ask what a display shows; resetting a device, its interrupts and
 * the IOMMU's mappings are refused. Of others: DRM, dma-bufs and fences, for VA-API's drivers, and the
 * little that sockets and terminals need.
 *
 * Other calls are refused by name: those that look into other processes or take their
 * descriptors, mount, load code into the kernel, make namespaces, become another user, and such that
 * an unprivileged server has no use for. All else stays as it is: drivers and their compilers may do
 * what they like with memory, threads and files.
 *
 * What is refused fails with EPERM. It holds for all threads, those to come, and the programs that a
 * worker starts (encoders' trials, questions about passwords), and cannot be taken back.
 */
#ifndef PLANECAST_SERVER_SANDBOX_H
#define PLANECAST_SERVER_SANDBOX_H

#include <stdbool.h>

/*
 * opens_device: the worker opens its VFIO device itself, and so may do what that takes. Sets
 * no_new_privs, without which the kernel allows it to nobody but root. 0; -ENOSYS on processors whose
 * calls are not known here, or another negative errno of seccomp(): nothing is refused then.
 */
int sandbox_enter(bool opens_device);

#endif
