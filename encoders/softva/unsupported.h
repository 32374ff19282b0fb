/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that libva demands of every driver and that mean nothing to one without
 * a display: subpictures, palettes, putting surfaces on a window, display attributes.
 */
#ifndef PLANECAST_SOFTVA_UNSUPPORTED_H
#define PLANECAST_SOFTVA_UNSUPPORTED_H

#include <va/va_backend.h>

void unsupported_fill(struct VADriverVTable *table);

#endif
