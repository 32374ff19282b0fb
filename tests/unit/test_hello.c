// SPDX-License-Identifier: GPL-2.0-or-later
/* What is read of the first words of TLS: those that OpenSSL says, and those that nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "server/gateway/hello.h"

struct text {
	uint8_t bytes[4 * HELLO_MAX_BYTES];
	size_t n;
};

static struct text made; /* too large for some stacks */

static int parse(const struct text *text, char *name)
{
	/* Of its own, so that a step past the end is seen. */
	uint8_t *copy = malloc(text->n ? text->n : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, text->bytes, text->n);
	r = hello_parse(copy, text->n, name);
	free(copy);
	return r;
}

/* What OpenSSL says first; version 0: any. */
static void say_hello(struct text *text, const char *name, int version, const char *protocols)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	SSL *ssl;
	int n;

	assert_non_null(context);
	SSL_CTX_set_max_proto_version(context, version);
	ssl = SSL_new(context);
	SSL_set_bio(ssl, in, out);
	SSL_set_connect_state(ssl);
	if (name)
		assert_int_equal(SSL_set_tlsext_host_name(ssl, name), 1);
	if (protocols)
		SSL_set_alpn_protos(ssl, (const unsigned char *)protocols, (unsigned int)strlen(protocols));
	SSL_do_handshake(ssl);
	n = BIO_read(out, text->bytes, sizeof(text->bytes));
	assert_true(n > 0);
	text->n = (size_t)n;
	SSL_free(ssl);
	SSL_CTX_free(context);
}

/* The same in records of so many bytes. */
static void cut(struct text *text, size_t piece)
{
	static struct text whole;
	size_t at = 5;

	whole = *text;
	text->n = 0;
	while (at < whole.n) {
		const size_t n = whole.n - at < piece ? whole.n - at : piece;
		const uint8_t header[] = { 22, 3, 1, (uint8_t)(n >> 8), (uint8_t)n };

		memcpy(text->bytes + text->n, header, sizeof(header));
		memcpy(text->bytes + text->n + sizeof(header), whole.bytes + at, n);
		text->n += sizeof(header) + n;
		at += n;
	}
}

/* More is wanted until the last byte, and then no more. */
static void assert_says(struct text *text, const char *expected)
{
	const size_t whole = text->n;
	char name[SERVER_NAME_MAX + 1] = "untouched";

	for (text->n = 0; text->n < whole; text->n++) {
		assert_int_equal(parse(text, name), -EAGAIN);
		assert_string_equal(name, "untouched");
	}
	assert_int_equal(parse(text, name), 0);
	assert_string_equal(name, expected);
	/* What comes behind it is somebody else's to judge. */
	memset(text->bytes + whole, 0xff, 100);
	text->n = whole + 100;
	assert_int_equal(parse(text, name), 0);
	assert_string_equal(name, expected);
	text->n = whole;
}

static void reads_what_openssl_says(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION, 0 };
	static const size_t pieces[] = { 0, 1, 2, 3, 4, 5, 40, 200 };

	(void)state;
	for (size_t v = 0; v < sizeof(versions) / sizeof(versions[0]); v++) {
		for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
			say_hello(&made, "Win11.vms.example.org", versions[v], NULL);
			if (pieces[p])
				cut(&made, pieces[p]);
			assert_says(&made, "Win11.vms.example.org");
			say_hello(&made, NULL, versions[v], "\x08http/1.1");
			if (pieces[p])
				cut(&made, pieces[p]);
			assert_says(&made, "");
		}
	}
}

static void refuses_names_that_are_none(void **state)
{
	static const char *const names[] = { "a b", "a..b", "a.", "\xc3\xa9", "*", "a/b", "a%s%n" };
	char name[SERVER_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		say_hello(&made, names[i], 0, NULL);
		assert_int_equal(parse(&made, name), -EPROTO);
	}
}

static void put(struct text *text, size_t number, size_t bytes)
{
	while (bytes--)
		text->bytes[text->n++] = (uint8_t)(number >> (8 * bytes));
}

static void set_length(struct text *text, size_t at, size_t bytes)
{
	const size_t end = text->n;

	text->n = at;
	put(text, end - at - bytes, bytes);
	text->n = end;
}

/* Made by hand; what each of them says of itself is right, if nothing else is said. */
struct shape {
	const char *what;
	int expected;
	const char *name, *second; /* NULL: none */
	size_t name_bytes; /* 0: all of it */
	size_t names; /* 0: one */
	uint8_t name_type, record, handshake, major;
	size_t session, suites, compressions, padding; /* bytes of them */
	bool no_extensions, behind_names, behind_list, behind_body;
	int lie; /* added to the length of the handshake message */
};

