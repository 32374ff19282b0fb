// SPDX-License-Identifier: GPL-2.0-or-later
/* Holds what a client has said against passwords, tickets, users and what these may do. */
#include "net/vnc_login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "net/auth.h"
#include "net/login.h"
#include "net/login_certificate.h"
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
	int r = -EACCES;

	if (handshake->auth == CONFIG_AUTH_VNCAUTH)
		r = auth_check_vnc(file, handshake->challenge, handshake->response, &error);

	client->bearer = (struct tickets_bearer){ .role = ROLE_CONTROL };
	if (!r || !tickets_take_matching(vnc->tickets, clock_now_ns(), answers_for, handshake, &client->bearer))
		return 0;
	client->bearer.role = ROLE_VIEW;
	if (r != -EACCES)
		log_error(NULL, "password file %s %s (%s): nobody can log in", file, error, strerror(-r));
	return r;
}

/* user: of the authority that has said who it is. */
static int let_in(struct vnc_client *client, const char *user)
{
	enum role role;

	if (role_list_find(client->vnc->config->allow, user, &role) < 0) {
		log_notice(client->peer, "user %s is not among those who may come in", user);
		return -EACCES;
	}
	client->bearer.role = role;
	snprintf(client->bearer.name, sizeof(client->bearer.name), "%s", user);
	return 0;
}

static int check_certificate(struct vnc_client *client)
{
	char user[ROLE_NAME_MAX + 1];

	if (login_certificate_user(client->tls.subject, user) < 0) {
		log_notice(client->peer, "the certificate names no user: %s", client->tls.subject);
		return -EACCES;
	}
	return let_in(client, user);
}

static void handle_login(void *data, int error, const char *user)
{
	struct vnc_client *client = data;

	client->login = NULL;
	vnc_client_checked(client, error ? error : let_in(client, user));
}

/* -EINPROGRESS: handle_login() will know. */
static int check_claim(struct vnc_client *client)
{
	const struct login_claim *claim = client->handshake.claim;
	struct vnc *vnc = client->vnc;
	const struct login_authority authority = { vnc->config->users_file, vnc->config->pam_service };
	int r;

	if (!tickets_take(vnc->tickets, clock_now_ns(), claim->password, &client->bearer))
		return 0;
	r = login_start(vnc->login, &authority, client->guest.source, client->peer, claim, handle_login, client,
			&client->login);
	if (r == -EINVAL)
		return -EACCES;
	if (r < 0)
		log_notice(client->peer, "the password is not checked: %s",
				r == -EBUSY ? "too many wait for that" : strerror(-r));
	return r ? r : -EINPROGRESS;
}

int vnc_login_admit(struct vnc_client *client, const char *user)
{
	switch (client->vnc->config->vnc_auth) {
	case CONFIG_AUTH_NONE:
		client->bearer.role = ROLE_CONTROL;
		snprintf(client->bearer.name, sizeof(client->bearer.name), "%s", user);
		return 0;
	case CONFIG_AUTH_USERS:
		if (*user)
			return let_in(client, user);
		break;
	}
	log_notice(client->peer, "viewers have to prove to this VM itself who they are");
	return -EACCES;
}

void vnc_login_check(struct vnc_client *client)
{
	int r = client->handshake.claim ? check_claim(client)
			: client->handshake.auth == CONFIG_AUTH_CERTIFICATE ? check_certificate(client)
			: check_response(client);

	rfb_handshake_finish(&client->handshake);
	if (r != -EINPROGRESS)
		vnc_client_checked(client, r);
}
