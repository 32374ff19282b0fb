/* SPDX-License-Identifier: GPL-2.0-or-later */
/* planecastd --probe-encoders: what could encode video here, and what does. */
#ifndef PLANECAST_SERVER_PROBE_H
#define PLANECAST_SERVER_PROBE_H

struct options;

/* Tries every candidate and prints a table. An exit status: 0 if any encodes. */
int probe_run_all(const struct options *options);
/* The process that tries one. */
int probe_run_one(const struct options *options);

#endif
