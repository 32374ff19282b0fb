// SPDX-License-Identifier: GPL-2.0-or-later
/* Brings an RFB client from its first byte to ClientInit, or says no. */
#include "net/rfb_handshake.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "config/config.h"
#include "net/bytes.h"
#include "net/login.h"
#include "net/secret.h"

static const char version_text[RFB_VERSION_BYTES + 1] = "RFB 003.008\n";
static const char wrong_text[] = "Authentication failed";

/* One way to authenticate. */
struct security {
	uint32_t type; /* enum rfb_security_type, rfb_vencrypt_type */
	int auth; /* the enum config_auth that offers it */
	/* The type was chosen. */
	rfb_handshake_step_fn start;
};

static enum rfb_handshake_result refuse(struct rfb_handshake *handshake, const char *error)
{
	handshake->error = error;
	return RFB_HANDSHAKE_REFUSED;
}

static enum rfb_handshake_result wait_for(struct rfb_handshake *handshake, size_t bytes,
		rfb_handshake_step_fn step)
{
	handshake->need = bytes;
	handshake->step = step;
	return RFB_HANDSHAKE_MORE;
}

/* A number, then why (7.1.2, 7.1.3): the shape all refusals have. */
static void put_refusal(struct evbuffer *output, const void *head, size_t head_bytes,
		const char *reason)
{
	uint8_t length[4];
	struct bytes_writer writer = bytes_writer(length, sizeof(length));

	bytes_put_u32(&writer, (uint32_t)strlen(reason));
	/* Out of memory: the client learns it from the end of the connection. */
	if (evbuffer_add(output, head, head_bytes) == 0 &&
			evbuffer_add(output, length, sizeof(length)) == 0)
		(void)evbuffer_add(output, reason, strlen(reason));
}

static void put_failed(struct rfb_handshake *handshake, struct evbuffer *output, const char *reason)
{
	const uint8_t failed[4] = { 0, 0, 0, RFB_SECURITY_FAILED };

	/* A reason is new in 3.8. */
	if (handshake->minor >= 8)
		put_refusal(output, failed, sizeof(failed), reason);
	else
		(void)evbuffer_add(output, failed, sizeof(failed));
}

/* 7.3.1 */
static enum rfb_handshake_result read_client_init(struct rfb_handshake *handshake,
		const uint8_t *data, struct evbuffer *output)
{
	(void)output;
	handshake->shared = data[0] != 0;
	return RFB_HANDSHAKE_DONE;
}

/* has_result: 3.7 has no SecurityResult after None (RFC 6143 appendix A.1). */
static enum rfb_handshake_result admit(struct rfb_handshake *handshake, struct evbuffer *output,
		bool has_result)
{
	const uint8_t ok[4] = { 0, 0, 0, RFB_SECURITY_OK };

	if (handshake->full) {
		if (has_result)
			put_failed(handshake, output, handshake->full);
		return refuse(handshake, handshake->full);
	}
	if (has_result && evbuffer_add(output, ok, sizeof(ok)) < 0)
		return refuse(handshake, "out of memory");
	handshake->authenticated = true;
	return wait_for(handshake, 1, read_client_init);
}

/* 7.2.1 */
static enum rfb_handshake_result start_none(struct rfb_handshake *handshake, const uint8_t *data,
		struct evbuffer *output)
{
	(void)data;
	return admit(handshake, output, handshake->secured || handshake->minor >= 8);
}

/* The client has said all that it can. */
static enum rfb_handshake_result let_check(struct rfb_handshake *handshake, struct evbuffer *output)
{
	/* Nothing is learnt about the password by who is not let in anyway. */
	if (handshake->full) {
		put_failed(handshake, output, handshake->full);
		return refuse(handshake, handshake->full);
	}
	/* What comes next waits for the answer. */
	wait_for(handshake, SIZE_MAX, NULL);
	return RFB_HANDSHAKE_CHECK;
}

