// SPDX-License-Identifier: GPL-2.0-or-later
/* The SPICE side ends, or sends its viewers away, whatever they are doing, and at once: the library would wait 30 s. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "net/spice.h"
#include "net/spice_front.h"
#include "net/spice_session.h"
#include "server/clock.h"
#include "tests/unit/spice_rig.h"

#define VIEWERS 2
/* Of the test, however slow the machine is; the library's own waits are longer. */
#define END_NS (15 * NSEC_PER_SEC)

static struct spice_client viewers[VIEWERS][SPICE_LINK_CHANNELS];

/* States to be ended in. Each may be entered with another viewer there already. */

static void nothing_said(struct spice_client *viewer)
{
	spice_client_connect(&viewer[SPICE_LINK_MAIN], SPICE_LINK_MAIN, 0, spice_rig_new_source());
}

static void half_a_link(struct spice_client *viewer)
{
	nothing_said(viewer);
	spice_client_push(&viewer[SPICE_LINK_MAIN], 20);
	spice_rig_turn(NSEC_PER_MSEC);
}

static void no_ticket(struct spice_client *viewer)
{
	nothing_said(viewer);
	spice_client_push(&viewer[SPICE_LINK_MAIN], SIZE_MAX);
	SPICE_RIG_UNTIL(spice_client_hear(&viewer[SPICE_LINK_MAIN]));
}

static void just_let_in(struct spice_client *viewer)
{
	const uint64_t others = spice_rig_stats().viewers;

	no_ticket(viewer);
	spice_client_push(&viewer[SPICE_LINK_MAIN], SIZE_MAX);
	SPICE_RIG_UNTIL(spice_rig_stats().viewers > others);
}

static void no_picture(struct spice_client *viewer)
{
	spice_rig.hides = true;
	just_let_in(viewer);
	SPICE_RIG_UNTIL(spice_client_hear(&viewer[SPICE_LINK_MAIN]));
	assert_int_equal(viewer[SPICE_LINK_MAIN].state, SPICE_CLIENT_IN);
}

static void main_only(struct spice_client *viewer)
{
	spice_viewer_link(viewer, SPICE_LINK_MAIN, spice_rig_new_source());
}

/* The library is linking a display, at one moment or another. */
static void half_a_display(struct spice_client *viewer)
{
	const uint32_t source = spice_rig_new_source();
	struct spice_client *display = &viewer[SPICE_LINK_DISPLAY];

	spice_viewer_link(viewer, SPICE_LINK_MAIN, source);
	spice_client_connect(display, SPICE_LINK_DISPLAY, viewer[SPICE_LINK_MAIN].session_id, source);
	while (display->state != SPICE_CLIENT_IN) {
		spice_client_push(display, SIZE_MAX);
		SPICE_RIG_UNTIL(spice_client_hear(display));
	}
	for (int n = rand() % 4; n > 0; n--)
		spice_rig_turn(0);
}

static void watching(struct spice_client *viewer)
{
	spice_viewer_join(viewer);
	spice_rig_show_all();
}

static void not_reading(struct spice_client *viewer)
{
	viewer[SPICE_LINK_DISPLAY].acknowledges = false;
	spice_viewer_join(viewer);
	for (unsigned int i = 0; i < 30; i++) {
		spice_rig_show_all();
		spice_rig_turn(NSEC_PER_MSEC);
	}
}

static void changing_size(struct spice_client *viewer)
{
	spice_viewer_join(viewer);
	spice_rig_show_size(400 + spice_rig.frames % 2, 300);
	for (int n = rand() % 4; n > 0; n--)
		spice_rig_turn(0);
}

/* He does not take the message that the library's thread waits to be taken. */
static void changing_size_unread(struct spice_client *viewer)
{
	not_reading(viewer);
	spice_rig_show_size(640, 480);
	spice_rig_turn(NSEC_PER_MSEC);
	spice_rig_show_size(800, 600);
}

static void leaving(struct spice_client *viewer)
{
	watching(viewer);
	spice_viewer_leave(viewer);
	for (int n = rand() % 4; n > 0; n--)
		spice_rig_turn(NSEC_PER_MSEC);
}

static unsigned int count_fronts(void)
{
	const struct spice *spice = (const struct spice *)spice_rig.spice;
	const struct spice_front *front;
	unsigned int n = 0;

	TAILQ_FOREACH(front, &spice->fronts, link)
		n++;
	return n;
}

/* His channels have ended, his instance rests a little. */
static void just_left(struct spice_client *viewer)
{
	const unsigned int others = count_fronts();

	watching(viewer);
	spice_viewer_leave(viewer);
	SPICE_RIG_UNTIL(count_fronts() == others);
}

static void display_gone(struct spice_client *viewer)
{
	changing_size(viewer);
	spice_client_close(&viewer[SPICE_LINK_DISPLAY]);
	spice_rig_turn(NSEC_PER_MSEC);
}

static void main_gone(struct spice_client *viewer)
{
	changing_size_unread(viewer);
	spice_client_close(&viewer[SPICE_LINK_MAIN]);
	spice_rig_turn(NSEC_PER_MSEC);
}

static void (*const states[])(struct spice_client *viewer) = { nothing_said, half_a_link, no_ticket, just_let_in,
	no_picture, main_only, half_a_display, watching, not_reading, changing_size, changing_size_unread,
	leaving, just_left, display_gone, main_gone };

#define STATES (sizeof(states) / sizeof(states[0]))

static void start(size_t state, bool others)
{
	spice_rig_start();
	for (unsigned int i = 0; i < VIEWERS; i++) {
		for (unsigned int channel = 0; channel < SPICE_LINK_CHANNELS; channel++)
			viewers[i][channel] = (struct spice_client){ .fd = -1, .acknowledges = true };
	}
	if (others)
		watching(viewers[1]);
	states[state](viewers[0]);
}

static void leave_all(void)
{
	for (unsigned int i = 0; i < VIEWERS; i++)
		spice_viewer_leave(viewers[i]);
}

static void it_stops_in_every_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * STATES; i++) {
		int64_t end_ns;

		start(i / 2, i % 2);
		end_ns = clock_now_ns() + END_NS;
		spice_rig_stop();
		assert_true(clock_now_ns() < end_ns);
		leave_all();
	}
}

static void viewers_are_sent_away_in_every_state(void **state)
{
	const struct spice *spice;

	(void)state;
	for (size_t i = 0; i < 2 * STATES; i++) {
		int64_t end_ns;

		start(i / 2, i % 2);
		spice = (const struct spice *)spice_rig.spice;
		end_ns = clock_now_ns() + END_NS;
		spice_rig.spice->impl->close_viewers(spice_rig.spice, "test");
		assert_int_equal(spice_rig_stats().viewers, 0);
		SPICE_RIG_UNTIL(TAILQ_EMPTY(&spice->sessions));
		assert_true(clock_now_ns() < end_ns);
		/* And the next is served. */
		leave_all();
		spice_rig.hides = false;
		spice_viewer_join(viewers[1]);
		leave_all();
		spice_rig_stop();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_stops_in_every_state),
		cmocka_unit_test(viewers_are_sent_away_in_every_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
