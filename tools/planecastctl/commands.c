// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands of planecastctl: what is asked, and how the answer is shown. */
#include "tools/planecastctl/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/text.h"
#include "server/json.h"
#include "tools/planecastctl/ask.h"
#include "tools/planecastctl/doctor.h"
#include "tools/planecastctl/import.h"
#include "tools/planecastctl/picture.h"
#include "tools/planecastctl/table.h"

static const struct table_column vm_columns[] = {
	{ "VM", "name", NULL, 0 },
	{ "WORKER", "worker", NULL, 0 },
	{ "VIEWERS", "viewers", NULL, 1 },
	{ "PICTURE", "width", table_format_picture, 0 },
	{ "FPS", "fps", NULL, 1 },
	{ "MBIT/S", "bits_per_second", table_format_mbit, 1 },
	{ "STATE", "state", NULL, 0 },
	{ 0 },
};

static const struct table_column client_columns[] = {
	{ "VM", "vm", NULL, 0 },
	{ "CLIENT", "client", NULL, 1 },
	{ "PROTOCOL", "protocol", NULL, 0 },
	{ "PEER", "peer", NULL, 0 },
	{ "CONNECTION", "websocket", table_format_connection, 0 },
	{ "USER", "user", NULL, 0 },
	{ "ROLE", "role", NULL, 0 },
	{ "FOR", "since", table_format_since, 1 },
	{ "ENCODING", "encoding", NULL, 0 },
	{ "FPS", "fps", NULL, 1 },
	{ "SENT", "sent", table_format_bytes, 1 },
	{ "RECEIVED", "received", table_format_bytes, 1 },
	{ 0 },
};

static const struct table_column listener_columns[] = {
	{ "PROTOCOL", "protocol", NULL, 0 },
	{ "ADDRESS", "address", NULL, 0 },
	{ "BOUND", "bound", NULL, 0 },
	{ 0 },
};

static int read_number(const char *what, const char *text, int64_t *ret)
{
	char *end;
	intmax_t number;

	errno = 0;
	number = strtoimax(text, &end, 10);
	if (end == text || *end || errno || number < 1)
		return ctl_complain("%s '%s' is no number from 1", what, text);
	*ret = number;
	return 0;
}

/* Takes request. Prints the answer as it came where that is asked for, and then *ret is NULL. */
static int ask_to_show(struct ctl *ctl, struct json_object *request, struct json_object **ret)
{
	int status = ask(ctl, request, ret);

	if (status || !ctl->json)
		return status;
	ask_print_json(*ret);
	json_object_put(*ret);
	*ret = NULL;
	return 0;
}

static int run_version(struct ctl *ctl, char **arguments)
{
	struct json_object *answer;
	char version[TABLE_CELL_MAX];
	int status;

	(void)arguments;
	status = ask_to_show(ctl, ask_new("version", NULL), &answer);
	if (status || !answer)
		return status;
	table_format_text(version, json_object_object_get(answer, "version"), NULL);
	printf("planecastctl %s\nplanecastd   %s (process %" PRId64 ", protocol %" PRId64 ")\n", PLANECAST_VERSION,
			version, json_get_number(answer, "pid", 0), json_get_number(answer, "protocol", 0));
	json_object_put(answer);
	return 0;
}

static int run_list(struct ctl *ctl, char **arguments)
{
	struct json_object *answer, *rows;
	int status;

	(void)arguments;
	status = ask_to_show(ctl, ask_new("list", NULL), &answer);
	if (status || !answer)
		return status;
	rows = json_object_object_get(answer, "vms");
	for (size_t i = 0; ctl->given & CTL_NAMES && i < json_object_array_length(rows); i++)
		puts(json_get_text(json_object_array_get_idx(rows, i), "name"));
	if (!(ctl->given & CTL_NAMES))
		table_print(stdout, vm_columns, rows);
	json_object_put(answer);
	return 0;
}

