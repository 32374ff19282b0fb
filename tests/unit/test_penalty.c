// SPDX-License-Identifier: GPL-2.0-or-later
/* Whom wrong passwords keep out, for how long, and whom they do not. */
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
	static struct penalty penalty;
	struct penalty_source source = from("192.0.2.1");
	int64_t now_ns = START, block_ns = PENALTY_FIRST_NS;

	(void)state;
	memset(&penalty, 0, sizeof(penalty));
	for (int i = 0; i < PENALTY_FREE; i++) {
		penalty_add(&penalty, source, now_ns);
		assert_false(penalty_blocks(&penalty, source, now_ns));
	}
	for (int i = 0; i < 12; i++) {
		penalty_add(&penalty, source, now_ns);
		assert_true(penalty_blocks(&penalty, source, now_ns));
		assert_true(penalty_blocks(&penalty, source, now_ns + block_ns - 1));
		assert_false(penalty_blocks(&penalty, from("192.0.2.2"), now_ns));
		if (block_ns == PENALTY_MAX_NS)
			break;
		now_ns += block_ns;
		assert_false(penalty_blocks(&penalty, source, now_ns));
		block_ns = block_ns * 2 < PENALTY_MAX_NS ? block_ns * 2 : PENALTY_MAX_NS;
	}
	assert_int_equal(block_ns, PENALTY_MAX_NS);
	/* Long good, and the count begins anew. */
	now_ns += PENALTY_MAX_NS;
	penalty_add(&penalty, source, now_ns);
	assert_false(penalty_blocks(&penalty, source, now_ns));
}

static void a_right_password_is_a_new_beginning(void **state)
{
	static struct penalty penalty;
	struct penalty_source source = from("192.0.2.1");

	(void)state;
	memset(&penalty, 0, sizeof(penalty));
	for (int i = 0; i < PENALTY_FREE; i++)
		penalty_add(&penalty, source, START);
	penalty_forget(&penalty, source);
	penalty_add(&penalty, source, START);
	assert_false(penalty_blocks(&penalty, source, START));
}

static void many_sources_push_out_the_longest_good(void **state)
{
	static struct penalty penalty;
	struct penalty_source culprit = from("192.0.2.1"), first = { .id = 7 };

	(void)state;
	memset(&penalty, 0, sizeof(penalty));
	penalty_add(&penalty, first, START - 1);
	for (int i = 0; i <= PENALTY_FREE; i++)
		penalty_add(&penalty, culprit, START + 1);
	for (uint64_t i = 0; i < PENALTY_SOURCES - 1; i++)
		penalty_add(&penalty, (struct penalty_source){ .id = 1000 + i }, START);
	assert_true(penalty_blocks(&penalty, culprit, START + 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_are_told_apart_by_who_can_change_them),
		cmocka_unit_test(blocks_double_and_end),
		cmocka_unit_test(a_right_password_is_a_new_beginning),
		cmocka_unit_test(many_sources_push_out_the_longest_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
