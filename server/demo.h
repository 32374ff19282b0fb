/* SPDX-License-Identifier: GPL-2.0-or-later */
/* planecastd --demo: two synthetic VMs on loopback, and what they do, on one terminal. */
#ifndef PLANECAST_SERVER_DEMO_H
#define PLANECAST_SERVER_DEMO_H

struct options;

/* Until --for has passed or a signal comes. Returns the process's exit status. */
int demo_run(const struct options *options);

#endif
