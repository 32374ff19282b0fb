/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a VNC client may come in, and as what. Loop thread; see net/vnc.h. */
#ifndef PLANECAST_NET_VNC_LOGIN_H
#define PLANECAST_NET_VNC_LOGIN_H

struct vnc_client;

/*
 * Its handshake says RFB_HANDSHAKE_CHECK: fills client->bearer and calls
 * vnc_client_checked(), now or when whoever is asked has answered. The client may be
 * closed then.
 */
void vnc_login_check(struct vnc_client *client);
/* It comes by somebody of ours who knows that it is that user; "": nobody was asked. -EACCES, which is logged. */
int vnc_login_admit(struct vnc_client *client, const char *user);

#endif
