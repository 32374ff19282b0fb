/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole numbers with a unit behind them: "60", "256K", "50ms". Any thread. */
#ifndef PLANECAST_CONFIG_NUMBER_H
#define PLANECAST_CONFIG_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define NUMBER_TEXT_MAX 32

struct number_unit {
	const char *name; /* NULL ends the list; largest first */
	int64_t factor;
};

/* Plain. */
extern const struct number_unit number_plain[];
/* K, M, G: powers of 1024, in either case; or none. */
extern const struct number_unit number_bytes[];
/* h, m, s, ms, us, ns; only 0 may go without. */
extern const struct number_unit number_duration[];

/*
 * 0, -EINVAL: not such a number, -ERANGE: beyond 64 bits. A '-' is accepted, so
 * that the caller can name the range.
 */
int number_parse(const char *text, const struct number_unit *units, int64_t *ret);
/* With the largest unit that leaves it whole. Returns buf. */
const char *number_format(int64_t number, const struct number_unit *units,
		char buf[NUMBER_TEXT_MAX]);

#endif
