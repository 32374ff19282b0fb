// SPDX-License-Identifier: GPL-2.0-or-later
/* Puts sections and keys into a configuration, each checked against its row of the table. */
#include "config/build.h"

#include "config/files.h"
#include "config/ini.h"
#include "config/origins.h"
#include "config/schema.h"
#include "config/suggest.h"
#include "config/value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define VM_NAME_MAX 64
#define TEXTS_MAX (FILES_DROP_INS_MAX + 1)

struct build {
	struct config *config;
	struct problems *problems;
	const char *file;
	bool orphan_reported; /* a key before any section */

	/* The section that keys go to; object NULL: they are skipped. */
	enum schema_section section;
	void *object;
	struct config_section_origins *origins;
};

static int set_defaults(enum schema_section section, void *object)
{
	for (size_t i = 0; i < SCHEMA_KEYS; i++) {
		int r = 0;

		if (schema_keys[i].section == section)
			r = value_parse(&schema_keys[i], object, "", NULL, NULL, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

int build_new(struct config **ret)
{
	struct config *config = calloc(1, sizeof(*config));
	struct config_origins *origins = calloc(1, sizeof(*origins));

	if (!config || !origins) {
		free(origins);
		free(config);
		return -ENOMEM;
	}
	config->origins = origins;
	config->vms = calloc(CONFIG_VMS_MAX, sizeof(struct config_vm *));
	origins->vms = calloc(CONFIG_VMS_MAX, sizeof(struct config_section_origins *));
	origins->files = calloc(TEXTS_MAX, sizeof(char *));
	if (!config->vms || !origins->vms || !origins->files ||
			set_defaults(SCHEMA_SERVER, &config->server) < 0) {
		config_free(config);
		return -ENOMEM;
	}
	*ret = config;
	return 0;
}

static int add_vm(struct config *config, const char *name)
{
	struct config_section_origins *origins = calloc(1, sizeof(*origins));
	struct config_vm *vm = calloc(1, sizeof(*vm));

	if (!vm || !origins)
		goto fail;
	vm->name = strdup(name);
	if (!vm->name)
		goto fail;
	config->origins->vms[config->n_vms] = origins;
	config->vms[config->n_vms++] = vm;
	return set_defaults(SCHEMA_VM, vm);
fail:
	free(vm);
	free(origins);
	return -ENOMEM;
}

__attribute__((format(printf, 4, 5))) static void complain(struct build *build,
		const struct ini_item *item, unsigned int column, const char *fmt, ...)
{
	char message[PROBLEM_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	problems_add(build->problems, build->file, item->line, column, "%s", message);
}

/* NULL: a good name. */
static const char *vm_name_fault(const char *name)
{
	if (!*name)
		return "a VM needs a name";
	if (strlen(name) > VM_NAME_MAX)
		return "the name of a VM has at most 64 bytes";
	if (strpbrk(name, "/\t"))
		return "the name of a VM has no slash and no tab in it";
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return "a VM cannot be called \".\" or \"..\"";
	return NULL;
}

static void enter(struct build *build, enum schema_section section, void *object,
		struct config_section_origins *origins, const struct ini_item *item)
{
	origins->header = (struct config_origin){
		.file = build->file, .line = item->line, .column = item->column
	};
	build->section = section;
	build->object = object;
	build->origins = origins;
}

static int enter_server(struct build *build, const struct ini_item *item)
{
	struct config_section_origins *origins = &build->config->origins->server;

	if (item->value)
		complain(build, item, item->value_column, "[server] takes no name");
	if (origins->header.file == build->file)
		complain(build, item, item->column, "[server] is already in line %u",
				origins->header.line);
	enter(build, SCHEMA_SERVER, &build->config->server, origins, item);
	return 0;
}

static int enter_vm(struct build *build, const struct ini_item *item)
{
	struct config *config = build->config;
	struct config_section_origins **origins = config->origins->vms;
	const char *fault;
	unsigned int i = 0;

	if (!item->value) {
		complain(build, item, item->column, "expected [vm \"NAME\"]");
		return 0;
	}
	fault = vm_name_fault(item->value);
	if (fault)
		complain(build, item, item->value_column, "%s", fault);
	while (i < config->n_vms && strcmp(config->vms[i]->name, item->value) != 0)
		i++;
	if (i < config->n_vms && origins[i]->header.file == build->file) {
		complain(build, item, item->value_column, "vm \"%.64s\" is already in line %u",
				item->value, origins[i]->header.line);
		/* Its keys go to a VM of its own: still checked, but not as repetitions. */
		i = config->n_vms;
	}
	if (i == config->n_vms) {
		if (config->n_vms == CONFIG_VMS_MAX) {
			complain(build, item, item->value_column, "more than %d VMs",
					CONFIG_VMS_MAX);
			return 0;
		}
		if (add_vm(config, item->value) < 0)
			return -ENOMEM;
	}
	enter(build, SCHEMA_VM, config->vms[i], origins[i], item);
	return 0;
}

static const struct {
	const char *name;
	int (*enter)(struct build *build, const struct ini_item *item);
} sections[] = {
	{ "server", enter_server },
	{ "vm", enter_vm },
};

static int read_section(struct build *build, const struct ini_item *item)
{
	struct suggest suggest;

	build->object = NULL;
	build->orphan_reported = true;
	suggest_init(&suggest, item->name);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (strcmp(item->name, sections[i].name) == 0)
			return sections[i].enter(build, item);
		suggest_offer(&suggest, sections[i].name);
	}
	if (suggest.best)
		complain(build, item, item->column,
				"unknown section \"%.64s\"; did you mean \"%s\"?", item->name,
				suggest.best);
	else
		complain(build, item, item->column,
				"unknown section \"%.64s\", expected [server] or [vm \"NAME\"]",
				item->name);
	return 0;
}

static void complain_unknown_key(struct build *build, const struct ini_item *item)
{
	const char *section = schema_section_name(build->section);
	struct suggest suggest;

	suggest_init(&suggest, item->name);
	for (size_t i = 0; i < SCHEMA_KEYS; i++) {
		if (schema_keys[i].section == build->section) {
			suggest_offer(&suggest, schema_keys[i].name);
		} else if (strcmp(schema_keys[i].name, item->name) == 0) {
			complain(build, item, item->column, "\"%s\" belongs into [%s], not into [%s]",
					item->name, schema_section_name(schema_keys[i].section),
					section);
			return;
		}
	}
	if (suggest.best)
		complain(build, item, item->column,
				"unknown key \"%.64s\" in [%s]; did you mean \"%s\"?", item->name,
				section, suggest.best);
	else
		complain(build, item, item->column, "unknown key \"%.64s\" in [%s]", item->name,
				section);
}

struct value_context {
	struct build *build;
	const struct ini_item *item;
};

static void report_value(void *user, size_t offset, const char *message)
{
	const struct value_context *context = user;

	complain(context->build, context->item, context->item->value_column + (unsigned int)offset,
			"%s", message);
}

static int read_key(struct build *build, const struct ini_item *item)
{
	struct value_context context = { build, item };
	struct config_origin *origin;
	size_t i = 0;
	int r;

	while (i < SCHEMA_KEYS && (schema_keys[i].section != build->section ||
			strcmp(schema_keys[i].name, item->name) != 0))
		i++;
	if (i == SCHEMA_KEYS) {
		complain_unknown_key(build, item);
		return 0;
	}
	origin = &build->origins->keys[i];
	if (origin->file == build->file)
		complain(build, item, item->column, "\"%s\" is already set in line %u", item->name,
				origin->line);
	*origin = (struct config_origin){
		.file = build->file, .line = item->line, .column = item->value_column
	};
	r = value_parse(&schema_keys[i], build->object, item->value, report_value, &context,
			&origin->places);
	origin->bad = r == -EINVAL;
	return r == -ENOMEM ? r : 0;
}

static int read_item(struct build *build, const struct ini_item *item)
{
	switch (item->kind) {
	case INI_SECTION:
		return read_section(build, item);
	case INI_KEY:
		if (build->object)
			return read_key(build, item);
		if (!build->orphan_reported)
			complain(build, item, item->column,
					"a key outside of a section, expected [server] or [vm \"NAME\"] "
					"before it");
		build->orphan_reported = true;
		return 0;
	default:
		complain(build, item, item->column, "%s", item->message);
		if (item->in_header) {
			/* What follows belongs to a section that nobody knows. */
			build->object = NULL;
			build->orphan_reported = true;
		}
		return 0;
	}
}

int build_add_text(struct config *config, const char *name, const char *text, size_t bytes,
		struct problems *problems)
{
	struct config_origins *origins = config->origins;
	struct build build = { .config = config, .problems = problems };
	struct ini_item item;
	struct ini ini;
	char *file;
	int r = 0;

	if (origins->n_files == TEXTS_MAX || !(file = strdup(name)))
		return -ENOMEM;
	origins->files[origins->n_files++] = file;
	build.file = file;
	ini_init(&ini, text, bytes);
	for (ini_next(&ini, &item); r == 0 && item.kind != INI_END; ini_next(&ini, &item))
		r = read_item(&build, &item);
	return r;
}

/* What a VM does not say itself it has of [server], and so do those who ask where it was written. */
static int inherit(struct config *config, unsigned int vm)
{
#define SAME(field) .vm_offset = offsetof(struct config_vm, field), \
		.server_offset = offsetof(struct config_server, field)
	static const struct {
		size_t vm_offset, server_offset;
		size_t unless_offset; /* of what the VM has of its own; 0: whatever it has */
	} texts[] = {
		/* What the server's CA has revoked; so it goes before the CA. */
		{ SAME(tls_client_crl), .unless_offset = offsetof(struct config_vm, tls_client_ca) },
		{ SAME(tls_certificate) },
		{ SAME(tls_key) },
		{ SAME(tls_client_ca) },
		{ SAME(users_file) },
		{ SAME(pam_service) },
	};
#undef SAME

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char **own = (char **)((char *)config->vms[vm] + texts[i].vm_offset);
		char **unless = (char **)((char *)config->vms[vm] + texts[i].unless_offset);
		const char *from = *(char **)((char *)&config->server + texts[i].server_offset);
		struct config_origin *origin = (struct config_origin *)origins_find(config->origins->vms[vm],
				SCHEMA_VM, texts[i].vm_offset);

		if (*own || origin->bad || (texts[i].unless_offset && *unless))
			continue;
		*origin = *origins_find(&config->origins->server, SCHEMA_SERVER, texts[i].server_offset);
		if (from && !(*own = strdup(from)))
			return -ENOMEM;
	}
	return 0;
}

static void choose_sources(struct config_vm *vm)
{
	struct config_words *source = &vm->source;

	if (source->count)
		return;
	if (!vm->dbus || vm->vfio_device || vm->vfio_socket)
		source->value[source->count++] = CONFIG_SOURCE_VFIO;
	if (vm->dbus)
		source->value[source->count++] = CONFIG_SOURCE_DBUS;
}

int build_finish(struct config *config)
{
	for (unsigned int i = 0; i < config->n_vms; i++) {
		struct config_vm *vm = config->vms[i];

		if (!vm->desktop_name && !(vm->desktop_name = strdup(vm->name)))
			return -ENOMEM;
		if (inherit(config, i) < 0)
			return -ENOMEM;
		choose_sources(vm);
	}
	return 0;
}
