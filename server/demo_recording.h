/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recording that the demo's second VM plays: given, or made in a temporary directory. */
#ifndef PLANECAST_SERVER_DEMO_RECORDING_H
#define PLANECAST_SERVER_DEMO_RECORDING_H

struct demo_recording {
	char *path; /* absolute */
	char *directory; /* NULL: the recording is not ours to remove */
};

/* given: NULL to make one, which takes a second or two. Negative errno, after saying why. */
int demo_recording_get(const char *given, struct demo_recording *ret);
/* Removes what was made. A zeroed one is fine. */
void demo_recording_finish(struct demo_recording *recording);

#endif
