/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the bench's own small servers are fed with: a picture in shared memory,
 * painted over and over by bench_feed, and its notices of what changed.
 */
#ifndef PLANECAST_TESTS_FED_H
#define PLANECAST_TESTS_FED_H

#include <pixman.h>
#include <stdint.h>

struct fed {
	void *pixels; /* XR24, live: the feeder paints while servers read */
	uint32_t width, height; /* stride is width * 4 */
	uint16_t port;
	int notices;
};

/*
 * Takes the program's arguments: FILE WIDTHxHEIGHT PORT NOTICES, the last one
 * the number of an open socket. Exits with a message if they are no good or
 * the file cannot be mapped. --version prints version instead and exits.
 */
void fed_open(int argc, char **argv, const char *version, struct fed *ret);
/*
 * Adds what all waiting notices say to damage, without waiting for any.
 * -EPIPE: the feeder's end is gone for good.
 */
int fed_take_notices(const struct fed *fed, pixman_region32_t *damage);

#endif
