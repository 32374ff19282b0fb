// SPDX-License-Identifier: GPL-2.0-or-later
/* Forms from anybody: values stay in their places, are texts, and what is refused is not kept. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/gateway/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NAME_SIZE 12
#define PASSWORD_SIZE 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Each piece of memory by itself, so that a sanitizer sees what is beside it. */
	char *text = malloc(size + 1), *name = malloc(NAME_SIZE), *password = malloc(PASSWORD_SIZE);
	const struct form_field fields[] = { { "name", name, NAME_SIZE }, { "password", password, PASSWORD_SIZE } };
	int r;

	if (size)
		memcpy(text, data, size);
	memset(name, 'x', NAME_SIZE);
	memset(password, 'x', PASSWORD_SIZE);
	r = form_read(text, size, fields, 2);
	if (r != 0 && r != -EINVAL && r != -E2BIG)
		abort();
	/* Terminated, and no longer than what it was written as. */
	if (strnlen(name, NAME_SIZE) + strnlen(password, PASSWORD_SIZE) > (r ? 0 : size) ||
			!memchr(name, '\0', NAME_SIZE) || !memchr(password, '\0', PASSWORD_SIZE))
		abort();
	for (size_t i = 0; r && i < NAME_SIZE; i++) {
		if (name[i] || password[i])
			abort();
	}
	free(text);
	free(name);
	free(password);
	return 0;
}
