// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices that may encode. */
#include "encoders/vaapi_candidate.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/va_display.h"
#include "encoders/vaapi_probe.h"
#include "server/log.h"

#define NODES "/dev/dri"
#define NODE_PREFIX "renderD"
#define CANDIDATES_MAX 32

enum state { UNTRIED, PROVEN, DEMOTED };

struct candidate {
	char *name;
	enum state state; /* under the lock */
	unsigned int users; /* likewise */
};

struct vaapi_candidates {
	pthread_mutex_t probing; /* one at a time; taken before the other */
	pthread_mutex_t lock;
	unsigned int refs; /* under lock */
	vaapi_candidates_used_fn used; /* under lock, also while it is called */
	void *used_user;
	const char *prober;
	int64_t deadline_ns;
	unsigned int count;
	struct candidate list[CANDIDATES_MAX];
};

int vaapi_candidate_parse(const char *name, const char **ret_node, const char **ret_driver)
{
	size_t length = strlen(VAAPI_HEADLESS);

	*ret_node = *ret_driver = NULL;
	if (!strcmp(name, VAAPI_SOFTWARE))
		*ret_driver = VA_DISPLAY_SOFTWARE;
	else if (!strncmp(name, VAAPI_HEADLESS, length) && name[length])
		*ret_driver = name + length;
	else if (name[0] == '/')
		*ret_node = name;
	else
		return -EINVAL;
	return 0;
}

static int add(struct vaapi_candidates *candidates, const char *name)
{
	struct candidate *candidate = &candidates->list[candidates->count];

	for (unsigned int i = 0; i < candidates->count; i++)
		if (!strcmp(candidates->list[i].name, name))
			return 0;
	/* One place is for the software driver. */
	if (candidates->count == CANDIDATES_MAX - 1 && strcmp(name, VAAPI_SOFTWARE))
		return 0;
	candidate->name = strdup(name);
	if (!candidate->name)
		return -ENOMEM;
	candidates->count++;
	return 0;
}

static int is_node(const struct dirent *entry)
{
	return !strncmp(entry->d_name, NODE_PREFIX, strlen(NODE_PREFIX));
}

static int add_nodes(struct vaapi_candidates *candidates)
{
	struct dirent **entries = NULL;
	int count = scandir(NODES, &entries, is_node, versionsort), err = 0;

	for (int i = 0; i < count; i++) {
		char path[sizeof(NODES) + sizeof(entries[i]->d_name)];

		snprintf(path, sizeof(path), "%s/%s", NODES, entries[i]->d_name);
		if (!err)
			err = add(candidates, path);
		free(entries[i]);
	}
	free(entries);
	return err;
}

int vaapi_candidates_new(const char *device, const char *prober, int64_t deadline_ns,
		struct vaapi_candidates **ret)
{
	bool is_auto = !strcmp(device, VAAPI_AUTO), only = !strcmp(device, VAAPI_SOFTWARE);
	struct vaapi_candidates *candidates;
	const char *node, *driver;
	int err;

	if (!is_auto && vaapi_candidate_parse(device, &node, &driver))
		return -EINVAL;
	candidates = calloc(1, sizeof(*candidates));
	if (!candidates)
		return -ENOMEM;
	pthread_mutex_init(&candidates->probing, NULL);
	pthread_mutex_init(&candidates->lock, NULL);
	candidates->refs = 1;
	candidates->prober = prober;
	candidates->deadline_ns = deadline_ns;
	err = is_auto ? 0 : add(candidates, device);
	if (!err && !only)
		err = add_nodes(candidates);
	if (!err)
		err = add(candidates, VAAPI_SOFTWARE);
	if (err) {
		vaapi_candidates_unref(candidates);
		return err;
	}
	*ret = candidates;
	return 0;
}

struct vaapi_candidates *vaapi_candidates_ref(struct vaapi_candidates *candidates)
{
	pthread_mutex_lock(&candidates->lock);
	candidates->refs++;
	pthread_mutex_unlock(&candidates->lock);
	return candidates;
}

void vaapi_candidates_unref(struct vaapi_candidates *candidates)
{
	bool last;

	if (!candidates)
		return;
	pthread_mutex_lock(&candidates->lock);
	last = !--candidates->refs;
	pthread_mutex_unlock(&candidates->lock);
	if (!last)
		return;
	for (unsigned int i = 0; i < candidates->count; i++)
		free(candidates->list[i].name);
	pthread_mutex_destroy(&candidates->lock);
	pthread_mutex_destroy(&candidates->probing);
	free(candidates);
}