enum rfb_handshake_result rfb_handshake_admit(struct rfb_handshake *handshake, struct evbuffer *output)
{
	return admit(handshake, output, true);
}

/* 7.2.2 */
static enum rfb_handshake_result read_response(struct rfb_handshake *handshake,
		const uint8_t *data, struct evbuffer *output)
{
	memcpy(handshake->response, data, RFB_CHALLENGE_BYTES);
	return let_check(handshake, output);
}

static enum rfb_handshake_result start_certificate(struct rfb_handshake *handshake, const uint8_t *data,
		struct evbuffer *output)
{
	(void)data;
	return let_check(handshake, output);
}

static enum rfb_handshake_result read_claim(struct rfb_handshake *handshake, const uint8_t *data,
		struct evbuffer *output)
{
	const size_t length = handshake->name_bytes, rest = handshake->need - length;

	if (memchr(data, '\0', handshake->need)) {
		put_failed(handshake, output, wrong_text);
		return refuse(handshake, "its name or password has a NUL in it");
	}
	memcpy(handshake->claim->name, data, length);
	memcpy(handshake->claim->password, data + length, rest);
	return let_check(handshake, output);
}

static enum rfb_handshake_result read_claim_lengths(struct rfb_handshake *handshake, const uint8_t *data,
		struct evbuffer *output)
{
	struct bytes_reader reader = bytes_reader(data, 8);
	const uint32_t name_bytes = bytes_get_u32(&reader), password_bytes = bytes_get_u32(&reader);

	if (name_bytes > ROLE_NAME_MAX || password_bytes > LOGIN_PASSWORD_MAX) {
		put_failed(handshake, output, wrong_text);
		return refuse(handshake, "its name or password is too long");
	}
	handshake->name_bytes = name_bytes;
	return wait_for(handshake, (size_t)name_bytes + password_bytes, read_claim);
}

static enum rfb_handshake_result start_plain(struct rfb_handshake *handshake, const uint8_t *data,
		struct evbuffer *output)
{
	(void)data;
	(void)output;
	handshake->claim = secret_new(sizeof(*handshake->claim));
	if (!handshake->claim)
		return refuse(handshake, "out of memory");
	handshake->asked = true;
	return wait_for(handshake, 8, read_claim_lengths);
}

static enum rfb_handshake_result start_vnc_auth(struct rfb_handshake *handshake,
		const uint8_t *data, struct evbuffer *output)
{
	ssize_t bytes = getrandom(handshake->challenge, sizeof(handshake->challenge), GRND_NONBLOCK);

	(void)data;
	if (bytes != sizeof(handshake->challenge)) {
		put_failed(handshake, output, "No random numbers yet");
		return refuse(handshake, "no random numbers yet");
	}
	if (evbuffer_add(output, handshake->challenge, sizeof(handshake->challenge)) < 0)
		return refuse(handshake, "out of memory");
	handshake->asked = true;
	return wait_for(handshake, RFB_CHALLENGE_BYTES, read_response);
}

/* Inside TLS. */
static const struct security subtypes[] = {
	{ RFB_VENCRYPT_X509_NONE, CONFIG_AUTH_NONE, start_none },
	{ RFB_VENCRYPT_X509_NONE, CONFIG_AUTH_CERTIFICATE, start_certificate },
	{ RFB_VENCRYPT_X509_VNC, CONFIG_AUTH_VNCAUTH, start_vnc_auth },
	{ RFB_VENCRYPT_X509_VNC, CONFIG_AUTH_ONE_TIME, start_vnc_auth },
	{ RFB_VENCRYPT_X509_PLAIN, CONFIG_AUTH_USERS, start_plain },
};

/* Browsers know VeNCrypt for its names and passwords only; TLS is around all of it. */
static const struct security plain = { .type = RFB_VENCRYPT_PLAIN, .start = start_plain };

#define N_SUBTYPES (sizeof(subtypes) / sizeof(subtypes[0]))

