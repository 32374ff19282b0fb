// SPDX-License-Identifier: GPL-2.0-or-later
/* Certificates and secrets: there, readable by the server and by nobody else, belonging together, and not over. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "net/password_file.h"
#include "net/tls.h"
#include "tools/planecastctl/doctor.h"

#define SOON_DAYS 30
#define CREDENTIALS "/run/credentials/"
#define OTHERS (S_IRWXG | S_IRWXO)

/* 0, and fills in the days until it ends: negative once it has. */
static int read_end(const char *path, X509 **ret, int *ret_days)
{
	BIO *bio = BIO_new_file(path, "r");
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	int days, seconds, r = -EINVAL;

	BIO_free(bio);
	if (certificate && ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate))) {
		*ret = certificate;
		*ret_days = days ? days : seconds < 0 ? -1 : 0;
		return 0;
	}
	X509_free(certificate);
	return r;
}

static void look_at_names(struct doctor *doctor, const char *path, X509 *certificate)
{
	const struct config_addresses *names = doctor->vm ? &doctor->vm->server_names : NULL;

	for (unsigned int i = 0; names && i < names->count; i++) {
		if (!strchr(names->text[i], '.') || X509_check_host(certificate, names->text[i], 0, 0, NULL) == 1)
			continue;
		doctor_say(doctor, DOCTOR_WARN, "%s is not for the name %s, so viewers refuse it there", path,
				names->text[i]);
		doctor_fix(doctor, "have one made that names all of server-names");
	}
}

static void look_at_end(struct doctor *doctor, const char *path)
{
	X509 *certificate;
	int days;

	if (read_end(path, &certificate, &days) < 0) {
		doctor_say(doctor, DOCTOR_BAD, "%s has no certificate that can be read", path);
		doctor_fix(doctor, "it has to be PEM; planecastd --make-certs makes one");
		return;
	}
	if (days < 0) {
		doctor_say(doctor, DOCTOR_BAD, "%s has ended %d days ago, and viewers refuse it", path, -days);
		doctor_fix(doctor, "renew it, then planecastctl reload: viewers that are there stay");
	} else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
		doctor_say(doctor, DOCTOR_BAD, "%s has not begun yet", path);
		doctor_fix(doctor,
				"look at this host's clock, or at the certificate: openssl x509 -noout -dates -in %s",
				path);
	} else if (days < SOON_DAYS) {
		doctor_say(doctor, DOCTOR_WARN, "%s ends in %d days", path, days);
		doctor_fix(doctor, "renew it, then planecastctl reload: viewers that are there stay");
	} else {
		doctor_say(doctor, DOCTOR_OK, "%s is good for %d days", path, days);
	}
	look_at_names(doctor, path, certificate);
	X509_free(certificate);
}

static void look_at_key_mode(struct doctor *doctor, const char *path)
{
	struct stat st;

	/* The group may be one for those who need the key (ssl-cert). */
	if (stat(path, &st) < 0 || !(st.st_mode & S_IRWXO))
		return;
	doctor_say(doctor, DOCTOR_BAD, "the key %s is open to everybody on this host (mode %04o)", path,
			st.st_mode & 07777);
	doctor_fix(doctor, "chmod o= %s, and have a new key made: this one may be known", path);
}

void doctor_check_certificate(struct doctor *doctor)
{
	const struct config_server *server = &doctor->config->server;
	const struct config_vm *vm = doctor->vm;
	const struct tls_files files = {
		.path = {
			[TLS_FILE_CERTIFICATE] = vm ? vm->tls_certificate : server->tls_certificate,
			[TLS_FILE_KEY] = vm ? vm->tls_key : server->tls_key,
			[TLS_FILE_CLIENT_CA] = vm ? vm->tls_client_ca : server->tls_client_ca,
			[TLS_FILE_CLIENT_CRL] = vm ? vm->tls_client_crl : server->tls_client_crl,
		},
	};
	struct tls_fault fault;
	struct tls *tls;
	bool good = true;
	int r;

	for (unsigned int i = 0; i < TLS_FILES; i++)
		if (files.path[i])
			good = doctor_check_access(doctor, i == TLS_FILE_KEY ? "the key" : "the certificate",
					       files.path[i], R_OK) &&
					good;
	if (files.path[TLS_FILE_KEY])
		look_at_key_mode(doctor, files.path[TLS_FILE_KEY]);
	if (!good)
		return;
	look_at_end(doctor, files.path[TLS_FILE_CERTIFICATE]);
	if (tls_new(&tls) < 0)
		return;
	r = tls_load(tls, &files, &fault);
	if (r < 0) {
		doctor_say(doctor, DOCTOR_BAD, "%s %s", files.path[fault.file], fault.text);
		doctor_fix(doctor, "mend that file; planecastd --make-certs makes a whole set");
	}
	tls_free(tls);
}

static void look_at_secret(struct doctor *doctor, const char *key, const char *path)
{
	const char *error;
	struct stat st;
	int fd, r;

	if (!path)
		return;
	if (!strncmp(path, CREDENTIALS, strlen(CREDENTIALS)) && !doctor->running) {
		doctor_say(doctor, DOCTOR_OK, "%s %s: systemd makes it when the service starts", key, path);
		return;
	}
	r = stat(path, &st) < 0 ? -errno : 0;
	if (!r && st.st_mode & OTHERS && strncmp(path, CREDENTIALS, strlen(CREDENTIALS))) {
		doctor_say(doctor, DOCTOR_BAD, "%s %s is open to group or others (mode %04o), and so not used",
				key, path, st.st_mode & 07777);
		doctor_fix(doctor, "chmod 0600 %s", path);
		return;
	}
	if (!doctor_check_access(doctor, key, path, R_OK))
		return;
	/* Who is neither root nor the server cannot look inside. */
	r = password_file_open(path, &fd, &st, &error);
	if (!r)
		close(fd);
	if (!r && !st.st_size) {
		doctor_say(doctor, DOCTOR_BAD, "%s %s is empty", key, path);
		doctor_fix(doctor, "write the password to its first line");
	} else {
		doctor_say(doctor, DOCTOR_OK, "%s %s can be read", key, path);
	}
}

void doctor_check_passwords(struct doctor *doctor)
{
	const struct config_vm *vm = doctor->vm;

	look_at_secret(doctor, "vnc-password-file", vm->vnc_password_file);
	look_at_secret(doctor, "spice-password-file", vm->spice_password_file);
	look_at_secret(doctor, "users-file", vm->users_file);
}
