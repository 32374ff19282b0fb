/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A place to listen: "127.0.0.1:5901", "[::1]:5901", "*:5901" (every address,
 * IPv4 and IPv6), "localhost:5901", "unix:/run/planecast/win11.vnc".
 * Numeric or the three names; no resolver is ever asked. Any thread.
 */
#ifndef PLANECAST_CONFIG_ADDRESS_H
#define PLANECAST_CONFIG_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_MAX 128

/*
 * 0 or -EINVAL; *ret_error then points to a constant that says what was
 * expected. "*" is the IPv6 wildcard: bind it with IPV6_V6ONLY off. "localhost"
 * is 127.0.0.1. Port 0 is left to the kernel. A link-local address may name its
 * interface: "[fe80::1%eth0]:5901".
 */
int address_parse(const char *text, struct sockaddr_storage *ret, socklen_t *ret_length, const char **ret_error);
/*
 * The text address_parse() takes, but that IPv4 peers of an IPv6 socket come
 * out as IPv4. Always terminates buf; returns it. An unnamed unix peer is "unix".
 */
const char *address_format(const struct sockaddr *address, socklen_t length, char buf[ADDRESS_TEXT_MAX]);
/* Loopback addresses and unix sockets. */
bool address_is_local(const struct sockaddr *address);

#endif
