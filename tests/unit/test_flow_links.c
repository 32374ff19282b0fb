// SPDX-License-Identifier: GPL-2.0-or-later
/* Pace and size of pictures on simulated links: how old pictures are, and who gets how much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "tests/sim/viewer.h"

#define MS NSEC_PER_MSEC
#define S NSEC_PER_SEC
#define MBIT 1000000LL
#define AGES 20000
#define VIEWERS 4

static struct sim_viewer viewers[VIEWERS];
static int64_t ages[VIEWERS][AGES];

static int setup(void **state)
{
	(void)state;
	memset(viewers, 0, sizeof(viewers));
	for (int i = 0; i < VIEWERS; i++) {
		/* 20 Mbit/s at the best quality; no two clocks run alike. */
		viewers[i].need_bytes = 80000;
		viewers[i].interval_ns = S / 30 + i * 40000;
		viewers[i].ages_ns = ages[i];
		viewers[i].ages_max = AGES;
	}
	return 0;
}

static struct sim_link link_of(const struct sim_rate *rates, size_t n, int64_t delay_ns)
{
	return (struct sim_link){ .rates = rates, .n_rates = n, .delay_ns = delay_ns, .seed = 7 };
}

static double mbit_of(const struct sim_viewer *viewer, int64_t time_ns)
{
	return viewer->bytes * 8 / MBIT / ((double)time_ns / S);
}

/* One viewer, after the first five seconds: p50, p99, and none older for having watched longer. */
static void watch(struct sim_link link, int64_t p50_ns, int64_t p99_ns, double mbit)
{
	int64_t early_ns;

	setup(NULL);
	sim_run(&link, viewers, 1, MS, 5 * S);
	sim_viewer_forget(&viewers[0]);
	sim_run(&link, viewers, 1, 5 * S, 65 * S);
	assert_true(mbit_of(&viewers[0], 60 * S) >= mbit);
	early_ns = sim_viewer_age_ns(&viewers[0], 50);
	assert_in_range(early_ns, 0, p50_ns);
	assert_in_range(sim_viewer_age_ns(&viewers[0], 99), 0, p99_ns);
	sim_viewer_forget(&viewers[0]);
	sim_run(&link, viewers, 1, 65 * S, 365 * S);
	assert_in_range(sim_viewer_age_ns(&viewers[0], 50), 0, early_ns + early_ns / 10);
}

/* RTT / 2, a picture's own time and 50 ms; three times that for the hundredth. */
static void pictures_are_young_on_every_link(void **state)
{
	static const struct sim_rate slow[] = { { 0, MBIT } }, ten[] = { { 0, 10 * MBIT } },
			hundred[] = { { 0, 100 * MBIT } };
	struct sim_link link;

	(void)state;
	watch(link_of(ten, 1, 50 * MS), 108 * MS, 324 * MS, 8);
	/* The coarsest pictures of this film have about 6,300 bytes. */
	watch(link_of(slow, 1, 50 * MS), 125 * MS, 375 * MS, .9);
	watch(link_of(hundred, 1, 50 * MS), 40 * MS, 50 * MS, 19);
	watch(link_of(hundred, 1, MS / 5), 10 * MS, 15 * MS, 19);
	link = link_of(ten, 1, 50 * MS);
	link.jitter_ns = 10 * MS;
	watch(link, 108 * MS, 324 * MS, 6.5);
	link = link_of(ten, 1, 50 * MS);
	link.loss = .01;
	watch(link, 108 * MS, 324 * MS, 5);
}

static void a_slower_link_is_noticed_at_once(void **state)
{
	static const struct sim_rate rates[] = { { 0, 50 * MBIT }, { 10 * S, 2 * MBIT } };
	struct sim_link link = link_of(rates, 2, 50 * MS);

	(void)state;
	sim_run(&link, viewers, 1, MS, 11 * S);
	sim_viewer_forget(&viewers[0]);
	sim_run(&link, viewers, 1, 11 * S, 30 * S);
	assert_in_range(sim_viewer_age_ns(&viewers[0], 100), 0, 500 * MS);
}

static void a_faster_link_is_used_soon(void **state)
{
	static const struct sim_rate rates[] = { { 0, MBIT }, { 10 * S, 4 * MBIT }, { 20 * S, 16 * MBIT } };
	struct sim_link link = link_of(rates, 3, 50 * MS);

	(void)state;
	/* From 1.5 s to 3 s after each step. */
	for (int i = 1; i <= 2; i++) {
		const int64_t step_ns = rates[i].from_ns;

		sim_run(&link, viewers, 1, i == 1 ? MS : rates[i - 1].from_ns + 3 * S, step_ns + 1500 * MS);
		sim_viewer_forget(&viewers[0]);
		sim_run(&link, viewers, 1, step_ns + 1500 * MS, step_ns + 3 * S);
		assert_true(mbit_of(&viewers[0], 1500 * MS) >= .8 * (double)rates[i].bps / MBIT);
	}
}

