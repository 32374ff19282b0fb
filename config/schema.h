/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of all configuration keys. Parser, checker, dump, comparison on
 * reload, example file and manual page follow it, so a new key is one row here
 * and one field in config.h. Read-only, any thread.
 */
#ifndef PLANECAST_CONFIG_SCHEMA_H
#define PLANECAST_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEMA_KEYS 88

enum schema_section { SCHEMA_SERVER, SCHEMA_VM };

/* With the type of the field. */
enum schema_type {
	SCHEMA_BOOL, /* bool */
	SCHEMA_INTEGER, /* int64_t */
	SCHEMA_BYTES, /* int64_t */
	SCHEMA_DURATION, /* int64_t, ns */
	SCHEMA_ENUM, /* int */
	SCHEMA_ENUMS, /* struct config_words; count 0: not set */
	SCHEMA_TEXT, /* char *, NULL: not set */
	SCHEMA_PATH, /* char *, NULL: not set; absolute, or one of the words */
	SCHEMA_DEVICE, /* char *, NULL: not set; UUID, PCI address or absolute path */
	SCHEMA_LAYOUT, /* char *, NULL: not set; XKB layout, variant in parentheses */
	SCHEMA_BUS, /* char *, NULL: not set; p2p, or the address of a D-Bus at a unix socket */
	SCHEMA_USERS, /* char *, NULL: not set; list of users, as config/role.h has it */
	SCHEMA_SIZE, /* struct config_size */
	SCHEMA_ADDRESSES, /* struct config_addresses: to listen at */
	SCHEMA_NETWORKS, /* struct config_addresses: of peers */
	SCHEMA_ORIGINS, /* struct config_addresses: of web pages */
	SCHEMA_NAMES, /* struct config_addresses: host names, or one of the words alone */
};

/* A change of the key reaches a running worker, or needs a new one. */
enum schema_reload { SCHEMA_LIVE, SCHEMA_RESTART };

struct schema_word {
	const char *name; /* NULL ends the list */
	int value;
};

struct schema_key {
	enum schema_section section;
	const char *name;
	enum schema_type type;
	size_t offset; /* of the field in struct config_server or config_vm */
	int64_t min, max; /* numbers; bytes of texts and paths; width of a size */
	int64_t height_min, height_max; /* SCHEMA_SIZE */
	const char *default_text; /* as one would write it; "": not set */
	const struct schema_word *words; /* of SCHEMA_ENUM(S); SCHEMA_TEXT, SCHEMA_PATH: NULL or all that are allowed */
	enum schema_reload reload;
	const char *doc; /* sentences in plain text */
};

extern const struct schema_key schema_keys[SCHEMA_KEYS];

/* "server", "vm". */
const char *schema_section_name(enum schema_section section);

#endif
