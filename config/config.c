// SPDX-License-Identifier: GPL-2.0-or-later
/* The loaded configuration: what it owns, looking things up, and comparing. */
#include "config/config.h"

#include "config/origins.h"
#include "config/schema.h"
#include "config/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void clear_section(enum schema_section section, void *object)
{
	for (size_t i = 0; i < SCHEMA_KEYS; i++)
		if (schema_keys[i].section == section)
			value_clear(&schema_keys[i], object);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (unsigned int i = 0; i < config->n_vms; i++) {
		clear_section(SCHEMA_VM, config->vms[i]);
		free(config->vms[i]->name);
		free(config->vms[i]);
		free(config->origins->vms[i]);
	}
	free(config->vms);
	clear_section(SCHEMA_SERVER, &config->server);
	if (config->origins) {
		for (unsigned int i = 0; i < config->origins->n_files; i++)
			free(config->origins->files[i]);
		free(config->origins->files);
		free(config->origins->vms);
		free(config->origins);
	}
	free(config);
}

bool config_vm_has_source(const struct config_vm *vm, enum config_source source)
{
	for (unsigned int i = 0; i < vm->source.count; i++)
		if (vm->source.value[i] == (int)source)
			return true;
	return false;
}

const struct config_vm *config_find_vm(const struct config *config, const char *name)
{
	for (unsigned int i = 0; i < config->n_vms; i++)
		if (strcmp(config->vms[i]->name, name) == 0)
			return config->vms[i];
	return NULL;
}

enum config_change config_vm_compare(const struct config_vm *old_vm, const struct config_vm *new_vm)
{
	enum config_change change = CONFIG_SAME;

	if (strcmp(old_vm->name, new_vm->name) != 0)
		return CONFIG_RESTART;
	for (size_t i = 0; i < SCHEMA_KEYS; i++) {
		const struct schema_key *key = &schema_keys[i];

		if (key->section != SCHEMA_VM || value_equal(key, old_vm, new_vm))
			continue;
		if (key->reload == SCHEMA_RESTART)
			return CONFIG_RESTART;
		change = CONFIG_LIVE;
	}
	return change;
}

const struct config_origin *origins_find(const struct config_section_origins *section,
		enum schema_section kind, size_t offset)
{
	size_t i = 0;

	while (schema_keys[i].section != kind || schema_keys[i].offset != offset) {
		i++;
		assert(i < SCHEMA_KEYS);
	}
	return &section->keys[i];
}

void config_override_server(struct config *config, size_t offset, int value)
{
	memcpy((char *)&config->server + offset, &value, sizeof(value));
	for (size_t i = 0; i < SCHEMA_KEYS; i++)
		if (schema_keys[i].section == SCHEMA_SERVER && schema_keys[i].offset == offset)
			config->origins->server.keys[i] =
					(struct config_origin){ .file = "the command line" };
}
