// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads configuration files and finds drop-ins. */
#include "config/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DROP_IN_SUFFIX ".conf"

int files_read_all(int fd, char *text, size_t bytes, size_t *ret_bytes)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = read(fd, text + done, bytes - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*ret_bytes = done;
	return 0;
}

int files_read(const char *path, char **ret_text, size_t *ret_bytes)
{
	char *text = NULL;
	struct stat st;
	size_t bytes = 0;
	int fd, r;

	/* Non-blocking, so that a FIFO is refused and not waited for. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) < 0 ? -errno
			: S_ISDIR(st.st_mode) ? -EISDIR
			: !S_ISREG(st.st_mode) ? -EINVAL
			: st.st_size > (off_t)FILES_BYTES_MAX ? -EFBIG
							       : 0;
	if (r < 0)
		goto out;
	text = malloc((size_t)st.st_size + 1);
	if (!text) {
		r = -ENOMEM;
		goto out;
	}
	r = files_read_all(fd, text, (size_t)st.st_size, &bytes);
	if (r < 0)
		goto out;
	*ret_text = text;
	*ret_bytes = bytes;
	text = NULL;
out:
	free(text);
	close(fd);
	return r;
}

char *files_drop_in_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory;

	if (asprintf(&directory, "%.*sconf.d", slash ? (int)(slash + 1 - path) : 0, path) < 0)
		return NULL;
	return directory;
}

static int is_drop_in(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name), suffix = strlen(DROP_IN_SUFFIX);

	return entry->d_name[0] != '.' && length > suffix &&
			strcmp(entry->d_name + length - suffix, DROP_IN_SUFFIX) == 0;
}

static int compare_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int files_find_drop_ins(const char *path, char ***ret_paths, unsigned int *ret_count)
{
	char *directory = files_drop_in_directory(path);
	struct dirent **entries = NULL;
	unsigned int count = 0;
	char **paths = NULL;
	int found = 0, r = 0;

	if (!directory)
		return -ENOMEM;
	found = scandir(directory, &entries, is_drop_in, compare_bytes);
	if (found < 0) {
		r = errno == ENOENT ? 0 : -errno;
		found = 0;
		if (r < 0)
			goto out;
	}
	r = -EFBIG;
	if ((unsigned int)found > FILES_DROP_INS_MAX)
		goto out;
	r = -ENOMEM;
	paths = calloc((size_t)found + 1, sizeof(char *));
	if (!paths)
		goto out;
	for (; count < (unsigned int)found; count++)
		if (asprintf(&paths[count], "%s/%s", directory, entries[count]->d_name) < 0)
			goto out;
	*ret_paths = paths;
	*ret_count = count;
	paths = NULL;
	r = 0;
out:
	files_free_paths(paths, paths ? count : 0);
	for (int i = 0; i < found; i++)
		free(entries[i]);
	free(entries);
	free(directory);
	return r;
}

void files_free_paths(char **paths, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		free(paths[i]);
	free(paths);
}
