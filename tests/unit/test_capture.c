// SPDX-License-Identifier: GPL-2.0-or-later
/* When the capture layer looks at a source, and what it tells of what it saw. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "config/config.h"
#include "server/capture/capture.h"
#include "server/clock.h"
#include "server/frame.h"

#define DEADLINE_NS (5 * NSEC_PER_SEC)

/* A source whose answers the test chooses. */
struct puppet {
	struct capture capture;
	int answer;
	const char *reason;
	unsigned int polls;
	bool was_whole, watched;
	const pixman_region32_t *hint;
};

static struct {
	struct event_base *base;
	struct puppet puppet;
	unsigned int frames, hinted, offs, looked;
	int64_t next_interval_ns; /* what to set after a look; 0: nothing */
	char reason[CAPTURE_REASON_BYTES];
	bool stop_after_frame, refresh_after_frame;
} t;

static int puppet_poll(struct capture *capture, struct frame **ret_frame)
{
	struct puppet *puppet = (struct puppet *)capture;

	puppet->polls++;
	puppet->was_whole = capture->whole;
	capture->hint = puppet->hint;
	if (!puppet->answer)
		return frame_new_memory(320, 200, ret_frame);
	if (puppet->reason)
		capture_set_reason(capture, "%s", puppet->reason);
	return puppet->answer;
}

static void puppet_close(struct capture *capture)
{
	capture_finish(capture);
}

static const struct capture_impl puppet_impl = {
	.name = "puppet",
	.poll = puppet_poll,
	.close = puppet_close,
};

static void puppet_watch(struct capture *capture, bool watched)
{
	struct puppet *puppet = (struct puppet *)capture;

	assert_true(puppet->watched != watched);
	puppet->watched = watched;
}

static const struct capture_impl telling_impl = {
	.name = "telling",
	.poll = puppet_poll,
	.tells_change = true,
	.close = puppet_close,
	.watch = puppet_watch,
};

static const struct capture_impl told_impl = {
	.name = "told",
	.close = puppet_close,
};

static void on_frame(void *user, struct frame *frame, const pixman_region32_t *hint)
{
	(void)user;
	assert_int_equal(frame->width, 320);
	t.frames++;
	t.hinted += hint != NULL;
	if (t.stop_after_frame)
		capture_set_interval(&t.puppet.capture, 0);
	if (t.refresh_after_frame)
		capture_refresh(&t.puppet.capture);
}

static void on_off(void *user, const char *reason)
{
	(void)user;
	t.offs++;
	strcpy(t.reason, reason);
}

static void on_looked(void *user, int64_t start_ns)
{
	(void)user;
	assert_in_range(clock_now_ns() - start_ns, 0, DEADLINE_NS);
	t.looked++;
	if (t.next_interval_ns)
		capture_set_interval(&t.puppet.capture, t.next_interval_ns);
}

static const struct capture_events events = {
	.frame = on_frame,
	.off = on_off,
	.looked = on_looked,
};

static int setup_impl(const struct capture_impl *impl)
{
	memset(&t, 0, sizeof(t));
	t.base = event_base_new();
	return t.base ? capture_init(&t.puppet.capture, impl, t.base, &events, NULL) : -1;
}

static int setup(void **state)
{
	(void)state;
	return setup_impl(&puppet_impl);
}

static int setup_telling(void **state)
{
	(void)state;
	return setup_impl(&telling_impl);
}

static int setup_told(void **state)
{
	(void)state;
	return setup_impl(&told_impl);
}

static int teardown(void **state)
{
	(void)state;
	capture_close(&t.puppet.capture);
	event_base_free(t.base);
	return 0;
}

static void run_until_polls(unsigned int polls)
{
	int64_t end_ns = clock_now_ns() + DEADLINE_NS;

	while (t.puppet.polls < polls) {
		assert_true(clock_now_ns() < end_ns);
		event_base_loop(t.base, EVLOOP_ONCE);
	}
}

/* Everything that is ready, without waiting. */
static void run_ready(void)
{
	event_base_loop(t.base, EVLOOP_NONBLOCK);
}

static void test_nothing_before_an_interval(void **state)
{
	(void)state;
	run_ready();
	capture_poke(&t.puppet.capture);
	run_ready();
	assert_int_equal(t.puppet.polls, 0);
}

