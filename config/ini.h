/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Splits an INI text into section headers and keys with the place of each.
 * Knows nothing of what sections and keys there are. Any thread.
 *
 *   [name]  [name "argument"]  key = value  key = "value with \" and \\"
 *
 * '#' and ';' start a comment at the start of a line, or behind a blank. A
 * byte-order mark at the start and CR before LF are accepted. Control
 * characters and what is not UTF-8 are refused.
 */
#ifndef PLANECAST_CONFIG_INI_H
#define PLANECAST_CONFIG_INI_H

#include <stdbool.h>
#include <stddef.h>

#define INI_LINE_MAX 8192

enum ini_kind { INI_END, INI_SECTION, INI_KEY, INI_PROBLEM };

struct ini_item {
	enum ini_kind kind;
	unsigned int line, column; /* of name, or of the problem; from 1, columns in bytes */
	const char *name; /* of the section or key */
	const char *value; /* of the key, may be empty; argument of the section, NULL: none */
	unsigned int value_column; /* of value's first byte, behind the quote if there is one */
	const char *message; /* INI_PROBLEM: what is wrong */
	bool in_header; /* INI_PROBLEM: the line would have been a section header */
};

struct ini {
	const char *at, *end;
	unsigned int line;
	char buffer[INI_LINE_MAX + 1];
};

/* text is borrowed for the life of ini. */
void ini_init(struct ini *ini, const char *text, size_t bytes);
/*
 * The next header, key, or line that is wrong; reading goes on behind such a
 * line. Strings live until the next call.
 */
void ini_next(struct ini *ini, struct ini_item *ret);

#endif
