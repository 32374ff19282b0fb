/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a viewer may do, and the lists that say so: "alice bob:view *:view" lets
 * alice control the VM, bob and all others only watch it. Entries are separated
 * by blanks or commas; without a role they mean control; a name goes before the
 * star, which stands for everybody else. Pure; any thread.
 */
#ifndef PLANECAST_CONFIG_ROLE_H
#define PLANECAST_CONFIG_ROLE_H

#include <stddef.h>

enum role {
	ROLE_VIEW,
	ROLE_CONTROL,
};

/* The longest name of a user, in bytes. */
#define ROLE_NAME_MAX 255

/* "view", "control". */
const char *role_name(enum role role);
/* -EINVAL: neither. */
int role_parse(const char *text, enum role *ret);

/*
 * NULL: a name that a user can have: 1 to ROLE_NAME_MAX bytes without blanks,
 * commas, colons, control characters, and not the star nor with a '#' in front.
 * Otherwise what is wrong with it, a constant.
 */
const char *role_name_fault(const char *name);

/* -EINVAL: no list; *ret_offset is where, *ret_error, a constant, what is wrong. */
int role_list_check(const char *list, size_t *ret_offset, const char **ret_error);
/*
 * What that list lets that user do; list NULL: everybody may control. -EACCES:
 * nothing. The list has passed role_list_check().
 */
int role_list_find(const char *list, const char *user, enum role *ret);

#endif
