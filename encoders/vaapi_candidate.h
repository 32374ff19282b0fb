/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices that may encode, in order: the configured one, every render node, the
 * software driver. What crashes a process when it is tried would crash ours, so each is
 * tried in a process of its own (vaapi_probe.h) before it is trusted. One that fails later
 * is not tried again in this process.
 *
 * Shared by all encoders of a process. Any thread.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_CANDIDATE_H
#define PLANECAST_ENCODERS_VAAPI_CANDIDATE_H

#include <stdbool.h>
#include <stdint.h>

#define VAAPI_SOFTWARE "software"
#define VAAPI_AUTO "auto"
/* A driver by name, without a device: for trying drivers. */
#define VAAPI_HEADLESS "headless:"

/*
 * "software", "headless:NAME", or the path of a render node, split up as va_display_new()
 * takes them. -EINVAL.
 */
int vaapi_candidate_parse(const char *name, const char **ret_node, const char **ret_driver);

struct vaapi_candidates;

/* The most bytes of several names, one a line. */
#define VAAPI_NAMES_MAX 8192

/*
 * names: the candidates whose drivers are at work in this process, one a line; "": none. Before
 * the first call of a driver, and after the last. Any thread, one at a time; calls nothing here.
 */
typedef void (*vaapi_candidates_used_fn)(void *user, const char *names);

/*
 * device: VAAPI_AUTO, VAAPI_SOFTWARE (and nothing else), or the name of the one that goes first.
 * prober, deadline_ns: as vaapi_probe(); the former is borrowed. -EINVAL, -ENOMEM.
 */
int vaapi_candidates_new(const char *device, const char *prober, int64_t deadline_ns,
		struct vaapi_candidates **ret);
struct vaapi_candidates *vaapi_candidates_ref(struct vaapi_candidates *candidates);
/* NULL is fine. */
void vaapi_candidates_unref(struct vaapi_candidates *candidates);

unsigned int vaapi_candidates_count(const struct vaapi_candidates *candidates);
/*
 * Candidates, one a line, that are not to be chosen: processes have died in them. Names of
 * others are passed over. Before the first one is chosen.
 */
void vaapi_candidates_avoid(struct vaapi_candidates *candidates, const char *names);
/* Says from now on which are used. NULL: to nobody, and the last call has returned. */
void vaapi_candidates_watch(
		struct vaapi_candidates *candidates, vaapi_candidates_used_fn used, void *user);

/* Lives as long as the candidates. */
const char *vaapi_candidates_name(const struct vaapi_candidates *candidates, unsigned int index);

/*
 * The first one that is proven, after proving those that have not been tried; may block for
 * the deadline of a probe, each. -ENODEV: there is none.
 */
int vaapi_candidates_choose(struct vaapi_candidates *candidates, unsigned int *ret_index);
/* Around all calls of a candidate's driver, by each thread that makes some. */
void vaapi_candidates_begin(struct vaapi_candidates *candidates, unsigned int index);
void vaapi_candidates_end(struct vaapi_candidates *candidates, unsigned int index);
/* Never to be chosen again. */
void vaapi_candidates_demote(
		struct vaapi_candidates *candidates, unsigned int index, const char *reason);

#endif
