// SPDX-License-Identifier: GPL-2.0-or-later
/* What doctor found, told: lines for people as they come, or one JSON object at the end. */
#include <errno.h>
#include <json-c/json.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/text.h"
#include "server/json.h"
#include "tools/planecastctl/ask.h"
#include "tools/planecastctl/doctor.h"

#define HOST "this host"
#define INDENT 20

static const struct {
	const char *word, *tick, *json;
} verdicts[DOCTOR_VERDICTS] = {
	[DOCTOR_OK] = { "ok", "\033[32m\u2714\033[0m   ", "ok" },
	[DOCTOR_WARN] = { "warn", "\033[33m!\033[0m   ", "warn" },
	[DOCTOR_BAD] = { "BAD", "\033[31m\u2718\033[0m   ", "bad" },
};

static bool has_ticks(void)
{
	const char *no_colour = getenv("NO_COLOR");

	if (!isatty(STDOUT_FILENO) || (no_colour && no_colour[0]))
		return false;
	setlocale(LC_CTYPE, "");
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static void print(struct doctor *doctor)
{
	const char *heading = doctor->vm ? doctor->vm->name : HOST;

	if (!doctor->heading || strcmp(doctor->heading, heading))
		printf("%s%s\n", doctor->heading ? "\n" : "", heading);
	doctor->heading = heading;
	if (has_ticks())
		printf("  %s", verdicts[doctor->verdict].tick);
	else
		printf("  %-4s", verdicts[doctor->verdict].word);
	printf("  %-*s%s\n", INDENT - 8, doctor->check, doctor->text);
	if (doctor->fix)
		printf("%*sfix: %s\n", INDENT, "", doctor->fix);
	fflush(stdout);
}

static void note(struct doctor *doctor)
{
	struct json_object *finding = json_object_new_object();

	if (doctor->vm)
		json_put_text(finding, "vm", doctor->vm->name);
	json_put_text(finding, "check", doctor->check);
	json_put_text(finding, "verdict", verdicts[doctor->verdict].json);
	json_put_text(finding, "text", doctor->text);
	if (doctor->fix)
		json_put_text(finding, "fix", doctor->fix);
	json_object_array_add(doctor->findings, finding);
}

static void forget(struct doctor *doctor)
{
	free(doctor->text);
	free(doctor->fix);
	doctor->text = doctor->fix = NULL;
}

static void tell(struct doctor *doctor)
{
	if (!doctor->text)
		return;
	if (doctor->findings)
		note(doctor);
	else
		print(doctor);
	forget(doctor);
}

static char *format(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0) {
		ctl_complain("%s", strerror(ENOMEM));
		exit(EXIT_REFUSED);
	}
	text_sanitize(text);
	return text;
}

void doctor_say(struct doctor *doctor, enum doctor_verdict verdict, const char *fmt, ...)
{
	va_list args;

	tell(doctor);
	va_start(args, fmt);
	doctor->text = format(fmt, args);
	va_end(args);
	doctor->verdict = verdict;
	doctor->counts[verdict]++;
}

void doctor_fix(struct doctor *doctor, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	free(doctor->fix);
	doctor->fix = format(fmt, args);
	va_end(args);
}

void doctor_begin(struct doctor *doctor, const char *check)
{
	tell(doctor);
	doctor->check = check;
}

int doctor_conclude(struct doctor *doctor)
{
	struct json_object *object;

	tell(doctor);
	if (doctor->findings) {
		object = json_object_new_object();
		json_put_text(object, "config", doctor->config_path);
		json_put(object, "running", json_object_new_boolean(doctor->running));
		json_put(object, "findings", doctor->findings);
		json_put_number(object, "warn", doctor->counts[DOCTOR_WARN]);
		json_put_number(object, "bad", doctor->counts[DOCTOR_BAD]);
		doctor->findings = NULL;
		ask_print_json(object);
		json_object_put(object);
	} else {
		printf("\n%u well, %u to look at, %u wrong\n", doctor->counts[DOCTOR_OK],
				doctor->counts[DOCTOR_WARN], doctor->counts[DOCTOR_BAD]);
	}
	return doctor->counts[DOCTOR_BAD] ? EXIT_REFUSED : EXIT_SUCCESS;
}

void doctor_discard(struct doctor *doctor)
{
	forget(doctor);
	json_object_put(doctor->findings);
	doctor->findings = NULL;
}
