// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads cookies, origins and the paths of VMs. */
#include "server/gateway/request.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "net/http_request.h"
#include "server/gateway/form.h"
#include "server/gateway/pages.h"

#define COOKIE PAGES_COOKIE "="
#define SCHEME "https://"

/* RFC 6265 4.2.1: NAME=VALUE; NAME=VALUE */
const char *request_cookie(const struct http_request *request, size_t *ret_bytes)
{
	const char *at = http_request_header(request, "cookie"), *found = NULL;

	while (at && *at) {
		at += strspn(at, "; \t");
		if (!strncmp(at, COOKIE, strlen(COOKIE))) {
			if (found)
				return NULL;
			found = at + strlen(COOKIE);
		}
		at += strcspn(at, ";");
	}
	if (found)
		*ret_bytes = strcspn(found, "; \t");
	return found;
}

bool request_is_ours(const struct http_request *request)
{
	const char *origin = http_request_header(request, "origin"), *host = http_request_header(request, "host");

	return origin && host && !strncmp(origin, SCHEME, strlen(SCHEME)) &&
			!strcasecmp(origin + strlen(SCHEME), host);
}

int request_vm(const struct http_request *request, char ret[REQUEST_VM_MAX + 1])
{
	const char *at = request->path + strlen(REQUEST_VM_PATH);
	char name[REQUEST_VM_MAX + 1] = "";
	size_t used = 0;

	if (strncmp(request->path, REQUEST_VM_PATH, strlen(REQUEST_VM_PATH)))
		return -EINVAL;
	while (*at) {
		const int c = *at == '%' ? form_escaped(at, at + strlen(at)) : *at;

		if (c <= 0 || c == '/' || used == REQUEST_VM_MAX)
			return -EINVAL;
		name[used++] = (char)c;
		at += *at == '%' ? 3 : 1;
	}
	if (!used)
		return -EINVAL;
	memcpy(ret, name, sizeof(name));
	return 0;
}
