// SPDX-License-Identifier: GPL-2.0-or-later
/* TLS contexts: made of files, and made anew of them. */
#include "net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES (1024 * 1024)
#define DESCRIPTION_MAX 400

/* Those of TLS 1.3 are all authenticated. */
static const char ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
		"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
		"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char groups[] = "X25519:P-256:P-384";

struct tls {
	SSL_CTX *context; /* NULL: none; each connection has a reference of its own */
	bool asks_client, is_current;
	char description[DESCRIPTION_MAX];
};

void tls_last_error(char *buf, size_t size, const char *otherwise)
{
	/* The last one says what went wrong, those before it where. */
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	snprintf(buf, size, "%s", reason ? reason : otherwise);
	ERR_clear_error();
}

__attribute__((format(printf, 3, 4))) static int fail(struct tls_fault *fault, enum tls_file file, const char *fmt, ...)
{
	va_list args;

	fault->file = file;
	va_start(args, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	return -EINVAL;
}

static int fail_openssl(struct tls_fault *fault, enum tls_file file, const char *what)
{
	char reason[TLS_ERROR_MAX / 2];

	tls_last_error(reason, sizeof(reason), "it is something else");
	return fail(fault, file, "%s: %s", what, reason);
}

/* All of a file, to be wiped. A private one is nobody's but its owner's, and his group's to read. */
static int read_file(const struct tls_files *files, enum tls_file file, struct tls_fault *fault, BIO **ret)
{
	struct stat st;
	char *text = NULL;
	size_t bytes = 0;
	ssize_t got = 1;
	int fd, r;

	/* O_NONBLOCK: a FIFO in the file's place must not stop the loop. */
	fd = open(files->path[file], O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fail(fault, file, "cannot be opened: %s", strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		r = fail(fault, file, "is not a regular file");
		goto out;
	}
	if (file == TLS_FILE_KEY && st.st_mode & (S_IRWXO | S_IWGRP | S_IXGRP)) {
		r = fail(fault, file, "is open to others (expected mode 0600 or 0640, and not %04o)",
				(unsigned int)(st.st_mode & 07777));
		goto out;
	}
	text = malloc(FILE_MAX_BYTES);
	*ret = BIO_new(BIO_s_secmem());
	if (!text || !*ret) {
		r = fail(fault, file, "cannot be read: out of memory");
		goto out;
	}
	while (bytes < FILE_MAX_BYTES && got > 0) {
		got = read(fd, text + bytes, FILE_MAX_BYTES - bytes);
		bytes += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		r = fail(fault, file, "cannot be read: %s", strerror(errno));
	else if (bytes == FILE_MAX_BYTES)
		r = fail(fault, file, "is too large");
	else if (BIO_write(*ret, text, (int)bytes) != (int)bytes)
		r = fail(fault, file, "cannot be read: out of memory");
	else
		r = 0;
out:
	if (text)
		OPENSSL_cleanse(text, bytes);
	free(text);
	close(fd);
	return r;
}

/* Nobody is there to type one. */
static int no_passphrase(char *buf, int size, int rwflag, void *user)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)user;
	return 0;
}

/*
 * The next of a file; NULL where there is none that is of use. OpenSSL takes a certificate for read also
 * when its key could not be, and then finds fault with each one that it has signed.
 */
static X509 *read_certificate(BIO *bio)
{
	X509 *certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);

	if (!certificate || X509_get0_pubkey(certificate))
		return certificate;
	X509_free(certificate);
	return NULL;
}

