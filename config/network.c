// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads prefixes of addresses and compares them with peers. */
#include "config/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "config/number.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

/* Behind the bits that count all have to be 0, or another one was meant. */
static bool has_rest(const struct network *network)
{
	for (unsigned int i = network->bits; i < 128; i++) {
		if (network->address[i / 8] & 0x80 >> i % 8)
			return true;
	}
	return false;
}

static int parse_prefix(const char *text, struct network *ret, const char **ret_error)
{
	const char *slash = strchr(text, '/');
	const size_t length = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	int64_t bits, most = 128;

	*ret_error = "expected an address, a network like 192.0.2.0/24, localhost, or unix";
	if (length >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, length);
	address[length] = '\0';
	*ret = (struct network){ .kind = NETWORK_PREFIX };
	if (inet_pton(AF_INET, address, ret->address + sizeof(mapped)) == 1) {
		memcpy(ret->address, mapped, sizeof(mapped));
		most = 32;
	} else if (inet_pton(AF_INET6, address, ret->address) != 1) {
		return -EINVAL;
	}
	bits = most;
	if (slash && (number_parse(slash + 1, number_plain, &bits) < 0 || bits < 0 || bits > most)) {
		*ret_error = most == 32 ? "expected 0 to 32 bits behind the /" : "expected 0 to 128 bits behind the /";
		return -EINVAL;
	}
	ret->bits = (unsigned int)(bits + 128 - most);
	if (has_rest(ret)) {
		*ret_error = "there are more bits in the address than count by what is behind the /";
		return -EINVAL;
	}
	return 0;
}

int network_parse(const char *text, struct network *ret, const char **ret_error)
{
	struct network network = { .kind = NETWORK_LOCALHOST };
	int r = 0;

	if (strcmp(text, "unix") == 0)
		network.kind = NETWORK_UNIX;
	else if (strcmp(text, "localhost") != 0)
		r = parse_prefix(text, &network, ret_error);
	if (r == 0)
		*ret = network;
	return r;
}

static bool is_localhost(const uint8_t address[16])
{
	return memcmp(address, &in6addr_loopback, 16) == 0 ||
			(memcmp(address, mapped, sizeof(mapped)) == 0 && address[12] == IN_LOOPBACKNET);
}

bool network_contains(const struct network *network, const struct sockaddr *peer)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	uint8_t address[16];

	if (peer->sa_family == AF_INET) {
		memcpy(&in, peer, sizeof(in));
		memcpy(address, mapped, sizeof(mapped));
		memcpy(address + sizeof(mapped), &in.sin_addr, sizeof(in.sin_addr));
	} else if (peer->sa_family == AF_INET6) {
		memcpy(&in6, peer, sizeof(in6));
		memcpy(address, &in6.sin6_addr, sizeof(address));
	} else {
		return network->kind == NETWORK_UNIX;
	}
	if (network->kind != NETWORK_PREFIX)
		return network->kind == NETWORK_LOCALHOST && is_localhost(address);
	for (unsigned int i = 0; i < network->bits; i++) {
		if ((address[i / 8] ^ network->address[i / 8]) & 0x80 >> i % 8)
			return false;
	}
	return true;
}
