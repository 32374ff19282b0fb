// SPDX-License-Identifier: GPL-2.0-or-later
/* Where an update says that Tight's streams begin anew, and where it cannot. */
#include "encoders/rects_streams.h"

#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define UPDATE 0, 0, 0, 9
#define PLACE 0, 1, 0, 2, 0, 3, 0, 4
#define COPY PLACE, 0, 0, 0, 1, 7, 7, 7, 7
#define TIGHT PLACE, 0, 0, 0, 7
#define RAW PLACE, 0, 0, 0, 0

static const struct {
	const char *name;
	uint8_t bytes[80];
	size_t n, marked; /* 0: nowhere */
} cases[] = {
	{ "fill", { UPDATE, TIGHT, 0x80, 1, 2, 3 }, 20, 16 },
	{ "filter", { UPDATE, TIGHT, 0x40, 1, 2, 3 }, 20, 16 },
	{ "jpeg behind copies", { UPDATE, COPY, COPY, TIGHT, 0x90, 1, 9 }, 51, 48 },
	{ "only the first", { UPDATE, TIGHT, 0x80, 1, 2, 3, TIGHT, 0x80, 1, 2, 3 }, 36, 16 },
	{ "copies", { UPDATE, COPY, COPY }, 36, 0 },
	{ "raw", { UPDATE, RAW, 0x80, 1, 2, 3 }, 20, 0 },
	{ "raw behind a copy", { UPDATE, COPY, RAW, 0x80, 1, 2, 3 }, 36, 0 },
	{ "another's 7", { UPDATE, PLACE, 1, 0, 0, 7, 0x80, 1, 2, 3 }, 20, 0 },
	{ "another's 1", { UPDATE, PLACE, 0, 1, 0, 1, 7, 7, 7, 7, TIGHT, 0x80, 1 }, 34, 0 },
	{ "nothing", { 0 }, 0, 0 },
	{ "no rectangle", { UPDATE }, 4, 0 },
	{ "no whole rectangle", { UPDATE, TIGHT }, 15, 0 },
	{ "empty rectangle", { UPDATE, TIGHT }, 16, 0 },
	{ "cut in a copy", { UPDATE, COPY, TIGHT, 0x80 }, 19, 0 },
};

static void test_mark(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* In one piece, and each byte a piece of its own. */
		for (unsigned int pieces = 0; pieces < 2; pieces++) {
			struct evbuffer *output = evbuffer_new();
			uint8_t expected[sizeof(cases[i].bytes)], got[sizeof(cases[i].bytes)];
			size_t n = cases[i].n, marked = cases[i].marked;

			assert_non_null(output);
			memcpy(expected, cases[i].bytes, n);
			if (marked)
				expected[marked] |= 0x0f;
			for (size_t k = 0; pieces && k < n; k++) {
				struct evbuffer *piece = evbuffer_new();

				assert_non_null(piece);
				evbuffer_add(piece, cases[i].bytes + k, 1);
				evbuffer_add_buffer(output, piece);
				evbuffer_free(piece);
			}
			if (!pieces)
				evbuffer_add(output, cases[i].bytes, n);
			if (rects_streams_mark_restart(output) != (marked > 0))
				fail_msg("%s: %smarked", cases[i].name, marked ? "not " : "");
			assert_int_equal(evbuffer_remove(output, got, sizeof(got)), n);
			if (memcmp(got, expected, n))
				fail_msg("%s: marked elsewhere", cases[i].name);
			evbuffer_free(output);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
