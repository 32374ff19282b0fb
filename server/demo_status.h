/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the demo says on stdout: how to connect, then one live line a VM. On a
 * terminal the lines are redrawn in place; elsewhere they are written anew
 * every few seconds. Loop thread.
 */
#ifndef PLANECAST_SERVER_DEMO_STATUS_H
#define PLANECAST_SERVER_DEMO_STATUS_H

#include <stdbool.h>

#include "server/channel.h"

#define DEMO_VMS 2

struct demo_vm {
	const char *name;
	unsigned int vnc_port, spice_port, spice_tls_port, web_port; /* on 127.0.0.1 */
	bool has_page; /* for browsers, at web_port */
	char *viewer_file; /* of remote-viewer; absolute */
	bool serving;
	struct channel_status status;
};

/* vms: DEMO_VMS of them, always. page_port: of the page of all VMs, 0: none. control is where the control socket is. */
void demo_status_announce(const struct demo_vm *vms, unsigned int page_port, const char *control);
/* To be called once a second. */
void demo_status_show(const struct demo_vm *vms);
/* Leaves the cursor at the start of a line of its own. */
void demo_status_end(void);

#endif
