// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is given viewers' input: the source that takes it, or QMP; and what lights and pointer then are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>

#include "server/capture/capture.h"
#include "server/guest.h"
#include "server/input.h"
#include "server/input_route.h"
#include "tests/unit/guest_peer.h"

enum { CAPS = 0x3a, NUM = 0x45, A = 0x1e };

static struct source {
	struct capture capture;
	bool takes;
	struct input_event seen[32];
	unsigned int n_seen;
	bool absolute;
	unsigned int pointers, leds, leds_told;
} source;

static void source_input(struct capture *capture, const struct input_event *event)
{
	assert_ptr_equal(capture, &source.capture);
	assert_true(source.n_seen < 32);
	source.seen[source.n_seen++] = *event;
}

static bool source_takes(const struct capture *capture)
{
	return ((const struct source *)capture)->takes;
}

static void on_pointer(void *user, bool absolute)
{
	(void)user;
	source.absolute = absolute;
	source.pointers++;
}

static void on_leds(void *user, unsigned int leds)
{
	(void)user;
	source.leds = leds;
	source.leds_told++;
}

static const struct capture_impl source_impl = { .input = source_input, .takes_input = source_takes };
static const struct capture_impl deaf_impl = { .name = "neither hears nor takes" };
static const struct capture_events events = { .pointer = on_pointer, .leds = on_leds };
static const struct capture_events no_events = { .frame = NULL };

static int set_up(void **state)
{
	source = (struct source){ .takes = true };
	source.capture.impl = &source_impl;
	return peer_set_up(state);
}

static void make_route(struct input_route *route, struct guest *guest)
{
	*route = (struct input_route){ .guest = guest, .capture = &source.capture };
	assert_int_equal(input_route_init(route, "us"), 0);
}

static void put_key(struct input_route *route, uint32_t qnum, uint32_t keysym, bool down, bool known)
{
	const struct input_event event = {
		.kind = INPUT_KEY,
		.key = { .down = down, .qnum = qnum, .keysym = keysym },
	};

	assert_int_equal(input_route_put(route, &event), known);
}

static void put(struct input_route *route, enum input_kind kind)
{
	struct input_event event = { .kind = kind };

	if (kind != INPUT_LOCKS)
		event.pointer.width = event.pointer.height = 100;
	assert_true(input_route_put(route, &event));
}

static void put_locks(struct input_route *route, unsigned int locks)
{
	assert_true(input_route_put(route, &(struct input_event){ .kind = INPUT_LOCKS, .locks = locks }));
}

/* What the source saw since, as key numbers, a release as its negative. */
static void expect_keys(const int *keys, unsigned int n)
{
	assert_int_equal(source.n_seen, n);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(source.seen[i].kind, INPUT_KEY);
		assert_int_equal(source.seen[i].key.down ? (int)source.seen[i].key.qnum
							 : -(int)source.seen[i].key.qnum,
				keys[i]);
	}
	source.n_seen = 0;
}

