// SPDX-License-Identifier: GPL-2.0-or-later
/* When the picture is looked at, and when it is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "server/clock.h"
#include "server/pacer.h"

#define MS NSEC_PER_MSEC
#define SECOND (1000 * MS)

/* A guest: what it draws, and what came of our looks. */
struct guest {
	int64_t period; /* 0: draws nothing; 1: whenever somebody looks */
	int64_t drawing; /* how long one picture takes; a look meanwhile sees a part */
	int64_t jitter; /* each picture is so late at most */
	int64_t busy; /* so late at most we wake up */
	bool told; /* what is whole is known to be */
	/* Results. */
	unsigned int looks, shown, torn;
	int64_t pictures, lateness;
	/* What the last look saw. */
	int64_t seen;
	bool seen_half;
};

/* Anything that is not regular. */
static int64_t below(int64_t limit, int64_t seed)
{
	return limit ? (int64_t)((uint64_t)seed * 0x9e3779b97f4a7c15ull >> 33) % limit : 0;
}

static int64_t drawn_at(const struct guest *guest, int64_t picture)
{
	return picture * guest->period + below(guest->jitter, picture);
}

/* Whether a look at that time sees anything new. */
static bool look_at(struct guest *guest, int64_t now)
{
	int64_t picture;
	bool half;

	guest->looks++;
	if (guest->period < 2)
		return guest->period;
	picture = now / guest->period;
	if (drawn_at(guest, picture) > now)
		picture--;
	half = now < drawn_at(guest, picture) + guest->drawing;
	if (picture == guest->seen && (!guest->seen_half || half))
		return false;
	if (picture != guest->seen) {
		guest->pictures++;
		guest->lateness += now - drawn_at(guest, picture);
		guest->torn += half;
	}
	guest->seen = picture;
	guest->seen_half = half;
	return true;
}

static enum pacer_result result_of(const struct guest *guest, bool changed)
{
	if (!changed)
		return PACER_NOTHING;
	return guest->told && !guest->seen_half ? PACER_WHOLE : PACER_CHANGE;
}

/* From now on; what was before is forgotten. */
static void play(struct pacer *pacer, struct guest *guest, int64_t *now, int64_t duration)
{
	int64_t end = *now + duration;

	guest->looks = guest->shown = guest->torn = 0;
	guest->pictures = guest->lateness = 0;
	while (*now < end) {
		bool changed = look_at(guest, *now);

		guest->shown += changed;
		pacer_note_look(pacer, *now, result_of(guest, changed));
		assert_true(pacer_interval_ns(pacer) > 0);
		*now += pacer_interval_ns(pacer) + below(guest->busy, *now);
	}
}

static void start(struct pacer *pacer, int64_t max_fps, int64_t idle, int64_t now)
{
	pacer_init(pacer, max_fps, idle);
	pacer_set_watched(pacer, true, now);
}

static void unwatched_is_never_looked_at(void **state)
{
	struct pacer pacer;

	(void)state;
	pacer_init(&pacer, 60, 50 * MS);
	assert_int_equal(pacer_interval_ns(&pacer), 0);
	pacer_note_motion(&pacer, 0);
	assert_int_equal(pacer_interval_ns(&pacer), 0);
	pacer_set_watched(&pacer, true, 1000 * MS);
	assert_true(pacer_interval_ns(&pacer) > 0);
	pacer_set_watched(&pacer, false, 1001 * MS);
	assert_int_equal(pacer_interval_ns(&pacer), 0);
}

