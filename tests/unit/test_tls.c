// SPDX-License-Identifier: GPL-2.0-or-later
/* TLS over a stream, with OpenSSL's own client: what goes in comes out, what should fail does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"
#include "server/make_certs.h"
#include "tests/unit/pump.h"
#include "tests/unit/tls_rig.h"

#define BIG_BYTES (1 << 20)
#define DAY_S (24 * 3600L)

static struct event_base *base;
static struct stream *stream;
static struct tls_link layer;
static struct tls_client client;

static struct {
	unsigned int opened, drained, closed;
	int error;
	bool read_before_open, free_when_opened;
} seen;

static void free_stream(void)
{
	stream_free(stream);
	stream = NULL;
}

static void handle_readable(void *user)
{
	(void)user;
	seen.read_before_open |= !seen.opened;
}

static void handle_drained(void *user)
{
	(void)user;
	seen.drained++;
}

static void handle_closed(void *user, int error)
{
	(void)user;
	seen.closed++;
	seen.error = error;
}

static void handle_opened(void *user)
{
	assert_ptr_equal(user, &seen);
	assert_true(layer.open);
	seen.opened++;
	if (seen.free_when_opened)
		free_stream();
}

static const struct stream_events events = {
	.readable = handle_readable,
	.drained = handle_drained,
	.closed = handle_closed,
};

static int setup(void **state)
{
	int fds[2];

	(void)state;
	memset(&seen, 0, sizeof(seen));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	tls_client_init(&client, fds[0]);
	base = event_base_new();
	layer = (struct tls_link){ .tls = tls_rig_tls(false), .opened = handle_opened, .user = &seen };
	return base ? stream_new(base, fds[1], &events, &seen, &stream) : -1;
}

static int teardown(void **state)
{
	(void)state;
	free_stream();
	tls_free(layer.tls);
	tls_client_finish(&client);
	event_base_free(base);
	return 0;
}

static void ask_for_certificates(void)
{
	tls_free(layer.tls);
	layer.tls = tls_rig_tls(true);
}

static void begin(void)
{
	tls_client_begin(&client);
	assert_int_equal(stream_push(stream, &tls_layer, &layer), 0);
}

static void open_both(void)
{
	begin();
	PUMP_UNTIL(base, tls_client_connect(&client) && layer.open);
	assert_int_equal(seen.opened, 1);
}

/* The client is refused, the stream told why. */
static void expect_failure(const char *why)
{
	begin();
	PUMP_UNTIL(base, tls_client_fails(&client) || seen.closed);
	PUMP_UNTIL(base, seen.closed);
	assert_int_equal(seen.error, -EPROTO);
	assert_int_equal(seen.opened, 0);
	assert_int_equal(evbuffer_get_length(stream_input(stream)), 0);
	free_stream();
	PUMP_UNTIL(base, tls_client_fails(&client));
	if (!strstr(layer.error, why))
		fail_msg("'%s' is not in '%s'", why, layer.error);
}

static void expect_from_client(const void *data, size_t bytes)
{
	char got[64];

	assert_true(bytes <= sizeof(got));
	PUMP_UNTIL(base, evbuffer_get_length(stream_input(stream)) >= bytes);
	assert_int_equal(evbuffer_remove(stream_input(stream), got, sizeof(got)), bytes);
	assert_memory_equal(got, data, bytes);
}

static void goes_both_ways(void **state)
{
	const int version = *state ? TLS1_2_VERSION : TLS1_3_VERSION;
	char data[8];

	SSL_CTX_set_max_proto_version(client.context, version);
	open_both();
	assert_int_equal(SSL_version(client.ssl), version);
	assert_string_equal(layer.subject, "");
	assert_string_equal(layer.error, "");

	assert_int_equal(SSL_write(client.ssl, "hello", 5), 5);
	expect_from_client("hello", 5);
	assert_false(seen.read_before_open);
	assert_int_equal(stream_write(stream, "world", 5), 0);
	PUMP_UNTIL(base, tls_client_read(&client, data, sizeof(data)) == 5);
	assert_memory_equal(data, "world", 5);
	PUMP_UNTIL(base, seen.drained);
	/* Older viewers of VNC hang at one. */
	assert_int_equal(client.tickets, 0);
}

