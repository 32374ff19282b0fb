// SPDX-License-Identifier: GPL-2.0-or-later
/* The layer that encrypts: a filter between two evbuffers, with OpenSSL in between. */
#include "net/tls.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One record's. */
#define READ_BYTES 16384

struct tls_layer_state {
	SSL *ssl;
	struct tls_link *link; /* NULL once the stream is gone */
	struct bufferevent *bev, *below;
	struct event *start;
	bool failed, ended;
};

/*
 * OpenSSL's end of the evbuffers below. The stream's limits hold there: what is
 * read of the socket is bounded, and what is written by what its owner writes.
 */
static int bio_write(BIO *bio, const char *data, int bytes)
{
	struct tls_layer_state *layer = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	return evbuffer_add(bufferevent_get_output(layer->below), data, (size_t)bytes) < 0 ? -1 : bytes;
}

static int bio_read(BIO *bio, char *data, int bytes)
{
	struct tls_layer_state *layer = BIO_get_data(bio);
	int got = evbuffer_remove(bufferevent_get_input(layer->below), data, (size_t)bytes);

	BIO_clear_retry_flags(bio);
	if (got > 0)
		return got;
	BIO_set_retry_read(bio);
	return -1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *data)
{
	(void)bio;
	(void)number;
	(void)data;
	return command == BIO_CTRL_FLUSH;
}

/* Made once a process; NULL: no memory for it. */
static BIO_METHOD *bio_method(void)
{
	static BIO_METHOD *method;

	if (method)
		return method;
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "evbuffer");
	if (method && (BIO_meth_set_write(method, bio_write) != 1 || BIO_meth_set_read(method, bio_read) != 1 ||
			BIO_meth_set_ctrl(method, bio_ctrl) != 1)) {
		BIO_meth_free(method);
		method = NULL;
	}
	return method;
}

/* Deferred, so that what was read before is handled before; errno is what handlers see. */
static void tell_end(struct tls_layer_state *layer, short what, int error)
{
	layer->ended = true;
	errno = error;
	bufferevent_trigger_event(layer->bev, what | BEV_EVENT_READING, BEV_TRIG_DEFER_CALLBACKS);
}

static void fail(struct tls_layer_state *layer, const char *what)
{
	const long verdict = SSL_get_verify_result(layer->ssl);
	char reason[TLS_ERROR_MAX / 2];

	layer->failed = true;
	tls_last_error(reason, sizeof(reason), "broken");
	if (layer->link)
		snprintf(layer->link->error, sizeof(layer->link->error), "TLS%s: %s", what,
				verdict == X509_V_OK ? reason : X509_verify_cert_error_string(verdict));
	tell_end(layer, BEV_EVENT_ERROR, EPROTO);
}

