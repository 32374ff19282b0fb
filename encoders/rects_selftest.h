/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves, before any client comes, that the libvncserver in the process is laid
 * out as the one planecast was built with and that its output can be caught.
 *
 * Internal to the rectangle engine. Loop thread.
 */
#ifndef PLANECAST_ENCODERS_RECTS_SELFTEST_H
#define PLANECAST_ENCODERS_RECTS_SELFTEST_H

/* -ENOTSUP: the bytes are not the ones expected; -ENOMEM, -EMFILE. */
int rects_selftest(int birth[2]);

#endif
