// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of the control socket: what is taken, what is refused, and in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "server/control_request.h"
#include "server/json.h"

static struct control_error error;

static int parse(const char *line, struct control_request *request)
{
	return control_request_parse(line, strlen(line), request, &error);
}

static void test_good_lines(void **state)
{
	static const struct {
		const char *line;
		enum control_command command;
		const char *id;
	} rows[] = {
		{ "{\"command\":\"list\"}", CONTROL_LIST, "null" },
		{ "  {\"command\" : \"list\" , \"id\" : -7 } \r", CONTROL_LIST, "-7" },
		{ "{\"id\":\"a\\\"b\",\"command\":\"version\"}", CONTROL_VERSION, "\"a\\\"b\"" },
		{ "{\"command\":\"clients\",\"vm\":\"a\",\"after\":0}", CONTROL_CLIENTS, "null" },
		{ "{\"command\":\"disconnect\",\"vm\":\"\xc3\xa4\",\"client\":1}", CONTROL_DISCONNECT, "null" },
		{ "{\"command\":\"ticket\",\"vm\":\"a\",\"protocol\":\"vnc\",\"lifetime\":86400,\"role\":\"view\"}",
				CONTROL_TICKET, "null" },
		{ "{\"command\":\"loglevel\",\"level\":\"debug\"}", CONTROL_LOGLEVEL, "null" },
	};
	struct control_request request;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].line, &request), 0);
		assert_int_equal(request.command, rows[i].command);
		assert_string_equal(request.id ? json_object_to_json_string(request.id) : "null", rows[i].id);
		control_request_finish(&request);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		const char *line, *code, *words;
	} rows[] = {
		{ "", "bad-request", "no JSON object" },
		{ "[1]", "bad-request", "no JSON object" },
		{ "{'command':'list'}", "bad-request", "no JSON object" },
		{ "{\"command\":\"list\"", "bad-request", "without an end" },
		{ "{\"command\":\"list\",\"id\":1e999}", "bad-request", "a number in it that is none" },
		{ "{\"command\":\"list\",\"x\":[{\"y\":NaN}]}", "bad-request", "a number in it that is none" },
		{ "{\"command\":\"status\",\"vm\":\"\\u001b[2J\"}", "bad-request", "control characters" },
		{ "{\"command\":\"status\",\"vm\":\"a\\u0000b\"}", "bad-request", "control characters" },
		{ "{\"command\":\"status\",\"\\u0085\":1}", "bad-request", "control characters" },
		{ "{\"command\":\"\x1b\"}", "bad-request", "printable" },
		{ "{\"command\":\"\xed\xa0\x80\"}", "bad-request", "printable" },
		{ "{\"id\":1.5,\"command\":\"list\"}", "bad-request", "\"id\"" },
		{ "{\"id\":null,\"command\":\"list\"}", "bad-request", "\"id\"" },
		{ "{\"id\":1}", "bad-request", "\"command\"" },
		{ "{\"command\":\"relod\"}", "unknown-command", "'reload'" },
		{ "{\"command\":\"zzzzzz\"}", "unknown-command", "no command 'zzzzzz'" },
		{ "{\"command\":\"screenshot\"}", "bad-argument", "screenshot needs \"vm\"" },
		{ "{\"command\":\"reload\",\"vm\":\"a\"}", "bad-argument", "reload has no argument 'vm'" },
		{ "{\"command\":\"ticket\",\"vm\":\"a\"}", "bad-argument", "ticket needs \"protocol\"" },
		{ "{\"command\":\"ticket\",\"vm\":\"a\",\"protocol\":\"rdp\"}", "bad-argument", "one of vnc, spice" },
		{ "{\"command\":\"ticket\",\"vm\":\"a\",\"liftime\":3}", "bad-argument", "'lifetime'" },
		{ "{\"command\":\"ticket\",\"vm\":\"a\",\"lifetime\":0}", "bad-argument", "1 to 86400" },
		{ "{\"command\":\"ticket\",\"vm\":\"a\",\"lifetime\":86401}", "bad-argument", "1 to 86400" },
		{ "{\"command\":\"ticket\",\"vm\":\"a\",\"lifetime\":\"1\"}", "bad-argument", "1 to 86400" },
		{ "{\"command\":\"ticket\",\"vm\":\"a\",\"role\":\"vieww\"}", "bad-argument",
				"one of view, control; did you mean 'view'?" },
	};
	struct control_request request;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].line, &request), -EINVAL);
		assert_string_equal(error.code, rows[i].code);
		if (!strstr(error.message, rows[i].words))
			fail_msg("%s: '%s' is not in '%s'", rows[i].line, rows[i].words, error.message);
		control_request_finish(&request);
	}
}

/* An id that is usable is there for the refusal, too. */
static void test_refusals_keep_the_id(void **state)
{
	struct control_request request;

	(void)state;
	assert_int_equal(parse("{\"id\":3,\"command\":\"nonsense\"}", &request), -EINVAL);
	assert_int_equal(json_object_get_int(request.id), 3);
	control_request_finish(&request);
}

static void test_limits(void **state)
{
	static char line[CONTROL_LINE_MAX + 2];
	struct control_request request;
	int length;

	(void)state;
	/* Blanks count. */
	length = sprintf(line, "{\"command\":\"list\"}");
	memset(line + length, ' ', sizeof(line) - (size_t)length);
	assert_int_equal(control_request_parse(line, CONTROL_LINE_MAX, &request, &error), 0);
	control_request_finish(&request);
	assert_int_equal(control_request_parse(line, CONTROL_LINE_MAX + 1, &request, &error), -EINVAL);
	assert_string_equal(error.message, "the line is longer than 8192 bytes");
	control_request_finish(&request);

	sprintf(line, "{\"command\":\"list\",\"id\":\"%0*d\"}", CONTROL_ID_MAX, 0);
	assert_int_equal(parse(line, &request), 0);
	control_request_finish(&request);
	sprintf(line, "{\"command\":\"list\",\"id\":\"%0*d\"}", CONTROL_ID_MAX + 1, 0);
	assert_int_equal(parse(line, &request), -EINVAL);
	control_request_finish(&request);

	/* A word is cut, not the message broken. */
	length = sprintf(line, "{\"command\":\"");
	for (int i = 0; i < 2000; i++)
		length += sprintf(line + length, "\xc3\xa4");
	sprintf(line + length, "\"}");
	assert_int_equal(parse(line, &request), -EINVAL);
	assert_string_equal(error.code, "unknown-command");
	assert_true(strlen(error.message) < CONTROL_MESSAGE_MAX);
	control_request_finish(&request);
}

static void test_what_is_told_prints(void **state)
{
	struct json_object *object = json_object_new_object();

	(void)state;
	json_put_text(object, "bad", "a\xff\x1b[31m\xc2\x85z");
	json_put_decimal(object, "half", 0.5, 1);
	json_put_decimal(object, "none", 0.0 / 0.0, 2);
	assert_string_equal(json_text(object), "{\"bad\":\"a??[31m??z\",\"half\":0.5,\"none\":0.00}");
	json_object_put(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_lines),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_refusals_keep_the_id),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_what_is_told_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
