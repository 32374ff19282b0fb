/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that may be shown to people: printable UTF-8. Any thread. */
#ifndef PLANECAST_CONFIG_TEXT_H
#define PLANECAST_CONFIG_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* How many of the bytes are the first character, well-formed UTF-8 (RFC 3629); 0: there is none, or it is NUL. */
size_t text_character_length(const uint8_t *text, size_t bytes);

/*
 * How many of the bytes, from the first, are such characters,
 * without control characters; tab counts as printable.
 */
size_t text_printable(const char *text, size_t bytes);
/* Puts '?' for every byte that is not part of such text. */
void text_sanitize(char *text);

#endif
