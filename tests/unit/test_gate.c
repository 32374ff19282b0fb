// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is let in at the gate of a VM, and who has to go for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "config/config.h"
#include "net/gate.h"

#define GUESTS 4096
#define NOW (1000 * NSEC_PER_SEC)

static struct config_vm config;
static struct gate *gate;
static struct gate_guest guests[GUESTS];
static unsigned int n_guests, n_sent_away;

static void leave(struct gate_guest *guest)
{
	n_sent_away++;
	gate_leave(gate, guest);
}

/* By number: 0 is a unix socket. */
static int come_from(uint32_t number, struct gate_guest **ret)
{
	const struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000200u + number) };
	const struct sockaddr_un un = { .sun_family = AF_UNIX };
	int r;

	assert_true(n_guests < GUESTS);
	r = gate_enter(gate, &guests[n_guests], number ? (const void *)&in : (const void *)&un, leave, NOW);
	assert_int_equal(guests[n_guests].crowd != NULL, r == 0);
	*ret = &guests[n_guests++];
	return r;
}

static struct gate_guest *come(uint32_t number)
{
	struct gate_guest *guest;

	assert_int_equal(come_from(number, &guest), 0);
	return guest;
}

static bool is_there(const struct gate_guest *guest)
{
	return guest->crowd != NULL;
}

static int setup(void **state)
{
	(void)state;
	config = (struct config_vm){
		.max_handshakes = 64,
		.max_handshakes_per_source = 16,
		.handshake_drop_from = 4096,
		.penalty_auth_ns = 5 * NSEC_PER_SEC,
		.penalty_abort_ns = 1 * NSEC_PER_SEC,
		.penalty_from_ns = 25 * NSEC_PER_SEC,
		.penalty_max_ns = 600 * NSEC_PER_SEC,
		.penalty_sources = 1024,
	};
	n_guests = 0;
	n_sent_away = 0;
	memset(guests, 0, sizeof(guests));
	return gate_new(&config, 42, &gate);
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < n_guests; i++)
		gate_leave(gate, &guests[i]);
	gate_free(gate);
	return 0;
}

static void of_one_source_the_oldest_goes(void **state)
{
	struct gate_guest *other, *first, *second;

	(void)state;
	other = come(2);
	first = come(1);
	second = come(1);
	for (int i = 2; i < 16; i++)
		come(1);
	assert_int_equal(n_sent_away, 0);
	come(1);
	assert_int_equal(n_sent_away, 1);
	assert_false(is_there(first));
	assert_true(is_there(second) && is_there(other));
	/* Who has left already makes room by that. */
	gate_leave(gate, second);
	come(1);
	assert_int_equal(n_sent_away, 1);
}

static void when_full_the_oldest_of_the_largest_crowd_goes(void **state)
{
	struct gate_guest *lonely = come(1), *first_of_crowd, *newest = NULL;

	(void)state;
	config.max_handshakes = 8;
	come(2);
	first_of_crowd = come(3);
	for (int i = 0; i < 5; i++)
		come(3);
	assert_int_equal(n_sent_away, 0);
	come(4);
	assert_int_equal(n_sent_away, 1);
	assert_false(is_there(first_of_crowd));
	/* However many come of that one source, only they go. */
	for (int i = 0; i < 1000; i++)
		newest = come(3);
	assert_true(is_there(lonely) && is_there(newest));
	/* Where all are alike it is the oldest of all. */
	gate_leave(gate, lonely);
	lonely = come(1);
	for (uint32_t i = 10; i < 17; i++)
		come(i);
	assert_true(is_there(lonely));
	come(20);
	assert_false(is_there(lonely));
}

static void of_a_crowd_goes_first_who_only_wastes_a_place(void **state)
{
	struct gate_guest *known, *stranger, *refused;

	(void)state;
	config.max_handshakes_per_source = 3;
	known = come(1);
	known->rank = GATE_KNOWN;
	stranger = come(1);
	refused = come(1);
	refused->rank = GATE_REFUSED;
	come(1);
	assert_true(is_there(known) && is_there(stranger) && !is_there(refused));
	come(1)->rank = GATE_KNOWN;
	assert_true(is_there(known) && !is_there(stranger));
	come(1)->rank = GATE_KNOWN;
	assert_true(is_there(known));
	come(1);
	assert_false(is_there(known));
}

