// SPDX-License-Identifier: GPL-2.0-or-later
/* Link message, reply, ticket, result. */
#include "tests/bench/spice_skim_link.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <spice/enums.h>
#include <spice/protocol.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 10
#define BIT(n) (1u << (n))
#define COMMON_CAPS \
	(BIT(SPICE_COMMON_CAP_PROTOCOL_AUTH_SELECTION) | BIT(SPICE_COMMON_CAP_AUTH_SPICE) | \
			BIT(SPICE_COMMON_CAP_MINI_HEADER))
/* What spice_skim.c can draw. */
#define DISPLAY_CAPS \
	(BIT(SPICE_DISPLAY_CAP_MONITORS_CONFIG) | BIT(SPICE_DISPLAY_CAP_LZ4_COMPRESSION) | \
			BIT(SPICE_DISPLAY_CAP_MULTI_CODEC) | BIT(SPICE_DISPLAY_CAP_CODEC_MJPEG) | \
			BIT(SPICE_DISPLAY_CAP_CODEC_H264))

static int send_all(int fd, const void *data, size_t bytes)
{
	ssize_t sent = send(fd, data, bytes, MSG_NOSIGNAL);

	return sent == (ssize_t)bytes ? 0 : sent < 0 ? -errno : -EPROTO;
}

static int receive_all(int fd, void *data, size_t bytes)
{
	ssize_t got = recv(fd, data, bytes, MSG_WAITALL);

	return got == (ssize_t)bytes ? 0 : got < 0 ? -errno : -EPROTO;
}

static int send_link(int fd, uint8_t type, uint32_t session)
{
	const struct {
		SpiceLinkHeader header;
		SpiceLinkMess message;
		uint32_t caps[2];
	} __attribute__((packed)) link = {
		.header = {
			.magic = SPICE_MAGIC,
			.major_version = SPICE_VERSION_MAJOR,
			.minor_version = SPICE_VERSION_MINOR,
			.size = sizeof(link.message) + sizeof(link.caps),
		},
		.message = {
			.connection_id = session,
			.channel_type = type,
			.num_common_caps = 1,
			.num_channel_caps = 1,
			.caps_offset = sizeof(link.message),
		},
		.caps = { COMMON_CAPS, type == SPICE_CHANNEL_DISPLAY ? DISPLAY_CAPS : 0 },
	};

	return send_all(fd, &link, sizeof(link));
}

/* What else the server can do is of no interest. */
static int receive_reply(int fd, SpiceLinkReply *ret)
{
	uint8_t caps[256];
	SpiceLinkHeader header;
	size_t more;
	int r = receive_all(fd, &header, sizeof(header));

	if (r < 0)
		return r;
	if (header.magic != SPICE_MAGIC || header.size < sizeof(*ret) || header.size - sizeof(*ret) > sizeof(caps))
		return -EPROTO;
	more = header.size - sizeof(*ret);
	r = receive_all(fd, ret, sizeof(*ret));
	if (r == 0 && more)
		r = receive_all(fd, caps, more);
	return r < 0 ? r : ret->error == SPICE_LINK_ERR_OK ? 0 : -EPROTO;
}

/* The empty password, encrypted with the server's key. */
static int make_ticket(const SpiceLinkReply *reply, uint8_t ticket[SPICE_TICKET_KEY_PAIR_LENGTH / 8])
{
	const uint8_t *at = reply->pub_key;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, SPICE_TICKET_PUBKEY_BYTES);
	EVP_PKEY_CTX *context = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	size_t bytes = SPICE_TICKET_KEY_PAIR_LENGTH / 8;
	const bool done = context && EVP_PKEY_encrypt_init(context) > 0 &&
			EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
			EVP_PKEY_encrypt(context, ticket, &bytes, (const uint8_t *)"", 1) > 0;

	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(key);
	return done ? 0 : -EPROTO;
}

static int authenticate(int fd, const SpiceLinkReply *reply)
{
	struct {
		SpiceLinkAuthMechanism mechanism;
		uint8_t ticket[SPICE_TICKET_KEY_PAIR_LENGTH / 8];
	} __attribute__((packed)) message = { .mechanism = { SPICE_COMMON_CAP_AUTH_SPICE } };
	uint32_t result;
	int r = make_ticket(reply, message.ticket);

	if (r == 0)
		r = send_all(fd, &message, sizeof(message));
	if (r == 0)
		r = receive_all(fd, &result, sizeof(result));
	return r < 0 ? r : result == SPICE_LINK_ERR_OK ? 0 : -EPROTO;
}

static int link_channel(int fd, const struct addrinfo *address, uint8_t type, uint32_t session)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	const int on = 1;
	SpiceLinkReply reply;
	int r;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
			connect(fd, address->ai_addr, address->ai_addrlen) < 0)
		return -errno;
	r = send_link(fd, type, session);
	if (r == 0)
		r = receive_reply(fd, &reply);
	if (r == 0)
		r = authenticate(fd, &reply);
	if (r == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	return r;
}

int spice_skim_link(const struct addrinfo *address, uint8_t type, uint32_t session, int *ret_fd)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -errno;
	r = link_channel(fd, address, type, session);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}