static void carries_much(void **state)
{
	uint8_t *sent = malloc(BIG_BYTES), *got = malloc(BIG_BYTES);
	size_t received = 0, written = 0;
	int r;

	(void)state;
	assert_non_null(sent);
	assert_non_null(got);
	for (size_t i = 0; i < BIG_BYTES; i++)
		sent[i] = (uint8_t)(i * 31 + i / 251);
	open_both();
	assert_int_equal(stream_write(stream, sent, BIG_BYTES), 0);
	assert_true(stream_pending(stream) >= BIG_BYTES);
	for (r = 1; received < BIG_BYTES; received += r > 0 ? (size_t)r : 0) {
		PUMP_UNTIL(base, (r = tls_client_read(&client, got + received, BIG_BYTES - received)) != 0);
		assert_true(r > 0);
	}
	assert_memory_equal(got, sent, BIG_BYTES);
	PUMP_UNTIL(base, stream_pending(stream) == 0);

	/* Back, and little of it is held where it is not taken. */
	memset(got, 0, BIG_BYTES);
	for (received = 0; received < BIG_BYTES;) {
		r = written < BIG_BYTES ? SSL_write(client.ssl, sent + written, (int)(BIG_BYTES - written)) : 0;
		written += r > 0 ? (size_t)r : 0;
		if (r <= 0) {
			pump_round(base);
			assert_true(evbuffer_get_length(stream_input(stream)) < 64 << 10);
		}
		r = evbuffer_remove(stream_input(stream), got + received, BIG_BYTES - received);
		received += r > 0 ? (size_t)r : 0;
	}
	assert_memory_equal(got, sent, BIG_BYTES);
	free(sent);
	free(got);
}

/* A reader that waits for its socket between messages must not have one more already. */
static void each_chain_is_a_record(void **state)
{
	struct evbuffer *messages = evbuffer_new();
	char data[16];

	SSL_CTX_set_max_proto_version(client.context, *state ? TLS1_2_VERSION : TLS1_3_VERSION);
	open_both();
	client.records = 0;
	evbuffer_add_reference(messages, "one", 3, NULL, NULL);
	evbuffer_add_reference(messages, "three", 5, NULL, NULL);
	evbuffer_add_reference(messages, "five", 4, NULL, NULL);
	assert_int_equal(stream_send_buffer(stream, messages), 0);
	/* Without the loop. */
	assert_int_equal(stream_pending(stream), 0);
	assert_int_equal(tls_client_read(&client, data, sizeof(data)), 3);
	assert_int_equal(tls_client_read(&client, data, sizeof(data)), 5);
	assert_int_equal(tls_client_read(&client, data, sizeof(data)), 4);
	assert_int_equal(client.records, 3);
	assert_int_equal(tls_client_read(&client, data, sizeof(data)), 0);
	/* What was sent so does not stop what the loop sends. */
	assert_int_equal(stream_write(stream, "more", 4), 0);
	PUMP_UNTIL(base, tls_client_read(&client, data, sizeof(data)) == 4);
	evbuffer_free(messages);
}

static void what_is_written_early_waits(void **state)
{
	struct evbuffer *data = evbuffer_new();
	char got[16];
	int bytes = 0;

	(void)state;
	begin();
	assert_int_equal(stream_write(stream, "early", 5), 0);
	evbuffer_add(data, "bird", 4);
	assert_int_equal(stream_send_buffer(stream, data), 0);
	assert_int_equal(stream_pending(stream), 9);
	PUMP_UNTIL(base, tls_client_connect(&client) && layer.open);
	PUMP_UNTIL(base, (bytes += tls_client_read(&client, got + bytes, sizeof(got) - (size_t)bytes)) == 9);
	assert_memory_equal(got, "earlybird", 9);
	PUMP_UNTIL(base, seen.drained);
	evbuffer_free(data);
}