static void test_looks_at_once_and_then_by_interval(void **state)
{
	int64_t start_ns = clock_now_ns();

	(void)state;
	capture_set_interval(&t.puppet.capture, 3600 * NSEC_PER_SEC);
	assert_int_equal(t.puppet.polls, 0);
	run_ready();
	assert_int_equal(t.puppet.polls, 1);
	assert_int_equal(t.frames, 1);
	capture_set_interval(&t.puppet.capture, 4 * NSEC_PER_MSEC);
	run_until_polls(6);
	/* Never faster than asked; the loop's clock may be a millisecond off. */
	assert_true(clock_now_ns() - start_ns >= 5 * 3 * NSEC_PER_MSEC);
	assert_int_equal(t.frames, t.puppet.polls);
}

static void test_every_look_asks_for_the_next(void **state)
{
	(void)state;
	t.puppet.answer = -EAGAIN;
	t.next_interval_ns = 3600 * NSEC_PER_SEC;
	capture_set_interval(&t.puppet.capture, NSEC_PER_MSEC);
	run_until_polls(1);
	assert_int_equal(t.looked, 1);
	assert_int_equal(t.frames, 0);
	/* What was set then holds, and a shorter one counts from that look, however often it is set. */
	t.next_interval_ns = 0;
	for (int64_t end_ns = clock_now_ns() + DEADLINE_NS; t.looked < 2;) {
		assert_true(clock_now_ns() < end_ns);
		capture_set_interval(&t.puppet.capture, 40 * NSEC_PER_MSEC + t.offs++ % 2);
		run_ready();
	}
	t.puppet.answer = -EIO;
	run_until_polls(3);
	assert_int_equal(t.looked, 3);
}

static void test_interval_has_a_floor(void **state)
{
	int64_t start_ns = clock_now_ns();

	(void)state;
	capture_set_interval(&t.puppet.capture, 1);
	run_until_polls(11);
	assert_true(clock_now_ns() - start_ns >= 5 * NSEC_PER_MSEC);
}

static void test_zero_stops_and_restart_is_whole(void **state)
{
	(void)state;
	t.stop_after_frame = true;
	capture_set_interval(&t.puppet.capture, NSEC_PER_MSEC);
	run_until_polls(1);
	assert_true(t.puppet.was_whole);
	capture_poke(&t.puppet.capture);
	assert_int_equal(event_base_loop(t.base, EVLOOP_ONCE), 1); /* nothing is pending */
	assert_int_equal(t.puppet.polls, 1);

	t.stop_after_frame = false;
	capture_set_interval(&t.puppet.capture, 3600 * NSEC_PER_SEC);
	run_ready();
	assert_int_equal(t.puppet.polls, 2);
	assert_true(t.puppet.was_whole);
	capture_poke(&t.puppet.capture);
	run_ready();
	assert_int_equal(t.puppet.polls, 3);
	assert_false(t.puppet.was_whole);
	capture_refresh(&t.puppet.capture);
	run_ready();
	assert_int_equal(t.puppet.polls, 3);
	capture_poke(&t.puppet.capture);
	run_ready();
	assert_true(t.puppet.was_whole);
}

static void test_pokes_are_one_look(void **state)
{
	(void)state;
	capture_set_interval(&t.puppet.capture, 3600 * NSEC_PER_SEC);
	run_ready();
	for (int i = 0; i < 100; i++)
		capture_poke(&t.puppet.capture);
	assert_int_equal(t.puppet.polls, 1);
	run_ready();
	assert_int_equal(t.puppet.polls, 2);
}

static void look_again(int answer, const char *reason)
{
	t.puppet.answer = answer;
	t.puppet.reason = reason;
	capture_poke(&t.puppet.capture);
	run_ready();
}

static void test_reason_is_sent_once_per_change(void **state)
{
	(void)state;
	t.puppet.answer = -EAGAIN;
	capture_set_interval(&t.puppet.capture, 3600 * NSEC_PER_SEC);
	run_ready();
	assert_int_equal(t.offs + t.frames, 0);

	look_again(-ENODEV, "The device is not there.");
	look_again(-ENODEV, "The device is not there.");
	assert_int_equal(t.offs, 1);
	assert_string_equal(t.reason, "The device is not there.");
	look_again(-ENXIO, "The guest shows nothing.");
	assert_int_equal(t.offs, 2);
	assert_string_equal(t.reason, "The guest shows nothing.");

	look_again(0, NULL);
	assert_int_equal(t.frames, 1);
	look_again(-ENXIO, "The guest shows nothing.");
	assert_int_equal(t.offs, 3);

	/* A new viewer must be told too. */
	capture_set_interval(&t.puppet.capture, 0);
	capture_set_interval(&t.puppet.capture, 3600 * NSEC_PER_SEC);
	run_ready();
	assert_int_equal(t.offs, 4);

	/* A source that gives no reason does not leave an old one standing. */
	look_again(0, NULL);
	look_again(-EIO, NULL);
	assert_int_equal(t.offs, 5);
	assert_string_equal(t.reason, "No picture: Input/output error.");
}

