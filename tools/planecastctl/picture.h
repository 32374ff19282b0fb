/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A picture that came as a descriptor, saved. */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_PICTURE_H
#define PLANECAST_TOOLS_PLANECASTCTL_PICTURE_H

/*
 * Whole or not at all, mode 0600; path "-" is stdout. fd is memory with a PNG in it, and comes from a
 * process that may not be trusted. An exit status, after saying what is wrong.
 */
int picture_save(int fd, const char *path);

#endif
