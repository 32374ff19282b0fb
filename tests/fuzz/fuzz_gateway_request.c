// SPDX-License-Identifier: GPL-2.0-or-later
/* Whatever comes to the web page as a request: what is taken out of it lies in it, and is what it may be. */
#include <event2/buffer.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_request.h"
#include "server/gateway/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evbuffer *input = evbuffer_new();
	/* By itself, so that a sanitizer sees what is beside it. */
	struct http_request *request = malloc(sizeof(*request));
	char *name = malloc(REQUEST_VM_MAX + 1);
	size_t bytes = 0;
	const char *cookie;

	evbuffer_add(input, data, size);
	http_request_init(request);
	if (http_request_read(request, input) == 1) {
		cookie = request_cookie(request, &bytes);
		if (cookie && (cookie < request->head || cookie + bytes > request->head + size ||
				memchr(cookie, ';', bytes) || memchr(cookie, '\0', bytes)))
			abort();
		if (request_is_ours(request) && !http_request_header(request, "origin"))
			abort();
		if (!request_vm(request, name) && (!name[0] || strlen(name) > REQUEST_VM_MAX || strchr(name, '/')))
			abort();
	}
	evbuffer_free(input);
	free(request);
	free(name);
	return 0;
}
