/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does what a request at the control socket asks for. Loop thread. */
#ifndef PLANECAST_SERVER_CONTROL_COMMANDS_H
#define PLANECAST_SERVER_CONTROL_COMMANDS_H

struct control_client;

/*
 * client->request is complete. It is answered from in here, or later while client->question or
 * client->reload is set.
 */
void control_commands_run(struct control_client *client);

#endif
