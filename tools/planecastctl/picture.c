// SPDX-License-Identifier: GPL-2.0-or-later
/* From sealed memory to a file. */
#include "tools/planecastctl/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/planecastctl/commands.h"

#define PICTURE_MAX (1LL << 30)

static int write_all(int out, const char *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(out, data, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		bytes -= (size_t)n;
	}
	return 0;
}

static int copy(int fd, int64_t bytes, int out)
{
	static char data[1 << 16];
	int64_t at = 0;
	int r = 0;

	while (!r && at < bytes) {
		ssize_t n = pread(fd, data, sizeof(data), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		r = write_all(out, data, (size_t)n);
		at += n;
	}
	return r;
}

static bool is_png(int fd, struct stat *ret)
{
	static const char signature[8] = "\x89PNG\r\n\x1a\n";
	char begin[sizeof(signature)];

	return fd >= 0 && fcntl(fd, F_GET_SEALS) >= 0 && !fstat(fd, ret) && S_ISREG(ret->st_mode) &&
			ret->st_size <= PICTURE_MAX && pread(fd, begin, sizeof(begin), 0) == sizeof(begin) &&
			!memcmp(begin, signature, sizeof(begin));
}

static int save(int fd, int64_t bytes, const char *path)
{
	char *temporary;
	int out, r;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	out = mkostemp(temporary, O_CLOEXEC);
	r = out < 0 ? -errno : copy(fd, bytes, out);
	if (out >= 0 && close(out) < 0 && !r)
		r = -errno;
	if (!r && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0 && out >= 0)
		unlink(temporary);
	free(temporary);
	return r;
}

int picture_save(int fd, const char *path)
{
	struct stat st;
	int r;

	if (!is_png(fd, &st)) {
		ctl_complain("what the server sent is no picture");
		return EXIT_REFUSED;
	}
	r = strcmp(path, "-") ? save(fd, st.st_size, path) : copy(fd, st.st_size, STDOUT_FILENO);
	if (r < 0) {
		ctl_complain("cannot write %s: %s", path, strerror(-r));
		return EXIT_REFUSED;
	}
	return 0;
}