static void who_is_expected_counts_for_nobody(void **state)
{
	const struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201u) };
	const struct penalty_source source = penalty_source_of((const struct sockaddr *)&in);
	struct gate_guest *channels[3], *guest;

	(void)state;
	config.max_handshakes = 4;
	config.max_handshakes_per_source = 1;
	config.handshake_drop_from = 1;
	assert_int_equal(gate_expect(gate, source, 3), 0);
	for (uint32_t i = 10; i < 14; i++)
		come(i);
	/* They push out others of whom there are more, and are not pushed out. */
	for (int i = 0; i < 3; i++)
		channels[i] = come(1);
	assert_int_equal(n_sent_away, 3);
	for (uint32_t i = 20; i < 40; i++) {
		if (come_from(i, &guest) == 0)
			assert_true(is_there(guest));
	}
	for (int i = 0; i < 3; i++)
		assert_true(is_there(channels[i]));
	/* One more of that source is a stranger like any other. */
	come(1);
	for (int i = 0; i < 3; i++)
		gate_leave(gate, channels[i]);
	assert_int_equal(gate_expect(gate, source, -3), 0);
}

static void penalties_are_for_one_source_and_every_protocol(void **state)
{
	struct gate_guest *guesser = come(1), *other = come(2), *again;

	(void)state;
	for (int i = 0; i < 6; i++) {
		assert_false(gate_blocks(gate, guesser, NOW));
		gate_blame(gate, guesser, PENALTY_AUTH, NOW);
	}
	assert_true(gate_blocks(gate, guesser, NOW));
	assert_false(gate_blocks(gate, other, NOW));
	/* One at a time is told so. */
	assert_int_equal(come_from(1, &again), -EBUSY);
	gate_leave(gate, guesser);
	again = come(1);
	assert_true(gate_blocks(gate, again, NOW));
	/* It can be said of who has gone. */
	gate_forgive(gate, guesser);
	assert_false(gate_blocks(gate, again, NOW));
	assert_int_equal(come_from(1, &again), 0);
}

static void the_exempt_are_spared_all_but_the_limit_of_the_vm(void **state)
{
	struct gate_guest *guest = NULL;

	(void)state;
	config.penalty_exempt = (struct config_addresses){ .count = 2, .text = { "unix", "192.0.2.1" } };
	config.handshake_drop_from = 1;
	gate_reconfigure(gate, &config, NOW);
	for (int i = 0; i < 30; i++) {
		guest = come(0);
		gate_blame(gate, guest, PENALTY_AUTH, NOW);
		assert_false(gate_blocks(gate, guest, NOW));
		come(1);
	}
	assert_int_equal(n_sent_away, 0);
	for (int i = 0; i < 30; i++)
		come(0);
	assert_int_equal(n_sent_away, 26);
	/* And it ends when it is configured so. */
	config.penalty_exempt = (struct config_addresses){ 0 };
	gate_reconfigure(gate, &config, NOW);
	config.handshake_drop_from = 4096;
	n_sent_away = 0;
	come(0);
	assert_int_equal(n_sent_away, 1);
}

static void early_drops_grow_with_the_crowd(void **state)
{
	(void)state;
	/* Too few wait, or it is no more than its part. */
	assert_false(gate_drops(15, 15, 2, 16, 64, 0));
	assert_false(gate_drops(40, 10, 4, 16, 64, 0));
	assert_false(gate_drops(40, 0, 41, 16, 64, 0));
	/* At the threshold 1 of 49, and each more adds one. */
	for (int64_t all = 16; all <= 64; all++) {
		unsigned int dropped = 0;

		for (uint32_t chance = 0; chance < 49; chance++)
			dropped += gate_drops(all, 12, 10, 16, 64, chance);
		assert_int_equal(dropped, all < 64 ? all - 15 : 49);
	}
	assert_true(gate_drops(4096, 4000, 2, 4096, 16, 77));
}

/* A flood from several sources, all of them at it: who comes from elsewhere is never refused, and stays. */
static void a_flood_costs_others_nothing(void **state)
{
	unsigned int refused = 0;
	struct gate_guest *guest, *good = NULL;

	(void)state;
	config.handshake_drop_from = 16;
	for (unsigned int i = 0; i < 3000; i++) {
		refused += come_from(1 + i % 8, &guest) == -EBUSY;
		if (i % 100 == 50)
			good = come(200);
		if (i % 100 == 99) {
			assert_true(is_there(good));
			gate_leave(gate, good);
		}
	}
	assert_true(refused > 0);
	assert_true(n_sent_away > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(of_one_source_the_oldest_goes),
		TEST(when_full_the_oldest_of_the_largest_crowd_goes),
		TEST(of_a_crowd_goes_first_who_only_wastes_a_place),
		TEST(who_is_expected_counts_for_nobody),
		TEST(penalties_are_for_one_source_and_every_protocol),
		TEST(the_exempt_are_spared_all_but_the_limit_of_the_vm),
		TEST(early_drops_grow_with_the_crowd),
		TEST(a_flood_costs_others_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
