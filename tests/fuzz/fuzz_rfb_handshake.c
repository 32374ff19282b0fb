// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The RFB handshake: the first byte chooses what is offered, and whether what was asked for is
 * found right; nobody gets in without. What a name and a password may be is checked, too.
 */
#include <event2/buffer.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/role.h"
#include "net/login.h"
#include "net/rfb_handshake.h"
#include "server/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Texts, and no longer than there is room for. */
static void check_claim(const struct login_claim *claim)
{
	if (strnlen(claim->name, sizeof(claim->name)) > ROLE_NAME_MAX ||
			strnlen(claim->password, sizeof(claim->password)) > LOGIN_PASSWORD_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int auths[] = { CONFIG_AUTH_NONE, CONFIG_AUTH_VNCAUTH, CONFIG_AUTH_USERS, CONFIG_AUTH_USERS,
			CONFIG_AUTH_CERTIFICATE, CONFIG_AUTH_ONE_TIME, CONFIG_AUTH_TICKET, CONFIG_AUTH_NONE };
	enum rfb_handshake_result result = RFB_HANDSHAKE_MORE;
	struct evbuffer *input = evbuffer_new();
	struct evbuffer *output = evbuffer_new();
	struct rfb_handshake handshake;
	bool tls, secured = false, right, admitted = false;
	size_t piece;
	int auth;

	if (size < 1)
		goto out;
	log_set_level(LOG_LEVEL_ERROR - 1);
	auth = auths[(data[0] & 1) | (data[0] >> 3 & 6)];
	right = data[0] & 64;
	tls = data[0] & 8;
	piece = data[0] & 2 ? 1 : size;
	rfb_handshake_init(&handshake, auth, tls, output);
	if (data[0] & 4)
		handshake.full = "full";
	for (size_t at = 1; at < size && result == RFB_HANDSHAKE_MORE; at += piece) {
		evbuffer_add(input, data + at, at + piece < size ? piece : size - at);
		result = rfb_handshake_input(&handshake, input, output);
		/* Who has to show nothing but his certificate is to be checked as soon as TLS is there. */
		while (result == RFB_HANDSHAKE_CHECK || result == RFB_HANDSHAKE_SECURE) {
			if (result == RFB_HANDSHAKE_CHECK) {
				if (handshake.authenticated || admitted || handshake.full)
					abort();
				if (handshake.claim)
					check_claim(handshake.claim);
				if (!right)
					break;
				admitted = true;
				result = rfb_handshake_admit(&handshake, output);
				continue;
			}
			if (!tls || secured || handshake.authenticated)
				abort();
			/* What has come by now goes to TLS, and what comes from now on is inside. */
			evbuffer_drain(input, SIZE_MAX);
			secured = true;
			result = rfb_handshake_secured(&handshake, output);
		}
	}
	if (result == RFB_HANDSHAKE_CHECK)
		rfb_handshake_tell(&handshake, output);
	if (handshake.authenticated && ((auth != CONFIG_AUTH_NONE && !admitted) || handshake.full || secured != tls))
		abort();
	rfb_handshake_finish(&handshake);
	if (evbuffer_get_length(output) > 256)
		abort();
out:
	evbuffer_free(input);
	evbuffer_free(output);
	return 0;
}
