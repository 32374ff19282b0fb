/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text of clipboards in the forms that protocols want it in. Within planecast it
 * is UTF-8 with LF at the ends of lines. Pure; any thread.
 */
#ifndef PLANECAST_SERVER_CLIP_TEXT_H
#define PLANECAST_SERVER_CLIP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed UTF-8 (RFC 3629) without NUL; other control characters are text. */
bool clip_text_is_valid(const char *text, size_t bytes);

/* In place: CR LF, and CR by itself, become LF. Returns how many bytes are left. */
size_t clip_text_to_lf(char *text, size_t bytes);

/*
 * The caller's to free; there is room for one byte more than *ret_bytes. NULL: no memory, or it
 * would be longer than SIZE_MAX / 4.
 */

/* LF becomes CR LF. */
char *clip_text_to_crlf(const char *text, size_t bytes, size_t *ret_bytes);
char *clip_text_from_latin1(const uint8_t *text, size_t bytes, size_t *ret_bytes);
/* Of valid text. What Latin-1 does not have becomes '?'. */
uint8_t *clip_text_to_latin1(const char *text, size_t bytes, size_t *ret_bytes);

#endif
