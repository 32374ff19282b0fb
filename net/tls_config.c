// SPDX-License-Identifier: GPL-2.0-or-later
/* From the keys of a configuration to TLS contexts. */
#include "net/tls_config.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/origins.h"
#include "server/log.h"

static const size_t vm_offsets[TLS_FILES] = {
	[TLS_FILE_CERTIFICATE] = offsetof(struct config_vm, tls_certificate),
	[TLS_FILE_KEY] = offsetof(struct config_vm, tls_key),
	[TLS_FILE_CLIENT_CA] = offsetof(struct config_vm, tls_client_ca),
	[TLS_FILE_CLIENT_CRL] = offsetof(struct config_vm, tls_client_crl),
};

static const size_t server_offsets[TLS_FILES] = {
	[TLS_FILE_CERTIFICATE] = offsetof(struct config_server, tls_certificate),
	[TLS_FILE_KEY] = offsetof(struct config_server, tls_key),
	[TLS_FILE_CLIENT_CA] = offsetof(struct config_server, tls_client_ca),
	[TLS_FILE_CLIENT_CRL] = offsetof(struct config_server, tls_client_crl),
};

static struct tls_files files_of(const struct config_vm *config)
{
	struct tls_files files;

	for (unsigned int i = 0; i < TLS_FILES; i++)
		files.path[i] = *(char *const *)((const char *)config + vm_offsets[i]);
	return files;
}

static struct tls_files files_of_server(const struct config_server *server)
{
	return (struct tls_files){
		.path = {
			[TLS_FILE_CERTIFICATE] = server->tls_certificate,
			[TLS_FILE_KEY] = server->tls_key,
			[TLS_FILE_CLIENT_CA] = server->tls_client_ca,
			[TLS_FILE_CLIENT_CRL] = server->tls_client_crl,
		},
	};
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_files(const struct tls_files *a, const struct tls_files *b)
{
	unsigned int same = 0;

	while (same < TLS_FILES && same_text(a->path[same], b->path[same]))
		same++;
	return same == TLS_FILES;
}

/* Those of one VM are mostly those of all. */
static bool was_checked(const struct config *config, unsigned int vm)
{
	const struct tls_files files = files_of(config->vms[vm]), server = files_of_server(&config->server);

	if (config->server.web.count && same_files(&files, &server))
		return true;
	for (unsigned int before = 0; before < vm; before++) {
		const struct tls_files other = files_of(config->vms[before]);

		if (same_files(&files, &other))
			return true;
	}
	return false;
}

static void report_at(const struct config_origin *place, const char *message, config_report_fn report, void *user)
{
	if (report)
		report(user, &(struct config_problem){
			.file = place->file,
			.line = place->line,
			.column = place->column,
			.message = message,
		});
}

/* fault is what is wrong with files, which is where offsets says. */
static void report_fault(const struct config_section_origins *section, enum schema_section kind,
		const size_t offsets[TLS_FILES], const struct tls_files *files, const struct tls_fault *fault,
		config_report_fn report, void *user)
{
	char message[TLS_ERROR_MAX + 4096];

	snprintf(message, sizeof(message), "%s %s", files->path[fault->file], fault->text);
	report_at(origins_find(section, kind, offsets[fault->file]), message, report, user);
}

/* A port for all VMs that have a certificate, and none has. */
static bool is_spice_in_vain(const struct config *config)
{
	bool in_vain = config->server.spice_tls.count && config->n_vms;

	for (unsigned int i = 0; i < config->n_vms; i++)
		in_vain = in_vain && !config->vms[i]->tls_certificate;
	return in_vain;
}

int tls_check_config(const struct config *config, config_report_fn report, void *user)
{
	const struct tls_files server_files = files_of_server(&config->server);
	struct tls_fault fault;
	struct tls *tls;
	int result = 0;

	if (tls_new(&tls) < 0)
		return -ENOMEM;
	if (config->server.web.count && tls_load(tls, &server_files, &fault) < 0) {
		report_fault(&config->origins->server, SCHEMA_SERVER, server_offsets, &server_files, &fault,
				report, user);
		result = -EINVAL;
	}
	if (is_spice_in_vain(config)) {
		report_at(origins_find(&config->origins->server, SCHEMA_SERVER,
				offsetof(struct config_server, spice_tls)),
				"[server] has spice-tls and so needs a tls-certificate and a tls-key, there or in the "
				"VMs; planecastd --make-certs makes them", report, user);
		result = -EINVAL;
	}
	for (unsigned int i = 0; i < config->n_vms; i++) {
		const struct tls_files files = files_of(config->vms[i]);

		if (was_checked(config, i) || tls_load(tls, &files, &fault) == 0)
			continue;
		report_fault(config->origins->vms[i], SCHEMA_VM, vm_offsets, &files, &fault, report, user);
		result = -EINVAL;
	}
	tls_free(tls);
	return result;
}

static void load(struct tls *tls, const struct tls_files *files)
{
	struct tls_fault fault;

	if (tls_load(tls, files, &fault) < 0)
		log_error(NULL, "%s %s: %s", files->path[fault.file], fault.text, tls_is_ready(tls)
				? "what was read of it before stays in use" : "nobody can connect over TLS");
	else if (tls_is_ready(tls))
		log_at(tls_is_current(tls) ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, NULL, "TLS certificate %s: %s",
				files->path[TLS_FILE_CERTIFICATE], tls_describe(tls));
}

void tls_configure(struct tls *tls, const struct config_vm *config)
{
	const struct tls_files files = files_of(config);

	load(tls, &files);
}

void tls_configure_server(struct tls *tls, const struct config_server *config)
{
	const struct tls_files files = files_of_server(config);

	load(tls, &files);
}
