// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What README shows loads, and the example file and the manual page say what
 * the table of keys says. Their lists of keys are written from it: after a
 * change of the table run
 *
 *	PLANECAST_UPDATE=1 ctest --test-dir build/release -R config_docs
 */
#include "config/config.h"
#include "config/schema.h"
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EXAMPLE "config/planecast.conf.example"
#define MANUAL "config/planecast.conf.5.scd"
#define COMMENT_COLUMNS 78

static char *read_file(const char *path)
{
	size_t bytes;
	char *text;
	FILE *file = fopen(path, "r"), *out;
	int c;

	if (!file)
		fail_msg("%s: %s; the test runs in the source directory", path, strerror(errno));
	out = open_memstream(&text, &bytes);
	assert_non_null(out);
	while ((c = getc(file)) != EOF)
		putc(c, out);
	fclose(file);
	fclose(out);
	return text;
}

static const char *const reloads[] = { [SCHEMA_LIVE] = "live", [SCHEMA_RESTART] = "restart" };

/* "# " lines of words. */
static void write_comment(const char *text, FILE *out)
{
	int column = fprintf(out, "#");

	while (*text) {
		int length = (int)strcspn(text, " ");

		if (column + 1 + length > COMMENT_COLUMNS)
			column = fprintf(out, "\n#") - 1;
		column += fprintf(out, " %.*s", length, text);
		text += length + (text[length] == ' ');
	}
	fprintf(out, "\n");
}

static void write_example_key(const struct schema_key *key, FILE *out)
{
	char expected[VALUE_EXPECTED_MAX], line[VALUE_EXPECTED_MAX + 64];

	value_expected(key, expected);
	expected[0] = (char)toupper((unsigned char)expected[0]);
	snprintf(line, sizeof(line), "%s; reload: %s.", expected, reloads[key->reload]);
	write_comment(key->doc, out);
	write_comment(line, out);
	fprintf(out, "#%s =%s%s\n\n", key->name, key->default_text[0] ? " " : "", key->default_text);
}

/* scdoc would take these for markup. */
static void write_escaped(const char *text, FILE *out)
{
	for (; *text; text++)
		fprintf(out, strchr("*_\\[]|", *text) ? "\\%c" : "%c", *text);
}

static void write_manual_key(const struct schema_key *key, FILE *out)
{
	char expected[VALUE_EXPECTED_MAX];

	fprintf(out, "*%s*\n\t", key->name);
	write_escaped(key->doc, out);
	fprintf(out, "\n\n\t");
	value_expected(key, expected);
	expected[0] = (char)toupper((unsigned char)expected[0]);
	write_escaped(expected, out);
	fprintf(out, ". Default: ");
	if (key->default_text[0])
		fprintf(out, "*%s*", key->default_text);
	else
		fprintf(out, "not set");
	fprintf(out, ". Reload: %s.\n\n", reloads[key->reload]);
}

static const struct part {
	const char *file, *heading, *next; /* the part is between the lines that start with these */
	enum schema_section section;
	const char *first; /* of what is generated */
	void (*write)(const struct schema_key *key, FILE *out);
} parts[] = {
	{ EXAMPLE, "# ======== All keys of the server", "# ====", SCHEMA_SERVER, "#[server]\n\n",
			write_example_key },
	{ EXAMPLE, "# ======== All keys of a VM", "# ====", SCHEMA_VM, "#[vm \"NAME\"]\n\n",
			write_example_key },
	{ MANUAL, "# KEYS OF A SERVER", "# ", SCHEMA_SERVER, "", write_manual_key },
	{ MANUAL, "# KEYS OF A VM", "# ", SCHEMA_VM, "", write_manual_key },
};

static char *generate(const struct part *part)
{
	size_t bytes;
	char *text;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	fprintf(out, "\n%s", part->first);
	for (size_t i = 0; i < SCHEMA_KEYS; i++)
		if (schema_keys[i].section == part->section)
			part->write(&schema_keys[i], out);
	fclose(out);
	return text;
}

static char *find_line(char *text, const char *start)
{
	while (strncmp(text, start, strlen(start)) != 0) {
		text = strchr(text, '\n');
		if (!text || !*++text)
			return NULL;
	}
	return text;
}