static void print_member(struct json_object *object, const char *title, const char *member,
		void (*format)(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row))
{
	struct json_object *value = json_object_object_get(object, member);
	char cell[TABLE_CELL_MAX];

	if (!value)
		return;
	format(cell, value, object);
	printf("%-9s %s\n", title, cell[0] ? cell : "-");
}

static int run_status(struct ctl *ctl, char **arguments)
{
	static const struct {
		const char *title, *member;
		void (*format)(char cell[TABLE_CELL_MAX], struct json_object *value, struct json_object *row);
	} rows[] = {
		{ "VM", "name", table_format_text },
		{ "version", "version", table_format_text },
		{ "worker", "worker", table_format_text },
		{ "process", "pid", table_format_text },
		{ "up", "up", table_format_duration },
		{ "starts", "starts", table_format_text },
		{ "VMs", "vms", table_format_text },
		{ "serving", "serving", table_format_text },
		{ "gateway", "gateway", table_format_text },
		{ "viewers", "viewers", table_format_text },
		{ "picture", "width", table_format_picture },
		{ "state", "state", table_format_text },
		{ "fps", "fps", table_format_text },
		{ "Mbit/s", "bits_per_second", table_format_mbit },
		{ "damage %", "damage_percent", table_format_text },
	};
	struct json_object *answer, *listeners;
	int status = ask_to_show(ctl, ask_new("status", arguments[0]), &answer);

	if (status || !answer)
		return status;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		print_member(answer, rows[i].title, rows[i].member, rows[i].format);
	listeners = json_object_object_get(answer, "listeners");
	if (json_object_is_type(listeners, json_type_array) && json_object_array_length(listeners)) {
		putchar('\n');
		table_print(stdout, listener_columns, listeners);
	}
	json_object_put(answer);
	return 0;
}

/* Adds those of one VM to rows, however many answers that takes. */
static int add_clients(struct ctl *ctl, const char *vm, struct json_object *rows)
{
	struct json_object *answer, *request, *clients;
	int64_t next = 0;
	int status;

	do {
		request = ask_new("clients", vm);
		if (next)
			json_put_number(request, "after", next);
		status = ask(ctl, request, &answer);
		if (status)
			return status;
		clients = json_object_object_get(answer, "clients");
		for (size_t i = 0; i < json_object_array_length(clients); i++) {
			struct json_object *client = json_object_get(json_object_array_get_idx(clients, i));

			json_put_text(client, "vm", vm);
			json_object_array_add(rows, client);
		}
		next = json_get_number(answer, "next", 0);
		json_object_put(answer);
	} while (next);
	return 0;
}

/* A VM whose worker is away is one line on stderr, and the others are shown. */
static int add_all_clients(struct ctl *ctl, struct json_object *rows)
{
	struct json_object *answer, *vms;
	int status = ask(ctl, ask_new("list", NULL), &answer);

	if (status)
		return status;
	vms = json_object_object_get(answer, "vms");
	for (size_t i = 0; i < json_object_array_length(vms) && status != EXIT_NO_SERVER; i++) {
		struct json_object *vm = json_object_array_get_idx(vms, i);
		int r = 0;

		if (!strcmp(json_get_text(vm, "worker"), "serves"))
			r = add_clients(ctl, json_get_text(vm, "name"), rows);
		status = r ? r : status;
	}
	json_object_put(answer);
	return status;
}

static int run_clients(struct ctl *ctl, char **arguments)
{
	struct json_object *rows = json_object_new_array(), *result;
	int status;

	if (!rows)
		return ask_complain_link(-ENOMEM);
	status = arguments[0] ? add_clients(ctl, arguments[0], rows) : add_all_clients(ctl, rows);
	if (ctl->json && (!status || !arguments[0])) {
		result = json_object_new_object();
		json_put(result, "clients", json_object_get(rows));
		ask_print_json(result);
		json_object_put(result);
	} else if (!status || !arguments[0]) {
		table_print(stdout, client_columns, rows);
	}
	json_object_put(rows);
	return status;
}

