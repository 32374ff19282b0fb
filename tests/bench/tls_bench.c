// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What TLS costs the loop: CPU time for each MB sent beside the same without
 * TLS, in turns over loopback TCP, and for each full handshake. The clients are
 * OpenSSL's, in a thread of their own whose time does not count. Exit status 1:
 * it costs more than it may.
 */
#include <err.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/stream.h"
#include "net/tls.h"
#include "server/clock.h"
#include "server/make_certs.h"

#define ROUNDS 3
#define ROUND_BYTES (128LL << 20)
#define CHUNK_BYTES (64 << 10)
#define HANDSHAKES 500
/* The figures to reach. */
#define MORE_MS_PER_MB_MAX 1.5
#define HANDSHAKES_PER_S_MIN 300

static char directory[] = "/tmp/planecast-tls-bench.XXXXXX";
static char paths[TLS_FILES][128];
static struct event_base *base;
static struct tls *tls;
static SSL_CTX *client_context;
static uint8_t chunk[CHUNK_BYTES];

struct connection {
	struct stream *stream;
	struct tls_link tls;
	int64_t left;
	bool done;
};

static int64_t thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static void connect_pair(int fds[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0 ||
			getsockname(listener, (struct sockaddr *)&address, &length) < 0)
		err(1, "listen");
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fds[0], (struct sockaddr *)&address, length) < 0)
		err(1, "connect");
	fds[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fds[1] < 0)
		err(1, "accept");
	close(listener);
}

/* Who reads to the end. */
struct reader {
	int fd;
	bool secure;
};

static void *read_all(void *data)
{
	static uint8_t buffer[256 << 10];
	const struct reader *reader = data;
	SSL *ssl = reader->secure ? SSL_new(client_context) : NULL;

	if (ssl) {
		SSL_set_fd(ssl, reader->fd);
		if (SSL_connect(ssl) != 1)
			errx(1, "the client's handshake failed");
	}
	while ((ssl ? SSL_read(ssl, buffer, sizeof(buffer)) : (int)recv(reader->fd, buffer, sizeof(buffer), 0)) > 0)
		;
	SSL_free(ssl);
	close(reader->fd);
	return NULL;
}

static void write_more(struct connection *connection)
{
	struct evbuffer *data = evbuffer_new();

	for (int i = 0; i < 4 && connection->left > 0; i++, connection->left -= CHUNK_BYTES)
		evbuffer_add_reference(data, chunk, CHUNK_BYTES, NULL, NULL);
	if (!evbuffer_get_length(data))
		connection->done = true;
	else if (stream_write_buffer(connection->stream, data) < 0)
		errx(1, "out of memory");
	evbuffer_free(data);
}

static void handle_readable(void *user)
{
	(void)user;
}

static void handle_drained(void *user)
{
	write_more(user);
}

static void handle_closed(void *user, int error)
{
	const struct connection *connection = user;

	errx(1, "closed: %s %s", strerror(-error), connection->tls.error);
}

static void handle_opened(void *user)
{
	struct connection *connection = user;

	connection->done = !connection->left;
	if (connection->left)
		write_more(connection);
}

static const struct stream_events events = {
	.readable = handle_readable,
	.drained = handle_drained,
	.closed = handle_closed,
};

/* The CPU time of this thread that it takes to send so much, from when the connection is there. */
static int64_t serve(bool secure, int64_t bytes)
{
	struct connection connection = { .tls = { .tls = tls, .opened = handle_opened }, .left = bytes };
	struct reader reader = { .secure = secure };
	pthread_t thread;
	int64_t start_ns;
	int fds[2];

	connection.tls.user = &connection;
	connect_pair(fds);
	reader.fd = fds[0];
	if (pthread_create(&thread, NULL, read_all, &reader))
		errx(1, "no thread");
	start_ns = thread_cpu_ns();
	if (stream_new(base, fds[1], &events, &connection, &connection.stream) < 0 ||
			(secure && stream_push(connection.stream, &tls_layer, &connection.tls) < 0))
		errx(1, "no stream");
	if (!secure)
		handle_opened(&connection);
	while (!connection.done)
		event_base_loop(base, EVLOOP_ONCE);
	stream_free(connection.stream);
	start_ns = thread_cpu_ns() - start_ns;
	pthread_join(thread, NULL);
	event_base_loop(base, EVLOOP_NONBLOCK);
	return start_ns;
}

static int compare(const void *a, const void *b)
{
	const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return (one > other) - (one < other);
}

static void set_up(void)
{
	static const char *const names[TLS_FILES] = { MAKE_CERTS_SERVER, MAKE_CERTS_SERVER_KEY, NULL };
	struct tls_files files = { 0 };
	struct tls_fault fault;
	FILE *out = fopen("/dev/null", "w");

	if (!out || !mkdtemp(directory) || make_certs(directory, NULL, out) < 0 || tls_new(&tls) < 0)
		errx(1, "no certificates");
	fclose(out);
	for (unsigned int i = 0; i < TLS_FILES; i++) {
		if (!names[i])
			continue;
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", directory, names[i]);
		files.path[i] = paths[i];
	}
	if (tls_load(tls, &files, &fault) < 0)
		errx(1, "%s %s", files.path[fault.file], fault.text);
	client_context = SSL_CTX_new(TLS_client_method());
	base = event_base_new();
	if (!client_context || !base)
		errx(1, "out of memory");
}

static void clean_up(void)
{
	static const char *const names[] = { MAKE_CERTS_CA, MAKE_CERTS_CA_KEY, MAKE_CERTS_SERVER, MAKE_CERTS_SERVER_KEY,
		MAKE_CERTS_CLIENT, MAKE_CERTS_CLIENT_KEY };
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
	tls_free(tls);
	SSL_CTX_free(client_context);
	event_base_free(base);
}

int main(void)
{
	int64_t plain_ns[ROUNDS], secure_ns[ROUNDS], handshakes_ns = 0;
	const double mb = (double)ROUND_BYTES / 1e6;
	double plain_ms, secure_ms, per_s;

	signal(SIGPIPE, SIG_IGN);
	set_up();
	for (size_t i = 0; i < sizeof(chunk); i++)
		chunk[i] = (uint8_t)(i * 2654435761u >> 13);
	for (int i = 0; i < ROUNDS; i++) {
		plain_ns[i] = serve(false, ROUND_BYTES);
		secure_ns[i] = serve(true, ROUND_BYTES);
	}
	for (int i = 0; i < HANDSHAKES; i++)
		handshakes_ns += serve(true, 0);
	clean_up();
	qsort(plain_ns, ROUNDS, sizeof(plain_ns[0]), compare);
	qsort(secure_ns, ROUNDS, sizeof(secure_ns[0]), compare);
	plain_ms = (double)plain_ns[ROUNDS / 2] / NSEC_PER_MSEC / mb;
	secure_ms = (double)secure_ns[ROUNDS / 2] / NSEC_PER_MSEC / mb;
	per_s = HANDSHAKES / ((double)handshakes_ns / NSEC_PER_SEC);
	printf("plain %.3f ms CPU a MB, TLS %.3f, more by %.3f (at most %.1f)\n", plain_ms, secure_ms,
			secure_ms - plain_ms, MORE_MS_PER_MB_MAX);
	printf("%.0f full handshakes a second of one core (at least %d)\n", per_s, HANDSHAKES_PER_S_MIN);
	return secure_ms - plain_ms > MORE_MS_PER_MB_MAX || per_s < HANDSHAKES_PER_S_MIN;
}
