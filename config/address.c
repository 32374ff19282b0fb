// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads and writes the addresses that sockets listen on. */
#include "config/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:"
#define PORT_DIGITS_MAX 5
/* "[", an IPv6 address, "%", an interface; the longest host there is. */
#define HOST_MAX (INET6_ADDRSTRLEN + IF_NAMESIZE + 2)

static int parse_port(const char *text, in_port_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long port = 0;

	if (digits == 0 || digits > PORT_DIGITS_MAX || text[digits])
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		port = port * 10 + (unsigned long)(text[i] - '0');
	if (port > UINT16_MAX)
		return -EINVAL;
	*ret = htons((uint16_t)port);
	return 0;
}

static int parse_unix(const char *path, struct sockaddr_storage *ret, socklen_t *ret_length,
		const char **ret_error)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t length = strlen(path);

	if (path[0] != '/' || !path[1]) {
		*ret_error = "expected an absolute path after \"unix:\"";
		return -EINVAL;
	}
	if (length >= sizeof(sun.sun_path)) {
		*ret_error = "the path of a unix socket has at most 107 bytes";
		return -EINVAL;
	}
	memcpy(sun.sun_path, path, length);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, &sun, sizeof(sun));
	*ret_length = (socklen_t)sizeof(sun);
	return 0;
}

/* host: between the brackets. */
static int parse_ipv6(char *host, in_port_t port, struct sockaddr_storage *ret,
		socklen_t *ret_length, const char **ret_error)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = port };
	char *scope = strchr(host, '%');

	if (scope) {
		*scope++ = '\0';
		sin6.sin6_scope_id = if_nametoindex(scope);
		if (sin6.sin6_scope_id == 0) {
			*ret_error = "no network interface of the name behind '%'";
			return -EINVAL;
		}
	}
	if (inet_pton(AF_INET6, host, &sin6.sin6_addr) != 1) {
		*ret_error = "expected a numeric IPv6 address between the brackets";
		return -EINVAL;
	}
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, &sin6, sizeof(sin6));
	*ret_length = (socklen_t)sizeof(sin6);
	return 0;
}

static int parse_ipv4(const char *host, in_port_t port, struct sockaddr_storage *ret,
		socklen_t *ret_length, const char **ret_error)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = port };

	if (inet_pton(AF_INET, host, &sin.sin_addr) != 1) {
		*ret_error = strchr(host, ':')
				? "an IPv6 address needs brackets: \"[::1]:5901\""
				: "expected a numeric address, \"localhost\", \"*\" or "
				  "\"unix:/PATH\"; names are not looked up";
		return -EINVAL;
	}
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, &sin, sizeof(sin));
	*ret_length = (socklen_t)sizeof(sin);
	return 0;
}

int address_parse(const char *text, struct sockaddr_storage *ret, socklen_t *ret_length,
		const char **ret_error)
{
	const char *colon = strrchr(text, ':');
	char host[HOST_MAX];
	size_t length;
	in_port_t port;

	if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return parse_unix(text + strlen(UNIX_PREFIX), ret, ret_length, ret_error);

	/* What viewers are given, "vnc://...", is none. */
	if (!colon || colon == text || strchr(colon, ']') || strstr(text, "//")) {
		*ret_error = "expected ADDRESS:PORT or unix:/PATH";
		return -EINVAL;
	}
	length = (size_t)(colon - text);
	if (length >= sizeof(host)) {
		*ret_error = "the address before the port is too long";
		return -EINVAL;
	}
	memcpy(host, text, length);
	host[length] = '\0';
	if (parse_port(colon + 1, &port) < 0) {
		*ret_error = "expected a port of 0 to 65535 after the last ':'";
		return -EINVAL;
	}

	if (strcmp(host, "*") == 0)
		return parse_ipv6((char[]){ "::" }, port, ret, ret_length, ret_error);
	if (strcmp(host, "localhost") == 0)
		return parse_ipv4("127.0.0.1", port, ret, ret_length, ret_error);
	if (host[0] != '[')
		return parse_ipv4(host, port, ret, ret_length, ret_error);
	if (host[length - 1] != ']') {
		*ret_error = "expected ']' behind the IPv6 address";
		return -EINVAL;
	}
	host[length - 1] = '\0';
	return parse_ipv6(host + 1, port, ret, ret_length, ret_error);
}

