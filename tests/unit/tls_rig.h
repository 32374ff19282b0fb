/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of TLS: certificates, and clients that are OpenSSL's own. */
#ifndef PLANECAST_TESTS_TLS_RIG_H
#define PLANECAST_TESTS_TLS_RIG_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/tls.h"

/* Those of another CA. */
#define TLS_RIG_OTHER "other/"

/* Makes certificates in a directory of its own, removed by tls_rig_stop(). For a group's setup. */
int tls_rig_start(void);
void tls_rig_stop(void);
/* A file there; valid until the next but three calls. */
const char *tls_rig_path(const char *name);
/*
 * Writes a file there: a list of the CA in that folder ("" or TLS_RIG_OTHER), on which that certificate is, from now
 * on and so many seconds, or from so long ago until then. revoked NULL: none is.
 */
void tls_rig_revoke(const char *file, const char *folder, const char *revoked, long from_s, long until_s);
/* The server's, with clients' CA if asked. Loaded. */
struct tls *tls_rig_tls(bool asks_client);

struct tls_client {
	SSL_CTX *context;
	SSL *ssl;
	int fd; /* non-blocking; the client's */
	unsigned int records; /* with content, received so far */
	unsigned int tickets; /* received so far */
};

/* Trusts the CA; the caller may change context until tls_client_begin(). */
void tls_client_init(struct tls_client *client, int fd);
void tls_client_begin(struct tls_client *client);
void tls_client_use(struct tls_client *client, const char *certificate, const char *key);
/* True once the handshake is done; fails the test when it fails, unless tls_client_fails() is asked. */
bool tls_client_connect(struct tls_client *client);
/* True once it has failed, during the handshake or after. */
bool tls_client_fails(struct tls_client *client);
/* What there is to read now; 0: nothing, negative: -SSL_get_error(). */
int tls_client_read(struct tls_client *client, void *data, size_t bytes);
/* Closes fd, too. */
void tls_client_finish(struct tls_client *client);

#endif