static void looks_get_rarer_the_longer_nothing_happens(void **state)
{
	struct pacer pacer;
	int64_t begin = 7000 * MS;

	(void)state;
	/* A first viewer is motion. */
	start(&pacer, 50, 100 * MS, begin);
	pacer_note_look(&pacer, begin, PACER_NOTHING);
	assert_int_equal(pacer_interval_ns(&pacer), 5 * MS);
	pacer_note_look(&pacer, begin + 20 * MS, PACER_NOTHING);
	assert_int_equal(pacer_interval_ns(&pacer), 5 * MS);
	pacer_note_look(&pacer, begin + 60 * MS, PACER_NOTHING);
	assert_int_equal(pacer_interval_ns(&pacer), 10 * MS);
	pacer_note_look(&pacer, begin + 600 * MS, PACER_NOTHING);
	assert_int_equal(pacer_interval_ns(&pacer), 100 * MS);
	pacer_note_look(&pacer, begin + 3600 * SECOND, PACER_NOTHING);
	assert_int_equal(pacer_interval_ns(&pacer), 100 * MS);
	/* A second one joins: what it sees is current, nothing moved. */
	pacer_set_watched(&pacer, true, begin + 3600 * SECOND);
	assert_int_equal(pacer_interval_ns(&pacer), 100 * MS);
	/* Input, however much of it, is reason for a look soon, counted from the last one. */
	for (unsigned int i = 1; i < 50; i++) {
		pacer_note_motion(&pacer, begin + 3600 * SECOND + i * MS);
		assert_int_equal(pacer_interval_ns(&pacer), 5 * MS);
	}
}

static void rest_is_rest(void **state)
{
	struct guest guest = { 0 };
	struct pacer pacer;
	int64_t now = SECOND;

	(void)state;
	start(&pacer, 60, 50 * MS, now);
	play(&pacer, &guest, &now, SECOND);
	play(&pacer, &guest, &now, 10 * SECOND);
	assert_in_range(guest.looks, 199, 201);
}

static void a_change_alone_is_no_motion(void **state)
{
	struct guest blinking = { .period = SECOND / 2 };
	struct pacer pacer;
	int64_t now = SECOND;

	(void)state;
	start(&pacer, 60, 50 * MS, now);
	play(&pacer, &blinking, &now, 2 * SECOND);
	play(&pacer, &blinking, &now, 10 * SECOND);
	assert_in_range(blinking.shown, 19, 21);
	/* A few more after each than at rest. */
	assert_in_range(blinking.looks, 200, 200 + 4 * blinking.shown);
	/* But a second one soon after it is. */
	now += SECOND;
	pacer_note_look(&pacer, now, PACER_CHANGE);
	pacer_note_look(&pacer, now + 20 * MS, PACER_NOTHING);
	assert_in_range(pacer_interval_ns(&pacer), 20 * MS, 20 * MS);
	pacer_note_look(&pacer, now + 33 * MS, PACER_CHANGE);
	pacer_note_look(&pacer, now + 53 * MS, PACER_NOTHING);
	assert_in_range(pacer_interval_ns(&pacer), 4 * MS, 5 * MS);
	/* And so is what follows a key. */
	now += 10 * SECOND;
	pacer_note_motion(&pacer, now);
	pacer_note_look(&pacer, now + 40 * MS, PACER_CHANGE);
	pacer_note_look(&pacer, now + 60 * MS, PACER_NOTHING);
	assert_in_range(pacer_interval_ns(&pacer), 4 * MS, 5 * MS);
}

static void rates_follow_the_config(void **state)
{
	struct pacer pacer;

	(void)state;
	start(&pacer, 50, 100 * MS, 0);
	pacer_note_look(&pacer, 5000 * MS, PACER_NOTHING);
	assert_int_equal(pacer_interval_ns(&pacer), 100 * MS);
	pacer_set_rates(&pacer, 50, 20 * MS);
	assert_int_equal(pacer_interval_ns(&pacer), 20 * MS);
	/* At rest there are never more looks than in motion. */
	pacer_set_rates(&pacer, 10, 20 * MS);
	assert_int_equal(pacer_interval_ns(&pacer), 25 * MS);
}

