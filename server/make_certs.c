// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes keys and certificates and writes them to files that were not there. */
#include "server/make_certs.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/options.h"

#define DAY_S (24 * 3600L)
#define CA_DAYS 3650
/* What browsers and others take at most. */
#define LEAF_DAYS 820
/* Clocks differ. */
#define EARLY_S 3600L
#define SERIAL_BYTES 16
#define NAMES_MAX 4096
#define NAME_MAX_BYTES 64 /* of a common name */

enum role { ROLE_CA, ROLE_SERVER, ROLE_CLIENT, ROLES };

static const struct {
	const char *file, *key_file;
	const char *constraints, *usage, *purpose;
	int days;
} roles[ROLES] = {
	[ROLE_CA] = { MAKE_CERTS_CA, MAKE_CERTS_CA_KEY, "critical,CA:TRUE,pathlen:0", "critical,keyCertSign,cRLSign",
			NULL, CA_DAYS },
	[ROLE_SERVER] = { MAKE_CERTS_SERVER, MAKE_CERTS_SERVER_KEY, "critical,CA:FALSE", "critical,digitalSignature",
			"serverAuth", LEAF_DAYS },
	[ROLE_CLIENT] = { MAKE_CERTS_CLIENT, MAKE_CERTS_CLIENT_KEY, "critical,CA:FALSE", "critical,digitalSignature",
			"clientAuth", LEAF_DAYS },
};

struct maker {
	int directory;
	const char *path;
	char common_name[NAME_MAX_BYTES + 1]; /* the server's */
	char alternatives[NAMES_MAX]; /* as OpenSSL's configuration writes them */
	EVP_PKEY *keys[ROLES];
	X509 *certificates[ROLES];
	unsigned int n_written;
};

static int complain(const char *what, const char *which, int error)
{
	fprintf(stderr, "planecastd: --make-certs: %s%s%s\n", which, *which ? " " : "", what);
	return error;
}

static int complain_openssl(const char *which)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return complain(reason ? reason : "cannot be made", which, -EIO);
}

static bool is_address(const char *name)
{
	struct in6_addr address;

	return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

/* What is no letter of a host's name would mean something else to OpenSSL. */
static bool is_host(const char *name)
{
	size_t bytes = strlen(name);

	if (!bytes || bytes > 253 || name[0] == '.' || name[0] == '-')
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '.' && *c != '-' && !(*c == '*' && c == name))
			return false;
	return true;
}

static int add_name(struct maker *maker, const char *name)
{
	size_t used = strlen(maker->alternatives);
	int bytes;

	if (!is_address(name) && !is_host(name))
		return complain("is neither a host's name nor an IP address", name, -EINVAL);
	bytes = snprintf(maker->alternatives + used, sizeof(maker->alternatives) - used, "%s%s:%s",
			used ? "," : "", is_address(name) ? "IP" : "DNS", name);
	if (bytes < 0 || (size_t)bytes >= sizeof(maker->alternatives) - used)
		return complain("is one name too many", name, -E2BIG);
	if (!used)
		snprintf(maker->common_name, sizeof(maker->common_name), "%s", name);
	return 0;
}

static int add_names(struct maker *maker, const char *const *names)
{
	char host[HOST_NAME_MAX + 1] = "";
	const char *const own[] = { host, "localhost", "127.0.0.1", "::1", NULL };
	int r = 0;

	if (!names || !names[0]) {
		names = own;
		gethostname(host, sizeof(host) - 1);
		if (!is_host(host))
			names++;
	}
	for (; *names && !r; names++)
		r = add_name(maker, *names);
	return r;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;
	int r;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	r = extension ? X509_add_ext(certificate, extension, -1) : 0;
	X509_EXTENSION_free(extension);
	return r == 1;
}

static bool set_serial(X509 *certificate)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *number;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f; /* positive */
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
	return ok;
}

static bool add_entry(X509_NAME *name, const char *key, const char *value)
{
	return X509_NAME_add_entry_by_txt(name, key, MBSTRING_ASC, (const unsigned char *)value, -1, -1, 0) == 1;
}

static bool set_subject(const struct maker *maker, X509 *certificate, enum role role)
{
	const char *const names[ROLES] = {
		[ROLE_CA] = "planecast CA",
		[ROLE_SERVER] = maker->common_name,
		[ROLE_CLIENT] = "client",
	};
	X509_NAME *name = X509_get_subject_name(certificate);

	return add_entry(name, "O", "planecast") && add_entry(name, "CN", names[role]);
}

static bool fill(const struct maker *maker, X509 *certificate, enum role role)
{
	X509 *issuer = maker->certificates[ROLE_CA];

	return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
			X509_gmtime_adj(X509_getm_notBefore(certificate), -EARLY_S) &&
			X509_gmtime_adj(X509_getm_notAfter(certificate), roles[role].days * DAY_S) &&
			set_subject(maker, certificate, role) &&
			X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
			X509_set_pubkey(certificate, maker->keys[role]) == 1 &&
			add_extension(certificate, issuer, NID_basic_constraints, roles[role].constraints) &&
			add_extension(certificate, issuer, NID_key_usage, roles[role].usage) &&
			add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
			add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
			(!roles[role].purpose ||
				add_extension(certificate, issuer, NID_ext_key_usage, roles[role].purpose)) &&
			(role != ROLE_SERVER ||
				add_extension(certificate, issuer, NID_subject_alt_name, maker->alternatives)) &&
			X509_sign(certificate, maker->keys[ROLE_CA], EVP_sha256()) > 0;
}

