/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files a configuration is made of. Blocks on the disk; any thread. */
#ifndef PLANECAST_CONFIG_FILES_H
#define PLANECAST_CONFIG_FILES_H

#include <stddef.h>

#define FILES_BYTES_MAX (16u << 20)
#define FILES_DROP_INS_MAX 1024u

/*
 * Reads a regular file whole; *ret_text is the caller's to free. -EINVAL: it is
 * something else, -EFBIG: above FILES_BYTES_MAX, other errno of open and read.
 */
int files_read(const char *path, char **ret_text, size_t *ret_bytes);

/*
 * The paths of all *.conf in the directory conf.d beside path in byte order,
 * hidden ones left out; none when there is no such directory. -EFBIG: more than
 * FILES_DROP_INS_MAX, other errno of opendir.
 */
int files_find_drop_ins(const char *path, char ***ret_paths, unsigned int *ret_count);
void files_free_paths(char **paths, unsigned int count);
/* "DIR/conf.d" beside path, allocated; NULL: no memory. */
char *files_drop_in_directory(const char *path);

/* Reads until text is full or the file ends; *ret_bytes: how much that was. 0 or negative errno of read(). */
int files_read_all(int fd, char *text, size_t bytes, size_t *ret_bytes);

#endif
