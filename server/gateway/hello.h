/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which server somebody asks for who begins with TLS: the host name in his
 * ClientHello (RFC 8446 4.1.2, RFC 6066 3), read strictly and without consuming it.
 * Sources: RFC 5246, RFC 8446, RFC 6066. Pure; any thread.
 */
#ifndef PLANECAST_SERVER_GATEWAY_HELLO_H
#define PLANECAST_SERVER_GATEWAY_HELLO_H

#include <stddef.h>

#include "config/server_name.h"

/* Of the bytes from the first to the last of a ClientHello with its records' headers; others are refused. */
#define HELLO_MAX_BYTES 16384

/*
 * What has come so far. 0: it is whole, and ret_name is the host name, "": it names none. -EAGAIN: more
 * is to come. -EPROTO: that is no ClientHello, or not a good one; -EMSGSIZE: it is too long.
 */
int hello_parse(const void *bytes, size_t n_bytes, char ret_name[SERVER_NAME_MAX + 1]);

#endif
