// SPDX-License-Identifier: GPL-2.0-or-later
/* Scancodes to keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "net/spice_scan.h"

/* What a keyboard may send, and what it is. */
static void scancodes_are_keys(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		int keys[4]; /* a release as its negative; 0 ends it */
	} cases[] = {
#define CASE(bytes, ...) { bytes, sizeof(bytes) - 1, { __VA_ARGS__ } }
		CASE("\x1e\x9e", 0x1e, -0x1e),
		CASE("\x1e\x1e\x9e", 0x1e, 0x1e, -0x1e),
		CASE("\x54\xd4", 0x54, -0x54), /* SysRq, which is Print with Alt */
		CASE("\xe0\x1d\xe0\x9d", 0x9d, -0x9d),
		CASE("\xe0\x2a\xe0\x37\xe0\xb7\xe0\xaa", 0xb7, -0xb7), /* Print, and the shifts around it */
		CASE("\xe0\xaa\xe0\x48\xe0\x2a", 0xc8),
		CASE("\xe0\xb6\xe0\x48\xe0\x36", 0xc8),
		CASE("\x2a\x36\xb6\xaa", 0x2a, 0x36, -0x36, -0x2a), /* real ones */
		CASE("\xe1\x1d\x45\xe1\x9d\xc5", 0xc6, -0xc6), /* Pause */
		CASE("\xe0\x46\xe0\xc6", 0xc6, -0xc6), /* Break, which is Pause with Ctrl */
		CASE("\x45\xc5", 0x45, -0x45),
		CASE("\xe1\x1d\x1e\x1e", 0x1e), /* no Pause: the one byte after that */
		CASE("\xe1\x1e\x45\x1e", 0x1e),
		CASE("\xe0\xe1\x1d\x45", 0xc6),
		CASE("\xe1\x1d\xe0\x48", 0xc8),
		CASE("\xe0\xe0\x48\x48", 0xc8, 0x48),
		CASE("\xe0\x00\x00\x80\x1e", 0x1e), /* an overrun, and no key */
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spice_scan scan = { 0 };
		struct spice_scan_key key;
		unsigned int at = 0;

		for (size_t byte = 0; byte < cases[i].n; byte++) {
			if (spice_scan_push(&scan, (uint8_t)cases[i].bytes[byte], &key) == SPICE_SCAN_NOTHING)
				continue;
			assert_in_range(at, 0, 3);
			assert_int_equal(key.down ? key.qnum : -(int)key.qnum, cases[i].keys[at++]);
		}
		assert_true(at == 4 || !cases[i].keys[at]);
	}
}

static void any_byte_is_a_key_or_none(void **state)
{
	struct spice_scan scan = { 0 };
	struct spice_scan_key key;

	(void)state;
	for (unsigned int i = 0; i < 1 << 20; i++) {
		switch (spice_scan_push(&scan, (uint8_t)(rand() >> 4 | (rand() & 1 ? 0xe0 : 0)), &key)) {
		case SPICE_SCAN_NOTHING:
			break;
		case SPICE_SCAN_KEY:
			assert_int_not_equal(key.qnum & 0x7f, 0);
			break;
		case SPICE_SCAN_LOCKED:
			assert_in_range(key.locks, 0, 7);
			break;
		}
	}
}

static void locks_are_a_code_of_ours(void **state)
{
	struct spice_scan scan = { 0 };
	struct spice_scan_key key;

	(void)state;
	assert_int_equal(spice_scan_push(&scan, SPICE_SCAN_LOCKS, &key), SPICE_SCAN_NOTHING);
	assert_int_equal(spice_scan_push(&scan, 0xfd, &key), SPICE_SCAN_LOCKED);
	assert_int_equal(key.locks, 5);
	assert_int_equal(spice_scan_push(&scan, 0x1e, &key), SPICE_SCAN_KEY);
	assert_int_equal(key.qnum, 0x1e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scancodes_are_keys),
		cmocka_unit_test(any_byte_is_a_key_or_none),
		cmocka_unit_test(locks_are_a_code_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
