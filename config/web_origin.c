// SPDX-License-Identifier: GPL-2.0-or-later
/* Hosts and origins of web pages, read strictly. */
#include "config/web_origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define PORT_MAX 65535u

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* ":PORT" or nothing. -EINVAL: neither; 0: nothing. */
static int parse_port(const char *text)
{
	unsigned int port = 0;

	if (!*text)
		return 0;
	if (*text++ != ':' || !*text || *text == '0')
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		port = port * 10 + (unsigned int)(*text - '0');
		if (port > PORT_MAX)
			return -EINVAL;
	}
	return (int)port;
}

/* Returns what is behind the name; NULL: it is none. */
static const char *parse_name(const char *text, char name[WEB_HOST_MAX])
{
	const char *allowed = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
	struct in6_addr address;
	size_t bytes = 0;

	if (*text == '[') {
		const char *end = strchr(text, ']');

		if (!end || end - text - 1 >= WEB_HOST_MAX - 2)
			return NULL;
		memcpy(name, text + 1, (size_t)(end - text - 1));
		name[end - text - 1] = '\0';
		if (inet_pton(AF_INET6, name, &address) != 1)
			return NULL;
		for (bytes = 0; text + bytes <= end; bytes++)
			name[bytes] = lower(text[bytes]);
	} else {
		/* Not strchr() alone, which also finds the NUL. */
		for (; text[bytes] && strchr(allowed, lower(text[bytes])); bytes++) {
			if (bytes == WEB_HOST_MAX - 1)
				return NULL;
			name[bytes] = lower(text[bytes]);
		}
	}
	name[bytes] = '\0';
	return bytes ? text + bytes : NULL;
}

int web_host_parse(const char *text, char ret_name[WEB_HOST_MAX])
{
	char name[WEB_HOST_MAX];
	const char *rest = parse_name(text, name);

	if (!rest || parse_port(rest) < 0)
		return -EINVAL;
	memcpy(ret_name, name, strlen(name) + 1);
	return 0;
}

bool web_host_is_fixed(const char *name)
{
	struct in_addr address;

	return !strcmp(name, "localhost") || name[0] == '[' || inet_pton(AF_INET, name, &address) == 1;
}

int web_origin_parse(const char *text, char ret_host[WEB_HOST_MAX], const char **ret_error)
{
	static const struct {
		const char *start;
		int port;
	} schemes[] = { { "http://", 80 }, { "https://", 443 } };
	const char *error = "an origin like https://desk.example.org or http://localhost:8080 was expected";
	char name[WEB_HOST_MAX];
	const char *rest;
	int port;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strncmp(text, schemes[i].start, strlen(schemes[i].start)))
			continue;
		rest = parse_name(text + strlen(schemes[i].start), name);
		port = rest ? parse_port(rest) : -EINVAL;
		if (port >= 0 && port != schemes[i].port) {
			memcpy(ret_host, name, strlen(name) + 1);
			return 0;
		}
		error = port >= 0 ? "browsers leave out the port that the scheme has anyway" :
				rest && *rest == '/' ? "an origin ends with the host or its port, nothing follows"
				: error;
	}
	if (ret_error)
		*ret_error = error;
	return -EINVAL;
}