static int run_disconnect(struct ctl *ctl, char **arguments)
{
	struct json_object *request, *answer;
	int64_t client = 0;
	int status;

	if (!arguments[1] == !(ctl->given & CTL_ALL))
		return ctl_complain("disconnect wants either the number of a client, which 'planecastctl clients %s' "
				"shows, or --all", arguments[0]);
	if (arguments[1] && read_number("client", arguments[1], &client))
		return EXIT_USAGE;
	request = ask_new("disconnect", arguments[0]);
	if (client)
		json_put_number(request, "client", client);
	status = ask_to_show(ctl, request, &answer);
	if (status || !answer)
		return status;
	printf("disconnected: %" PRId64 "\n", json_get_number(answer, "disconnected", 0));
	json_object_put(answer);
	return 0;
}

static int run_loglevel(struct ctl *ctl, char **arguments)
{
	struct json_object *request = ask_new("loglevel", NULL), *answer;
	char level[TABLE_CELL_MAX];
	int status;

	if (arguments[0])
		json_put(request, "level", json_object_new_string(arguments[0]));
	status = ask_to_show(ctl, request, &answer);
	if (status || !answer)
		return status;
	table_format_text(level, json_object_object_get(answer, "level"), NULL);
	puts(level);
	json_object_put(answer);
	return 0;
}

static int run_reload(struct ctl *ctl, char **arguments)
{
	struct json_object *answer, *problems;
	int status;

	(void)arguments;
	status = ask(ctl, ask_new("reload", NULL), &answer);
	if (status)
		return status;
	problems = json_object_object_get(answer, "problems");
	if (json_object_is_type(problems, json_type_array) && json_object_array_length(problems))
		status = EXIT_REFUSED;
	if (ctl->json) {
		ask_print_json(answer);
	} else {
		printf("reloaded: %" PRId64 " VMs\n", json_get_number(answer, "vms", 0));
		ask_print_problems(problems);
	}
	json_object_put(answer);
	return status;
}

/* "12:34:56 win11 client-came client=3 protocol=vnc ..." */
static void print_members(struct json_object *object, const char *prefix)
{
	json_object_object_foreach(object, name, value)
	{
		char cell[TABLE_CELL_MAX];

		if (!strcmp(name, "event") || !strcmp(name, "time") || !strcmp(name, "vm"))
			continue;
		if (json_object_is_type(value, json_type_object)) {
			print_members(value, " ");
			continue;
		}
		snprintf(cell, sizeof(cell), "%s", name);
		text_sanitize(cell);
		printf("%s%s=", prefix, cell);
		table_format_text(cell, value, NULL);
		printf(strchr(cell, ' ') ? "\"%s\"" : "%s", cell);
	}
}

static void print_event(struct json_object *event)
{
	const time_t when = (time_t)json_object_get_double(json_object_object_get(event, "time"));
	char cell[TABLE_CELL_MAX];
	struct tm local;

	if (when && localtime_r(&when, &local))
		printf("%02d:%02d:%02d ", local.tm_hour, local.tm_min, local.tm_sec);
	if (json_object_object_get(event, "vm")) {
		table_format_text(cell, json_object_object_get(event, "vm"), NULL);
		printf("%s ", cell);
	}
	table_format_text(cell, json_object_object_get(event, "event"), NULL);
	printf("%s", cell);
	print_members(event, " ");
	putchar('\n');
	fflush(stdout);
}

static int run_events(struct ctl *ctl, char **arguments)
{
	struct json_object *line;
	int status = ask(ctl, ask_new("events", arguments[0]), &line), r;

	if (status)
		return status;
	json_object_put(line);
	while (!(r = link_receive(&ctl->link, 0, &line))) {
		if (ctl->json)
			ask_print_json(line);
		else
			print_event(line);
		json_object_put(line);
		if (ferror(stdout))
			return EXIT_REFUSED;
	}
	return ask_complain_link(r);
}

