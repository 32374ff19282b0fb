// SPDX-License-Identifier: GPL-2.0-or-later
/* The RFB handshake: the first byte chooses what is offered; nobody gets in without a password. */
#include <event2/buffer.h>
#include <stdint.h>
#include <stdlib.h>

#include "config/config.h"
#include "net/rfb_handshake.h"
#include "server/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum rfb_handshake_result result = RFB_HANDSHAKE_MORE;
	struct evbuffer *input = evbuffer_new();
	struct evbuffer *output = evbuffer_new();
	struct rfb_handshake handshake;
	bool tls, secured = false;
	size_t piece;
	int auth;

	if (size < 1)
		goto out;
	log_set_level(LOG_LEVEL_ERROR - 1);
	auth = data[0] & 1 ? CONFIG_AUTH_VNCAUTH : CONFIG_AUTH_NONE;
	tls = data[0] & 8;
	piece = data[0] & 2 ? 1 : size;
	rfb_handshake_init(&handshake, auth, tls, output);
	if (data[0] & 4)
		handshake.full = "full";
	for (size_t at = 1; at < size && result == RFB_HANDSHAKE_MORE; at += piece) {
		evbuffer_add(input, data + at, at + piece < size ? piece : size - at);
		result = rfb_handshake_input(&handshake, input, output);
		if (result != RFB_HANDSHAKE_SECURE)
			continue;
		if (!tls || secured || handshake.authenticated)
			abort();
		/* What has come by now goes to TLS, and what comes from now on is inside. */
		evbuffer_drain(input, SIZE_MAX);
		secured = true;
		result = rfb_handshake_secured(&handshake, output);
	}
	if (result == RFB_HANDSHAKE_CHECK)
		rfb_handshake_tell(&handshake, output);
	if (handshake.authenticated && (auth == CONFIG_AUTH_VNCAUTH || handshake.full || secured != tls))
		abort();
	if (evbuffer_get_length(output) > 256)
		abort();
out:
	evbuffer_free(input);
	evbuffer_free(output);
	return 0;
}