static void test_long_reason_is_cut(void **state)
{
	char reason[1000];

	(void)state;
	memset(reason, 'x', sizeof(reason));
	reason[sizeof(reason) - 1] = '\0';
	t.puppet.answer = -EIO;
	t.puppet.reason = reason;
	capture_set_interval(&t.puppet.capture, 3600 * NSEC_PER_SEC);
	run_ready();
	assert_int_equal(strlen(t.reason), sizeof(t.puppet.capture.reason) - 1);
}

static void emit(const pixman_region32_t *hint)
{
	struct frame *frame;

	assert_int_equal(frame_new_memory(320, 200, &frame), 0);
	capture_emit_frame(&t.puppet.capture, frame, hint);
	frame_unref(frame);
}

static void test_source_that_tells_of_changes(void **state)
{
	struct puppet *puppet = &t.puppet;
	pixman_region32_t hint;
	unsigned int polls;

	(void)state;
	pixman_region32_init(&hint);
	capture_changed(&puppet->capture);
	assert_int_equal(event_base_loop(t.base, EVLOOP_ONCE), 1);
	assert_false(puppet->watched);
	capture_set_interval(&puppet->capture, NSEC_PER_MSEC);
	assert_true(puppet->watched);
	run_until_polls(1);
	assert_true(puppet->was_whole);
	assert_int_equal(t.frames, 1);

	/* Looked at for a while, as others are; */
	puppet->answer = -EAGAIN;
	run_until_polls(4);
	/* then not at all, also not at another pace, */
	puppet->capture.changed_ns -= 3600 * NSEC_PER_SEC;
	polls = puppet->polls + 1;
	run_until_polls(polls);
	assert_int_equal(event_base_loop(t.base, EVLOOP_ONCE), 1);
	capture_set_interval(&puppet->capture, 2 * NSEC_PER_MSEC);
	assert_int_equal(event_base_loop(t.base, EVLOOP_ONCE), 1);
	assert_int_equal(puppet->polls, polls);
	/* until there is news. */
	puppet->answer = 0;
	puppet->hint = &hint;
	capture_changed(&puppet->capture);
	run_until_polls(polls + 1);
	assert_int_equal(t.frames, 2);
	assert_int_equal(t.hinted, 1);
	/* What was not taken up comes again by itself. */
	t.refresh_after_frame = true;
	capture_changed(&puppet->capture);
	puppet->capture.changed_ns -= 3600 * NSEC_PER_SEC;
	run_until_polls(polls + 3);
	t.refresh_after_frame = false;

	puppet->answer = -EIO;
	puppet->reason = "No display.";
	run_until_polls(puppet->polls + 1);
	assert_int_equal(t.offs, 1);
	assert_string_equal(t.reason, "No display.");
	capture_set_interval(&puppet->capture, 0);
	assert_false(puppet->watched);
	pixman_region32_fini(&hint);
}

static void test_told_source(void **state)
{
	pixman_region32_t region;

	(void)state;
	capture_set_reason(&t.puppet.capture, "No display yet.");
	assert_int_equal(t.offs, 0); /* nobody watches */
	capture_set_interval(&t.puppet.capture, NSEC_PER_MSEC);
	run_ready();
	assert_string_equal(t.reason, "No display yet.");
	assert_int_equal(event_base_loop(t.base, EVLOOP_ONCE), 1); /* nothing is pending */
	capture_set_reason(&t.puppet.capture, "No display %d.", 7);
	assert_int_equal(t.offs, 2);
	assert_string_equal(t.reason, "No display 7.");
	capture_refresh(&t.puppet.capture);
	event_base_loop(t.base, EVLOOP_ONCE);
	assert_int_equal(t.offs, 3);

	/* All of the first one counts, and then what the source says. */
	pixman_region32_init_rect(&region, 8, 8, 16, 16);
	emit(&region);
	assert_int_equal(t.frames, 1);
	emit(&region);
	assert_int_equal(t.frames, 2);
	assert_int_equal(t.hinted, 1);
	assert_int_equal(t.looked, 4);
	assert_int_equal(event_base_loop(t.base, EVLOOP_ONCE), 1);
	assert_int_equal(capture_resize(&t.puppet.capture, 640, 480), -EOPNOTSUPP);
	pixman_region32_fini(&region);
}

