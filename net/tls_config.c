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
};

static struct tls_files files_of(const struct config_vm *config)
{
	struct tls_files files;

	for (unsigned int i = 0; i < TLS_FILES; i++)
		files.path[i] = *(char *const *)((const char *)config + vm_offsets[i]);
	return files;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Those of one VM are mostly those of all. */
static bool was_checked(const struct config *config, unsigned int vm)
{
	const struct tls_files files = files_of(config->vms[vm]);

	for (unsigned int before = 0; before < vm; before++) {
		const struct tls_files other = files_of(config->vms[before]);
		unsigned int same = 0;

		while (same < TLS_FILES && same_text(files.path[same], other.path[same]))
			same++;
		if (same == TLS_FILES)
			return true;
	}
	return false;
}

int tls_check_config(const struct config *config, config_report_fn report, void *user)
{
	char message[TLS_ERROR_MAX + 4096];
	struct tls *tls;
	int result = 0;

	if (tls_new(&tls) < 0)
		return -ENOMEM;
	for (unsigned int i = 0; i < config->n_vms; i++) {
		const struct tls_files files = files_of(config->vms[i]);
		const struct config_origin *place;
		struct tls_fault fault;

		if (was_checked(config, i) || tls_load(tls, &files, &fault) == 0)
			continue;
		place = origins_find(config->origins->vms[i], SCHEMA_VM, vm_offsets[fault.file]);
		snprintf(message, sizeof(message), "%s %s", files.path[fault.file], fault.text);
		if (report)
			report(user, &(struct config_problem){
				.file = place->file,
				.line = place->line,
				.column = place->column,
				.message = message,
			});
		result = -EINVAL;
	}
	tls_free(tls);
	return result;
}

void tls_configure(struct tls *tls, const struct config_vm *config)
{
	const struct tls_files files = files_of(config);
	struct tls_fault fault;

	if (tls_load(tls, &files, &fault) < 0)
		log_error(NULL, "%s %s: %s", files.path[fault.file], fault.text, tls_is_ready(tls)
				? "what was read of it before stays in use" : "nobody can connect over TLS");
	else if (tls_is_ready(tls))
		log_at(tls_is_current(tls) ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, NULL, "TLS certificate %s: %s",
				files.path[TLS_FILE_CERTIFICATE], tls_describe(tls));
}
