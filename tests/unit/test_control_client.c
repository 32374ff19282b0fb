// SPDX-License-Identifier: GPL-2.0-or-later
/* A client of the control socket that listens and does not read: what waits for it has a bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"
#include "server/control.h"
#include "server/control_client.h"

#define EVENTS 5000
#define EVENT_BYTES 400

struct rig {
	struct event_base *base;
	struct control *control;
	struct control_client *client;
	int fd; /* the client's end */
};

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	int ends[2];

	assert_non_null(rig);
	rig->base = event_base_new();
	assert_int_equal(control_new(rig->base, NULL, &rig->control), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(control_client_new(rig->control, ends[0]), 0);
	rig->fd = ends[1];
	rig->client = TAILQ_FIRST(&rig->control->clients);
	rig->client->listens = true;
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	control_free(rig->control);
	event_base_free(rig->base);
	close(rig->fd);
	free(rig);
	return 0;
}

static void turn(struct rig *rig)
{
	for (int i = 0; i < 4; i++)
		event_base_loop(rig->base, EVLOOP_NONBLOCK);
}

/* Counts lines of events, and adds up what those that tell of losses say. */
static void read_lines(struct rig *rig, unsigned int *told, unsigned int *lost)
{
	static char line[EVENT_BYTES + 1], data[65536];
	static size_t n;
	ssize_t got;

	while ((got = read(rig->fd, data, sizeof(data))) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			unsigned int count;

			if (data[i] != '\n') {
				assert_true(n < EVENT_BYTES);
				line[n++] = data[i];
				continue;
			}
			line[n] = '\0';
			if (sscanf(line, "{\"event\":\"lost\",\"count\":%u}", &count) == 1)
				*lost += count;
			else
				(*told)++;
			n = 0;
		}
		turn(rig);
	}
}

static void test_what_waits_has_a_bound(void **state)
{
	struct rig *rig = *state;
	unsigned int told = 0, lost = 0;
	char event[EVENT_BYTES];

	memset(event, 'x', sizeof(event));
	event[sizeof(event) - 1] = '\0';
	for (int i = 0; i < EVENTS; i++) {
		control_client_tell(rig->client, event);
		turn(rig);
		assert_true(stream_pending(rig->client->stream) <= CONTROL_PENDING_MAX + 2 * EVENT_BYTES);
	}
	assert_true(stream_pending(rig->client->stream) > CONTROL_PENDING_MAX / 2);
	assert_true(rig->client->lost > 0);
	/* Who reads after all learns how much he missed, and is told what happens next. */
	for (int i = 0; i < 1000 && told + lost < EVENTS; i++) {
		read_lines(rig, &told, &lost);
		turn(rig);
	}
	assert_int_equal(told + lost, EVENTS);
	assert_true(lost > EVENTS / 10);
	control_client_tell(rig->client, event);
	turn(rig);
	read_lines(rig, &told, &lost);
	assert_int_equal(told + lost, EVENTS + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_waits_has_a_bound, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
