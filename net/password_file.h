/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of passwords: nobody but the owner may have access to one (mode 0600), or
 * systemd passed it as a credential. Any thread.
 */
#ifndef PLANECAST_NET_PASSWORD_FILE_H
#define PLANECAST_NET_PASSWORD_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * Opens a file of secrets for reading, if it is one: regular, and nobody else's.
 * 0, or a negative errno other than -EACCES, and *ret_error as below.
 */
int password_file_open(const char *path, int *ret_fd, struct stat *ret_stat, const char **ret_error);

/*
 * Reads of the first line what fits into bytes, the rest zeroes; no NUL where it fills them all.
 * *ret_written_ns: when the file was last written, by clock_wall_ns(); may be
 * NULL. 0, or a negative errno other than -EACCES, and *ret_error, a constant,
 * says why the file is of no use. The password is the caller's to wipe.
 */
int password_file_read(const char *path, char *ret, size_t bytes, int64_t *ret_written_ns,
		const char **ret_error);

#endif
