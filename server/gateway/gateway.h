/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateway: the process behind the ports that VMs share. It takes everybody who
 * comes there, finds out by TLS's server name which VM is meant (dispatch.h), and
 * hands the untouched connection over to that VM's worker; to browsers that mean
 * none it shows pages of its own (web.h). What it knows it has from the supervisor:
 * listening sockets, all of the configuration, a door to each worker, and a board
 * with what is known of VMs. It holds nothing that viewers whose connection was handed
 * over need: when it dies they stay. Loop thread.
 */
#ifndef PLANECAST_SERVER_GATEWAY_GATEWAY_H
#define PLANECAST_SERVER_GATEWAY_GATEWAY_H

#include <stddef.h>

#include "server/channel.h"

struct board_row;
struct config;
struct event_base;
struct gateway;
struct tls;

/*
 * Serves what the supervisor at the other end of channel describes, until it says stop or goes
 * away. Takes channel. Returns the process's exit status.
 */
int gateway_run(int channel);

/* For its parts. */

struct event_base *gateway_base(const struct gateway *gateway);
/* Another one after each reload, which the pages are told of (web_reconfigure()). */
const struct config *gateway_config(const struct gateway *gateway);
/* With the certificate of [server]; lives as long as the gateway. */
struct tls *gateway_tls(const struct gateway *gateway);
/* What the supervisor knows of the VM that is the nth of the configuration, as of now. */
void gateway_read_board(const struct gateway *gateway, unsigned int nth, struct board_row *ret);
/*
 * A message through the door to that VM's worker. fd stays the caller's. 0; -ENOENT: it has no door;
 * -EAGAIN: too many wait there; other negative errno of channel_send().
 */
int gateway_hand_over(const struct gateway *gateway, const char *vm, enum channel_kind kind, const void *payload,
		size_t bytes, int fd);

#endif
