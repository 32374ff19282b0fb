// SPDX-License-Identifier: GPL-2.0-or-later
/* Whom faults keep out, for how long, and whom they do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "net/penalty.h"

#define START (1000 * NSEC_PER_SEC)
#define S NSEC_PER_SEC
#define SOURCES 4096

static const struct penalty_rules rules = {
	.weights_ns = { [PENALTY_AUTH] = 5 * S, [PENALTY_ABORT] = 1 * S },
	.from_ns = 25 * S,
	.max_ns = 600 * S,
};

static struct penalty penalty;

static struct penalty_source from(const char *text)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return penalty_source_of((struct sockaddr *)&in);
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		return penalty_source_of((struct sockaddr *)&in6);
	return penalty_source_of((struct sockaddr *)&un);
}

/* Number 0 is nobody. */
static struct penalty_source numbered(uint64_t number)
{
	return (struct penalty_source){ .id = number << 33 };
}

static void add(struct penalty_source source, enum penalty_fault fault, int times, int64_t now_ns)
{
	for (int i = 0; i < times; i++)
		penalty_add(&penalty, source, fault, now_ns);
}

static void sources_are_told_apart_by_who_can_change_them(void **state)
{
	(void)state;
	assert_true(from("10.0.0.1").id != from("10.0.0.2").id);
	assert_true(from("10.0.0.1").id == from("::ffff:10.0.0.1").id);
	/* A customer has a whole /64 to try from. */
	assert_true(from("2001:db8:1:2::1").id == from("2001:db8:1:2:ffff::9").id);
	assert_true(from("2001:db8:1:2::1").id != from("2001:db8:1:3::1").id);
	assert_true(from("unix").id != 0 && from("unix").id != from("0.0.0.1").id);
	assert_true(from("::1").id != 0);
}

static void blocks_double_and_end(void **state)
{
	struct penalty_source source = from("192.0.2.1");
	int64_t now_ns = START, block_ns = 5 * S;

	(void)state;
	for (int i = 0; i < 5; i++) {
		add(source, PENALTY_AUTH, 1, now_ns);
		assert_false(penalty_blocks(&penalty, source, now_ns));
	}
	for (int i = 0; i < 12; i++) {
		add(source, PENALTY_AUTH, 1, now_ns);
		assert_true(penalty_blocks(&penalty, source, now_ns));
		assert_true(penalty_blocks(&penalty, source, now_ns + block_ns - 1));
		assert_false(penalty_blocks(&penalty, from("192.0.2.2"), now_ns));
		now_ns += block_ns;
		assert_false(penalty_blocks(&penalty, source, now_ns));
		block_ns = block_ns * 2 < 600 * S ? block_ns * 2 : 600 * S;
	}
	assert_int_equal(block_ns, 600 * S);
	/* Good for ten times as long as it took, and the count begins anew. */
	add(source, PENALTY_AUTH, 1, now_ns + 1000 * S);
	assert_false(penalty_blocks(&penalty, source, now_ns + 1000 * S));
}

static void faults_weigh_what_the_rules_say(void **state)
{
	struct penalty_source source = from("192.0.2.1");

	(void)state;
	add(source, PENALTY_ABORT, 25, START);
	assert_false(penalty_blocks(&penalty, source, START));
	add(source, PENALTY_ABORT, 1, START);
	assert_true(penalty_blocks(&penalty, source, START + 5 * S - 1));
	assert_false(penalty_blocks(&penalty, source, START + 5 * S));
	/* Five of these are one of those. */
	source = from("192.0.2.2");
	add(source, PENALTY_AUTH, 4, START);
	add(source, PENALTY_ABORT, 5, START);
	assert_false(penalty_blocks(&penalty, source, START));
	add(source, PENALTY_ABORT, 6, START);
	assert_true(penalty_blocks(&penalty, source, START + 10 * S - 1));
	/* And those of no weight leave no trace. */
	source = from("192.0.2.3");
	penalty.rules.weights_ns[PENALTY_ABORT] = 0;
	add(source, PENALTY_ABORT, 1000, START);
	add(source, PENALTY_AUTH, 5, START);
	assert_false(penalty_blocks(&penalty, source, START));
	/* Where wrong passwords have none, too, all others block at once. */
	penalty.rules.weights_ns[PENALTY_AUTH] = 0;
	penalty.rules.weights_ns[PENALTY_ABORT] = 1 * S;
	source = from("192.0.2.4");
	add(source, PENALTY_ABORT, 25, START);
	assert_false(penalty_blocks(&penalty, source, START));
	add(source, PENALTY_ABORT, 1, START);
	assert_true(penalty_blocks(&penalty, source, START + 600 * S - 1));
}

