// SPDX-License-Identifier: GPL-2.0-or-later
/* Certificates by --make-certs, and clients that are OpenSSL's own. */
#include "tests/unit/tls_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/make_certs.h"

static char directory[] = "/tmp/planecast-tls.XXXXXX";

int tls_rig_start(void)
{
	static const char *const names[] = { "vm.example.com", "127.0.0.1", NULL };
	FILE *out = fopen("/dev/null", "w");
	int r;

	if (!out || !mkdtemp(directory))
		return -1;
	r = make_certs(directory, names, out);
	if (!r)
		r = make_certs(tls_rig_path(TLS_RIG_OTHER), names, out);
	fclose(out);
	return r;
}

static void remove_directory(const char *path)
{
	DIR *files = opendir(path);
	struct dirent *file;

	while (files && (file = readdir(files)))
		unlinkat(dirfd(files), file->d_name, 0);
	if (files)
		closedir(files);
	rmdir(path);
}

void tls_rig_stop(void)
{
	remove_directory(tls_rig_path(TLS_RIG_OTHER));
	remove_directory(directory);
}

const char *tls_rig_path(const char *name)
{
	static char paths[4][512];
	static unsigned int at;
	char *path = paths[at++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static void *read_pem(const char *name, void *(*read)(FILE *file))
{
	FILE *file = fopen(tls_rig_path(name), "r");
	void *found;

	assert_non_null(file);
	found = read(file);
	assert_non_null(found);
	fclose(file);
	return found;
}

static void *read_certificate(FILE *file)
{
	return PEM_read_X509(file, NULL, NULL, NULL);
}

static void *read_key(FILE *file)
{
	return PEM_read_PrivateKey(file, NULL, NULL, NULL);
}

void tls_rig_revoke(const char *file, const char *folder, const char *revoked, long from_s, long until_s)
{
	X509_CRL *list = X509_CRL_new();
	ASN1_TIME *from = X509_gmtime_adj(NULL, from_s), *until = X509_gmtime_adj(NULL, until_s);
	char name[64];
	X509 *ca, *certificate;
	EVP_PKEY *key;
	FILE *out;

	snprintf(name, sizeof(name), "%s" MAKE_CERTS_CA, folder);
	ca = read_pem(name, read_certificate);
	snprintf(name, sizeof(name), "%s" MAKE_CERTS_CA_KEY, folder);
	key = read_pem(name, read_key);
	assert_int_equal(X509_CRL_set_version(list, X509_CRL_VERSION_2), 1);
	assert_int_equal(X509_CRL_set_issuer_name(list, X509_get_subject_name(ca)), 1);
	assert_int_equal(X509_CRL_set1_lastUpdate(list, from), 1);
	assert_int_equal(X509_CRL_set1_nextUpdate(list, until), 1);
	if (revoked) {
		X509_REVOKED *entry = X509_REVOKED_new();

		certificate = read_pem(revoked, read_certificate);
		assert_int_equal(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate)), 1);
		assert_int_equal(X509_REVOKED_set_revocationDate(entry, from), 1);
		assert_int_equal(X509_CRL_add0_revoked(list, entry), 1);
		X509_free(certificate);
	}
	assert_true(X509_CRL_sign(list, key, EVP_sha256()) > 0);
	out = fopen(tls_rig_path(file), "w");
	assert_non_null(out);
	assert_int_equal(PEM_write_X509_CRL(out, list), 1);
	fclose(out);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	EVP_PKEY_free(key);
	X509_free(ca);
	X509_CRL_free(list);
}

struct tls *tls_rig_tls(bool asks_client)
{
	const struct tls_files files = { .path = {
		[TLS_FILE_CERTIFICATE] = tls_rig_path(MAKE_CERTS_SERVER),
		[TLS_FILE_KEY] = tls_rig_path(MAKE_CERTS_SERVER_KEY),
		[TLS_FILE_CLIENT_CA] = asks_client ? tls_rig_path(MAKE_CERTS_CA) : NULL,
	} };
	struct tls_fault fault;
	struct tls *tls;

	assert_int_equal(tls_new(&tls), 0);
	if (tls_load(tls, &files, &fault) < 0)
		fail_msg("%s %s", files.path[fault.file], fault.text);
	return tls;
}

static void count_records(int is_write, int version, int type, const void *data, size_t bytes, SSL *ssl, void *user)
{
	struct tls_client *client = user;
	const unsigned char *head = data;

	(void)version;
	(void)bytes;
	if (is_write || !SSL_is_init_finished(ssl))
		return;
	if (type == SSL3_RT_HEADER && head[0] == SSL3_RT_APPLICATION_DATA)
		client->records++;
	if (type == SSL3_RT_HANDSHAKE && head[0] == SSL3_MT_NEWSESSION_TICKET)
		client->tickets++;
}

void tls_client_init(struct tls_client *client, int fd)
{
	*client = (struct tls_client){ .fd = fd, .context = SSL_CTX_new(TLS_client_method()) };
	assert_non_null(client->context);
	assert_int_equal(SSL_CTX_load_verify_file(client->context, tls_rig_path(MAKE_CERTS_CA)), 1);
	SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_msg_callback(client->context, count_records);
}

void tls_client_begin(struct tls_client *client)
{
	client->ssl = SSL_new(client->context);
	assert_non_null(client->ssl);
	assert_int_equal(SSL_set1_host(client->ssl, "vm.example.com"), 1);
	assert_int_equal(SSL_set_fd(client->ssl, client->fd), 1);
	SSL_set_msg_callback_arg(client->ssl, client);
	SSL_set_connect_state(client->ssl);
}

void tls_client_use(struct tls_client *client, const char *certificate, const char *key)
{
	assert_int_equal(SSL_CTX_use_certificate_file(client->context, tls_rig_path(certificate), SSL_FILETYPE_PEM), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(client->context, tls_rig_path(key), SSL_FILETYPE_PEM), 1);
}

static int wants(const struct tls_client *client, int r)
{
	int error = SSL_get_error(client->ssl, r);

	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : error;
}

bool tls_client_connect(struct tls_client *client)
{
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(client->ssl);
	if (r != 1 && wants(client, r))
		fail_msg("handshake: %s", ERR_reason_error_string(ERR_peek_last_error()));
	return r == 1;
}

bool tls_client_fails(struct tls_client *client)
{
	char data;
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(client->ssl);
	if (r == 1)
		r = SSL_read(client->ssl, &data, 1);
	return r != 1 && wants(client, r);
}

int tls_client_read(struct tls_client *client, void *data, size_t bytes)
{
	int r;

	ERR_clear_error();
	r = SSL_read(client->ssl, data, (int)bytes);
	return r > 0 ? r : -wants(client, r);
}

void tls_client_finish(struct tls_client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->context);
	close(client->fd);
	ERR_clear_error();
}