/* The end of the file comes as an error, too. */
static bool is_end(void)
{
	const unsigned long error = ERR_peek_last_error();

	return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static int use_certificate(SSL_CTX *context, BIO *bio, struct tls_fault *fault)
{
	X509 *certificate = read_certificate(bio);
	int r = 0;

	if (!certificate)
		return fail_openssl(fault, TLS_FILE_CERTIFICATE, "is no certificate in PEM");
	if (SSL_CTX_use_certificate(context, certificate) != 1)
		r = fail_openssl(fault, TLS_FILE_CERTIFICATE, "cannot be used");
	X509_free(certificate);
	while (!r && (certificate = read_certificate(bio))) {
		if (SSL_CTX_add0_chain_cert(context, certificate) == 1)
			continue;
		X509_free(certificate);
		r = fail_openssl(fault, TLS_FILE_CERTIFICATE, "has a chain that cannot be used");
	}
	if (!r && !is_end())
		r = fail_openssl(fault, TLS_FILE_CERTIFICATE, "has something after its first certificate that is none");
	ERR_clear_error();
	return r;
}

static int use_key(SSL_CTX *context, BIO *bio, struct tls_fault *fault)
{
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	int r = 0;

	if (!key)
		return fail_openssl(fault, TLS_FILE_KEY, "is no private key in PEM without a passphrase");
	if (X509_check_private_key(SSL_CTX_get0_certificate(context), key) != 1)
		r = fail(fault, TLS_FILE_KEY, "does not belong to the certificate");
	else if (SSL_CTX_use_PrivateKey(context, key) != 1)
		r = fail_openssl(fault, TLS_FILE_KEY, "cannot be used");
	EVP_PKEY_free(key);
	ERR_clear_error();
	return r;
}

static int use_client_ca(SSL_CTX *context, BIO *bio, struct tls_fault *fault)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	unsigned int n = 0;
	X509 *certificate;
	int r = 0;

	while (!r && (certificate = read_certificate(bio))) {
		if (X509_check_ca(certificate) < 1)
			r = fail(fault, TLS_FILE_CLIENT_CA, "has a certificate in it that is not a CA's");
		else if (X509_STORE_add_cert(store, certificate) != 1 ||
				SSL_CTX_add_client_CA(context, certificate) != 1)
			r = fail_openssl(fault, TLS_FILE_CLIENT_CA, "cannot be used");
		X509_free(certificate);
		n++;
	}
	if (!r && (!n || !is_end()))
		r = fail_openssl(fault, TLS_FILE_CLIENT_CA, "is no certificate in PEM");
	ERR_clear_error();
	/* OpenSSL's own verdict is the last word: no callback. */
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return r;
}

static bool has_revoked(X509_STORE *store, X509 *ca)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);

	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));

		if (list && !X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(ca)) &&
				X509_CRL_verify(list, X509_get0_pubkey(ca)) == 1)
			return true;
	}
	return false;
}

/* Without a list of each CA OpenSSL would refuse all whom that has signed. */
static int check_lists(X509_STORE *store, struct tls_fault *fault)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);

	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509 *ca = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
		char name[TLS_ERROR_MAX / 2];

		if (!ca || has_revoked(store, ca))
			continue;
		X509_NAME_oneline(X509_get_subject_name(ca), name, sizeof(name));
		return fail(fault, TLS_FILE_CLIENT_CRL, "has no list that the client CA %s has signed", name);
	}
	return 0;
}

static int use_client_crl(SSL_CTX *context, BIO *bio, struct tls_fault *fault)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	unsigned int n = 0;
	X509_CRL *list;
	int r = 0;

	while (!r && (list = PEM_read_bio_X509_CRL(bio, NULL, no_passphrase, NULL))) {
		const ASN1_TIME *end = X509_CRL_get0_nextUpdate(list);

		if (X509_cmp_current_time(X509_CRL_get0_lastUpdate(list)) > 0)
			r = fail(fault, TLS_FILE_CLIENT_CRL, "has a list in it that is not valid yet");
		else if (end && X509_cmp_current_time(end) < 0)
			r = fail(fault, TLS_FILE_CLIENT_CRL, "has a list in it that has EXPIRED");
		else if (X509_STORE_add_crl(store, list) != 1)
			r = fail_openssl(fault, TLS_FILE_CLIENT_CRL, "cannot be used");
		X509_CRL_free(list);
		n++;
	}
	if (!r && (!n || !is_end()))
		r = fail_openssl(fault, TLS_FILE_CLIENT_CRL, "is no list of revoked certificates in PEM");
	if (!r)
		r = check_lists(store, fault);
	ERR_clear_error();
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return r;
}

static SSL_CTX *make_context(void)
{
	static const unsigned char id[] = "planecast";
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context)
		return NULL;
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
			SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* Thousands may be at rest. */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_security_level(context, 2);
	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 || SSL_CTX_set_num_tickets(context, 0) != 1 ||
			SSL_CTX_set_cipher_list(context, ciphers) != 1 ||
			SSL_CTX_set1_groups_list(context, groups) != 1 ||
			SSL_CTX_set_session_id_context(context, id, sizeof(id) - 1) != 1) {
		SSL_CTX_free(context);
		return NULL;
	}
	return context;
}

