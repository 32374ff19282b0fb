// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads and writes numbers with units. */
#include "config/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct number_unit number_plain[] = {
	{ "", 1 },
	{ NULL, 0 },
};

const struct number_unit number_bytes[] = {
	{ "G", 1LL << 30 },
	{ "M", 1LL << 20 },
	{ "K", 1LL << 10 },
	{ "g", 1LL << 30 },
	{ "m", 1LL << 20 },
	{ "k", 1LL << 10 },
	{ "", 1 },
	{ NULL, 0 },
};

const struct number_unit number_duration[] = {
	{ "h", 3600 * 1000000000LL },
	{ "m", 60 * 1000000000LL },
	{ "s", 1000000000LL },
	{ "ms", 1000000LL },
	{ "us", 1000LL },
	{ "ns", 1 },
	{ NULL, 0 },
};

static const struct number_unit *find_unit(const struct number_unit *units, const char *name)
{
	while (units->name && strcmp(units->name, name) != 0)
		units++;
	return units->name ? units : NULL;
}

int number_parse(const char *text, const struct number_unit *units, int64_t *ret)
{
	bool negative = *text == '-';
	const char *at = text + negative, *end = at + strspn(at, "0123456789");
	const struct number_unit *unit = find_unit(units, end);
	int64_t number = 0;

	if (end == at)
		return -EINVAL;
	for (; at < end; at++)
		if (__builtin_mul_overflow(number, 10, &number) ||
				__builtin_add_overflow(number, *at - '0', &number))
			return -ERANGE;
	if (!unit && (*end || number))
		return -EINVAL;
	if (unit && __builtin_mul_overflow(number, unit->factor, &number))
		return -ERANGE;
	*ret = negative ? -number : number;
	return 0;
}

const char *number_format(int64_t number, const struct number_unit *units,
		char buf[NUMBER_TEXT_MAX])
{
	while (units[1].name && (number == 0 || number % units->factor != 0))
		units++;
	snprintf(buf, NUMBER_TEXT_MAX, "%" PRId64 "%s", number / units->factor, units->name);
	return buf;
}
