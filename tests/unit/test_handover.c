// SPDX-License-Identifier: GPL-2.0-or-later
/* Several sources as one: whose picture is shown when, and what the owner is told of it. */
#include "server/capture/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "server/input.h"
#include "tests/unit/handover_rig.h"

static int open_nothing(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret)
{
	(void)base;
	(void)config;
	(void)events;
	(void)user;
	(void)ret;
	return -ENOMEM;
}

static void shows_the_best_that_has_a_picture(void **state)
{
	(void)state;
	open_all(open_polled, open_polled);
	run_ready();
	assert_int_equal(t.puppets[0]->looks + t.puppets[1]->looks, 0);
	t.puppets[1]->answer = 0;
	capture_set_interval(t.capture, RARELY_NS);
	run_ready();
	assert_int_equal(t.width, 101);
	assert_true(t.whole);
	assert_string_equal(t.source, "polled");
	assert_int_equal(t.puppets[0]->looks, 1);
	assert_int_equal(t.offs, 0);

	/* As soon as the better one has a picture it is shown, whole, and the other one rests. */
	t.puppets[0]->answer = 0;
	wait_for(100);
	assert_true(t.whole);
	assert_int_equal(t.sources, 2);
	assert_int_equal(t.puppets[0]->capture.interval_ns, RARELY_NS);
	assert_int_equal(t.puppets[1]->capture.interval_ns, 0);
	assert_int_equal(t.puppets[1]->looks, 1);

	/* What follows is as it comes. */
	capture_poke(t.capture);
	run_ready();
	assert_int_equal(t.frames, 3);
	assert_false(t.hinted);

	/* And back again: in one turn of the loop, and never without a picture. */
	t.puppets[0]->answer = -EIO;
	capture_poke(t.capture);
	event_base_loop(t.base, EVLOOP_ONCE);
	event_base_loop(t.base, EVLOOP_ONCE);
	assert_int_equal(t.width, 101);
	assert_true(t.whole);
	assert_int_equal(t.offs, 0);
	assert_int_equal(t.puppets[1]->wholes, 2);
	assert_int_equal(t.puppets[0]->capture.interval_ns, HANDOVER_WATCH_NS);
}

static void both_at_once_are_the_best(void **state)
{
	(void)state;
	open_all(open_polled, open_polled);
	t.puppets[0]->answer = t.puppets[1]->answer = 0;
	capture_set_interval(t.capture, RARELY_NS);
	run_ready();
	run_ready();
	assert_int_equal(t.width, 100);
	assert_int_equal(t.frames, 1);
	assert_int_equal(t.sources, 1);
}

static void says_why_there_is_none(void **state)
{
	(void)state;
	open_all(open_polled, open_polled);
	t.puppets[0]->reason = "The plane is empty.";
	t.puppets[1]->reason = "QEMU is not there.";
	capture_set_interval(t.capture, RARELY_NS);
	run_ready();
	assert_int_equal(t.offs, 1);
	assert_string_equal(t.reason, "QEMU is not there. The plane is empty.");
	assert_int_equal(t.sources, 0);
	assert_int_equal(t.looked, 1);

	/* They are looked at all the same, and say it once. */
	while (t.puppets[0]->looks < 4 || t.puppets[1]->looks < 4)
		event_base_loop(t.base, EVLOOP_ONCE);
	assert_int_equal(t.offs, 1);
	assert_true(t.looked >= 6);
	/* Until it is another one, or has to be said again. */
	t.puppets[0]->reason = t.puppets[1]->reason;
	while (t.offs < 2)
		event_base_loop(t.base, EVLOOP_ONCE);
	assert_string_equal(t.reason, "QEMU is not there.");
	capture_refresh(t.capture);
	while (t.offs < 3)
		event_base_loop(t.base, EVLOOP_ONCE);

	t.puppets[1]->answer = 0;
	wait_for(101);
	assert_string_equal(t.source, "polled");
	t.puppets[1]->answer = -EIO;
	capture_poke(t.capture);
	wait_for(0);
	assert_string_equal(t.source, "none");
	assert_int_equal(t.offs, 4);
	/* The same one again is news, too. */
	t.puppets[1]->answer = 0;
	wait_for(101);
	assert_true(t.whole);
	assert_int_equal(t.sources, 3);
}

static void a_told_one_keeps_its_newest(void **state)
{
	pixman_region32_t region;
	unsigned int frames;

	(void)state;
	pixman_region32_init_rect(&region, 3, 3, 4, 4);
	open_all(open_polled, open_told);
	emit(t.puppets[1], NULL);
	capture_set_interval(t.capture, RARELY_NS);
	run_ready();
	assert_int_equal(t.width, 101);
	assert_string_equal(t.source, "told");
	emit(t.puppets[1], &region);
	assert_int_equal(t.frames, 2);
	assert_true(t.hinted);
	assert_false(t.whole);
	emit(t.puppets[1], NULL);
	assert_true(t.whole);

	/* While the plane is shown it is not. */
	t.puppets[0]->answer = 0;
	wait_for(100);
	frames = t.frames;
	emit(t.puppets[1], &region);
	capture_set_reason(&t.puppets[1]->capture, "QEMU is not there.");
	emit(t.puppets[1], &region);
	run_ready();
	assert_int_equal(t.frames, frames);
	assert_int_equal(t.offs, 0);

	/* Its newest picture is whole, whatever it said of it. */
	t.puppets[0]->answer = -EIO;
	capture_poke(t.capture);
	wait_for(101);
	assert_true(t.whole);
	pixman_region32_fini(&region);
}

