// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of JSON as lines of columns. What is in them came from workers, viewers and guests. */
#include "tools/planecastctl/table.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "config/text.h"
#include "server/json.h"

#define COLUMNS_MAX 16

void table_format_text(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row)
{
	(void)row;
	snprintf(cell, TABLE_CELL_MAX, "%s", value ? json_object_get_string(value) : "-");
	for (char *c = cell; *c; c++)
		*c = *c == '\t' ? ' ' : *c;
	text_sanitize(cell);
}

void table_format_bytes(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double bytes = json_object_get_double(value);
	size_t unit = 0;

	(void)row;
	while (bytes >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1000;
		unit++;
	}
	snprintf(cell, TABLE_CELL_MAX, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

void table_format_mbit(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row)
{
	(void)row;
	snprintf(cell, TABLE_CELL_MAX, "%.2f", json_object_get_double(value) / 1e6);
}

static void format_seconds(char cell[TABLE_CELL_MAX], double seconds)
{
	const int64_t s = seconds > 0 && seconds < 1e12 ? (int64_t)seconds : 0;

	if (s < 60)
		snprintf(cell, TABLE_CELL_MAX, "%" PRId64 "s", s);
	else if (s < 3600)
		snprintf(cell, TABLE_CELL_MAX, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(cell, TABLE_CELL_MAX, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(cell, TABLE_CELL_MAX, "%" PRId64 "d%02" PRId64 "h", s / 86400, s / 3600 % 24);
}

void table_format_duration(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row)
{
	(void)row;
	format_seconds(cell, json_object_get_double(value));
}

void table_format_since(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row)
{
	struct timespec now;

	(void)row;
	clock_gettime(CLOCK_REALTIME, &now);
	format_seconds(cell, (double)now.tv_sec + (double)now.tv_nsec / 1e9 - json_object_get_double(value));
}

void table_format_picture(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row)
{
	const int width = json_object_get_int(value);

	if (width)
		snprintf(cell, TABLE_CELL_MAX, "%dx%d", width,
				json_object_get_int(json_object_object_get(row, "height")));
	else
		snprintf(cell, TABLE_CELL_MAX, "-");
}

void table_format_connection(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row)
{
	const char *tls = json_get_text(row, "tls");
	const bool is_websocket = json_object_get_boolean(value);
	char version[TABLE_CELL_MAX / 2];

	snprintf(version, sizeof(version), "%s", tls ? tls : "");
	text_sanitize(version);
	snprintf(cell, TABLE_CELL_MAX, "%s%s%s", is_websocket ? "WebSocket" : "", is_websocket && tls ? ", " : "",
			tls ? version : is_websocket ? "" : "plain");
}

/* Characters, not bytes. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void fill_cell(char cell[TABLE_CELL_MAX], const struct table_column *column, struct json_object *row)
{
	struct json_object *value = json_object_object_get(row, column->member);

	if (value && column->format)
		column->format(cell, value, row);
	else
		table_format_text(cell, value, row);
	if (!cell[0])
		strcpy(cell, "-");
}

static void print_cell(FILE *out, const struct table_column *column, const char *cell, int width)
{
	const int fill = width - width_of(cell);
	const char *gap = column[1].title ? "  " : "";

	if (column->right)
		fprintf(out, "%*s%s%s", fill, "", cell, gap);
	else if (column[1].title)
		fprintf(out, "%s%*s%s", cell, fill, "", gap);
	else
		fprintf(out, "%s", cell);
}

void table_print(FILE *out, const struct table_column *columns, struct json_object *rows)
{
	const size_t n_rows = json_object_array_length(rows);
	char cell[TABLE_CELL_MAX];
	int widths[COLUMNS_MAX];
	size_t n = 0;

	for (; columns[n].title; n++) {
		widths[n] = width_of(columns[n].title);
		for (size_t i = 0; i < n_rows; i++) {
			fill_cell(cell, &columns[n], json_object_array_get_idx(rows, i));
			if (width_of(cell) > widths[n])
				widths[n] = width_of(cell);
		}
	}
	for (size_t k = 0; k < n; k++)
		print_cell(out, &columns[k], columns[k].title, widths[k]);
	fputc('\n', out);
	for (size_t i = 0; i < n_rows; i++) {
		for (size_t k = 0; k < n; k++) {
			fill_cell(cell, &columns[k], json_object_array_get_idx(rows, i));
			print_cell(out, &columns[k], cell, widths[k]);
		}
		fputc('\n', out);
	}
}