static void who_fails_now_and_then_is_never_kept_out(void **state)
{
	struct penalty_source source = from("192.0.2.1");

	(void)state;
	for (int64_t now_ns = START; now_ns < START + 36000 * S; now_ns += 10 * S) {
		add(source, PENALTY_ABORT, 1, now_ns);
		assert_false(penalty_blocks(&penalty, source, now_ns));
	}
}

static void ten_thousand_guesses_take_weeks(void **state)
{
	struct penalty_source source = from("192.0.2.1");
	int64_t now_ns = START;

	(void)state;
	for (int guesses = 0; guesses < 10000; now_ns += S / 100) {
		if (penalty_blocks(&penalty, source, now_ns)) {
			now_ns += 10 * S;
			continue;
		}
		add(source, PENALTY_AUTH, 1, now_ns);
		guesses++;
	}
	assert_true(now_ns - START > 14 * 24 * 3600 * S);
}

static void a_right_password_is_a_new_beginning(void **state)
{
	struct penalty_source source = from("192.0.2.1");

	(void)state;
	add(source, PENALTY_AUTH, 5, START);
	penalty_forget(&penalty, source);
	add(source, PENALTY_AUTH, 5, START);
	assert_false(penalty_blocks(&penalty, source, START));
	add(source, PENALTY_AUTH, 1, START);
	assert_true(penalty_blocks(&penalty, source, START));
	penalty_forget(&penalty, source);
	assert_false(penalty_blocks(&penalty, source, START));
}

/* Half of what the table is for has its place for sure; and no flood of others takes it. */
static void a_flood_pushes_out_those_with_least(void **state)
{
	struct penalty_source culprit = from("192.0.2.1");
	unsigned int kept = 0;

	(void)state;
	add(culprit, PENALTY_AUTH, 6, START);
	for (uint64_t i = 1; i <= SOURCES / 4; i++)
		add(numbered(i), PENALTY_AUTH, 6, START);
	for (uint64_t i = 1; i <= SOURCES / 4; i++)
		kept += penalty_blocks(&penalty, numbered(i), START);
	assert_int_equal(kept, SOURCES / 4);
	for (uint64_t i = 0; i < 20 * SOURCES; i++)
		add(numbered((1 << 20) + i), PENALTY_AUTH, 1, START);
	assert_true(penalty_blocks(&penalty, culprit, START));
	kept = 0;
	for (uint64_t i = 1; i <= SOURCES / 4; i++)
		kept += penalty_blocks(&penalty, numbered(i), START);
	assert_int_equal(kept, SOURCES / 4);
}

static void another_size_keeps_what_it_can(void **state)
{
	static const size_t sizes[] = { 16 * SOURCES, SOURCES, 100 };
	struct penalty_source culprit = from("192.0.2.1");

	(void)state;
	for (uint64_t i = 1; i <= SOURCES / 4; i++)
		add(numbered(i), PENALTY_AUTH, 1, START);
	add(culprit, PENALTY_AUTH, 8, START);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(penalty_resize(&penalty, sizes[i], START), 0);
		assert_true(penalty_blocks(&penalty, culprit, START));
		assert_false(penalty_blocks(&penalty, numbered(3), START));
		assert_int_equal(penalty.rules.max_ns, 600 * S);
	}
}

static int setup(void **state)
{
	(void)state;
	if (penalty_init(&penalty, SOURCES, 0x123456789abcdefULL) < 0)
		return -1;
	penalty.rules = rules;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	penalty_finish(&penalty);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(sources_are_told_apart_by_who_can_change_them),
		TEST(blocks_double_and_end),
		TEST(faults_weigh_what_the_rules_say),
		TEST(who_fails_now_and_then_is_never_kept_out),
		TEST(ten_thousand_guesses_take_weeks),
		TEST(a_right_password_is_a_new_beginning),
		TEST(a_flood_pushes_out_those_with_least),
		TEST(another_size_keeps_what_it_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
