/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of users: lines "NAME:HASH", the hash as crypt(5) has them; lines that are
 * empty or begin with '#' do not count, of several lines with a name the first one
 * does. Nobody but the owner may have access to one (net/password_file.h). Read anew
 * each time. Hashes that crypt(3) calls weak, and words that are none ("!"), let
 * nobody in. Takes as long as a hash is meant to take, so not on a loop. Any thread.
 */
#ifndef PLANECAST_NET_LOGIN_FILE_H
#define PLANECAST_NET_LOGIN_FILE_H

#include <stddef.h>

#define LOGIN_FILE_BYTES_MAX (4u << 20)
/* A line as login_file_make_line() makes it. */
#define LOGIN_FILE_LINE_MAX 1024

/*
 * 0: it is the user's password. -EACCES: it is not. -ENOKEY: the file does not have
 * the user; that takes as long as for one that it has. Other negative errno: the file
 * is of no use, and *ret_error, a constant, says why.
 */
int login_file_check(const char *path, const char *name, const char *password, const char **ret_error);
/* Could the file serve login_file_check()? 0 or as there. Reads no hash; fast. */
int login_file_check_file(const char *path, const char **ret_error);

/*
 * The hash of that user's line in what such a file says, or NULL; borrowed from text, which is NUL
 * terminated and changed. *ret_other: the first strong one of all; NULL: there is none. Pure.
 */
const char *login_file_find_hash(char *text, const char *name, const char **ret_other);

/* "NAME:HASH" of yescrypt. -EINVAL: no name of a user; -EIO: crypt(3) will not. */
int login_file_make_line(const char *name, const char *password, char ret[LOGIN_FILE_LINE_MAX]);

#endif
