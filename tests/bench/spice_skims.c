// SPDX-License-Identifier: GPL-2.0-or-later
/* Polling the channels of all viewers. */
#include "tests/bench/spice_skims.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/clock.h"
#include "tests/bench/view_options.h"

static void complain(const struct spice_skims *skims, unsigned int index, int error)
{
	const char *reason = skims->skims[index].decoder.reason;

	fprintf(stderr, "bench_spice: viewer %u: %s\n", index, *reason ? reason : strerror(-error));
}

static int skims_turn(struct view_loop *loop, int64_t deadline_ns, bool *ret_input)
{
	struct spice_skims *skims = (struct spice_skims *)loop;
	struct pollfd polled[VIEW_LOOP_SCREENS_MAX * SPICE_SKIM_CHANNELS + 1];
	const int64_t now_ns = clock_now_ns(), wait_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
	const struct timespec wait = { .tv_sec = wait_ns / NSEC_PER_SEC, .tv_nsec = wait_ns % NSEC_PER_SEC };
	const unsigned int n = loop->n_screens * SPICE_SKIM_CHANNELS;

	for (unsigned int i = 0; i < n; i++)
		polled[i] = (struct pollfd){
			.fd = skims->skims[i / SPICE_SKIM_CHANNELS].channels[i % SPICE_SKIM_CHANNELS].fd,
			.events = POLLIN,
		};
	polled[n] = (struct pollfd){ .fd = loop->input_fd, .events = POLLIN };
	if (ppoll(polled, n + 1, &wait, NULL) < 0 && errno != EINTR)
		return -errno;
	loop->waited_ns += clock_now_ns() - now_ns;
	for (unsigned int i = 0; i < n; i++) {
		struct spice_skim *skim = &skims->skims[i / SPICE_SKIM_CHANNELS];
		int r = polled[i].revents ? spice_skim_serve(skim, &skim->channels[i % SPICE_SKIM_CHANNELS]) : 0;

		if (r < 0) {
			complain(skims, i / SPICE_SKIM_CHANNELS, r);
			return r;
		}
	}
	*ret_input = polled[n].revents;
	return 0;
}

static void skims_print(const struct view_loop *loop, unsigned int index, FILE *file)
{
	const struct spice_skim *skim = &((const struct spice_skims *)loop)->skims[index];

	fprintf(file, ", \"images\": %" PRIu64 ", \"videos\": %" PRIu64, skim->images, skim->videos);
}

static const struct view_loop_impl skims_impl = { .turn = skims_turn, .print = skims_print };

int spice_skims_connect(struct spice_skims *skims, const struct view_options *options)
{
	struct view_loop *loop = &skims->loop;

	*skims = (struct spice_skims){ .loop.impl = &skims_impl };
	skims->skims = calloc(options->viewers, sizeof(*skims->skims));
	if (!skims->skims)
		return -ENOMEM;
	for (unsigned int i = 0; i < options->viewers; i++) {
		struct spice_skim *skim = &skims->skims[i];
		int r;

		spice_skim_init(skim, options->address, &skims->jpegs, options->mark_step);
		loop->screens[loop->n_screens++] = &skim->screen;
		r = spice_skim_connect(skim);
		if (r < 0) {
			complain(skims, i, r);
			return r;
		}
	}
	return 0;
}

void spice_skims_finish(struct spice_skims *skims)
{
	for (unsigned int i = 0; i < skims->loop.n_screens; i++)
		spice_skim_finish(&skims->skims[i]);
	view_jpegs_finish(&skims->jpegs);
	free(skims->skims);
}
