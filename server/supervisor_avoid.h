/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The video drivers that one VM's workers have died in, so that the next worker does not.
 *
 * A worker says which candidates (encoders/vaapi_candidate.h) encode before it calls their
 * drivers. When it then dies as programs with mistakes do, those are what the next ones are
 * told to avoid: for an hour, or until the administrator reloads the configuration. The
 * driver of the CPU is never avoided; it is what is left. In memory only. Loop thread.
 */
#ifndef PLANECAST_SERVER_SUPERVISOR_AVOID_H
#define PLANECAST_SERVER_SUPERVISOR_AVOID_H

#include <stdbool.h>
#include <stdint.h>

/* Of one VM; the oldest make room. */
#define SUPERVISOR_AVOID_MAX 8
#define SUPERVISOR_AVOID_NS (3600 * 1000000000LL)

/* All zero at first. */
struct supervisor_avoid {
	char *encoding; /* candidates, as the worker that runs has said; NULL: none */
	unsigned int count;
	struct {
		char *name;
		int64_t until_ns;
	} list[SUPERVISOR_AVOID_MAX];
};

void supervisor_avoid_finish(struct supervisor_avoid *avoid);

/*
 * What a worker says that encodes: candidates, one a line; "": none. -EINVAL: that is nothing a
 * worker has to say; -ENOMEM: then none is known.
 */
int supervisor_avoid_encoding(struct supervisor_avoid *avoid, const char *names);
/*
 * That worker has ended with waitpid()'s status; expected: it was told to. Logs what
 * follows from that.
 */
void supervisor_avoid_ended(
		struct supervisor_avoid *avoid, int status, bool expected, int64_t now_ns);
/*
 * What is to be avoided, one a line, into CHANNEL_NAMES_MAX + 1 bytes; "": nothing. Of those that
 * do not fit the newest.
 */
void supervisor_avoid_list(struct supervisor_avoid *avoid, int64_t now_ns, char *ret_names);
/* False: there was nothing to forget. */
bool supervisor_avoid_forget(struct supervisor_avoid *avoid);

#endif
