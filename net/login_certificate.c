// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks the parts of a certificate's subject. */
#include "net/login_certificate.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define COMMON_NAME "CN="

/* How long the part is that text begins with: up to the next separator that is not escaped. */
static size_t part_length(const char *text)
{
	size_t length = 0;

	while (text[length] && text[length] != ',' && text[length] != '+')
		length += text[length] == '\\' && text[length + 1] ? 2 : 1;
	return length;
}

int login_certificate_user(const char *subject, char ret[ROLE_NAME_MAX + 1])
{
	const size_t prefix = strlen(COMMON_NAME);
	char user[ROLE_NAME_MAX + 1] = "";
	bool found = false;
	size_t length;

	for (const char *part = subject; *part; part += length + (part[length] != '\0')) {
		length = part_length(part);
		if (strncmp(part, COMMON_NAME, prefix))
			continue;
		/* What is escaped could be read in more than one way, and no user needs it. */
		if (found || length - prefix > ROLE_NAME_MAX || memchr(part, '\\', length) || memchr(part, '"', length))
			return -EACCES;
		found = true;
		memcpy(user, part + prefix, length - prefix);
	}
	if (!found || role_name_fault(user))
		return -EACCES;
	memcpy(ret, user, sizeof(user));
	return 0;
}