static void the_end_is_said_both_ways(void **state)
{
	char data;

	if (*state) {
		open_both();
		assert_int_equal(SSL_write(client.ssl, "bye", 3), 3);
		assert_int_equal(SSL_shutdown(client.ssl), 0);
		PUMP_UNTIL(base, seen.closed);
		assert_int_equal(seen.error, 0);
		assert_int_equal(seen.closed, 1);
		expect_from_client("bye", 3);
		return;
	}
	open_both();
	assert_int_equal(stream_write(stream, "!", 1), 0);
	free_stream();
	PUMP_UNTIL(base, tls_client_read(&client, &data, 1) == 1);
	assert_int_equal(tls_client_read(&client, &data, 1), -SSL_ERROR_ZERO_RETURN);
}

static void may_be_freed_when_it_opens(void **state)
{
	char data[4];

	(void)state;
	seen.free_when_opened = true;
	begin();
	/* With the last of the handshake comes more. */
	PUMP_UNTIL(base, tls_client_connect(&client));
	assert_int_equal(SSL_write(client.ssl, "more", 4), 4);
	PUMP_UNTIL(base, !stream);
	assert_int_equal(tls_client_read(&client, data, sizeof(data)), -SSL_ERROR_ZERO_RETURN);
	assert_int_equal(seen.opened, 1);
	assert_int_equal(seen.closed, 0);
}

