/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What browsers say of a page: its origin ("https://desk.example.org:8443", RFC
 * 6454) and the host it calls ("desk.example.org:8443", RFC 9110 7.2). Any thread.
 */
#ifndef PLANECAST_CONFIG_WEB_ORIGIN_H
#define PLANECAST_CONFIG_WEB_ORIGIN_H

#include <stdbool.h>

#define WEB_HOST_MAX 256

/* The name of HOST or HOST:PORT, in lower case, an IPv6 address in its brackets. 0 or -EINVAL. */
int web_host_parse(const char *text, char ret_name[WEB_HOST_MAX]);
/*
 * Is it "localhost" or a numeric address? Nobody can make a browser take such a
 * name for another machine than it says; any other name's owner can.
 */
bool web_host_is_fixed(const char *name);

/*
 * SCHEME://HOST[:PORT] with http or https, as browsers write it: without the
 * scheme's own port, nothing behind. 0, or -EINVAL; *ret_error (may be NULL) is then a
 * constant that says what was expected.
 */
int web_origin_parse(const char *text, char ret_host[WEB_HOST_MAX], const char **ret_error);

#endif
