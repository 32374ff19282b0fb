// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads a configuration from a text, or from a file and its drop-ins, and checks it whole. */
#include "config/build.h"
#include "config/check.h"
#include "config/config.h"
#include "config/files.h"
#include "config/problem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int finish(struct config *config, struct problems *problems)
{
	int r = build_finish(config);

	if (r == 0)
		r = check_config(config, problems);
	if (r == 0 && problems->count > 0)
		r = -EINVAL;
	return r;
}

int config_parse(const char *name, const char *text, size_t bytes, config_report_fn report,
		void *user, struct config **ret)
{
	struct problems problems = { .report = report, .user = user };
	struct config *config;
	int r;

	r = build_new(&config);
	if (r < 0)
		return r;
	r = build_add_text(config, name, text, bytes, &problems);
	if (r == 0)
		r = finish(config, &problems);
	if (r < 0) {
		config_free(config);
		return r;
	}
	*ret = config;
	return 0;
}

/* What cannot be read is a problem like any other; -ENOMEM only is the caller's. */
static int add_file(struct config *config, const char *path, struct problems *problems)
{
	size_t bytes;
	char *text;
	int r;

	r = files_read(path, &text, &bytes);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		problems_add(problems, path, 0, 0, "cannot read it: %s",
				r == -EINVAL ? "not a regular file" : strerror(-r));
		return 0;
	}
	r = build_add_text(config, path, text, bytes, problems);
	free(text);
	return r;
}

static int add_drop_ins(struct config *config, const char *path, struct problems *problems)
{
	unsigned int count;
	char *directory, **paths;
	int r;

	r = files_find_drop_ins(path, &paths, &count);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		directory = files_drop_in_directory(path);
		if (!directory)
			return -ENOMEM;
		problems_add(problems, directory, 0, 0, "cannot read drop-ins: %s",
				r == -EFBIG ? "there are too many" : strerror(-r));
		free(directory);
		return 0;
	}
	for (unsigned int i = 0; r == 0 && i < count; i++)
		r = add_file(config, paths[i], problems);
	files_free_paths(paths, count);
	return r;
}

int config_load(const char *path, config_report_fn report, void *user, struct config **ret)
{
	struct problems problems = { .report = report, .user = user };
	struct config *config;
	int r;

	r = build_new(&config);
	if (r < 0)
		return r;
	r = add_file(config, path, &problems);
	if (r == 0)
		r = add_drop_ins(config, path, &problems);
	if (r == 0)
		r = finish(config, &problems);
	if (r < 0) {
		config_free(config);
		return r;
	}
	*ret = config;
	return 0;
}