/* The CA comes first. */
static int make(struct maker *maker, enum role role)
{
	maker->keys[role] = EVP_EC_gen("P-256");
	maker->certificates[role] = X509_new();
	if (!maker->keys[role] || !maker->certificates[role] || !fill(maker, maker->certificates[role], role))
		return complain_openssl(roles[role].file);
	return 0;
}

/* Nothing of it stays in memory: where it is a key, that is wiped. */
static int write_file(struct maker *maker, const char *name, BIO *bio, mode_t mode)
{
	char *text;
	long bytes = BIO_get_mem_data(bio, &text);
	int fd, r = 0;

	fd = openat(maker->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return complain(errno == EEXIST ? "is there already, and is not overwritten" : strerror(errno), name,
				-errno);
	maker->n_written++;
	if (write(fd, text, (size_t)bytes) != bytes || fsync(fd) < 0)
		r = complain("cannot be written", name, -EIO);
	close(fd);
	return r;
}

static int write_role(struct maker *maker, enum role role)
{
	BIO *certificate = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_secmem());
	int r;

	if (!certificate || !key || PEM_write_bio_X509(certificate, maker->certificates[role]) != 1 ||
			PEM_write_bio_PKCS8PrivateKey(key, maker->keys[role], NULL, NULL, 0, NULL, NULL) != 1)
		r = complain_openssl(roles[role].file);
	else
		r = write_file(maker, roles[role].file, certificate, 0644);
	if (!r)
		r = write_file(maker, roles[role].key_file, key, 0600);
	BIO_free(certificate);
	BIO_free(key);
	return r;
}

static void unwrite(const struct maker *maker)
{
	for (unsigned int i = 0; i < maker->n_written; i++)
		unlinkat(maker->directory, i % 2 ? roles[i / 2].key_file : roles[i / 2].file, 0);
}

static void print(const struct maker *maker, FILE *out)
{
	const X509 *server = maker->certificates[ROLE_SERVER];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int bytes = 0;

	fprintf(out, "%s: a CA (" MAKE_CERTS_CA ", which viewers need, and " MAKE_CERTS_CA_KEY ", which nobody\n"
			"needs but to sign), " MAKE_CERTS_SERVER " for %s,\nand " MAKE_CERTS_CLIENT " for a viewer\n\n",
			maker->path, maker->alternatives);
	fputs("SHA-256 fingerprint of " MAKE_CERTS_SERVER ":\n", out);
	X509_digest(server, EVP_sha256(), digest, &bytes);
	for (unsigned int i = 0; i < bytes; i++)
		fprintf(out, "%s%02X", i ? ":" : "", digest[i]);
	fprintf(out, "\nits subject, for remote-viewer's host-subject:\nO=planecast,CN=%s\n", maker->common_name);
	fprintf(out, "\nIn the configuration, under [server]:\n"
			"tls-certificate = %s/" MAKE_CERTS_SERVER "\ntls-key = %s/" MAKE_CERTS_SERVER_KEY "\n"
			"and, if viewers need a certificate, too:\ntls-client-ca = %s/" MAKE_CERTS_CA "\n",
			maker->path, maker->path, maker->path);
}

static int open_directory(struct maker *maker, const char *directory)
{
	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return complain(strerror(errno), directory, -errno);
	maker->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return maker->directory < 0 ? complain(strerror(errno), directory, -errno) : 0;
}

int make_certs(const char *directory, const char *const *names, FILE *out)
{
	struct maker *maker = calloc(1, sizeof(*maker));
	char *path = NULL;
	int r;

	if (!maker)
		return -ENOMEM;
	maker->directory = -1;
	r = add_names(maker, names);
	if (!r)
		r = open_directory(maker, directory);
	for (unsigned int i = 0; i < ROLES && !r; i++)
		r = make(maker, i);
	for (unsigned int i = 0; i < ROLES && !r; i++)
		r = write_role(maker, i);
	if (r < 0) {
		unwrite(maker);
	} else {
		path = realpath(directory, NULL);
		maker->path = path ? path : directory;
		print(maker, out);
	}
	for (unsigned int i = 0; i < ROLES; i++) {
		X509_free(maker->certificates[i]);
		EVP_PKEY_free(maker->keys[i]);
	}
	if (maker->directory >= 0)
		close(maker->directory);
	free(path);
	free(maker);
	return r;
}

int make_certs_run(const struct options *options)
{
	return make_certs(options->certs_directory, options->names, stdout) < 0 || fflush(stdout)
			? EXIT_FAILURE : EXIT_SUCCESS;
}
