/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VNC viewer's part in the VM's clipboard (server/clipboard.h). Viewers with Extended Clipboard (registry)
 * are told that there is something and ask for it, in UTF-8; others send and are sent each text as a whole, in
 * Latin-1 (RFC 6143 7.5.6, 7.6.4). What a viewer does not read is never more than one text. Loop thread.
 */
#ifndef PLANECAST_NET_VNC_CLIPBOARD_H
#define PLANECAST_NET_VNC_CLIPBOARD_H

#include <stddef.h>
#include <stdint.h>

#include "server/clipboard.h"

struct vnc_client;

struct vnc_clipboard {
	struct clipboard_peer peer;
	unsigned int due; /* to be said as soon as the viewer has taken what was said before */
};

/* It has said what it understands; again and again is nothing. It leaves when it is closed. */
void vnc_clipboard_join(struct vnc_client *client);
void vnc_clipboard_leave(struct vnc_client *client);
/* It understands Extended Clipboard: so do we, if there is a clipboard. */
void vnc_clipboard_announce(struct vnc_client *client);
/* Says what is due, if it can be taken. */
void vnc_clipboard_flush(struct vnc_client *client);

/* What the viewer says; text NULL: it was too long. 0; -EAGAIN: to be said again when the output has drained. */
int vnc_clipboard_plain(struct vnc_client *client, const uint8_t *text, size_t bytes);
int vnc_clipboard_extended(struct vnc_client *client, const uint8_t *data, size_t bytes);

#endif
