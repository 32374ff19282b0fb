// SPDX-License-Identifier: GPL-2.0-or-later
/* Words what is wrong with a configuration. */
#include "config/problem.h"

#include "config/text.h"

#include <stdarg.h>

void problems_add(struct problems *problems, const char *file, unsigned int line,
		unsigned int column, const char *fmt, ...)
{
	struct config_problem problem = { .file = file, .line = line, .column = column };
	char message[PROBLEM_TEXT_MAX] = "too many problems, the rest is not shown";
	va_list args;

	if (problems->count > PROBLEMS_MAX)
		return;
	if (problems->count++ < PROBLEMS_MAX) {
		va_start(args, fmt);
		vsnprintf(message, sizeof(message), fmt, args);
		va_end(args);
	}
	text_sanitize(message);
	problem.message = message;
	if (problems->report)
		problems->report(problems->user, &problem);
}

void config_report_stdio(void *user, const struct config_problem *problem)
{
	FILE *out = user;

	if (problem->line)
		fprintf(out, "%s:%u:%u: %s\n", problem->file, problem->line, problem->column,
				problem->message);
	else
		fprintf(out, "%s: %s\n", problem->file, problem->message);
}
