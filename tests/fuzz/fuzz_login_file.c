// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a file of users: the first line is the name that is looked for, the rest the file. What
 * is found is of the first line of that name, as a plain search for it finds it, and can be handed
 * to crypt(3) as it is.
 */
#include <crypt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/role.h"
#include "net/login_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(condition) do { if (!(condition)) abort(); } while (0)

/* Where the first line "NAME:" goes on; NULL: there is none. */
static const char *search(const char *text, const char *name)
{
	const size_t bytes = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		if (!strncmp(line, name, bytes) && line[bytes] == ':')
			return line + bytes + 1;
	}
	return NULL;
}

static void check(char *text, size_t bytes, const char *name)
{
	char *before = strdup(text);
	const char *expected, *found, *other;

	require(before);
	expected = search(before, name);
	found = login_file_find_hash(text, name, &other);
	require(!expected == !found);
	if (found) {
		require(found >= text && found + strlen(found) <= text + bytes);
		require(!strpbrk(found, ":\n\r \t"));
		require(!strncmp(found, expected, strlen(found)));
		require(strchr(":\n\r \t", expected[strlen(found)]));
	}
	if (other)
		require(other >= text && other < text + bytes && crypt_checksalt(other) == CRYPT_SALT_OK);
	if (found && crypt_checksalt(found) == CRYPT_SALT_OK)
		require(other && other <= found);
	free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *file;

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	file = memchr(text, '\n', size);
	if (file) {
		*file++ = '\0';
		if (!role_name_fault(text))
			check(file, size - (size_t)(file - text), text);
	}
	free(text);
	return 0;
}
