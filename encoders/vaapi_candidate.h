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
/* Lives as long as the candidates. */
const char *vaapi_candidates_name(const struct vaapi_candidates *candidates, unsigned int index);

/*
 * The first one that is proven, after proving those that have not been tried; may block for
 * the deadline of a probe, each. -ENODEV: there is none.
 */
int vaapi_candidates_choose(struct vaapi_candidates *candidates, unsigned int *ret_index);
/* Never to be chosen again. */
void vaapi_candidates_demote(
		struct vaapi_candidates *candidates, unsigned int index, const char *reason);

#endif