static void test_told_source_is_shown_again(void **state)
{
	pixman_region32_t region;

	(void)state;
	pixman_region32_init_rect(&region, 8, 8, 16, 16);
	emit(&region);
	assert_int_equal(t.frames, 0); /* nobody watches */
	capture_set_interval(&t.puppet.capture, NSEC_PER_MSEC);
	assert_int_equal(t.frames, 0);
	run_ready();
	assert_int_equal(t.frames, 1);
	assert_int_equal(event_base_loop(t.base, EVLOOP_ONCE), 1); /* nothing is pending */
	/* It could not be taken up: again, by itself, but not at once. */
	capture_refresh(&t.puppet.capture);
	assert_int_equal(t.frames, 1);
	event_base_loop(t.base, EVLOOP_ONCE);
	assert_int_equal(t.frames, 2);
	assert_int_equal(t.hinted, 0);
	/* And each time until it is. */
	t.refresh_after_frame = true;
	emit(&region);
	while (t.frames < 5)
		event_base_loop(t.base, EVLOOP_ONCE);
	t.refresh_after_frame = false;
	event_base_loop(t.base, EVLOOP_ONCE);
	assert_int_equal(t.frames, 6);
	assert_int_equal(event_base_loop(t.base, EVLOOP_ONCE), 1);
	/* What has gone is not shown to who comes then. */
	capture_set_interval(&t.puppet.capture, 0);
	capture_set_reason(&t.puppet.capture, "No display.");
	capture_set_interval(&t.puppet.capture, NSEC_PER_MSEC);
	run_ready();
	assert_int_equal(t.frames, 6);
	assert_string_equal(t.reason, "No display.");
	pixman_region32_fini(&region);
}

static void test_told_source_that_says_nothing(void **state)
{
	(void)state;
	capture_set_interval(&t.puppet.capture, NSEC_PER_MSEC);
	run_ready();
	assert_string_equal(t.reason, "Nothing has been shown yet.");
}

static void test_open_refuses_unknown_source(void **state)
{
	struct config_vm config = { .source = { 1, { 4711 } } };
	struct capture *capture = NULL;

	(void)state;
	assert_int_equal(capture_open(t.base, &config, &events, NULL, &capture), -EINVAL);
	config.source.value[0] = -1;
	assert_int_equal(capture_open(t.base, &config, &events, NULL, &capture), -EINVAL);
	config.source = (struct config_words){ 2, { CONFIG_SOURCE_PATTERN, 4711 } };
	assert_int_equal(capture_open(t.base, &config, &events, NULL, &capture), -EINVAL);
	config.source.count = 0;
	assert_int_equal(capture_open(t.base, &config, &events, NULL, &capture), -EINVAL);
	config.source.count = CONFIG_WORDS_MAX + 1;
	assert_int_equal(capture_open(t.base, &config, &events, NULL, &capture), -EINVAL);
	assert_null(capture);
	capture_close(NULL);
}

int main(void)
{
#define WITH_PUPPET(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define WITH_TOLD(test) cmocka_unit_test_setup_teardown(test, setup_told, teardown)
	const struct CMUnitTest tests[] = {
		WITH_PUPPET(test_nothing_before_an_interval),
		WITH_PUPPET(test_looks_at_once_and_then_by_interval),
		WITH_PUPPET(test_every_look_asks_for_the_next),
		WITH_PUPPET(test_interval_has_a_floor),
		WITH_PUPPET(test_zero_stops_and_restart_is_whole),
		WITH_PUPPET(test_pokes_are_one_look),
		WITH_PUPPET(test_reason_is_sent_once_per_change),
		WITH_PUPPET(test_long_reason_is_cut),
		cmocka_unit_test_setup_teardown(test_source_that_tells_of_changes, setup_telling, teardown),
		WITH_TOLD(test_told_source),
		WITH_TOLD(test_told_source_is_shown_again),
		WITH_TOLD(test_told_source_that_says_nothing),
		WITH_PUPPET(test_open_refuses_unknown_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