/* The one that the client is to use. */
static const struct security *find_subtype(const struct rfb_handshake *handshake)
{
	if (!handshake->tls)
		return &plain;
	for (size_t i = 0; i < N_SUBTYPES; i++) {
		if (subtypes[i].auth == handshake->auth)
			return &subtypes[i];
	}
	return NULL;
}

static enum rfb_handshake_result read_subtype(struct rfb_handshake *handshake, const uint8_t *data,
		struct evbuffer *output)
{
	static const uint8_t no = 0, yes = 1;
	const struct security *offered = find_subtype(handshake);
	struct bytes_reader reader = bytes_reader(data, 4);

	if (!offered || bytes_get_u32(&reader) != offered->type) {
		(void)evbuffer_add(output, &no, sizeof(no));
		return refuse(handshake, "chose a VeNCrypt subtype that was not offered");
	}
	if (!handshake->tls)
		return offered->start(handshake, data, output);
	if (evbuffer_add(output, &yes, sizeof(yes)) < 0)
		return refuse(handshake, "out of memory");
	/* More than ever comes: what comes next is TLS's. */
	wait_for(handshake, SIZE_MAX, NULL);
	return RFB_HANDSHAKE_SECURE;
}

static enum rfb_handshake_result read_vencrypt_version(struct rfb_handshake *handshake,
		const uint8_t *data, struct evbuffer *output)
{
	static const uint8_t no = 255;
	const struct security *offered = find_subtype(handshake);
	uint8_t offer[1 + 1 + 4] = { 0 };
	struct bytes_writer writer = bytes_writer(offer, sizeof(offer));

	if (data[0] != 0 || data[1] != 2) {
		(void)evbuffer_add(output, &no, sizeof(no));
		return refuse(handshake, "speaks another version of VeNCrypt than 0.2");
	}
	bytes_put_u8(&writer, 0);
	bytes_put_u8(&writer, offered != NULL);
	if (offered)
		bytes_put_u32(&writer, offered->type);
	if (evbuffer_add(output, offer, bytes_written(&writer)) < 0)
		return refuse(handshake, "out of memory");
	return wait_for(handshake, 4, read_subtype);
}

static enum rfb_handshake_result start_vencrypt(struct rfb_handshake *handshake, const uint8_t *data,
		struct evbuffer *output)
{
	static const uint8_t version[2] = { 0, 2 };

	(void)data;
	if (evbuffer_add(output, version, sizeof(version)) < 0)
		return refuse(handshake, "out of memory");
	return wait_for(handshake, sizeof(version), read_vencrypt_version);
}

enum rfb_handshake_result rfb_handshake_secured(struct rfb_handshake *handshake, struct evbuffer *output)
{
	handshake->secured = true;
	return find_subtype(handshake)->start(handshake, NULL, output);
}

/* On the bare connection. */
static const struct security securities[] = {
	{ RFB_SECURITY_NONE, CONFIG_AUTH_NONE, start_none },
	{ RFB_SECURITY_VNC_AUTH, CONFIG_AUTH_VNCAUTH, start_vnc_auth },
	{ RFB_SECURITY_VNC_AUTH, CONFIG_AUTH_ONE_TIME, start_vnc_auth },
	/* The configuration has these where there is TLS around the connection. */
	{ RFB_SECURITY_NONE, CONFIG_AUTH_CERTIFICATE, start_certificate },
	{ RFB_SECURITY_VENCRYPT, CONFIG_AUTH_USERS, start_vencrypt },
};
static const struct security vencrypt = { .type = RFB_SECURITY_VENCRYPT, .start = start_vencrypt };

#define N_SECURITIES (sizeof(securities) / sizeof(securities[0]))

/* The one that the client is to use, as the configuration has it. */
static const struct security *find_security(const struct rfb_handshake *handshake)
{
	if (handshake->tls)
		return &vencrypt;
	for (size_t i = 0; i < N_SECURITIES; i++) {
		if (securities[i].auth == handshake->auth)
			return &securities[i];
	}
	return NULL;
}

