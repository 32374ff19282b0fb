// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds a user's line, and hashes the password as it says. */
#include "net/login_file.h"

#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/files.h"
#include "config/role.h"
#include "net/password_file.h"
#include "net/secret.h"

/* For files that have no user at all; of no password. */
#define EMPTY_SETTING "$y$j9T$planecastplanecast0"
#define METHOD "$y$"

/* *ret is NUL terminated, and to be wiped and freed. */
static int read_file(const char *path, char **ret, size_t *ret_bytes, const char **ret_error)
{
	char *text = NULL;
	struct stat st;
	size_t bytes = 0;
	int fd, r;

	r = password_file_open(path, &fd, &st, ret_error);
	if (r < 0)
		return r;
	r = -EFBIG;
	*ret_error = "is too long";
	if (st.st_size > (off_t)LOGIN_FILE_BYTES_MAX)
		goto out;
	r = -ENOMEM;
	*ret_error = "cannot be read";
	text = calloc(1, (size_t)st.st_size + 1);
	if (!text)
		goto out;
	r = files_read_all(fd, text, (size_t)st.st_size, &bytes);
	if (r < 0)
		goto out;
	*ret = text;
	*ret_bytes = bytes;
	text = NULL;
out:
	free(text);
	close(fd);
	return r;
}

/* The hash of one line, or NULL; cuts the line in two. */
static char *split(char *line)
{
	char *colon = strchr(line, ':'), *end;

	if (*line == '#' || !colon)
		return NULL;
	*colon = '\0';
	end = colon + 1 + strcspn(colon + 1, ":\r \t");
	*end = '\0';
	return colon + 1;
}

static bool is_strong(const char *hash)
{
	return crypt_checksalt(hash) == CRYPT_SALT_OK;
}

const char *login_file_find_hash(char *text, const char *name, const char **ret_other)
{
	const char *found = NULL;
	char *line, *hash;

	*ret_other = NULL;
	while ((line = strsep(&text, "\n"))) {
		hash = split(line);
		if (!hash)
			continue;
		if (!found && !strcmp(line, name))
			found = hash;
		if (!*ret_other && is_strong(hash))
			*ret_other = hash;
	}
	return found;
}

/* Is it? In the time that this hash takes, with any outcome. */
static int compare(const char *password, const char *hash)
{
	struct crypt_data *data = secret_new(sizeof(*data));
	const char *made;
	int r = -EACCES;

	if (!data)
		return -ENOMEM;
	made = crypt_rn(password, hash, data, (int)sizeof(*data));
	if (made && strlen(made) == strlen(hash) && !CRYPTO_memcmp(made, hash, strlen(hash)))
		r = 0;
	secret_free(data, sizeof(*data));
	return r;
}

int login_file_check(const char *path, const char *name, const char *password, const char **ret_error)
{
	const char *hash, *other;
	size_t bytes;
	char *text;
	int r;

	r = read_file(path, &text, &bytes, ret_error);
	if (r < 0)
		return r;
	hash = login_file_find_hash(text, name, &other);
	if (hash && is_strong(hash)) {
		r = compare(password, hash);
	} else {
		r = compare(password, other ? other : EMPTY_SETTING);
		if (r != -ENOMEM)
			r = hash ? -EACCES : -ENOKEY;
	}
	if (r == -ENOMEM)
		*ret_error = "cannot be checked against";
	secret_wipe(text, bytes);
	free(text);
	return r;
}

int login_file_check_file(const char *path, const char **ret_error)
{
	struct stat st;
	int fd, r;

	r = password_file_open(path, &fd, &st, ret_error);
	if (r < 0)
		return r;
	close(fd);
	if (st.st_size > (off_t)LOGIN_FILE_BYTES_MAX) {
		*ret_error = "is too long";
		return -EFBIG;
	}
	return 0;
}

int login_file_make_line(const char *name, const char *password, char ret[LOGIN_FILE_LINE_MAX])
{
	struct crypt_data *data;
	const char *setting, *hash;
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	int r = -EIO;

	if (role_name_fault(name))
		return -EINVAL;
	data = secret_new(sizeof(*data));
	if (!data)
		return -ENOMEM;
	setting = crypt_gensalt_rn(METHOD, 0, NULL, 0, salt, sizeof(salt));
	hash = setting ? crypt_rn(password, setting, data, (int)sizeof(*data)) : NULL;
	if (hash && is_strong(hash) && snprintf(ret, LOGIN_FILE_LINE_MAX, "%s:%s", name, hash) <
			LOGIN_FILE_LINE_MAX)
		r = 0;
	secret_free(data, sizeof(*data));
	return r;
}
