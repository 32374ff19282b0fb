/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * broken_drv_video.so: the software VA-API driver inside a wrapper that misbehaves as
 * real ones have been seen to. What it does wrong is said in the environment
 * (BROKEN_DRIVER, by name) when it is loaded, or in the structure it exports, at any time.
 */
#ifndef PLANECAST_TESTS_BROKEN_DRIVER_H
#define PLANECAST_TESTS_BROKEN_DRIVER_H

#include <stdatomic.h>

#define BROKEN_DRIVER_ENV "BROKEN_DRIVER"

enum broken_fault {
	BROKEN_NOT,
	BROKEN_HANG, /* waiting for a picture takes until the fault is another */
	BROKEN_CRASH,
	BROKEN_ERROR, /* a coded picture cannot be waited for */
	BROKEN_OVERFLOW, /* it does not fit */
	BROKEN_GREEDY, /* it has more bytes than its buffer */
	BROKEN_EMPTY, /* or none */
	BROKEN_GARBAGE, /* or others than H.264 */
	BROKEN_SMALL, /* pictures of 320x240 at most */
	BROKEN_UNPROCESSED, /* there is no video processing */
	BROKEN_OLD, /* only the first kind of import; the second is accepted, and ignored */
	BROKEN_INIT, /* hangs when it is loaded */
	BROKEN_UNSYNCED, /* cannot wait for buffers, nor derive images: what older drivers lack */
	BROKEN_ENDLESS, /* the list of a coded picture's segments has no end */
	BROKEN_OUTSIDE, /* planes of images lie outside of them */
	BROKEN_WILFUL, /* takes no headers, and writes them itself */
	BROKEN_YUV, /* it imports YUY2, and looks at none of its pixels */
	BROKEN_FAULTS,
};

/*
 * Or, for a daemon that runs: a directory, where the file "worker" has the name of the fault, "probe" that of
 * processes which try drivers. Looked at for each picture, and when the driver is loaded; no file: no fault.
 * "NAME once" is for one picture; then the file is gone.
 */
#define BROKEN_DRIVER_ORDERS_ENV "BROKEN_DRIVER_ORDERS"

struct broken_driver {
	atomic_int fault;
	atomic_int pictures; /* that the fault is for, then it is gone; 0: no end */
	/* What was called. */
	atomic_int waited, imported, imported_2, derived, destroyed;
	/* What the last picture that was processed is said to be. */
	atomic_int source_standard, source_range;
};

#endif