static void a_better_told_one_is_shown_at_once(void **state)
{
	(void)state;
	open_all(open_told, open_polled);
	t.puppets[1]->answer = 0;
	capture_set_interval(t.capture, RARELY_NS);
	run_ready();
	assert_int_equal(t.width, 101);
	emit(t.puppets[0], NULL);
	assert_int_equal(t.width, 100);
	assert_true(t.whole);
	capture_set_reason(&t.puppets[0]->capture, "Gone.");
	run_ready();
	assert_int_equal(t.width, 101);
	assert_int_equal(t.offs, 0);
}

static void nobody_watching_nothing_is_looked_at(void **state)
{
	unsigned int looks;

	(void)state;
	open_all(open_polled, open_told);
	emit(t.puppets[1], NULL);
	capture_set_interval(t.capture, RARELY_NS);
	run_ready();
	looks = t.puppets[0]->looks;
	capture_set_interval(t.capture, 0);
	assert_int_equal(event_base_loop(t.base, EVLOOP_ONCE), 1); /* nothing is pending */
	emit(t.puppets[1], NULL);
	capture_poke(t.capture);
	assert_int_equal(event_base_loop(t.base, EVLOOP_ONCE), 1);
	assert_int_equal(t.puppets[0]->looks, looks);
	assert_int_equal(t.frames, 1);

	/* Meanwhile the better one has come. */
	t.puppets[0]->answer = 0;
	capture_set_interval(t.capture, RARELY_NS);
	run_ready();
	assert_int_equal(t.width, 100);
	assert_int_equal(t.frames, 2);
	/* And has gone. */
	capture_set_interval(t.capture, 0);
	t.puppets[0]->answer = -EIO;
	capture_set_interval(t.capture, RARELY_NS);
	wait_for(101);
	assert_int_equal(t.offs, 0);
	/* And so has the other. */
	capture_set_interval(t.capture, 0);
	capture_set_reason(&t.puppets[1]->capture, "QEMU is not there.");
	capture_set_interval(t.capture, RARELY_NS);
	wait_for(0);
	assert_string_equal(t.reason, "QEMU is not there. Puppet is off.");
}

static void what_was_not_taken_up_comes_again(void **state)
{
	(void)state;
	open_all(open_polled, open_knowing);
	t.puppets[1]->answer = 0;
	t.refuse = true;
	capture_set_interval(t.capture, NSEC_PER_MSEC);
	while (t.frames < 3)
		event_base_loop(t.base, EVLOOP_ONCE);
	assert_true(t.whole); /* of this kind every frame is a change */
	assert_true(t.puppets[1]->wholes >= 3);
	t.refuse = false;
}

static const uint32_t shape[4] = { 0xff000000, 0xffffffff, 0xff000000, 0xffffffff };

static void show_cursor(struct puppet *puppet, int32_t x, uint64_t serial)
{
	capture_emit_cursor(&puppet->capture,
			&(struct cursor){ .visible = true, .width = 2, .height = 2, .position_known = true,
					.x = x, .argb = shape, .shape_serial = serial });
}

static void cursors_are_those_of_what_is_shown(void **state)
{
	uint64_t serial;

	(void)state;
	open_all(open_polled, open_told);
	emit(t.puppets[1], NULL);
	show_cursor(t.puppets[1], 5, 1);
	assert_int_equal(t.cursors, 0); /* nothing is shown yet */
	capture_set_interval(t.capture, RARELY_NS);
	run_ready();
	assert_int_equal(t.cursors, 1);
	assert_true(t.cursor.visible);
	assert_int_equal(t.cursor.x, 5);
	assert_memory_equal(t.cursor.argb, shape, sizeof(shape));
	serial = t.cursor.shape_serial;
	show_cursor(t.puppets[1], 6, 1);
	assert_int_equal(t.cursor.x, 6);
	assert_true(t.cursor.shape_serial == serial);

	/* The plane has none: the other one's goes. */
	t.puppets[0]->answer = 0;
	wait_for(100);
	assert_int_equal(t.cursors, 3);
	assert_false(t.cursor.visible);
	show_cursor(t.puppets[1], 7, 2);
	assert_int_equal(t.cursors, 3);
	/* It has one, which is another one whatever it is called. */
	show_cursor(t.puppets[0], 8, 2);
	assert_int_equal(t.cursor.x, 8);
	serial = t.cursor.shape_serial;

	t.puppets[0]->answer = -EIO;
	capture_poke(t.capture);
	wait_for(101);
	assert_int_equal(t.cursor.x, 7);
	assert_true(t.cursor.visible);
	assert_true(t.cursor.shape_serial != serial);

	/* A status card has none. */
	capture_set_reason(&t.puppets[1]->capture, "Gone.");
	wait_for(0);
	assert_false(t.cursor.visible);
}