static void changes_keep_to_max_fps_on_average(void **state)
{
	static const int64_t rates[] = { 1, 7, 30, 60, 240 };
	static const int64_t periods[] = { 1, MS, 4 * MS, 7 * MS, 16 * MS };

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]) * 5; i++) {
		struct guest guest = { .period = periods[i % 5] };
		struct pacer pacer;
		int64_t now = SECOND;

		start(&pacer, rates[i / 5], 20 * MS, now);
		play(&pacer, &guest, &now, 10 * SECOND);
		/* A sixteenth more to catch up, one for the edge, one that came early. */
		assert_true(guest.shown <= 10 * rates[i / 5] * 16 / 15 + 2);
		if (guest.period == 1)
			assert_true(guest.shown >= 10 * rates[i / 5]);
	}
}

static void the_rest_of_a_torn_picture_comes_early(void **state)
{
	struct pacer pacer;
	int64_t now = SECOND;

	(void)state;
	start(&pacer, 60, 20 * MS, now);
	pacer_note_look(&pacer, now, PACER_CHANGE);
	/* The rest is there a quarter of a frame later, and is shown; what comes then waits. */
	assert_in_range(pacer_interval_ns(&pacer), 4 * MS, 5 * MS);
	now += pacer_interval_ns(&pacer);
	pacer_note_look(&pacer, now, PACER_CHANGE);
	now += pacer_interval_ns(&pacer);
	assert_in_range(now, SECOND + 14 * MS, SECOND + 17 * MS);
	pacer_note_look(&pacer, now, PACER_CHANGE);
	/* No second one early until a frame was spared. */
	assert_in_range(pacer_interval_ns(&pacer), 15 * MS, 17 * MS);
}

/* Looks that come with the guest's pictures, a little after them. */
static void steady_change_is_waited_for(void **state)
{
	static const struct {
		int64_t fps, jitter, drawing, busy;
		unsigned int looks; /* a picture at most, in tenths */
		int64_t late; /* on average at most */
	} cases[] = {
		{ 60, 0, 0, 0, 23, MS },
		{ 50, 0, 0, 0, 23, MS },
		{ 30, 0, 0, 0, 23, MS },
		{ 25, 0, 0, 0, 23, MS },
		{ 24, 0, 0, 0, 23, MS },
		{ 30, 2 * MS, 0, 0, 24, 2 * MS },
		{ 30, 0, MS, 0, 26, 2 * MS },
		{ 24, MS, 2 * MS, 0, 28, 7 * MS / 2 },
		{ 30, 0, 0, 2 * MS, 23, 2 * MS },
		{ 60, 0, 0, 4 * MS, 24, 4 * MS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct guest guest = {
			.period = SECOND / cases[i].fps,
			.jitter = cases[i].jitter,
			.drawing = cases[i].drawing,
			.busy = cases[i].busy,
		};
		struct pacer pacer;
		int64_t now = SECOND;

		start(&pacer, 60, 50 * MS, now);
		play(&pacer, &guest, &now, SECOND);
		play(&pacer, &guest, &now, 20 * SECOND);
		/* Who wakes up late by a quarter of a picture's time may miss one now and then. */
		assert_in_range(guest.pictures, cases[i].busy ? 19 * cases[i].fps : 20 * cases[i].fps - 2,
				20 * cases[i].fps + 2);
		assert_true(guest.looks * 10 <= guest.pictures * cases[i].looks);
		assert_true(guest.lateness <= guest.pictures * cases[i].late);
		/* Most are seen whole. */
		assert_true(guest.torn * 4 <= guest.pictures);
	}
}

static void what_was_whole_needs_no_second_look(void **state)
{
	struct guest guests[2] = {
		{ .period = 33 * MS, .drawing = 2 * MS },
		{ .period = 33 * MS, .drawing = 2 * MS, .told = true },
	};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct pacer pacer;
		int64_t now = 1000 * SECOND;

		start(&pacer, 60, SECOND, now);
		play(&pacer, &guests[i], &now, 2 * SECOND);
		play(&pacer, &guests[i], &now, 10 * SECOND);
	}
	/* Nor does any picture come later or stay torn. */
	assert_in_range(guests[1].pictures, guests[0].pictures - 1, guests[0].pictures + 1);
	assert_true(guests[1].shown >= guests[1].pictures + guests[1].torn - 1);
	assert_true(guests[1].lateness <= guests[0].lateness + guests[1].pictures * MS);
	assert_true(guests[1].looks + guests[1].pictures / 2 < guests[0].looks);
}

