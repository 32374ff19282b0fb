/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of a SPICE message, one behind the other: little endian, without gaps. Any thread. */
#ifndef PLANECAST_TESTS_BENCH_SPICE_SKIM_FIELDS_H
#define PLANECAST_TESTS_BENCH_SPICE_SKIM_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spice_skim_fields {
	const uint8_t *at;
	size_t left;
	bool missed; /* more was asked for than is there */
};

/* NULL: there are not so many. */
static inline const uint8_t *spice_skim_skip(struct spice_skim_fields *fields, uint64_t bytes)
{
	const uint8_t *at = fields->at;

	if (fields->missed || bytes > fields->left) {
		fields->missed = true;
		return NULL;
	}
	fields->at += bytes;
	fields->left -= bytes;
	return at;
}

/* Of 8 bytes at most; 0 where there are not so many. */
static inline uint64_t spice_skim_get(struct spice_skim_fields *fields, size_t bytes)
{
	const uint8_t *at = spice_skim_skip(fields, bytes);
	uint64_t value = 0;

	for (size_t i = at ? bytes : 0; i > 0; i--)
		value = value << 8 | at[i - 1];
	return value;
}

#endif
