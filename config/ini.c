// SPDX-License-Identifier: GPL-2.0-or-later
/* The tokeniser of the configuration file. */
#include "config/ini.h"

#include "config/text.h"

#include <string.h>

#define BLANKS " \t"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

void ini_init(struct ini *ini, const char *text, size_t bytes)
{
	size_t mark = strlen(BYTE_ORDER_MARK);

	ini->at = text;
	ini->end = text + bytes;
	ini->line = 0;
	if (bytes >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0)
		ini->at += mark;
}

static char *skip_blanks(char *at)
{
	return at + strspn(at, BLANKS);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_comment(char c)
{
	return c == '#' || c == ';';
}

static bool is_end(const char *at)
{
	return *at == '\0' || is_comment(*at);
}

static unsigned int column_of(const struct ini *ini, const char *at)
{
	return (unsigned int)(at - ini->buffer) + 1;
}

static void set_problem(const struct ini *ini, struct ini_item *item, const char *at,
		const char *message)
{
	item->kind = INI_PROBLEM;
	item->column = column_of(ini, at);
	item->message = message;
}

static const char *why_unprintable(const char *at)
{
	const unsigned char *byte = (const unsigned char *)at;

	if (byte[0] == '\0')
		return "a zero byte; is this a text file?";
	/* U+0080 to U+009F are control characters too; at ends with a zero byte. */
	if (byte[0] < 0x80 || (byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] <= 0x9f))
		return "a control character; expected text";
	return "not UTF-8; expected text in UTF-8";
}

/* Copies the next line into the buffer; false: it was refused, and item says why. */
static bool read_line(struct ini *ini, struct ini_item *item)
{
	const char *start = ini->at;
	size_t left = (size_t)(ini->end - start), length, kept, printable;
	const char *newline = memchr(start, '\n', left);

	length = newline ? (size_t)(newline - start) : left;
	ini->at = start + length + (newline ? 1 : 0);
	item->line = ++ini->line;
	if (newline && length > 0 && start[length - 1] == '\r')
		length--;

	kept = length < INI_LINE_MAX ? length : INI_LINE_MAX;
	memcpy(ini->buffer, start, kept);
	ini->buffer[kept] = '\0';
	item->in_header = *skip_blanks(ini->buffer) == '[';
	if (length > INI_LINE_MAX) {
		set_problem(ini, item, ini->buffer + INI_LINE_MAX,
				"the line is longer than 8192 bytes");
		return false;
	}
	printable = text_printable(ini->buffer, length);
	if (printable < length) {
		set_problem(ini, item, ini->buffer + printable,
				why_unprintable(ini->buffer + printable));
		return false;
	}
	return true;
}

/* at: behind '['. */
static void read_header(struct ini *ini, char *at, struct ini_item *item)
{
	char *name = skip_blanks(at), *end, *argument = NULL, *argument_end = NULL, *close;

	end = name + strcspn(name, BLANKS "]\"");
	if (end == name) {
		set_problem(ini, item, name, "expected the name of a section behind '['");
		return;
	}
	close = skip_blanks(end);
	if (*close == '"') {
		argument = close + 1;
		argument_end = strchr(argument, '"');
		if (!argument_end) {
			set_problem(ini, item, close, "the quote is not closed");
			return;
		}
		close = skip_blanks(argument_end + 1);
	}
	if (*close != ']') {
		set_problem(ini, item, close,
				argument ? "expected ']'" : "expected ']' or a name in quotes");
		return;
	}
	if (!is_end(skip_blanks(close + 1))) {
		set_problem(ini, item, skip_blanks(close + 1),
				"expected nothing but a comment behind ']'");
		return;
	}
	*end = '\0';
	item->kind = INI_SECTION;
	item->name = name;
	item->column = column_of(ini, name);
	if (argument) {
		*argument_end = '\0';
		item->value = argument;
		item->value_column = column_of(ini, argument);
	}
}

/* at: behind the opening quote. Takes out the backslashes in place. */
static bool read_quoted(struct ini *ini, char *at, struct ini_item *item)
{
	char *out = at, *quote = at - 1;

	item->value = at;
	item->value_column = column_of(ini, at);
	while (*at && *at != '"') {
		if (*at == '\\') {
			if (at[1] != '"' && at[1] != '\\') {
				set_problem(ini, item, at,
						"in quotes a backslash stands before '\"' or another "
						"backslash only");
				return false;
			}
			at++;
		}
		*out++ = *at++;
	}
	if (!*at) {
		set_problem(ini, item, quote, "the quote is not closed");
		return false;
	}
	at = skip_blanks(at + 1);
	if (!is_end(at)) {
		set_problem(ini, item, at,
				"expected nothing but a comment behind the closing quote");
		return false;
	}
	*out = '\0';
	return true;
}

static void read_bare(struct ini *ini, char *at, struct ini_item *item)
{
	char *end = at;

	item->value = at;
	item->value_column = column_of(ini, at);
	/* A comment needs a blank before it: "unix:/run/a#b" is one value. */
	while (*end && !(is_comment(*end) && (end == at || is_blank(end[-1]))))
		end++;
	while (end > at && is_blank(end[-1]))
		end--;
	*end = '\0';
}

static void read_key(struct ini *ini, char *name, struct ini_item *item)
{
	char *equals = strchr(name, '='), *end, *value;

	if (!equals || equals == name) {
		set_problem(ini, item, name, "expected \"key = value\" or a [section]");
		return;
	}
	item->kind = INI_KEY;
	item->name = name;
	item->column = column_of(ini, name);
	value = skip_blanks(equals + 1);
	if (*value == '"') {
		if (!read_quoted(ini, value + 1, item))
			return;
	} else {
		read_bare(ini, value, item);
	}
	for (end = equals; end > name && is_blank(end[-1]); end--)
		;
	*end = '\0';
}

void ini_next(struct ini *ini, struct ini_item *ret)
{
	*ret = (struct ini_item){ .kind = INI_END };
	while (ini->at < ini->end) {
		char *at;

		if (!read_line(ini, ret))
			return;
		at = skip_blanks(ini->buffer);
		if (is_end(at))
			continue;
		if (*at == '[')
			read_header(ini, at + 1, ret);
		else
			read_key(ini, at, ret);
		return;
	}
}