/* 7.1.2 */
static enum rfb_handshake_result read_security(struct rfb_handshake *handshake,
		const uint8_t *data, struct evbuffer *output)
{
	const struct security *offered = find_security(handshake);

	/* Only what was offered to this very client. */
	if (offered && offered->type == data[0])
		return offered->start(handshake, data, output);
	put_failed(handshake, output, "That security type was not offered");
	return refuse(handshake, "chose a security type that was not offered");
}

/* RFC 6143 7.1.1: versions that never were count as 3.3, later ones as the latest. */
static bool parse_version(const uint8_t *data, unsigned int *ret_major, unsigned int *ret_minor)
{
	unsigned int numbers[2] = { 0, 0 };

	for (size_t i = 0; i < RFB_VERSION_BYTES; i++) {
		bool is_digit = version_text[i] >= '0' && version_text[i] <= '9';

		if (is_digit && (data[i] < '0' || data[i] > '9'))
			return false;
		if (!is_digit && data[i] != (uint8_t)version_text[i])
			return false;
		if (is_digit)
			numbers[i > 7] = numbers[i > 7] * 10 + data[i] - '0';
	}
	*ret_major = numbers[0];
	*ret_minor = numbers[1];
	return true;
}

static enum rfb_handshake_result read_version(struct rfb_handshake *handshake, const uint8_t *data,
		struct evbuffer *output)
{
	static const char too_old[] = "This server speaks RFB 3.7 and 3.8";
	static const uint8_t zero[4];
	const struct security *offered = find_security(handshake);
	uint8_t offer[2] = { 0 };
	unsigned int major, minor;

	if (!parse_version(data, &major, &minor))
		return refuse(handshake, "not an RFB client");
	if (major < 3 || (major == 3 && minor < 7)) {
		/* In 3.3 the server names the one type, as four bytes. */
		put_refusal(output, zero, sizeof(zero), too_old);
		return refuse(handshake, "RFB 3.3 is not served, only 3.7 and 3.8");
	}
	handshake->minor = major == 3 && minor == 7 ? 7 : 8;
	if (handshake->full) {
		put_refusal(output, zero, 1, handshake->full);
		return refuse(handshake, handshake->full);
	}
	if (offered)
		offer[++offer[0]] = (uint8_t)offered->type;
	if (evbuffer_add(output, offer, 1u + offer[0]) < 0)
		return refuse(handshake, "out of memory");
	return wait_for(handshake, 1, read_security);
}

int rfb_handshake_init(struct rfb_handshake *handshake, int auth, bool tls, struct evbuffer *output)
{
	*handshake = (struct rfb_handshake){ .auth = auth, .tls = tls };
	wait_for(handshake, RFB_VERSION_BYTES, read_version);
	return evbuffer_add(output, version_text, RFB_VERSION_BYTES) < 0 ? -ENOMEM : 0;
}

enum rfb_handshake_result rfb_handshake_input(struct rfb_handshake *handshake,
		struct evbuffer *input, struct evbuffer *output)
{
	enum rfb_handshake_result result = RFB_HANDSHAKE_MORE;
	uint8_t data[ROLE_NAME_MAX + LOGIN_PASSWORD_MAX];

	_Static_assert(sizeof(data) >= RFB_VERSION_BYTES && sizeof(data) >= RFB_CHALLENGE_BYTES,
			"data holds what any step takes");
	while (result == RFB_HANDSHAKE_MORE && evbuffer_get_length(input) >= handshake->need) {
		secret_take(input, data, handshake->need);
		result = handshake->step(handshake, data, output);
	}
	secret_wipe(data, sizeof(data));
	return result;
}

void rfb_handshake_finish(struct rfb_handshake *handshake)
{
	secret_free(handshake->claim, sizeof(*handshake->claim));
	handshake->claim = NULL;
}

void rfb_handshake_tell(struct rfb_handshake *handshake, struct evbuffer *output)
{
	put_failed(handshake, output, wrong_text);
}
