// SPDX-License-Identifier: GPL-2.0-or-later
/* Holds what a client has said against the password file and the tickets. */
#include "net/vnc_login.h"

#include <errno.h>
#include <string.h>

#include "config/config.h"
#include "net/auth.h"
#include "net/tickets.h"
#include "net/vnc.h"
#include "net/vnc_client.h"
#include "server/clock.h"
#include "server/log.h"

static bool answers_for(void *data, const char *secret)
{
	const struct rfb_handshake *handshake = data;

	return auth_matches_vnc(secret, handshake->challenge, handshake->response);
}

static int check_response(struct vnc_client *client)
{
	struct rfb_handshake *handshake = &client->handshake;
	struct vnc *vnc = client->vnc;
	const char *file = vnc->config->vnc_password_file, *error;
	int r = auth_check_vnc(file, handshake->challenge, handshake->response, &error);

	client->bearer = (struct tickets_bearer){ .role = ROLE_CONTROL };
	if (!r || !tickets_take_matching(vnc->tickets, clock_now_ns(), answers_for, handshake, &client->bearer))
		return 0;
	client->bearer.role = ROLE_VIEW;
	if (r != -EACCES)
		log_error(NULL, "password file %s %s (%s): nobody can log in", file, error, strerror(-r));
	return r;
}

void vnc_login_check(struct vnc_client *client)
{
	vnc_client_checked(client, check_response(client));
}
