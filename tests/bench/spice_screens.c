// SPDX-License-Identifier: GPL-2.0-or-later
/* Turns of GLib's loop, waiting also for what it knows nothing of, and timed. */
#include "tests/bench/spice_screens.h"

#include <errno.h>
#include <glib.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/clock.h"
#include "tests/bench/view_options.h"

#define POLLED_MAX 4096u

/* GLib passes its poll function nothing to know a loop by. */
static struct spice_screens *current;

static int poll_timed(GPollFD *fds, unsigned int n, int timeout_ms)
{
	struct pollfd polled[POLLED_MAX + 1];
	int64_t now_ns = clock_now_ns(), wait_ns = current->deadline_ns - now_ns;
	struct timespec wait;
	int ready;

	if (timeout_ms >= 0 && timeout_ms * NSEC_PER_MSEC < wait_ns)
		wait_ns = timeout_ms * NSEC_PER_MSEC;
	wait_ns = wait_ns > 0 ? wait_ns : 0;
	wait = (struct timespec){ .tv_sec = wait_ns / NSEC_PER_SEC, .tv_nsec = wait_ns % NSEC_PER_SEC };
	n = n < POLLED_MAX ? n : POLLED_MAX;
	for (unsigned int i = 0; i < n; i++)
		polled[i] = (struct pollfd){ .fd = fds[i].fd, .events = (short)fds[i].events };
	polled[n] = (struct pollfd){ .fd = current->loop.input_fd, .events = POLLIN };
	ready = ppoll(polled, n + 1, &wait, NULL);
	current->loop.waited_ns += clock_now_ns() - now_ns;
	if (ready < 0)
		return ready;
	for (unsigned int i = 0; i < n; i++)
		fds[i].revents = (unsigned short)polled[i].revents;
	current->input = polled[n].revents;
	return ready - (polled[n].revents != 0);
}

/* The library tells of each failure in lines of its own; ours say which viewer it was. */
static GLogWriterOutput ignore_log(GLogLevelFlags level, const GLogField *fields, size_t n, void *user)
{
	(void)level;
	(void)fields;
	(void)n;
	(void)user;
	return G_LOG_WRITER_HANDLED;
}

static int screens_turn(struct view_loop *loop, int64_t deadline_ns, bool *ret_input)
{
	struct spice_screens *screens = (struct spice_screens *)loop;

	screens->deadline_ns = deadline_ns;
	screens->input = false;
	g_main_context_iteration(NULL, TRUE);
	for (unsigned int i = 0; i < loop->n_screens; i++) {
		if (*screens->screens[i].reason) {
			fprintf(stderr, "bench_spice: viewer %u: %s\n", i, screens->screens[i].reason);
			return -ECONNABORTED;
		}
		spice_screen_count(&screens->screens[i]);
	}
	*ret_input = screens->input;
	return 0;
}

static const struct view_loop_impl screens_impl = { .turn = screens_turn };

int spice_screens_connect(struct spice_screens *screens, const struct view_options *options)
{
	struct view_loop *loop = &screens->loop;
	char host[NI_MAXHOST], port[NI_MAXSERV];

	*loop = (struct view_loop){ .impl = &screens_impl };
	if (getnameinfo(options->address->ai_addr, options->address->ai_addrlen, host, sizeof(host), port, sizeof(port),
			    NI_NUMERICHOST | NI_NUMERICSERV)) {
		fputs("bench_spice: no such address\n", stderr);
		return -EINVAL;
	}
	screens->screens = calloc(options->viewers, sizeof(*screens->screens));
	if (!screens->screens) {
		fputs("bench_spice: no memory\n", stderr);
		return -ENOMEM;
	}
	current = screens;
	g_log_set_writer_func(ignore_log, NULL, NULL);
	g_main_context_set_poll_func(NULL, poll_timed);
	for (unsigned int i = 0; i < options->viewers; i++) {
		spice_screen_init(&screens->screens[i], host, port, options->mark_step);
		loop->screens[loop->n_screens++] = &screens->screens[i].view;
	}
	return 0;
}

void spice_screens_finish(struct spice_screens *screens)
{
	for (unsigned int i = 0; i < screens->loop.n_screens; i++)
		spice_screen_finish(&screens->screens[i]);
	g_main_context_set_poll_func(NULL, NULL);
	/* Their ends are put off to the loop. */
	while (g_main_context_iteration(NULL, FALSE))
		continue;
	free(screens->screens);
}