static void format_unix(const struct sockaddr_un *sun, socklen_t length, char *buf)
{
	size_t path = offsetof(struct sockaddr_un, sun_path);
	size_t bytes = length > path ? length - path : 0;

	if (bytes > sizeof(sun->sun_path))
		bytes = sizeof(sun->sun_path);
	/* An abstract name starts with a zero byte; "@" is how ss and netstat show it. */
	if (bytes > 1 && sun->sun_path[0] == '\0')
		snprintf(buf, ADDRESS_TEXT_MAX, UNIX_PREFIX "@%.*s", (int)bytes - 1,
				sun->sun_path + 1);
	else if (bytes > 0 && sun->sun_path[0])
		snprintf(buf, ADDRESS_TEXT_MAX, UNIX_PREFIX "%.*s", (int)bytes, sun->sun_path);
	else
		snprintf(buf, ADDRESS_TEXT_MAX, "unix");
}

static void format_ipv4(const void *address, in_port_t port, char *buf)
{
	char host[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET, address, host, sizeof(host));
	snprintf(buf, ADDRESS_TEXT_MAX, "%s:%u", host, ntohs(port));
}

static void format_ipv6(const struct sockaddr_in6 *sin6, char *buf)
{
	char host[INET6_ADDRSTRLEN] = "", scope[IF_NAMESIZE + 1] = "";

	if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
		format_ipv4(&sin6->sin6_addr.s6_addr[12], sin6->sin6_port, buf);
		return;
	}
	if (sin6->sin6_scope_id) {
		scope[0] = '%';
		if (!if_indextoname(sin6->sin6_scope_id, scope + 1))
			snprintf(scope + 1, sizeof(scope) - 1, "%u", sin6->sin6_scope_id);
	}
	inet_ntop(AF_INET6, &sin6->sin6_addr, host, sizeof(host));
	snprintf(buf, ADDRESS_TEXT_MAX, "[%s%s]:%u", host, scope, ntohs(sin6->sin6_port));
}

const char *address_format(
		const struct sockaddr *address, socklen_t length, char buf[ADDRESS_TEXT_MAX])
{
	/* Copies, because a caller's sockaddr need not be aligned for its family. */
	struct sockaddr_storage copy = { 0 };

	memcpy(&copy, address, length < sizeof(copy) ? length : sizeof(copy));
	if (length < sizeof(copy.ss_family))
		copy.ss_family = AF_UNSPEC;
	switch (copy.ss_family) {
	case AF_UNIX:
		format_unix((const struct sockaddr_un *)&copy, length, buf);
		break;
	case AF_INET:
		format_ipv4(&((const struct sockaddr_in *)&copy)->sin_addr,
				((const struct sockaddr_in *)&copy)->sin_port, buf);
		break;
	case AF_INET6:
		format_ipv6((const struct sockaddr_in6 *)&copy, buf);
		break;
	default:
		snprintf(buf, ADDRESS_TEXT_MAX, "unknown");
	}
	return buf;
}

bool address_is_local(const struct sockaddr *address)
{
	const struct in6_addr *in6;

	switch (address->sa_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 ==
				IN_LOOPBACKNET;
	case AF_INET6:
		in6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
		if (IN6_IS_ADDR_V4MAPPED(in6))
			return in6->s6_addr[12] == IN_LOOPBACKNET;
		return IN6_IS_ADDR_LOOPBACK(in6);
	default:
		return false;
	}
}
