// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens files that are nobody else's, and reads the first line of one. */
#include "net/password_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/clock.h"

#define LINE_MAX_BYTES 256

static int refuse(int error, const char *text, const char **ret_error)
{
	*ret_error = text;
	return error == -EACCES ? -EPERM : error;
}

/*
 * systemd shows a service its credentials through an ACL, whose mask stands where
 * the group's permissions do: mode 0440, though nobody else can come near.
 */
static bool is_credential(const char *path)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	size_t length = directory ? strlen(directory) : 0;

	return length && !strncmp(path, directory, length) && path[length] == '/' &&
			!strchr(path + length + 1, '/');
}

int password_file_open(const char *path, int *ret_fd, struct stat *ret_stat, const char **ret_error)
{
	struct stat st;
	int fd, r;

	/* O_NONBLOCK: a FIFO in the file's place must not stop the loop. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return refuse(-errno, "cannot be opened", ret_error);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		r = refuse(-EINVAL, "is not a regular file", ret_error);
		goto err;
	}
	if (st.st_mode & (is_credential(path) ? S_IWGRP | S_IRWXO : S_IRWXG | S_IRWXO)) {
		r = refuse(-EPERM, "is open to group or others (expected mode 0600)", ret_error);
		goto err;
	}
	*ret_fd = fd;
	*ret_stat = st;
	return 0;
err:
	close(fd);
	return r;
}

int password_file_read(const char *path, char *ret, size_t bytes, int64_t *ret_written_ns,
		const char **ret_error)
{
	char line[LINE_MAX_BYTES];
	size_t length = 0;
	struct stat st;
	ssize_t got;
	int fd, r;

	r = password_file_open(path, &fd, &st, ret_error);
	if (r < 0)
		return r;
	got = read(fd, line, sizeof(line));
	if (got < 0) {
		r = refuse(-errno, "cannot be read", ret_error);
		goto out;
	}
	while (length < (size_t)got && length < bytes && line[length] != '\n' && line[length] != '\r' &&
			line[length] != '\0')
		length++;
	if (!length) {
		r = refuse(-EINVAL, "has no password in its first line", ret_error);
		goto out;
	}
	memset(ret, 0, bytes);
	memcpy(ret, line, length);
	if (ret_written_ns)
		*ret_written_ns = st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec;
out:
	OPENSSL_cleanse(line, sizeof(line));
	close(fd);
	return r;
}