/* However many, and whoever comes last, two or three each within 20 % of his share; none is starved or late. */
static void viewers_of_one_link_share_it(void **state)
{
	static const struct sim_rate ten[] = { { 0, 10 * MBIT } };

	(void)state;
	for (unsigned int n = 2; n <= VIEWERS; n++) {
		for (int64_t apart_ns = 0; apart_ns <= 10 * S; apart_ns += 5 * S) {
			struct sim_link link = link_of(ten, 1, 50 * MS);
			const int64_t settled_ns = (n - 1) * apart_ns + 20 * S;
			double all = 0;

			setup(NULL);
			for (unsigned int i = 0; i < n; i++)
				viewers[i].start_ns = MS + i * apart_ns;
			sim_run(&link, viewers, n, MS, settled_ns);
			for (unsigned int i = 0; i < n; i++)
				sim_viewer_forget(&viewers[i]);
			sim_run(&link, viewers, n, settled_ns, settled_ns + 60 * S);
			for (unsigned int i = 0; i < n; i++)
				all += mbit_of(&viewers[i], 60 * S);
			assert_true(all > 8 && all < 10.1);
			for (unsigned int i = 0; i < n; i++) {
				const double share = mbit_of(&viewers[i], 60 * S) / (all / n);

				print_message("%u viewers, %d s apart: %.2f of its share, p50 %d ms, p99 %d ms\n", n,
						(int)(apart_ns / S), share,
						(int)(sim_viewer_age_ns(&viewers[i], 50) / MS),
						(int)(sim_viewer_age_ns(&viewers[i], 99) / MS));
				assert_true(fabs(share - 1) < (n < 4 ? .2 : 1. / 3));
				/* The link's own, one picture of each, little more: late comers learn the delay. */
				assert_in_range(sim_viewer_age_ns(&viewers[i], 50), 0, 85 * MS);
				assert_in_range(sim_viewer_age_ns(&viewers[i], 99), 0, 120 * MS);
			}
		}
	}
}

static void a_viewer_that_draws_slowly_is_no_slow_link(void **state)
{
	static const struct sim_rate rates[] = { { 0, 10 * MBIT }, { 60 * S, 100 * MBIT } };
	struct sim_link link = link_of(rates, 2, 20 * MS);

	(void)state;
	for (int64_t draw_ns = 5 * MS; draw_ns <= 60 * MS; draw_ns += 11 * MS) {
		setup(NULL);
		link.free_ns = 0;
		viewers[0].draw_ns = draw_ns;
		sim_run(&link, viewers, 1, MS, 30 * S);
		sim_viewer_forget(&viewers[0]);
		sim_run(&link, viewers, 1, 30 * S, 60 * S);
		/* The link has 41,700 for each of 30 a second. */
		assert_true(viewers[0].bytes / viewers[0].pictures > 15000);
		assert_in_range(sim_viewer_age_ns(&viewers[0], 50), 0, 150 * MS);
		sim_run(&link, viewers, 1, 60 * S, 90 * S);
		sim_viewer_forget(&viewers[0]);
		sim_run(&link, viewers, 1, 90 * S, 120 * S);
		assert_true(viewers[0].bytes / viewers[0].pictures > .95 * viewers[0].need_bytes);
	}
}

/* As people move about with a telephone: twenty minutes, another rate each second or so. */
static void pictures_are_young_while_rates_change(void **state)
{
	static struct sim_rate rates[1200];
	uint64_t seed = 99;
	struct sim_link link;

	(void)state;
	for (size_t i = 0; i < 1200; i++)
		rates[i] = (struct sim_rate){ (int64_t)i * S, (int64_t)((1 + 19 * sim_random(&seed)) * MBIT) };
	link = link_of(rates, 1200, 40 * MS);
	link.jitter_ns = 5 * MS;
	sim_run(&link, viewers, 1, MS, 1200 * S);
	assert_true(viewers[0].pictures > 25 * 1200);
	assert_in_range(sim_viewer_age_ns(&viewers[0], 50), 0, 100 * MS);
	assert_in_range(sim_viewer_age_ns(&viewers[0], 99), 0, 500 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pictures_are_young_on_every_link, setup),
		cmocka_unit_test_setup(a_slower_link_is_noticed_at_once, setup),
		cmocka_unit_test_setup(a_faster_link_is_used_soon, setup),
		cmocka_unit_test_setup(viewers_of_one_link_share_it, setup),
		cmocka_unit_test_setup(a_viewer_that_draws_slowly_is_no_slow_link, setup),
		cmocka_unit_test_setup(pictures_are_young_while_rates_change, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