static void make(struct text *text, const struct shape *shape)
{
	size_t body, extensions, extension, list;

	text->n = 0;
	put(text, shape->record ? shape->record : 22, 1);
	put(text, 0x0301, 2);
	put(text, 0, 2);
	put(text, shape->handshake ? shape->handshake : 1, 1);
	body = text->n;
	put(text, 0, 3);
	put(text, shape->major ? shape->major : 3, 1);
	put(text, 3, 1);
	for (int i = 0; i < 32; i++)
		put(text, 0x55, 1);
	put(text, shape->session, 1);
	memset(text->bytes + text->n, 0x66, shape->session);
	text->n += shape->session;
	put(text, shape->suites, 2);
	memset(text->bytes + text->n, 0x13, shape->suites);
	text->n += shape->suites;
	put(text, shape->compressions, 1);
	memset(text->bytes + text->n, 0, shape->compressions);
	text->n += shape->compressions;
	extensions = text->n;
	if (!shape->no_extensions)
		put(text, 0, 2);
	for (int i = 0; i < 2 && !shape->no_extensions; i++) {
		const char *name = i ? shape->second : shape->name;

		if (!name)
			continue;
		put(text, 0, 2);
		extension = text->n;
		put(text, 0, 2);
		list = text->n;
		put(text, 0, 2);
		for (size_t n = 0; n < (shape->names ? shape->names : 1); n++) {
			const size_t bytes = shape->name_bytes ? shape->name_bytes : strlen(name);

			put(text, shape->name_type, 1);
			put(text, bytes, 2);
			memcpy(text->bytes + text->n, name, bytes);
			text->n += bytes;
		}
		set_length(text, list, 2);
		if (shape->behind_names)
			put(text, 0, 1);
		set_length(text, extension, 2);
	}
	if (shape->padding) {
		put(text, 21, 2);
		put(text, shape->padding, 2);
		memset(text->bytes + text->n, 0, shape->padding);
		text->n += shape->padding;
	}
	if (shape->behind_list)
		put(text, 0, 1);
	if (!shape->no_extensions)
		set_length(text, extensions, 2);
	if (shape->behind_body)
		put(text, 0, 1);
	set_length(text, body, 3);
	if (shape->lie) {
		const size_t end = text->n;

		text->n = body;
		put(text, (size_t)((int)(end - body - 3) + shape->lie), 3);
		text->n = end;
	}
	set_length(text, 3, 2);
}

#define USUAL .suites = 2, .compressions = 1
#define LABEL49 "a23456789-b23456789-c23456789-d23456789-e23456789"
#define LABEL50 LABEL49 "-"

static void is_strict(void **state)
{
	static const struct shape shapes[] = {
		{ "as usual", 0, .name = "a", USUAL },
		{ "without extensions", 0, .no_extensions = true, USUAL },
		{ "with none", 0, USUAL },
		{ "with a session", 0, .name = "a", .session = 32, USUAL },
		{ "a longer session", -EPROTO, .name = "a", .session = 33, USUAL },
		{ "no suites", -EPROTO, .name = "a", .compressions = 1 },
		{ "half a suite", -EPROTO, .name = "a", .suites = 3, .compressions = 1 },
		{ "no compression", -EPROTO, .name = "a", .suites = 2 },
		{ "SSL 2", -EPROTO, .name = "a", .major = 2, USUAL },
		{ "an alert", -EPROTO, .name = "a", .record = 21, USUAL },
		{ "a server's", -EPROTO, .name = "a", .handshake = 2, USUAL },
		{ "no host name", -EPROTO, .name = "a", .name_type = 1, USUAL },
		{ "two names", -EPROTO, .name = "a", .names = 2, USUAL },
		{ "two extensions", -EPROTO, .name = "a", .second = "a", USUAL },
		{ "an empty name", -EPROTO, .name = "", USUAL },
		{ "a zero in it", -EPROTO, .name = "a\0b", .name_bytes = 3, USUAL },
		{ "the longest", 0, .name = LABEL50 "." LABEL50 "." LABEL50 "." LABEL50 "." LABEL49, USUAL },
		{ "one longer", -EPROTO, .name = LABEL50 "." LABEL50 "." LABEL50 "." LABEL50 "." LABEL50, USUAL },
		{ "something behind the name", -EPROTO, .name = "a", .behind_names = true, USUAL },
		{ "something behind the extensions", -EPROTO, .name = "a", .behind_list = true, USUAL },
		{ "something behind all", -EPROTO, .name = "a", .behind_body = true, USUAL },
		{ "shorter than it is", -EPROTO, .name = "a", .lie = -1, USUAL },
		{ "longer than it is", -EAGAIN, .name = "a", .lie = 1, USUAL },
		{ "far longer", -EMSGSIZE, .name = "a", .lie = HELLO_MAX_BYTES, USUAL },
		{ "16000 bytes", 0, .name = "a", .padding = 16000, USUAL },
	};
	char name[SERVER_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		print_message("%s\n", shapes[i].what);
		make(&made, &shapes[i]);
		assert_int_equal(parse(&made, name), shapes[i].expected);
		if (!shapes[i].expected)
			assert_string_equal(name, shapes[i].name ? shapes[i].name : "");
	}
}

static void knows_soon_what_is_none(void **state)
{
	static const char *const texts[] = { "G", "RFB 003.008\n", "REDQ", "\x80\x2e\x01", "\x15\x03\x01",
		"\x16\x02\x01\x01\x01", "\x16\x03\x01\x40\x01\x01", "\x16\x03\x01\x01\x01\x02" };
	char name[SERVER_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		made.n = strlen(texts[i]);
		memcpy(made.bytes, texts[i], made.n);
		assert_int_equal(parse(&made, name), -EPROTO);
	}
	/* An empty record says nothing. */
	made.n = 5;
	memcpy(made.bytes, "\x16\x03\x01\0\0", 5);
	assert_int_equal(parse(&made, name), -EPROTO);
}

static void ends_somewhere(void **state)
{
	char name[SERVER_NAME_MAX + 1];

	(void)state;
	/* In records of one byte it is too long, in one it is not. */
	make(&made, &(struct shape){ .name = "a", .padding = 4000, USUAL });
	assert_int_equal(parse(&made, name), 0);
	cut(&made, 1);
	assert_true(made.n > HELLO_MAX_BYTES);
	assert_int_equal(parse(&made, name), -EMSGSIZE);
	made.n = HELLO_MAX_BYTES - 1;
	assert_int_equal(parse(&made, name), -EAGAIN);
	made.n = HELLO_MAX_BYTES;
	assert_int_equal(parse(&made, name), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_openssl_says),
		cmocka_unit_test(refuses_names_that_are_none),
		cmocka_unit_test(is_strict),
		cmocka_unit_test(knows_soon_what_is_none),
		cmocka_unit_test(ends_somewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