static enum state get_state(struct vaapi_candidates *candidates, unsigned int index)
{
	enum state state;

	pthread_mutex_lock(&candidates->lock);
	state = candidates->list[index].state;
	pthread_mutex_unlock(&candidates->lock);
	return state;
}

static void set_state(struct vaapi_candidates *candidates, unsigned int index, enum state state)
{
	pthread_mutex_lock(&candidates->lock);
	/* What failed while it was tried has failed. */
	if (candidates->list[index].state != DEMOTED)
		candidates->list[index].state = state;
	pthread_mutex_unlock(&candidates->lock);
}

static bool is_listed(const char *names, const char *name)
{
	size_t length = strlen(name);

	while (*names) {
		size_t line = strcspn(names, "\n");

		if (line == length && !memcmp(names, name, line))
			return true;
		names += line + (names[line] == '\n');
	}
	return false;
}

void vaapi_candidates_avoid(struct vaapi_candidates *candidates, const char *names)
{
	for (unsigned int i = 0; i < candidates->count; i++) {
		if (!is_listed(names, candidates->list[i].name))
			continue;
		log_notice(NULL, "video: %s is not used: this VM's process has died in it",
				candidates->list[i].name);
		set_state(candidates, i, DEMOTED);
	}
}

void vaapi_candidates_watch(
		struct vaapi_candidates *candidates, vaapi_candidates_used_fn used, void *user)
{
	pthread_mutex_lock(&candidates->lock);
	candidates->used = used;
	candidates->used_user = user;
	pthread_mutex_unlock(&candidates->lock);
}

/* With the lock, so that what is said last is so. */
static void tell_used(const struct vaapi_candidates *candidates)
{
	char names[VAAPI_NAMES_MAX + 1] = "";
	size_t bytes = 0;

	if (!candidates->used)
		return;
	for (unsigned int i = 0; i < candidates->count; i++) {
		const struct candidate *candidate = &candidates->list[i];

		if (candidate->users && bytes + strlen(candidate->name) + 1 < sizeof(names))
			bytes += (size_t)sprintf(names + bytes, "%s\n", candidate->name);
	}
	candidates->used(candidates->used_user, names);
}

void vaapi_candidates_begin(struct vaapi_candidates *candidates, unsigned int index)
{
	pthread_mutex_lock(&candidates->lock);
	if (!candidates->list[index].users++)
		tell_used(candidates);
	pthread_mutex_unlock(&candidates->lock);
}

void vaapi_candidates_end(struct vaapi_candidates *candidates, unsigned int index)
{
	pthread_mutex_lock(&candidates->lock);
	if (!--candidates->list[index].users)
		tell_used(candidates);
	pthread_mutex_unlock(&candidates->lock);
}

unsigned int vaapi_candidates_count(const struct vaapi_candidates *candidates)
{
	return candidates->count;
}

const char *vaapi_candidates_name(const struct vaapi_candidates *candidates, unsigned int index)
{
	return candidates->list[index].name;
}

static void prove(struct vaapi_candidates *candidates, unsigned int index)
{
	const char *name = candidates->list[index].name;
	struct vaapi_probe_report report;

	if (vaapi_probe(candidates->prober, name, candidates->deadline_ns, &report)) {
		log_notice(NULL, "video: %s does not encode: %s", name, report.reason);
		set_state(candidates, index, DEMOTED);
		return;
	}
	log_info(NULL, "video: %s encodes: %s", name, report.vendor);
	set_state(candidates, index, PROVEN);
}

int vaapi_candidates_choose(struct vaapi_candidates *candidates, unsigned int *ret_index)
{
	int err = -ENODEV;

	pthread_mutex_lock(&candidates->probing);
	for (unsigned int i = 0; i < candidates->count && err; i++) {
		if (get_state(candidates, i) == UNTRIED)
			prove(candidates, i);
		if (get_state(candidates, i) == PROVEN) {
			*ret_index = i;
			err = 0;
		}
	}
	pthread_mutex_unlock(&candidates->probing);
	return err;
}

void vaapi_candidates_demote(
		struct vaapi_candidates *candidates, unsigned int index, const char *reason)
{
	if (get_state(candidates, index) == DEMOTED)
		return;
	log_error(NULL, "video: %s is not used any more: %s", candidates->list[index].name, reason);
	set_state(candidates, index, DEMOTED);
}