static void nothing_old_is_spoken(void **state)
{
	static const struct {
		int version;
		const char *ciphers;
		const char *why;
	} clients[] = {
		{ TLS1_1_VERSION, "ALL:@SECLEVEL=0", "unsupported protocol" },
		{ TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", "no shared cipher" },
		{ TLS1_2_VERSION, "AES128-GCM-SHA256", "no shared cipher" },
		{ TLS1_2_VERSION, "ADH-AES128-GCM-SHA256:AECDH-AES128-SHA:@SECLEVEL=0", "no shared cipher" },
	};
	const size_t i = (size_t)(uintptr_t)*state;

	SSL_CTX_set_min_proto_version(client.context, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(client.context, clients[i].version);
	assert_int_equal(SSL_CTX_set_cipher_list(client.context, clients[i].ciphers), 1);
	expect_failure(clients[i].why);
}

static void plaintext_in_front_is_no_part_of_it(void **state)
{
	(void)state;
	/* Somebody on the way puts it before what the client says. */
	assert_int_equal(send(client.fd, "\1\0\0\0", 4, 0), 4);
	PUMP_UNTIL(base, evbuffer_get_length(stream_input(stream)) == 4);
	expect_failure("TLS handshake: ");
}

static void a_client_in_a_hurry_is_understood(void **state)
{
	(void)state;
	tls_client_begin(&client);
	assert_false(tls_client_connect(&client));
	PUMP_UNTIL(base, evbuffer_get_length(stream_input(stream)) > 0);
	assert_int_equal(stream_push(stream, &tls_layer, &layer), 0);
	PUMP_UNTIL(base, tls_client_connect(&client) && layer.open);
}

static void garbage_in_the_middle_ends_it(void **state)
{
	/* A record of 30 bytes. */
	static const char garbage[] = "\x17\3\3\0\x1e this was not encrypted by us.";

	(void)state;
	open_both();
	assert_int_equal(SSL_write(client.ssl, "good", 4), 4);
	assert_int_equal(send(client.fd, garbage, sizeof(garbage) - 1, 0), sizeof(garbage) - 1);
	PUMP_UNTIL(base, seen.closed);
	assert_int_equal(seen.error, -EPROTO);
	assert_string_not_equal(layer.error, "");
	expect_from_client("good", 4);
	/* Nothing more goes out. */
	assert_int_equal(stream_write(stream, "x", 1), 0);
	pump_round(base);
	assert_int_equal(seen.closed, 1);
}

static void nothing_is_negotiated_again(void **state)
{
	(void)state;
	SSL_CTX_set_max_proto_version(client.context, TLS1_2_VERSION);
	open_both();
	assert_int_equal(SSL_renegotiate(client.ssl), 1);
	/* Refused by an alert that does not end the connection. */
	PUMP_UNTIL(base, tls_client_fails(&client));
	assert_int_equal(seen.opened, 1);
}

static void clients_need_a_certificate_where_asked(void **state)
{
	(void)state;
	ask_for_certificates();
	assert_true(tls_asks_client(layer.tls));
	expect_failure("peer did not return a certificate");
}

static void clients_with_a_certificate_are_known(void **state)
{
	(void)state;
	ask_for_certificates();
	tls_client_use(&client, MAKE_CERTS_CLIENT, MAKE_CERTS_CLIENT_KEY);
	open_both();
	assert_string_equal(layer.subject, "CN=client,O=planecast");
}

static void a_servers_certificate_is_no_clients(void **state)
{
	(void)state;
	ask_for_certificates();
	tls_client_use(&client, MAKE_CERTS_SERVER, MAKE_CERTS_SERVER_KEY);
	expect_failure("unsuitable certificate purpose");
}

static void another_cas_clients_are_refused(void **state)
{
	(void)state;
	ask_for_certificates();
	tls_client_use(&client, TLS_RIG_OTHER MAKE_CERTS_CLIENT, TLS_RIG_OTHER MAKE_CERTS_CLIENT_KEY);
	expect_failure("certificate");
}

static int load_lists(struct tls_fault *ret_fault)
{
	const struct tls_files files = { .path = {
		[TLS_FILE_CERTIFICATE] = tls_rig_path(MAKE_CERTS_SERVER),
		[TLS_FILE_KEY] = tls_rig_path(MAKE_CERTS_SERVER_KEY),
		[TLS_FILE_CLIENT_CA] = tls_rig_path(MAKE_CERTS_CA),
		[TLS_FILE_CLIENT_CRL] = tls_rig_path("crl.pem"),
	} };

	return tls_load(layer.tls, &files, ret_fault);
}

static void who_is_revoked_is_refused(void **state)
{
	struct tls_fault fault;

	(void)state;
	tls_client_use(&client, MAKE_CERTS_CLIENT, MAKE_CERTS_CLIENT_KEY);
	tls_rig_revoke("crl.pem", "", MAKE_CERTS_CLIENT, -DAY_S, DAY_S);
	assert_int_equal(load_lists(&fault), 0);
	assert_non_null(strstr(tls_describe(layer.tls), "; clients' certificates revoked: 1, list valid until "));
	expect_failure("TLS handshake: certificate revoked");
}

static void who_is_not_revoked_is_let_in(void **state)
{
	struct tls_fault fault;

	(void)state;
	tls_client_use(&client, MAKE_CERTS_CLIENT, MAKE_CERTS_CLIENT_KEY);
	tls_rig_revoke("crl.pem", "", MAKE_CERTS_SERVER, -DAY_S, DAY_S);
	assert_int_equal(load_lists(&fault), 0);
	open_both();
	assert_string_equal(layer.subject, "CN=client,O=planecast");
}

static void lists_of_no_use_change_nothing(void **state)
{
	static const struct {
		const char *folder;
		long from_s, until_s;
		const char *why;
	} lists[] = {
		{ "", -2 * DAY_S, -DAY_S, "has a list in it that has EXPIRED" },
		{ "", DAY_S, 2 * DAY_S, "has a list in it that is not valid yet" },
		/* It has the same name, and another key. */
		{ TLS_RIG_OTHER, -DAY_S, DAY_S, "has no list that the client CA /O=planecast/CN=planecast CA has "
				"signed" },
	};
	struct tls_fault fault;

	(void)state;
	tls_rig_revoke("crl.pem", "", MAKE_CERTS_CLIENT, -DAY_S, DAY_S);
	assert_int_equal(load_lists(&fault), 0);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		tls_rig_revoke("crl.pem", lists[i].folder, NULL, lists[i].from_s, lists[i].until_s);
		assert_int_equal(load_lists(&fault), -EINVAL);
		assert_int_equal(fault.file, TLS_FILE_CLIENT_CRL);
		assert_string_equal(fault.text, lists[i].why);
	}
	assert_int_equal(truncate(tls_rig_path("crl.pem"), 100), 0);
	assert_int_equal(load_lists(&fault), -EINVAL);
	assert_non_null(strstr(fault.text, "is no list of revoked certificates in PEM: "));
	tls_client_use(&client, MAKE_CERTS_CLIENT, MAKE_CERTS_CLIENT_KEY);
	expect_failure("TLS handshake: certificate revoked");
}

static void a_list_ends_for_who_had_it(void **state)
{
	const int64_t end_ns = clock_now_ns() + 3 * NSEC_PER_SEC;
	struct tls_fault fault;

	(void)state;
	tls_client_use(&client, MAKE_CERTS_CLIENT, MAKE_CERTS_CLIENT_KEY);
	tls_rig_revoke("crl.pem", "", NULL, -DAY_S, 2);
	assert_int_equal(load_lists(&fault), 0);
	PUMP_UNTIL(base, clock_now_ns() > end_ns);
	expect_failure("TLS handshake: CRL has expired");
}

static void there_is_no_layer_without_a_certificate(void **state)
{
	(void)state;
	tls_free(layer.tls);
	assert_int_equal(tls_new(&layer.tls), 0);
	assert_false(tls_is_ready(layer.tls));
	assert_int_equal(stream_push(stream, &tls_layer, &layer), -ENOKEY);
	/* The stream is as before. */
	assert_int_equal(send(client.fd, "plain", 5, 0), 5);
	expect_from_client("plain", 5);
	tls_client_begin(&client);
}

static int start(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return tls_rig_start();
}

static int stop(void **state)
{
	(void)state;
	tls_rig_stop();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_OF(name, number)                                                                      \
	cmocka_unit_test_prestate_setup_teardown(name, setup, teardown, (void *)(uintptr_t)(number))

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF(goes_both_ways, 0),
		TEST_OF(goes_both_ways, 1),
		TEST(carries_much),
		TEST_OF(each_chain_is_a_record, 0),
		TEST_OF(each_chain_is_a_record, 1),
		TEST(what_is_written_early_waits),
		TEST_OF(the_end_is_said_both_ways, 0),
		TEST_OF(the_end_is_said_both_ways, 1),
		TEST(may_be_freed_when_it_opens),
		TEST_OF(nothing_old_is_spoken, 0),
		TEST_OF(nothing_old_is_spoken, 1),
		TEST_OF(nothing_old_is_spoken, 2),
		TEST_OF(nothing_old_is_spoken, 3),
		TEST(plaintext_in_front_is_no_part_of_it),
		TEST(a_client_in_a_hurry_is_understood),
		TEST(garbage_in_the_middle_ends_it),
		TEST(nothing_is_negotiated_again),
		TEST(clients_need_a_certificate_where_asked),
		TEST(clients_with_a_certificate_are_known),
		TEST(a_servers_certificate_is_no_clients),
		TEST(another_cas_clients_are_refused),
		TEST(who_is_revoked_is_refused),
		TEST(who_is_not_revoked_is_let_in),
		TEST(lists_of_no_use_change_nothing),
		TEST(a_list_ends_for_who_had_it),
		TEST(there_is_no_layer_without_a_certificate),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
