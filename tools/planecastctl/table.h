/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables for people: columns as wide as what is in them, and nothing that a terminal would obey. */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_TABLE_H
#define PLANECAST_TOOLS_PLANECASTCTL_TABLE_H

#include <stdio.h>

struct json_object;

#define TABLE_CELL_MAX 256

struct table_column {
	const char *title;
	const char *member; /* of a row */
	/* NULL: as it is. Otherwise writes into cell what value (NULL: there is none) means. */
	void (*format)(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row);
	int right; /* numbers are */
};

/* rows is an array of objects; columns end with one without a title. */
void table_print(FILE *out, const struct table_column *columns, struct json_object *rows);

/* For columns, and other places. */
void table_format_bytes(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row);
void table_format_mbit(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row);
/* A number of seconds; a time in the past. */
void table_format_duration(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row);
void table_format_since(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row);
/* Of a viewer, what lies between him and the protocol. */
void table_format_connection(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row);
void table_format_picture(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row);
/* The value as text, that prints. */
void table_format_text(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row);

#endif
