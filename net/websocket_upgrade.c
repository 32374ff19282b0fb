// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks WebSocket upgrade requests, and answers them. */
#include "net/websocket_upgrade.h"

#include <errno.h>
#include <event2/buffer.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "config/web_origin.h"
#include "net/http_request.h"

/* RFC 6455 1.3 */
#define KEY_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
/* 16 bytes in base64. */
#define KEY_CHARACTERS 24
#define SHA1_BYTES 20
#define ACCEPT_CHARACTERS 28

static bool key_is_good(const char *key)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	/* Of the last character before the padding only two bits say something. */
	return strlen(key) == KEY_CHARACTERS && strspn(key, base64) == KEY_CHARACTERS - 2 &&
			strchr("AQgw", key[KEY_CHARACTERS - 3]) && !strcmp(key + KEY_CHARACTERS - 2, "==");
}

static bool origin_is_listed(const struct config_addresses *origins, const char *origin)
{
	for (unsigned int i = 0; i < origins->count; i++) {
		if (!strcasecmp(origins->text[i], origin))
			return true;
	}
	return false;
}

/* NULL, or why not. */
static const char *check_origin(const struct http_request *request, const struct websocket_policy *policy)
{
	const char *origin = http_request_header(request, "origin");
	char page[WEB_HOST_MAX], host[WEB_HOST_MAX];

	if (!origin)
		return NULL;
	if (policy->origins && policy->origins->count)
		return origin_is_listed(policy->origins, origin) ? NULL
				: "the page's origin is not in websocket-origins";
	if (web_origin_parse(origin, page, NULL) < 0 ||
			web_host_parse(http_request_header(request, "host"), host) < 0 || strcmp(page, host))
		return "the page comes from another host, which websocket-origins does not allow";
	if (!policy->secure && !web_host_is_fixed(host))
		return "without encryption a page from a host's name has to be allowed by websocket-origins";
	return NULL;
}

/* Without an own one: what noVNC asks for, and what a person writes. */
static bool path_is_good(const char *path, const char *own)
{
	return own ? !strcmp(path, own) : !strcmp(path, "/") || !strcmp(path, "/websockify");
}

int websocket_upgrade_check(const struct http_request *request, const struct websocket_policy *policy,
		unsigned int *ret_status, const char **ret_error)
{
	const char *version = http_request_header(request, "sec-websocket-version");
	const char *key = http_request_header(request, "sec-websocket-key");
	const char *origin_error = check_origin(request, policy);
	char host[WEB_HOST_MAX];
	size_t body_bytes;
	const struct {
		bool wrong;
		unsigned int status;
		const char *error;
	} checks[] = {
		{ strcmp(request->method, "GET") != 0, 405, "only GET is understood here" },
		{ !path_is_good(request->path, policy->path), 404, "there is no such page" },
		{ http_request_body_bytes(request, 0, &body_bytes) < 0, 400, "a GET with something behind it" },
		{ web_host_parse(http_request_header(request, "host"), host) < 0, 400, "the Host is none" },
		{ !http_request_has_token(request, "upgrade", "websocket") ||
						!http_request_has_token(request, "connection", "upgrade"),
				426, "this is a WebSocket, for noVNC and the like" },
		{ !version || strcmp(version, "13"), 426, "only version 13 of WebSocket is spoken here" },
		{ !key || !key_is_good(key), 400, "the Sec-WebSocket-Key is none" },
		{ http_request_header(request, "sec-websocket-protocol") &&
						!http_request_has_token(request, "sec-websocket-protocol",
								WEBSOCKET_SUBPROTOCOL),
				400, "only the subprotocol " WEBSOCKET_SUBPROTOCOL " is spoken here" },
		{ origin_error != NULL, 403, origin_error },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (!checks[i].wrong)
			continue;
		*ret_status = checks[i].status;
		*ret_error = checks[i].error;
		return -EPROTO;
	}
	return 0;
}

/* RFC 6455 4.2.2 */
static int compute_accept(const char *key, char ret[ACCEPT_CHARACTERS + 1])
{
	char text[KEY_CHARACTERS + sizeof(KEY_GUID)];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int bytes;

	memcpy(text, key, KEY_CHARACTERS);
	memcpy(text + KEY_CHARACTERS, KEY_GUID, sizeof(KEY_GUID));
	if (EVP_Digest(text, sizeof(text) - 1, digest, &bytes, EVP_sha1(), NULL) != 1 || bytes != SHA1_BYTES)
		return -ENOMEM;
	EVP_EncodeBlock((unsigned char *)ret, digest, SHA1_BYTES);
	return 0;
}

int websocket_upgrade_accept(const struct http_request *request, struct evbuffer *output)
{
	const bool named = http_request_header(request, "sec-websocket-protocol") != NULL;
	char accept[ACCEPT_CHARACTERS + 1];
	int r = compute_accept(http_request_header(request, "sec-websocket-key"), accept);

	if (r < 0)
		return r;
	return evbuffer_add_printf(output,
			"HTTP/1.1 101 Switching Protocols\r\n"
			"Upgrade: websocket\r\n"
			"Connection: Upgrade\r\n"
			"Sec-WebSocket-Accept: %s\r\n"
			"%s\r\n",
			accept, named ? "Sec-WebSocket-Protocol: " WEBSOCKET_SUBPROTOCOL "\r\n" : "") < 0 ? -ENOMEM : 0;
}

int websocket_upgrade_refuse(unsigned int status, const char *error, struct evbuffer *output)
{
	return evbuffer_add_printf(output,
			"HTTP/1.1 %u %s\r\n"
			"Connection: close\r\n"
			"%s"
			"Content-Type: text/plain; charset=utf-8\r\n"
			"X-Content-Type-Options: nosniff\r\n"
			"Content-Length: %zu\r\n"
			"\r\n"
			"%s\n",
			status, http_status_text(status),
			status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : "", strlen(error) + 1,
			error) < 0 ? -ENOMEM : 0;
}
