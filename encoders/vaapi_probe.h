/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tries a candidate in a process of its own: drivers crash, abort and hang, some of
 * them whenever they are asked to encode. The process opens it and encodes three pictures,
 * which have to be H.264; then it says what the candidate can do.
 *
 * vaapi_probe() blocks until its deadline at most. Any thread but the loop's.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_PROBE_H
#define PLANECAST_ENCODERS_VAAPI_PROBE_H

#include <stdint.h>

/* What the tried process is called with, before the candidate's name. */
#define VAAPI_PROBE_OPTION "--probe-encoder"

/* Printable ASCII. */
struct vaapi_probe_report {
	char vendor[128], profile[32], entrypoint[32], import[64], rate_control[64], limits[64];
	char reason[160]; /* "" where it is proven */
};

/*
 * prober: a program that hands its arguments to vaapi_probe_run(); NULL: this one. deadline_ns: 0
 * for a reasonable one. 0: proven. -ETIMEDOUT: it hung and was killed; -EFAULT: it died by a signal;
 * -ENODEV: it says that it cannot; or why no process could be had. The report is filled in whatever the result.
 */
int vaapi_probe(const char *prober, const char *candidate, int64_t deadline_ns,
		struct vaapi_probe_report *ret);

/* In that process: its exit status, after one line to standard output, where nothing else gets. */
int vaapi_probe_run(const char *candidate);

#endif