/* Until somebody ends it. */
static int run_top(struct ctl *ctl, char **arguments)
{
	struct json_object *answer, *rows;
	int status;

	(void)arguments;
	while (!(status = ask_to_show(ctl, ask_new("list", NULL), &answer))) {
		rows = json_object_object_get(answer, "vms");
		if (isatty(STDOUT_FILENO))
			printf("\033[H\033[J");
		if (rows)
			table_print(stdout, vm_columns, rows);
		json_object_put(answer);
		if (fflush(stdout) || ferror(stdout))
			return EXIT_REFUSED;
		sleep(1);
	}
	return status;
}

static int run_screenshot(struct ctl *ctl, char **arguments)
{
	struct json_object *answer;
	int status = ask(ctl, ask_new("screenshot", arguments[0]), &answer);

	if (status)
		return status;
	status = picture_save(ctl->link.passed_fd, arguments[1]);
	if (!status && ctl->json && strcmp(arguments[1], "-"))
		ask_print_json(answer);
	json_object_put(answer);
	return status;
}

static int run_ticket(struct ctl *ctl, char **arguments)
{
	struct json_object *request, *answer;
	char ticket[TABLE_CELL_MAX];
	int64_t lifetime = 0;
	int status;

	if (ctl->lifetime && read_number("lifetime", ctl->lifetime, &lifetime))
		return EXIT_USAGE;
	request = ask_new("ticket", arguments[0]);
	json_put(request, "protocol", json_object_new_string(arguments[1]));
	if (lifetime)
		json_put_number(request, "lifetime", lifetime);
	if (ctl->role)
		json_put(request, "role", json_object_new_string(ctl->role));
	if (ctl->name)
		json_put(request, "name", json_object_new_string(ctl->name));
	status = ask_to_show(ctl, request, &answer);
	if (status || !answer)
		return status;
	table_format_text(ticket, json_object_object_get(answer, "ticket"), NULL);
	puts(ticket);
	json_object_put(answer);
	return 0;
}

const struct ctl_command ctl_commands[] = {
	{ "list", "[--names]", "the VMs, and what each is doing", 0, 0, false, CTL_NAMES, run_list },
	{ "top", "", "the same, every second", 0, 0, false, 0, run_top },
	{ "status", "[VM]", "the server, or all about one VM", 0, 1, false, 0, run_status },
	{ "clients", "[VM]", "who watches", 0, 1, false, 0, run_clients },
	{ "events", "[VM]", "what happens, from now on", 0, 1, false, 0, run_events },
	{ "screenshot", "VM FILE", "the newest picture as PNG; FILE may be -", 2, 2, false, 0, run_screenshot },
	{ "ticket", "VM vnc|spice [--lifetime SECONDS] [--role view|control] [--name USER]",
			"a password that counts once", 2, 2, false, CTL_LIFETIME | CTL_ROLE | CTL_NAME, run_ticket },
	{ "disconnect", "VM CLIENT|--all", "ends connections", 1, 2, false, CTL_ALL, run_disconnect },
	{ "loglevel", "[error|warn|notice|info|debug]", "shows or changes what is logged", 0, 1, false, 0,
			run_loglevel },
	{ "reload", "", "reads the configuration again, and says what is wrong with it", 0, 0, false, 0, run_reload },
	{ "doctor", "[VM] [--config FILE]", "why is it black? What is wrong on this host, and how to mend it",
			0, 1, true, CTL_CONFIG, doctor_run },
	{ "import-libvirt", "DOMAIN.xml [--config FILE]", "a section of the configuration for a domain of libvirt's",
			1, 1, true, CTL_CONFIG, import_run },
	{ "version", "", "of this program and of the server", 0, 0, false, 0, run_version },
};
const size_t ctl_n_commands = sizeof(ctl_commands) / sizeof(ctl_commands[0]);
