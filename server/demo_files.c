// SPDX-License-Identifier: GPL-2.0-or-later
/* The directory of a demo's files, and the files with which remote-viewer connects. */
#include "server/demo_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/demo_certs.h"
#include "server/log.h"

int demo_files_make_directory(char **ret)
{
	const char *const places[] = { getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp" };
	int r = -ENOENT;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *path;

		if (!places[i] || places[i][0] != '/')
			continue;
		if (asprintf(&path, "%s/planecast-demo-XXXXXX", places[i]) < 0)
			return -ENOMEM;
		if (mkdtemp(path)) {
			*ret = path;
			return 0;
		}
		r = -errno;
		free(path);
	}
	log_error(NULL, "cannot make a directory for the demo's files: %s", strerror(-r));
	return r;
}

void demo_files_remove_directory(char *path)
{
	if (path)
		rmdir(path);
	free(path);
}

/* Lines as these files have them in one. */
static void write_lines(FILE *from, FILE *to)
{
	int c;

	while ((c = getc(from)) != EOF)
		if (c == '\n')
			fputs("\\n", to);
		else
			putc(c, to);
}

/* Takes fd. */
static int write_connection(int fd, const char *vm, unsigned int port, const char *ca)
{
	FILE *file = fdopen(fd, "w"), *ca_file;
	bool failed = true;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	fprintf(file, "[virt-viewer]\ntype=spice\nhost=127.0.0.1\ntls-port=%u\ntitle=planecast demo: %s\n"
		      "host-subject=" DEMO_CERTS_SUBJECT "\nca=", port, vm);
	ca_file = fopen(ca, "re");
	if (ca_file) {
		write_lines(ca_file, file);
		failed = ferror(ca_file);
		fclose(ca_file);
	}
	putc('\n', file);
	failed |= ferror(file) != 0;
	return fclose(file) || failed ? -EIO : 0;
}

int demo_files_write_viewer(const char *directory, const char *vm, unsigned int port, const char *ca, char **ret_path)
{
	char *path;
	int fd, r;

	if (asprintf(&path, "%s/%s.vv", directory, vm) < 0)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : write_connection(fd, vm, port, ca);
	if (r < 0) {
		log_error(NULL, "cannot write %s: %s", path, strerror(-r));
		if (fd >= 0)
			unlink(path);
		free(path);
		return r;
	}
	*ret_path = path;
	return 0;
}

void demo_files_remove_viewer(char *path)
{
	if (path)
		unlink(path);
	free(path);
}