#define EXPECT_KEYS(...) \
	expect_keys((const int[]){ __VA_ARGS__ }, sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

static void test_source_takes_it(void **state)
{
	struct peer *peer = *state;
	struct guest *guest = connected_guest(peer);
	unsigned int before = peer->n_lines;
	struct input_route route;

	make_route(&route, guest);
	put_key(&route, 0, 'a', true, true);
	put_key(&route, 0, 'a', false, true);
	put_key(&route, 0, 0xfffffffe, true, false);
	assert_int_equal(source.n_seen, 2);
	assert_int_equal(source.seen[0].key.qnum, A);
	assert_int_equal(source.seen[1].key.qnum, A);
	put(&route, INPUT_POINTER);
	assert_true(input_route_put(&route, &(struct input_event){ .kind = INPUT_MOTION, .pointer = { .dx = 1 } }));
	assert_int_equal(source.n_seen, 4);
	assert_int_equal(source.seen[3].kind, INPUT_MOTION);
	/* The first line at QEMU is the next one that is meant for it. */
	source.takes = false;
	put_key(&route, CAPS, 0, true, true);
	PEER_WAIT(peer, peer->n_lines > before);
	assert_string_equal(peer->lines[before], "[" KEY("true", "58") "]");
	guest_free(guest);
	input_route_finish(&route);
}

static void point(struct input_route *route, uint32_t x, uint32_t y, uint32_t size, uint32_t changed)
{
	const struct input_event event = {
		.kind = INPUT_POINTER,
		.pointer = { .x = x, .y = y, .width = size, .height = size, .buttons = changed, .changed = changed },
	};

	source.n_seen = 0;
	assert_true(input_route_put(route, &event));
}

static void test_source_takes_motion(void **state)
{
	const struct input_event motion = { .kind = INPUT_MOTION, .pointer = { .dx = 3, .dy = 4 } };
	struct input_route route;

	(void)state;
	make_route(&route, NULL);
	point(&route, 10, 20, 100, 0);
	assert_int_equal(source.seen[0].kind, INPUT_POINTER);
	route.source_relative = true;
	point(&route, 15, 18, 100, 0);
	assert_int_equal(source.n_seen, 1);
	assert_int_equal(source.seen[0].kind, INPUT_MOTION);
	assert_int_equal(source.seen[0].pointer.dx, 5);
	assert_int_equal(source.seen[0].pointer.dy, -2);
	point(&route, 15, 18, 100, 0);
	assert_int_equal(source.n_seen, 0);
	/* Nobody moved: the picture is another one. */
	point(&route, 30, 36, 200, 1);
	assert_int_equal(source.n_seen, 1);
	assert_int_equal(source.seen[0].pointer.dx, 0);
	assert_int_equal(source.seen[0].pointer.changed, 1);
	source.n_seen = 0;
	assert_true(input_route_put(&route, &motion));
	assert_int_equal(source.seen[0].pointer.dx, 3);
	input_route_finish(&route);
}

static void test_source_only_looks(void **state)
{
	struct peer *peer = *state;
	struct guest *guest = connected_guest(peer);
	struct input_route route;

	make_route(&route, guest);
	source.takes = false;
	put(&route, INPUT_MOTION);
	put_locks(&route, INPUT_LED_NUM);
	assert_int_equal(source.n_seen, 0);
	put(&route, INPUT_POINTER);
	put_key(&route, A, 0, true, true);
	assert_int_equal(source.n_seen, 2);
	source.capture.impl = &deaf_impl;
	put(&route, INPUT_POINTER);
	/* While the VM comes and goes. */
	route.capture = NULL;
	put(&route, INPUT_POINTER);
	route.guest = NULL;
	put_key(&route, A, 0, true, true);
	assert_int_equal(source.n_seen, 2);
	guest_free(guest);
	input_route_finish(&route);
}

static void test_locks_of_the_source(void **state)
{
	struct input_route route;

	(void)state;
	make_route(&route, NULL);
	put_locks(&route, INPUT_LED_CAPS);
	EXPECT_KEYS(CAPS, -CAPS);
	put_locks(&route, INPUT_LED_CAPS);
	assert_int_equal(source.n_seen, 0);
	/* The guest has turned one on by itself, and another one off. */
	input_route_note_leds(&route, INPUT_LED_NUM);
	put_locks(&route, INPUT_LED_NUM);
	assert_int_equal(source.n_seen, 0);
	put_locks(&route, INPUT_LED_CAPS);
	EXPECT_KEYS(NUM, -NUM, CAPS, -CAPS);
	/* Pressed by a viewer. */
	put_key(&route, CAPS, 0, true, true);
	put_key(&route, CAPS, 0, false, true);
	source.n_seen = 0;
	put_locks(&route, INPUT_LED_CAPS);
	EXPECT_KEYS(CAPS, -CAPS);
	input_route_finish(&route);
}

static void test_lights_for_qmp(void **state)
{
	struct peer *peer = *state;
	struct guest *guest = connected_guest(peer);
	unsigned int before = peer->n_lines;
	struct input_route route;

	make_route(&route, guest);
	source.takes = false;
	input_route_note_leds(&route, INPUT_LED_NUM);
	put_locks(&route, INPUT_LED_NUM | INPUT_LED_CAPS);
	PEER_WAIT(peer, peer->n_lines >= before + 2);
	assert_string_equal(peer->lines[before], "[" KEY("true", "58") "]");
	guest_free(guest);
	input_route_finish(&route);
}

static void test_pointer(void **state)
{
	struct input_route route;

	(void)state;
	make_route(&route, NULL);
	assert_true(input_route_is_absolute(&route));
	route.guest_relative = true;
	assert_true(input_route_is_absolute(&route));
	source.takes = false;
	assert_false(input_route_is_absolute(&route));
	route.source_relative = true;
	route.guest_relative = false;
	assert_true(input_route_is_absolute(&route));
	source.takes = true;
	assert_false(input_route_is_absolute(&route));
	input_route_finish(&route);
}

static void test_sources_tell(void **state)
{
	(void)state;
	source.capture.events = &events;
	capture_emit_pointer(&source.capture, true);
	assert_true(source.absolute);
	capture_emit_pointer(&source.capture, false);
	assert_false(source.absolute);
	assert_int_equal(source.pointers, 2);
	capture_emit_leds(&source.capture, INPUT_LED_SCROLL);
	assert_int_equal(source.leds, INPUT_LED_SCROLL);
	/* To whom it is nothing. */
	source.capture.events = &no_events;
	capture_emit_pointer(&source.capture, true);
	capture_emit_leds(&source.capture, 0);
	assert_int_equal(source.leds_told, 1);
	assert_true(capture_takes_input(&source.capture));
	source.capture.impl = &deaf_impl;
	assert_false(capture_takes_input(&source.capture));
	assert_false(capture_takes_input(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_source_takes_it, set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_source_takes_motion, set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_source_only_looks, set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_locks_of_the_source, set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_lights_for_qmp, set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_pointer, set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_sources_tell, set_up, peer_tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
