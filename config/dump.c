// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes a configuration as a file that says what is in effect, and where each value came from. */
#include "config/config.h"

#include "config/origins.h"
#include "config/schema.h"
#include "config/text.h"
#include "config/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ORIGIN_COLUMN 48

/* As the tokeniser needs it: quotes where a bare value would lose something. */
static int write_value(const char *value, FILE *out)
{
	size_t length = strlen(value);
	int written = 0;

	if (length == 0 || (!strpbrk(value, "#;") && value[0] != '"' &&
			!strchr(" \t", value[0]) && !strchr(" \t", value[length - 1])))
		return fprintf(out, "%s", value);
	fputc('"', out);
	for (; *value; value++)
		written += fprintf(out, strchr("\"\\", *value) ? "\\%c" : "%c", *value);
	fputc('"', out);
	return written + 2;
}

static int write_origin(const struct config_origin *origin, int column, FILE *out)
{
	char *file;

	fprintf(out, "%*s# ", column < ORIGIN_COLUMN ? ORIGIN_COLUMN - column : 1, "");
	if (!origin->file) {
		fprintf(out, "default");
		return 0;
	}
	/* A file may be called anything, a comment ends with its line. */
	file = strdup(origin->file);
	if (!file)
		return -ENOMEM;
	text_sanitize(file);
	fprintf(out, "from %s", file);
	if (origin->line)
		fprintf(out, ":%u", origin->line);
	free(file);
	return 0;
}

static int write_section(enum schema_section section, const void *object,
		const struct config_section_origins *origins, FILE *out)
{
	for (size_t i = 0; i < SCHEMA_KEYS; i++) {
		int column, r = 0;
		char *value;

		if (schema_keys[i].section != section)
			continue;
		if (value_format(&schema_keys[i], object, &value) < 0)
			return -ENOMEM;
		column = fprintf(out, "%s = ", schema_keys[i].name);
		column += write_value(value, out);
		free(value);
		if (origins)
			r = write_origin(&origins->keys[i], column, out);
		if (r < 0)
			return r;
		fputc('\n', out);
	}
	return 0;
}

int config_dump(const struct config *config, const struct config_vm *vm, bool origins, FILE *out)
{
	int r;

	fprintf(out, "[server]\n");
	r = write_section(SCHEMA_SERVER, &config->server,
			origins ? &config->origins->server : NULL, out);
	for (unsigned int i = 0; r == 0 && i < config->n_vms; i++) {
		if (vm && vm != config->vms[i])
			continue;
		fprintf(out, "\n[vm \"%s\"]\n", config->vms[i]->name);
		r = write_section(SCHEMA_VM, config->vms[i],
				origins ? config->origins->vms[i] : NULL, out);
	}
	if (r < 0)
		return r;
	return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}
