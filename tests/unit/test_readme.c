// SPDX-License-Identifier: GPL-2.0-or-later
/* The README's table of formats says what the code does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/format.h"

static void every_format_stands_in_the_readme_as_it_is(void **state)
{
	const struct format *table;
	unsigned int count, rows = 0;
	char line[1024];
	FILE *readme = fopen("README.md", "r");

	(void)state;
	assert_non_null(readme);
	table = format_table(&count);
	assert_true(count > 0);
	while (fgets(line, sizeof(line), readme)) {
		char name[8], shown[8];
		unsigned int i;

		if (sscanf(line, "| %4[A-Z0-9] | %*[^|]| %3[a-z]", name, shown) != 2)
			continue;
		for (i = 0; i < count && strcmp(table[i].name, name); i++)
			;
		if (i == count)
			fail_msg("README lists %s, which the code does not know", name);
		assert_string_equal(shown, table[i].refusal ? "no" : "yes");
		rows++;
	}
	fclose(readme);
	/* Each name once: as many rows as formats. */
	assert_int_equal(rows, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_stands_in_the_readme_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
