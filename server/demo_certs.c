// SPDX-License-Identifier: GPL-2.0-or-later
/* What --make-certs makes, without the keys that a demo has no use for. */
#include "server/demo_certs.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/make_certs.h"

static char *path_of(const char *directory, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static void remove_file(const char *directory, const char *name)
{
	char *path = path_of(directory, name);

	if (path)
		unlink(path);
	free(path);
}

int demo_certs_make(const char *directory, struct demo_certs *ret)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "::1", NULL };
	static const char *const unwanted[] = { MAKE_CERTS_CA_KEY, MAKE_CERTS_CLIENT, MAKE_CERTS_CLIENT_KEY };
	struct demo_certs certs = { 0 };
	FILE *out = fopen("/dev/null", "we");
	int r = out ? -ENOMEM : -errno;

	certs.directory = out ? path_of(directory, "tls") : NULL;
	if (!certs.directory)
		goto out;
	r = make_certs(certs.directory, names, out);
	if (r < 0) {
		rmdir(certs.directory);
		free(certs.directory);
		goto out;
	}
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		remove_file(certs.directory, unwanted[i]);
	r = 0;
	certs.ca = path_of(certs.directory, MAKE_CERTS_CA);
	certs.certificate = path_of(certs.directory, MAKE_CERTS_SERVER);
	certs.key = path_of(certs.directory, MAKE_CERTS_SERVER_KEY);
	if (!certs.ca || !certs.certificate || !certs.key)
		r = -ENOMEM;
	if (r < 0)
		demo_certs_finish(&certs);
	else
		*ret = certs;
out:
	if (out)
		fclose(out);
	return r;
}

void demo_certs_finish(struct demo_certs *certs)
{
	static const char *const kept[] = { MAKE_CERTS_CA, MAKE_CERTS_SERVER, MAKE_CERTS_SERVER_KEY };

	if (certs->directory) {
		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			remove_file(certs->directory, kept[i]);
		rmdir(certs->directory);
	}
	free(certs->ca);
	free(certs->certificate);
	free(certs->key);
	free(certs->directory);
	*certs = (struct demo_certs){ 0 };
}
