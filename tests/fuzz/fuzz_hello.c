// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The gateway's reading of a ClientHello: once it has an opinion more bytes do not
 * change it, a name is a host name, and OpenSSL, asked about the same bytes, has
 * read the same name.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/gateway/hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look(SSL *ssl, int *alert, void *user)
{
	const unsigned char *extension;
	char *name = user;
	size_t bytes;

	(void)alert;
	strcpy(name, "");
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &extension, &bytes) && bytes > 5 &&
			bytes - 5 <= SERVER_NAME_MAX) {
		memcpy(name, extension + 5, bytes - 5);
		name[bytes - 5] = '\0';
	}
	return SSL_CLIENT_HELLO_ERROR; /* that was all */
}

/* False: it did not come to that. */
static int openssl_reads(const uint8_t *data, size_t size, char *name)
{
	static SSL_CTX *context;
	SSL *ssl;

	if (!context && !(context = SSL_CTX_new(TLS_server_method())))
		abort();
	SSL_CTX_set_client_hello_cb(context, look, name);
	ssl = SSL_new(context);
	if (!ssl)
		abort();
	name[0] = '?';
	SSL_set_bio(ssl, BIO_new_mem_buf(data, (int)size), BIO_new(BIO_s_mem()));
	SSL_accept(ssl);
	SSL_free(ssl);
	ERR_clear_error();
	return name[0] != '?';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[SERVER_NAME_MAX + 1], other[SERVER_NAME_MAX + 1];
	const char *error;
	int r = -EAGAIN;

	if (size > 2 * HELLO_MAX_BYTES)
		return 0;
	for (size_t n = size < 600 ? 0 : size - 1; n <= size; n++) {
		/* Of its own, so that a step past the end is seen. */
		uint8_t *copy = malloc(n ? n : 1);
		int before = r;

		if (!copy)
			return 0;
		memcpy(copy, data, n);
		r = hello_parse(copy, n, name);
		free(copy);
		if (r != 0 && r != -EAGAIN && r != -EPROTO && r != -EMSGSIZE)
			abort();
		if (before != -EAGAIN && r != before)
			abort();
	}
	if (r)
		return 0;
	if (name[0] && server_name_check(name, &error) < 0)
		abort();
	if (openssl_reads(data, size, other) && strcmp(name, other))
		abort();
	return 0;
}
