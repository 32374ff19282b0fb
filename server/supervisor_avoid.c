// SPDX-License-Identifier: GPL-2.0-or-later
/* Video drivers that workers have died in. */
#include "server/supervisor_avoid.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "encoders/vaapi_candidate.h"
#include "server/channel.h"
#include "server/clock.h"
#include "server/log.h"

/* How a program ends by its own mistake; being killed is none. */
static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

static void drop(struct supervisor_avoid *avoid, unsigned int index)
{
	free(avoid->list[index].name);
	avoid->count--;
	memmove(&avoid->list[index], &avoid->list[index + 1],
			(avoid->count - index) * sizeof(avoid->list[0]));
}

void supervisor_avoid_finish(struct supervisor_avoid *avoid)
{
	supervisor_avoid_forget(avoid);
	free(avoid->encoding);
	avoid->encoding = NULL;
}

/* The next line, which becomes a string of its own; NULL: there is none. */
static char *take_line(char **names)
{
	char *line;

	do
		line = strsep(names, "\n");
	while (line && !*line);
	return line;
}

int supervisor_avoid_encoding(struct supervisor_avoid *avoid, const char *names)
{
	char *text = strdup(names), *rest = text, *copy = *names ? strdup(names) : NULL, *name;
	const char *node, *driver;
	int r = text && (copy || !*names) ? 0 : -ENOMEM;

	while (!r && (name = take_line(&rest)))
		r = vaapi_candidate_parse(name, &node, &driver);
	free(text);
	if (r < 0) {
		free(copy);
		copy = NULL;
	}
	free(avoid->encoding);
	avoid->encoding = copy;
	return r;
}

static bool is_crash(int status)
{
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		if (WIFSIGNALED(status) && WTERMSIG(status) == crashes[i])
			return true;
	return false;
}

static void add(struct supervisor_avoid *avoid, const char *name, int64_t now_ns)
{
	char *copy = strdup(name);

	if (!copy)
		return;
	for (unsigned int i = 0; i < avoid->count; i++)
		if (!strcmp(avoid->list[i].name, name))
			drop(avoid, i--);
	if (avoid->count == SUPERVISOR_AVOID_MAX)
		drop(avoid, 0);
	avoid->list[avoid->count].name = copy;
	avoid->list[avoid->count].until_ns = now_ns + SUPERVISOR_AVOID_NS;
	avoid->count++;
	log_error(NULL, "video: a worker died while %s encoded: the next ones do without it, for an hour "
			"or until the configuration is reloaded", name);
}

void supervisor_avoid_ended(
		struct supervisor_avoid *avoid, int status, bool expected, int64_t now_ns)
{
	char *rest = avoid->encoding, *name;
	bool has_device = false;

	if (is_crash(status) && !expected && rest) {
		while ((name = take_line(&rest))) {
			if (!strcmp(name, VAAPI_SOFTWARE))
				continue;
			has_device = true;
			add(avoid, name, now_ns);
		}
		if (!has_device)
			log_error(NULL, "video: a worker died while the software driver encoded; there is no "
					"other that could, and 'video = off' would do without");
	}
	free(avoid->encoding);
	avoid->encoding = NULL;
}

void supervisor_avoid_list(struct supervisor_avoid *avoid, int64_t now_ns, char *ret_names)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < avoid->count; i++)
		if (avoid->list[i].until_ns <= now_ns)
			drop(avoid, i--);
	for (unsigned int i = avoid->count; i > 0; i--) {
		const char *name = avoid->list[i - 1].name;
		size_t length = strlen(name);

		if (bytes + length + 1 > CHANNEL_NAMES_MAX)
			continue;
		memcpy(ret_names + bytes, name, length);
		ret_names[bytes + length] = '\n';
		bytes += length + 1;
	}
	ret_names[bytes] = '\0';
}

bool supervisor_avoid_forget(struct supervisor_avoid *avoid)
{
	bool any = avoid->count;

	while (avoid->count)
		drop(avoid, avoid->count - 1);
	return any;
}