static void update(const struct part *part, const char *text, size_t start, size_t end,
		const char *generated)
{
	FILE *file = fopen(part->file, "w");

	assert_non_null(file);
	fwrite(text, 1, start, file);
	fputs(generated, file);
	fputs(text + end, file);
	assert_int_equal(fclose(file), 0);
	print_message("%s: updated\n", part->file);
}

static void lists_of_keys_follow_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *text = read_file(parts[i].file), *generated = generate(&parts[i]);
		char *heading = find_line(text, parts[i].heading), *start, *end;
		size_t length = strlen(generated);

		if (!heading)
			fail_msg("%s: no line \"%s\"", parts[i].file, parts[i].heading);
		start = strchr(heading, '\n') + 1;
		end = find_line(start, parts[i].next);
		if (!end) {
			end = start + strlen(start);
			generated[--length] = '\0'; /* no empty line at the end of a file */
		}
		if ((size_t)(end - start) != length || memcmp(start, generated, length) != 0) {
			if (!getenv("PLANECAST_UPDATE"))
				fail_msg("%s: \"%s\" is not what config/schema.c says; "
					 "PLANECAST_UPDATE=1 rewrites it",
						parts[i].file, parts[i].heading);
			update(&parts[i], text, (size_t)(start - text), (size_t)(end - text),
					generated);
		}
		free(generated);
		free(text);
	}
}

static void the_example_works_as_it_is(void **state)
{
	struct config *config = NULL;

	(void)state;
	assert_int_equal(config_load(EXAMPLE, config_report_stdio, stderr, &config), 0);
	assert_int_equal(config->n_vms, 2);
	for (unsigned int i = 0; i < config->n_vms; i++)
		assert_int_equal(config->vms[i]->vnc.count, 1);
	config_free(config);
}

/* What somebody gets who takes away the '#' before every key. */
static void the_examples_defaults_are_the_defaults(void **state)
{
	static const char plain[] = "[vm \"NAME\"]\nvfio-device = /x\n";
	struct config *config = NULL, *defaults = NULL;
	char *text = read_file(EXAMPLE), *keys;
	unsigned int uncommented = 0;

	(void)state;
	keys = find_line(text, "# ======== All keys of the server");
	assert_non_null(keys);
	for (char *at = keys; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (*at == '#' && (islower((unsigned char)at[1]) || at[1] == '[')) {
			*at = ' ';
			uncommented++;
		}
	}
	assert_int_equal(uncommented, SCHEMA_KEYS + 2);
	/* The one key that has no default and must have a value. */
	memcpy(strstr(keys, "vfio-device =\n"), "vfio-device=/x", 14);
	assert_int_equal(config_parse("uncommented", keys, strlen(keys), config_report_stdio, stderr,
					&config),
			0);
	assert_int_equal(config_parse("plain", plain, strlen(plain), config_report_stdio, stderr,
					&defaults),
			0);
	assert_int_equal(config_vm_compare(config->vms[0], defaults->vms[0]), CONFIG_SAME);
	for (size_t i = 0; i < SCHEMA_KEYS; i++)
		if (schema_keys[i].section == SCHEMA_SERVER)
			assert_true(value_equal(&schema_keys[i], &config->server, &defaults->server));
	config_free(config);
	config_free(defaults);
	free(text);
}

static void the_readmes_example_works(void **state)
{
	static const char fence[] = "```ini\n";
	char *text = read_file("README.md"), *start = find_line(text, fence), *end;
	struct config *config = NULL;

	(void)state;
	assert_non_null(start);
	start += strlen(fence);
	end = find_line(start, "```");
	assert_non_null(end);
	assert_int_equal(config_parse("README.md", start, (size_t)(end - start), config_report_stdio,
					stderr, &config),
			0);
	assert_true(config->n_vms > 0);
	config_free(config);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_keys_follow_the_table),
		cmocka_unit_test(the_example_works_as_it_is),
		cmocka_unit_test(the_examples_defaults_are_the_defaults),
		cmocka_unit_test(the_readmes_example_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