/* How many certificates, and when the first of the lists ends. */
static void describe_revoked(const struct tls *tls, BIO *bio)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(tls->context));
	const ASN1_TIME *first = NULL;
	int revoked = 0, lists = 0;

	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
		const ASN1_TIME *end = list ? X509_CRL_get0_nextUpdate(list) : NULL;
		int entries = list ? sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)) : 0;

		lists += list != NULL;
		revoked += entries > 0 ? entries : 0;
		if (end && (!first || ASN1_TIME_compare(end, first) < 0))
			first = end;
	}
	if (!lists)
		return;
	BIO_printf(bio, "; clients' certificates revoked: %d", revoked);
	if (first) {
		BIO_puts(bio, ", list valid until ");
		ASN1_TIME_print(bio, first);
	}
}

static void describe(struct tls *tls)
{
	const X509 *certificate = SSL_CTX_get0_certificate(tls->context);
	const ASN1_TIME *end = X509_get0_notAfter(certificate);
	const ASN1_TIME *start = X509_get0_notBefore(certificate);
	const bool is_over = X509_cmp_current_time(end) < 0, is_early = X509_cmp_current_time(start) > 0;
	BIO *bio = BIO_new(BIO_s_mem());
	int bytes;

	tls->is_current = !is_over && !is_early;
	tls->description[0] = '\0';
	if (!bio)
		return;
	X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
	BIO_puts(bio, is_over ? ", EXPIRED on " : is_early ? ", NOT VALID YET, but then until " : ", valid until ");
	ASN1_TIME_print(bio, end);
	describe_revoked(tls, bio);
	bytes = BIO_read(bio, tls->description, sizeof(tls->description) - 1);
	tls->description[bytes > 0 ? bytes : 0] = '\0';
	BIO_free(bio);
	ERR_clear_error();
}

int tls_new(struct tls **ret)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return -ENOMEM;
	*ret = tls;
	return 0;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

int tls_load(struct tls *tls, const struct tls_files *files, struct tls_fault *ret_fault)
{
	static int (*const use[TLS_FILES])(SSL_CTX *context, BIO *bio, struct tls_fault *fault) = {
		[TLS_FILE_CERTIFICATE] = use_certificate,
		[TLS_FILE_KEY] = use_key,
		[TLS_FILE_CLIENT_CA] = use_client_ca,
		[TLS_FILE_CLIENT_CRL] = use_client_crl,
	};
	SSL_CTX *context = NULL;
	int r = 0;

	ERR_clear_error();
	if (files->path[TLS_FILE_CERTIFICATE])
		context = make_context();
	if (!context && files->path[TLS_FILE_CERTIFICATE])
		return fail_openssl(ret_fault, TLS_FILE_CERTIFICATE, "cannot be used");
	for (unsigned int i = 0; context && !r && i < TLS_FILES; i++) {
		BIO *bio = NULL;

		if (!files->path[i])
			continue;
		r = read_file(files, i, ret_fault, &bio);
		if (!r)
			r = use[i](context, bio, ret_fault);
		BIO_free(bio);
	}
	if (r < 0) {
		SSL_CTX_free(context);
		return r;
	}
	SSL_CTX_free(tls->context);
	tls->context = context;
	tls->asks_client = context && files->path[TLS_FILE_CLIENT_CA];
	tls->description[0] = '\0';
	if (context)
		describe(tls);
	return 0;
}

bool tls_is_ready(const struct tls *tls)
{
	return tls && tls->context;
}

bool tls_asks_client(const struct tls *tls)
{
	return tls && tls->asks_client;
}

const char *tls_describe(const struct tls *tls)
{
	return tls->description;
}

bool tls_is_current(const struct tls *tls)
{
	return tls->is_current;
}

int tls_make_ssl(const struct tls *tls, struct ssl_st **ret)
{
	SSL *ssl;

	if (!tls_is_ready(tls))
		return -ENOKEY;
	ssl = SSL_new(tls->context);
	if (!ssl)
		return -ENOMEM;
	SSL_set_accept_state(ssl);
	*ret = ssl;
	return 0;
}