static void input_goes_to_who_takes_it(void **state)
{
	const struct input_event key = { .kind = INPUT_KEY, .key = { .down = true, .qnum = 30 } };
	const struct input_event pointer = { .kind = INPUT_POINTER }, motion = { .kind = INPUT_MOTION };

	(void)state;
	open_all(open_polled, open_told);
	capture_input(t.capture, &key); /* nobody */
	assert_false(capture_takes_input(t.capture));
	t.puppets[0]->answer = 0;
	capture_set_interval(t.capture, RARELY_NS);
	run_ready();
	capture_input(t.capture, &key);
	assert_int_equal(t.puppets[0]->inputs, 1);
	/* Whether it is shown or not. */
	t.puppets[1]->takes_input = true;
	assert_true(capture_takes_input(t.capture));
	capture_input(t.capture, &key);
	assert_int_equal(t.puppets[0]->inputs, 1);
	assert_int_equal(t.puppets[1]->inputs, 1);
	/* What is shown may learn from the pointer, which goes to the other one all the same. */
	capture_input(t.capture, &pointer);
	assert_int_equal(t.puppets[0]->inputs, 2);
	assert_int_equal(t.puppets[1]->inputs, 2);
	capture_input(t.capture, &motion);
	assert_int_equal(t.puppets[0]->inputs, 2);
	assert_int_equal(t.puppets[1]->inputs, 3);
	capture_emit_pointer(&t.puppets[1]->capture, true);
	assert_true(t.absolute);
	capture_emit_pointer(&t.puppets[1]->capture, false);
	assert_false(t.absolute);
	capture_emit_leds(&t.puppets[1]->capture, INPUT_LED_CAPS);
	assert_int_equal(t.leds, INPUT_LED_CAPS);
}

static void sizes_go_to_what_is_shown_if_it_can(void **state)
{
	(void)state;
	open_all(open_polled, open_told);
	assert_int_equal(capture_resize(t.capture, 640, 480), -EOPNOTSUPP);
	t.puppets[1]->resize = 0;
	t.puppets[0]->answer = 0;
	capture_set_interval(t.capture, RARELY_NS);
	run_ready();
	assert_int_equal(capture_resize(t.capture, 640, 480), 0);
	assert_int_equal(t.puppets[1]->resizes, 2);
	t.puppets[0]->resize = -EINVAL;
	assert_int_equal(capture_resize(t.capture, 640, 480), -EINVAL);
	t.puppets[0]->resize = 0;
	assert_int_equal(capture_resize(t.capture, 640, 480), 0);
	assert_int_equal(t.puppets[1]->resizes, 2);
}

static void fails_if_one_cannot_be_opened(void **state)
{
	const capture_open_fn opens[] = { open_told, open_nothing, open_polled };

	(void)state;
	assert_int_equal(handover_open(t.base, &t.config, opens, 3, &handover_rig_events, NULL, &t.capture), -ENOMEM);
	assert_null(t.capture);
}

/* Real ones, by the configuration: a file that comes and goes above a test picture. */
static void a_file_comes_and_goes(void **state)
{
	int fd;

	(void)state;
	strcpy(t.path, "/tmp/planecast-handover-XXXXXX");
	fd = mkstemp(t.path);
	assert_true(fd >= 0);
	t.config = (struct config_vm){
		.source = { 2, { CONFIG_SOURCE_MEMORY, CONFIG_SOURCE_PATTERN } },
		.memory_file = t.path,
		.memory_size = { 400, 300 },
		.pattern_size = { 320, 240 },
	};
	assert_int_equal(capture_open(t.base, &t.config, &handover_rig_events, NULL, &t.capture), 0);
	capture_set_interval(t.capture, NSEC_PER_MSEC);
	wait_for(320);
	assert_string_equal(t.source, "pattern");
	assert_true(t.cursor.visible);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ftruncate(fd, 400 * 300 * 4), 0);
		wait_for(400);
		assert_string_equal(t.source, "memory");
		assert_false(t.cursor.visible);
		assert_true(t.whole);
		assert_int_equal(ftruncate(fd, 0), 0);
		wait_for(320);
		assert_true(t.cursor.visible);
		assert_true(t.whole);
	}
	assert_int_equal(t.offs, 0);
	close(fd);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, handover_setup, handover_teardown)
	const struct CMUnitTest tests[] = {
		TEST(shows_the_best_that_has_a_picture),
		TEST(both_at_once_are_the_best),
		TEST(says_why_there_is_none),
		TEST(a_told_one_keeps_its_newest),
		TEST(a_better_told_one_is_shown_at_once),
		TEST(nobody_watching_nothing_is_looked_at),
		TEST(what_was_not_taken_up_comes_again),
		TEST(cursors_are_those_of_what_is_shown),
		TEST(input_goes_to_who_takes_it),
		TEST(sizes_go_to_what_is_shown_if_it_can),
		TEST(fails_if_one_cannot_be_opened),
		TEST(a_file_comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
