/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text as Extended Clipboard (registry, "provide") carries it: flags, then a zlib stream of a length, and UTF-8 with
 * CR LF at the ends of lines and NUL at its own. Pure; any thread.
 */
#ifndef PLANECAST_NET_CUT_TEXT_H
#define PLANECAST_NET_CUT_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* With flags. The caller's to free; NULL: no memory. */
uint8_t *cut_text_pack(const char *text, size_t bytes, size_t *ret_bytes);
/*
 * data is what follows the flags, of which text is the first format. Never takes memory for more than max bytes of
 * text, whatever data says or inflates to. 0: *ret_text is the caller's to free, without NUL at its end, unchecked, or
 * NULL: it is longer, *ret_bytes; -EPROTO; -ENOMEM.
 */
int cut_text_unpack(const uint8_t *data, size_t bytes, size_t max, char **ret_text, size_t *ret_bytes);

#endif
