/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start of a SPICE channel (spice/protocol.h), as a client without a password does it. Any thread. */
#ifndef PLANECAST_TESTS_BENCH_SPICE_SKIM_LINK_H
#define PLANECAST_TESTS_BENCH_SPICE_SKIM_LINK_H

#include <stdint.h>

struct addrinfo;

/*
 * Connects and links, which waits for the server, 10 s at most. type: SPICE_CHANNEL_...;
 * session: what the main channel was told, 0 for that one itself. *ret_fd does not block.
 * -EPROTO: refused, or no SPICE server; other errnos.
 */
int spice_skim_link(const struct addrinfo *address, uint8_t type, uint32_t session, int *ret_fd);

#endif
