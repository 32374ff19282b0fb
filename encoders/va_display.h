/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VA-API display, ready to use: a GPU's, by its render node, or one without any
 * device, with the software driver that planecast brings.
 *
 * What libva and drivers have to say goes to the log. Opening loads and runs a
 * driver's code, which may block and, with bad drivers, crash: do it in a process
 * that may. Any thread; one display is usable from many.
 */
#ifndef PLANECAST_ENCODERS_VA_DISPLAY_H
#define PLANECAST_ENCODERS_VA_DISPLAY_H

#include "encoders/va_headless.h"

struct va_display;

/* The software driver's name, as vaSetDriverName() has it. */
#define VA_DISPLAY_SOFTWARE VA_HEADLESS_DRIVER

/*
 * node: "/dev/dri/renderD128"; NULL: no device. driver: by name, whatever the
 * environment says; NULL: libva's choice, which only a node has (-EINVAL).
 * -ENOENT, -EACCES and the like: the node; -ENODEV: there is no driver for it, or it
 * does not work; -ENOMEM.
 */
int va_display_new(const char *node, const char *driver, struct va_display **ret);
/* NULL is fine. */
void va_display_free(struct va_display *display);

VADisplay va_display_get(const struct va_display *display);

#endif
