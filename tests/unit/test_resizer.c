// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose wish for a size reaches the guest, of several who may control it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>

#include "server/input.h"
#include "server/resizer.h"

static const char alice, bob;

static struct {
	struct event_base *base;
	struct resizer resizer;
	unsigned int asks;
	uint32_t width, height;
} t;

static int ask(void *user, uint32_t width, uint32_t height)
{
	assert_ptr_equal(user, &t);
	t.asks++;
	t.width = width;
	t.height = height;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	t.base = event_base_new();
	t.asks = 0;
	return resizer_init(&t.resizer, t.base, ask, &t);
}

static int teardown(void **state)
{
	(void)state;
	resizer_finish(&t.resizer);
	t.resizer = (struct resizer){ 0 };
	event_base_free(t.base);
	return 0;
}

static const struct input_event key_down = { .kind = INPUT_KEY, .key = { .down = true, .qnum = 30 } };
static const struct input_event key_up = { .kind = INPUT_KEY, .key = { .qnum = 30 } };
static const struct input_event click = { .kind = INPUT_POINTER, .pointer = { .buttons = INPUT_BUTTON_LEFT } };
static const struct input_event hover = { .kind = INPUT_POINTER, .pointer = { .x = 5 } };
static const struct input_event pull = { .kind = INPUT_MOTION, .pointer = { .buttons = INPUT_BUTTON_LEFT } };
static const struct input_event locks = { .kind = INPUT_LOCKS, .locks = INPUT_LED_NUM };

static void who_works_decides(void **state)
{
	static const struct input_event *const works[] = { &key_down, &click, &pull };

	(void)state;
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		t.asks = 0;
		t.resizer.wish = (struct size_wish){ 0 };
		resizer_note_input(&t.resizer, &alice, works[i]);
		assert_int_equal(resizer_put(&t.resizer, &bob, 800, 600, false), -EBUSY);
		assert_int_equal(t.asks, 0);
		assert_int_equal(resizer_put(&t.resizer, &alice, 1024, 768, false), 0);
		assert_int_equal(t.asks, 1);
		assert_int_equal(t.width, 1024);
		assert_int_equal(t.height, 768);
	}
	/* And whoever works next. */
	t.resizer.wish.rest_ns = 0;
	resizer_note_input(&t.resizer, &bob, &click);
	assert_int_equal(resizer_put(&t.resizer, &alice, 640, 480, false), -EBUSY);
	assert_int_equal(resizer_put(&t.resizer, &bob, 800, 600, false), 0);
	assert_int_equal(t.width, 800);
}

static void who_is_only_there_does_not(void **state)
{
	static const struct input_event *const idle[] = { &key_up, &hover, &locks };

	(void)state;
	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		resizer_note_input(&t.resizer, &alice, idle[i]);
	assert_int_equal(resizer_put(&t.resizer, &bob, 800, 600, false), 0);
	assert_int_equal(t.asks, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_works_decides, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_only_there_does_not, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
