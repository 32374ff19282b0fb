/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Some addresses: "192.0.2.7", "192.0.2.0/24", "2001:db8::/32", "localhost"
 * (127.0.0.0/8 and ::1), "unix" (every unix socket). Any thread.
 */
#ifndef PLANECAST_CONFIG_NETWORK_H
#define PLANECAST_CONFIG_NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct network {
	enum { NETWORK_PREFIX, NETWORK_LOCALHOST, NETWORK_UNIX } kind;
	uint8_t address[16]; /* IPv4 as IPv6 has it */
	unsigned int bits; /* of address that count */
};

/* 0 or -EINVAL; *ret_error then points to a constant that says what was expected. */
int network_parse(const char *text, struct network *ret, const char **ret_error);
bool network_contains(const struct network *network, const struct sockaddr *peer);

#endif
