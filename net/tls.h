/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS for streams: who we are, who the client is, and the layer between socket
 * and protocol. OpenSSL; TLS 1.2 and 1.3, authenticated ciphers with forward
 * secrecy only, no renegotiation, no compression, no resumption: a ticket after
 * the handshake is what older viewers of VNC hang at.
 *
 * A struct tls holds what the files said when they were read last, so that they
 * can be read again while connections that began before go on. tls_layer is
 * pushed onto a stream (net/stream.h), at its start or in the middle: what the
 * client had sent by then is then part of the handshake and nothing else, and
 * whoever wrote plaintext in front of it has spoilt it.
 *
 * One chain of what is written becomes records of its own: who needs to know
 * where a record ends writes what belongs into it as a chain (evbuffer_add_reference()).
 *
 * Loop thread.
 */
#ifndef PLANECAST_NET_TLS_H
#define PLANECAST_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "net/stream.h"

struct tls;
struct tls_layer_state;

/* More than that is in nobody's certificate; such a client is refused. */
#define TLS_SUBJECT_MAX 256
#define TLS_ERROR_MAX 192

enum tls_file { TLS_FILE_CERTIFICATE, TLS_FILE_KEY, TLS_FILE_CLIENT_CA, TLS_FILE_CLIENT_CRL, TLS_FILES };

/* Paths of PEM files; borrowed for the call only. */
struct tls_files {
	/*
	 * The server's certificate and those that lead from it to its CA; the key to it; the
	 * CAs of clients, or NULL: these need no certificate; a list of what each of these CAs has
	 * revoked, or NULL: nothing. Once a list has ended no client is let in.
	 */
	const char *path[TLS_FILES];
};

/* Why files are of no use. */
struct tls_fault {
	enum tls_file file; /* to be mended */
	char text[TLS_ERROR_MAX]; /* goes on behind the file's name */
};

/* With no certificate as yet. -ENOMEM. */
int tls_new(struct tls **ret);
/* Connections go on. NULL is fine. */
void tls_free(struct tls *tls);
/*
 * Reads the files and checks that they belong together; connections that begin
 * from now on use them. No certificate among them: none do. 0; otherwise a negative errno, ret_fault says why, and
 * all stays as it was. Blocks on the disk.
 */
int tls_load(struct tls *tls, const struct tls_files *files, struct tls_fault *ret_fault);
/* A certificate has been loaded. */
bool tls_is_ready(const struct tls *tls);
/* Clients need a certificate. */
bool tls_asks_client(const struct tls *tls);
/* Whose certificate it is and until when, in words; "" where none is loaded. Valid until the next tls_load(). */
const char *tls_describe(const struct tls *tls);
/* It has begun and not ended, as of when it was loaded. */
bool tls_is_current(const struct tls *tls);

/*
 * The argument of tls_layer. The owner's; it outlives the stream, and the layer
 * does not touch it once the stream is freed.
 */
struct tls_link {
	struct tls *tls; /* used while it is pushed only */
	/*
	 * Optional. The handshake is done: comes before the first readable() of what is inside. May
	 * free the stream. Never from within stream_push().
	 */
	void (*opened)(void *user);
	void *user;

	bool open;
	const char *version; /* "TLSv1.3", once it is open; a constant */
	/* Of the client's certificate, which its CA vouches for: "CN=ann,O=Example" (RFC 2253). "" if it has none. */
	char subject[TLS_SUBJECT_MAX];
	/* Why it failed, for the log; "" as long as it has not. The stream's closed() then says -EPROTO. */
	char error[TLS_ERROR_MAX];

	struct tls_layer_state *layer; /* the layer's own */
};

/* -ENOKEY: tls has no certificate. */
extern const struct stream_layer tls_layer;

/* For tls_layer.c. */
struct ssl_st;
/* -ENOKEY, -ENOMEM. */
int tls_make_ssl(const struct tls *tls, struct ssl_st **ret);
/* The reason of what OpenSSL has just failed at, in its words; forgets it. */
void tls_last_error(char *buf, size_t size, const char *otherwise);

#endif
