// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks a list of users and what each may do. */
#include "config/role.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define BLANKS " \t,"
#define EVERYBODY "*"

static const char *const names[] = {
	[ROLE_VIEW] = "view",
	[ROLE_CONTROL] = "control",
};

#define N_ROLES (sizeof(names) / sizeof(names[0]))

const char *role_name(enum role role)
{
	return names[role];
}

static int parse(const char *text, size_t length, enum role *ret)
{
	for (size_t i = 0; i < N_ROLES; i++) {
		if (strlen(names[i]) == length && !memcmp(names[i], text, length)) {
			*ret = (enum role)i;
			return 0;
		}
	}
	return -EINVAL;
}

int role_parse(const char *text, enum role *ret)
{
	return parse(text, strlen(text), ret);
}

static const char *name_fault(const char *name, size_t length)
{
	if (!length)
		return "a user needs a name";
	if (length > ROLE_NAME_MAX)
		return "the name of a user has at most 255 bytes";
	if (name[0] == '#')
		return "the name of a user does not begin with #";
	if (length == 1 && name[0] == EVERYBODY[0])
		return "no user is called *";
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c <= ' ' || c == 0x7f || c == ',' || c == ':')
			return "the name of a user has no blank, comma, colon or control character in it";
	}
	return NULL;
}

const char *role_name_fault(const char *name)
{
	return name_fault(name, strlen(name));
}

struct entry {
	const char *name;
	size_t name_length;
	const char *role; /* NULL: none is said */
	size_t role_length;
};

/* false: the end of the list. */
static bool next_entry(const char **at, struct entry *ret)
{
	const char *start = *at + strspn(*at, BLANKS);
	size_t length = strcspn(start, BLANKS);
	const char *colon = memchr(start, ':', length);

	if (!length)
		return false;
	*at = start + length;
	ret->name = start;
	ret->name_length = colon ? (size_t)(colon - start) : length;
	ret->role = colon ? colon + 1 : NULL;
	ret->role_length = colon ? (size_t)(*at - ret->role) : 0;
	return true;
}

static bool is_everybody(const struct entry *entry)
{
	return entry->name_length == 1 && entry->name[0] == EVERYBODY[0];
}

/* The one of that name that comes first. */
static bool find(const char *list, const char *name, size_t length, struct entry *ret)
{
	while (next_entry(&list, ret)) {
		if (ret->name_length == length && !memcmp(ret->name, name, length))
			return true;
	}
	return false;
}

int role_list_check(const char *list, size_t *ret_offset, const char **ret_error)
{
	const char *at = list, *error;
	struct entry entry, first;
	enum role role;

	while (next_entry(&at, &entry)) {
		error = is_everybody(&entry) ? NULL : name_fault(entry.name, entry.name_length);
		if (!error && entry.role && parse(entry.role, entry.role_length, &role) < 0)
			error = "behind the colon view or control is expected";
		if (!error && find(list, entry.name, entry.name_length, &first) && first.name != entry.name)
			error = "that user is already in the list";
		if (error) {
			*ret_offset = (size_t)(entry.name - list);
			*ret_error = error;
			return -EINVAL;
		}
	}
	return 0;
}

int role_list_find(const char *list, const char *user, enum role *ret)
{
	struct entry entry;

	if (!list) {
		*ret = ROLE_CONTROL;
		return 0;
	}
	if (role_name_fault(user) || (!find(list, user, strlen(user), &entry) &&
			!find(list, EVERYBODY, strlen(EVERYBODY), &entry)))
		return -EACCES;
	if (!entry.role) {
		*ret = ROLE_CONTROL;
		return 0;
	}
	return parse(entry.role, entry.role_length, ret) < 0 ? -EACCES : 0;
}
