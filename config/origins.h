/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where each value of a configuration was written. Read-only after load, any thread. */
#ifndef PLANECAST_CONFIG_ORIGINS_H
#define PLANECAST_CONFIG_ORIGINS_H

#include "config/config.h"
#include "config/schema.h"
#include "config/value.h"

struct config_origin {
	const char *file; /* one of struct config_origins' files, or a constant; NULL: the default */
	unsigned int line, column; /* 0: no file */
	bool bad; /* what stands there is no value; it was reported */
	struct value_places places;
};

/* Of one section; keys that belong to another section are unused. */
struct config_section_origins {
	struct config_origin header; /* the last file that opened the section */
	struct config_origin keys[SCHEMA_KEYS];
};

struct config_origins {
	unsigned int n_files;
	char **files;
	struct config_section_origins server;
	struct config_section_origins **vms; /* as many, in the same order, as the VMs */
};

/* The field's own row, which there is: for checks that speak of certain keys. */
const struct config_origin *origins_find(const struct config_section_origins *section,
		enum schema_section kind, size_t offset);
#define origins_of_vm_key(section, field)                                                          \
	origins_find(section, SCHEMA_VM, offsetof(struct config_vm, field))

#endif
