/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VA-API display without any device.
 *
 * libva has no call for that; va_backend.h, which drivers and libva's own display
 * libraries are made with, is the public way. Binaries work with libva 2.17 as with
 * later releases, whichever they were built with.
 */
#ifndef PLANECAST_ENCODERS_VA_HEADLESS_H
#define PLANECAST_ENCODERS_VA_HEADLESS_H

#include <va/va.h>

/* The driver that vaInitialize() loads unless vaSetDriverName() or the environment says otherwise. */
#define VA_HEADLESS_DRIVER "planecast"

/* To be initialized; vaTerminate() frees it. NULL: no memory. */
VADisplay va_headless_new(void);

#endif