static void change_that_is_not_steady_is_seen_too(void **state)
{
	struct guest guest = { .period = 40 * MS, .jitter = 38 * MS };
	struct pacer pacer;
	int64_t now = SECOND;

	(void)state;
	start(&pacer, 60, 50 * MS, now);
	play(&pacer, &guest, &now, 20 * SECOND);
	/* Two that are within a frame may be seen as one. */
	assert_in_range(guest.pictures, 400, 501);
	assert_true(guest.looks <= guest.pictures * 7);
	assert_true(guest.lateness <= guest.pictures * 6 * MS);
	/* A video that stops and goes on, and one that changes its rate. */
	guest = (struct guest){ .period = SECOND / 30 };
	play(&pacer, &guest, &now, 2 * SECOND);
	guest.period = 0;
	play(&pacer, &guest, &now, SECOND);
	guest.period = SECOND / 24;
	play(&pacer, &guest, &now, SECOND);
	play(&pacer, &guest, &now, 10 * SECOND);
	assert_true(guest.looks <= 240 * 24 / 10);
	assert_true(guest.lateness <= guest.pictures * MS);
}

static void a_look_that_came_too_early_is_made_again(void **state)
{
	struct guest guest = { .period = SECOND / 30 };
	struct pacer pacer;
	int64_t now = SECOND, due;

	(void)state;
	start(&pacer, 60, 50 * MS, now);
	pacer_note_look(&pacer, now, PACER_EARLY);
	assert_in_range(pacer_interval_ns(&pacer), MS, 3 * MS);
	/* Also when it was known when to look; and the next look comes later, too. */
	play(&pacer, &guest, &now, 2 * SECOND);
	due = pacer.beat.due_ns;
	pacer_note_look(&pacer, due, PACER_EARLY);
	assert_in_range(pacer_interval_ns(&pacer), MS, 3 * MS);
	pacer_note_look(&pacer, due + 2 * MS, PACER_CHANGE);
	assert_true(pacer.beat.due_ns > due + SECOND / 30 + MS / 2);
}

static void input_is_answered_in_between(void **state)
{
	struct guest guest = { .period = SECOND / 24 };
	struct pacer pacer;
	int64_t now = SECOND;

	(void)state;
	start(&pacer, 60, 50 * MS, now);
	play(&pacer, &guest, &now, 2 * SECOND);
	while (!look_at(&guest, now))
		now += MS;
	pacer_note_look(&pacer, now, PACER_CHANGE);
	/* Once for the rest of it; then not before the next is due. */
	now += pacer_interval_ns(&pacer);
	pacer_note_look(&pacer, now, PACER_NOTHING);
	assert_true(pacer_interval_ns(&pacer) > 30 * MS);
	pacer_note_motion(&pacer, now);
	assert_true(pacer_interval_ns(&pacer) < 15 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unwatched_is_never_looked_at),
		cmocka_unit_test(looks_get_rarer_the_longer_nothing_happens),
		cmocka_unit_test(rest_is_rest),
		cmocka_unit_test(a_change_alone_is_no_motion),
		cmocka_unit_test(rates_follow_the_config),
		cmocka_unit_test(changes_keep_to_max_fps_on_average),
		cmocka_unit_test(the_rest_of_a_torn_picture_comes_early),
		cmocka_unit_test(steady_change_is_waited_for),
		cmocka_unit_test(what_was_whole_needs_no_second_look),
		cmocka_unit_test(change_that_is_not_steady_is_seen_too),
		cmocka_unit_test(a_look_that_came_too_early_is_made_again),
		cmocka_unit_test(input_is_answered_in_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