/* False: it does not go on. Clean ends and failures are told. */
static bool goes_on(struct tls_layer_state *layer, int result, const char *what)
{
	switch (SSL_get_error(layer->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return true;
	case SSL_ERROR_ZERO_RETURN:
		tell_end(layer, BEV_EVENT_EOF, 0);
		return false;
	default:
		fail(layer, what);
		return false;
	}
}

/* False: it has one that is of no use. */
static bool read_subject(struct tls_layer_state *layer)
{
	const X509 *certificate = SSL_get0_peer_certificate(layer->ssl);
	char *subject = layer->link->subject;
	int bytes;
	BIO *bio;

	if (!certificate)
		return true;
	bio = BIO_new(BIO_s_mem());
	if (!bio)
		return false;
	/* Control characters, commas and the like come escaped. */
	X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
	bytes = BIO_pending(bio) < TLS_SUBJECT_MAX ? BIO_read(bio, subject, TLS_SUBJECT_MAX - 1) : 0;
	subject[bytes > 0 ? bytes : 0] = '\0';
	BIO_free(bio);
	return bytes > 0;
}

/* True: open, also for the owner. */
static bool shake_hands(struct tls_layer_state *layer)
{
	int r;

	if (SSL_is_init_finished(layer->ssl))
		return true;
	ERR_clear_error();
	r = SSL_do_handshake(layer->ssl);
	if (r != 1) {
		goes_on(layer, r, " handshake");
		return false;
	}
	if (!read_subject(layer)) {
		fail(layer, ": the client's certificate has no name, or too long a one");
		return false;
	}
	layer->link->version = SSL_get_version(layer->ssl);
	layer->link->open = true;
	if (layer->link->opened)
		layer->link->opened(layer->link->user);
	if (!layer->link)
		return false; /* freed */
	/* What was written meanwhile. */
	bufferevent_flush(layer->bev, EV_WRITE, BEV_FLUSH);
	return !layer->failed;
}

/*
 * Takes all there is, whatever the stream's limit: it holds the socket back, and
 * nobody would call again for what is left below.
 */
static enum bufferevent_filter_result read_in(struct evbuffer *from, struct evbuffer *to, ev_ssize_t limit,
		enum bufferevent_flush_mode mode, void *context)
{
	struct tls_layer_state *layer = context;
	enum bufferevent_filter_result result = BEV_NEED_MORE;
	uint8_t data[READ_BYTES];
	int r;

	(void)from;
	(void)limit;
	(void)mode;
	if (layer->failed || layer->ended || !layer->link || !shake_hands(layer))
		return BEV_NEED_MORE;
	for (;;) {
		ERR_clear_error();
		r = SSL_read(layer->ssl, data, sizeof(data));
		if (r <= 0) {
			goes_on(layer, r, "");
			return result;
		}
		if (evbuffer_add(to, data, (size_t)r) < 0) {
			fail(layer, ": out of memory");
			return result;
		}
		result = BEV_OK;
	}
}

/* A chain at a time: see net/tls.h. */
static enum bufferevent_filter_result write_out(struct evbuffer *from, struct evbuffer *to, ev_ssize_t limit,
		enum bufferevent_flush_mode mode, void *context)
{
	struct tls_layer_state *layer = context;
	enum bufferevent_filter_result result = BEV_NEED_MORE;
	unsigned char *data;
	size_t bytes;
	int r;

	(void)to;
	(void)limit;
	(void)mode;
	if (layer->failed || !SSL_is_init_finished(layer->ssl))
		return BEV_NEED_MORE;
	while (evbuffer_get_length(from)) {
		data = evbuffer_pullup(from, 1);
		bytes = evbuffer_get_contiguous_space(from);
		ERR_clear_error();
		r = data ? SSL_write(layer->ssl, data, (int)(bytes < INT_MAX ? bytes : INT_MAX)) : -1;
		if (r <= 0) {
			fail(layer, "");
			return result;
		}
		evbuffer_drain(from, (size_t)r);
		result = BEV_OK;
	}
	return result;
}

static void handle_start(evutil_socket_t fd, short what, void *context)
{
	struct tls_layer_state *layer = context;

	(void)fd;
	(void)what;
	bufferevent_flush(layer->bev, EV_READ, BEV_FLUSH);
}

static void free_layer(void *context)
{
	struct tls_layer_state *layer = context;

	if (layer->start)
		event_free(layer->start);
	SSL_free(layer->ssl);
	free(layer);
}

static int open_layer(struct event_base *base, struct bufferevent *below, void *argument, struct bufferevent **ret)
{
	struct tls_link *link = argument;
	struct tls_layer_state *layer;
	BIO *bio = NULL;
	int r;

	link->open = false;
	link->subject[0] = '\0';
	link->error[0] = '\0';
	layer = calloc(1, sizeof(*layer));
	if (!layer)
		return -ENOMEM;
	layer->link = link;
	link->layer = layer;
	layer->below = below;
	r = tls_make_ssl(link->tls, &layer->ssl);
	if (r < 0)
		goto err_free;
	r = -ENOMEM;
	layer->start = event_new(base, -1, 0, handle_start, layer);
	if (layer->start && bio_method())
		bio = BIO_new(bio_method());
	if (!bio)
		goto err_free;
	BIO_set_data(bio, layer);
	BIO_set_init(bio, 1);
	SSL_set_bio(layer->ssl, bio, bio);
	layer->bev = bufferevent_filter_new(below, read_in, write_out, BEV_OPT_CLOSE_ON_FREE, free_layer, layer);
	if (!layer->bev)
		goto err_free;
	/* For what is below already. */
	if (evbuffer_get_length(bufferevent_get_input(below)))
		event_active(layer->start, 0, 0);
	*ret = layer->bev;
	return 0;

err_free:
	ERR_clear_error();
	link->layer = NULL;
	free_layer(layer);
	return r;
}

static void close_layer(struct bufferevent *bev, void *argument)
{
	struct tls_link *link = argument;
	struct tls_layer_state *layer = link->layer;

	(void)bev;
	if (!layer->failed && SSL_is_init_finished(layer->ssl))
		SSL_shutdown(layer->ssl);
	ERR_clear_error();
	layer->link = NULL;
	link->layer = NULL;
}

const struct stream_layer tls_layer = {
	.name = "TLS",
	.open = open_layer,
	.close = close_layer,
};
