// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line: one table row an option, for getopt, the help and its suggestions. */
#include "server/options.h"

#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <json-c/json.h>
#include <openssl/crypto.h>
#include <pixman.h>
#include <rfb/rfbconfig.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "config/config.h"
#include "config/schema.h"
#include "config/suggest.h"
#include "config/value.h"
#include "server/clock.h"

struct row {
	const char *name;
	char letter; /* 0: none */
	const char *argument; /* NULL: takes none */
	const char *help; /* NULL: not shown */
	/* 0 or -EINVAL after saying why. */
	int (*take)(struct options *options, const struct row *row, const char *argument);
	int value;
};

static int complain_word(const char *what, const char *word, const char *const *words, size_t count)
{
	struct suggest suggest;

	suggest_init(&suggest, word);
	fprintf(stderr, "planecastd: %s '%s'", what, word);
	for (size_t i = 0; i < count; i++)
		suggest_offer(&suggest, words[i]);
	if (suggest.best)
		fprintf(stderr, "; did you mean '%s'?\n", suggest.best);
	else
		fprintf(stderr, "; --help lists what there is\n");
	return -EINVAL;
}

static int take_mode(struct options *options, const struct row *row, const char *argument)
{
	(void)argument;
	if (options->mode != OPTIONS_SUPERVISE && options->mode != (enum options_mode)row->value) {
		fprintf(stderr, "planecastd: --%s does not go with what came before it\n",
				row->name);
		return -EINVAL;
	}
	options->mode = row->value;
	return 0;
}

static int take_config(struct options *options, const struct row *row, const char *argument)
{
	(void)row;
	options->config_path = argument;
	return 0;
}

static int take_vm(struct options *options, const struct row *row, const char *argument)
{
	(void)row;
	options->vm = argument;
	return 0;
}

static int take_worker(struct options *options, const struct row *row, const char *argument)
{
	options->vm = argument;
	return take_mode(options, row, argument);
}

static int take_encoder(struct options *options, const struct row *row, const char *argument)
{
	options->encoder = argument;
	return take_mode(options, row, argument);
}

static int take_make_certs(struct options *options, const struct row *row, const char *argument)
{
	options->certs_directory = argument;
	return take_mode(options, row, argument);
}

static void report_value(void *user, size_t offset, const char *message)
{
	const struct row *row = user;

	(void)offset;
	fprintf(stderr, "planecastd: --%s: %s\n", row->name, message);
}

/* An option named as a key of [server] takes what the key takes. */
static int take_server_key(struct options *options, const struct row *row, const char *argument)
{
	struct config_server server = { .log_level = -1, .log_format = -1 };

	for (size_t i = 0; i < SCHEMA_KEYS; i++) {
		const struct schema_key *key = &schema_keys[i];

		if (key->section != SCHEMA_SERVER || strcmp(key->name, row->name))
			continue;
		if (value_parse(key, &server, argument, report_value, (void *)row, NULL) < 0)
			return -EINVAL;
		if (server.log_level >= 0)
			options->log_level = server.log_level;
		if (server.log_format >= 0)
			options->log_format = server.log_format;
	}
	return 0;
}

static int take_user(struct options *options, const struct row *row, const char *argument)
{
	options->user = argument;
	return take_mode(options, row, argument);
}

static int take_for(struct options *options, const struct row *row, const char *argument)
{
	char *rest;
	double seconds = strtod(argument, &rest);

	if (rest == argument || *rest || !(seconds > 0 && seconds <= 1e6)) {
		fprintf(stderr,
				"planecastd: --%s: seconds between 0 and 1000000 are expected, not "
				"'%s'\n",
				row->name, argument);
		return -EINVAL;
	}
	options->demo_for_ns = (int64_t)(seconds * NSEC_PER_SEC);
	return 0;
}

static int take_uris(struct options *options, const struct row *row, const char *argument)
{
	(void)row;
	options->demo_uris = argument;
	return 0;
}

static int take_recording(struct options *options, const struct row *row, const char *argument)
{
	(void)row;
	options->demo_recording = argument;
	return 0;
}

static int take_pages(struct options *options, const struct row *row, const char *argument)
{
	(void)row;
	options->demo_pages = argument;
	return 0;
}

/* A row without a name is a heading of the help. */
static const struct row rows[] = {
	{ .help = "Serving" },
	{ "config", 'c', "FILE",
			"read FILE and conf.d/*.conf beside "
			"it\n(default " OPTIONS_CONFIG_PATH ")",
			take_config, 0 },
	{ "vm", 0, "NAME", "serve this one VM in this process, no supervisor", take_vm, 0 },
	{ "log-level", 0, "error|warn|notice|info|debug",
			"overrides log-level of the configuration", take_server_key, 0 },
	{ "log-format", 0, "text|json|journal", "overrides log-format of the configuration",
			take_server_key, 0 },
	{ .help = "Looking at the configuration" },
	{ "check-config", 0, NULL,
			"report every problem as FILE:LINE:COLUMN and end;\n"
			"exit status 0 or 78",
			take_mode, OPTIONS_CHECK_CONFIG },
	{ "dump-config", 0, NULL,
			"print every effective value and where it came from,\n"
			"of all VMs or of --vm NAME",
			take_mode, OPTIONS_DUMP_CONFIG },
	{ .help = "Looking at the machine" },
	{ "probe-encoders", 0, NULL,
			"try every device that may encode video and print\n"
			"what it can do; exit status 0 if any does",
			take_mode, OPTIONS_PROBE_ENCODERS },
	{ .help = "Setting it up" },
	{ "hash-password", 0, "NAME",
			"ask for a password, or read it from standard input,\n"
			"and print the line for the users-file",
			take_user, OPTIONS_HASH_PASSWORD },
	{ "make-certs", 0, "DIR", "make a small CA and certificates for TLS in DIR, for\n"
			"this machine or for the names and addresses given",
			take_make_certs, OPTIONS_MAKE_CERTS },
	{ .help = "Trying it out" },
	{ "demo", 0, NULL, "serve two synthetic VMs on loopback,\nno configuration needed",
			take_mode, OPTIONS_DEMO },
	{ "for", 0, "SECONDS", "with --demo: end by itself", take_for, 0 },
	{ "uris", 0, "FILE", "with --demo: write one \"URI NAME\" a line once all\nserve",
			take_uris, 0 },
	{ "demo-recording", 0, "FILE", "with --demo: the recording to play\n(default: makes one)",
			take_recording, 0 },
	{ "demo-pages", 0, "FOLDER", "with --demo: noVNC, for browsers\n(default: /usr/share/novnc, if it is there)",
			take_pages, 0 },
	{ .help = "About" },
	{ "help", 'h', NULL, "print this", take_mode, OPTIONS_HELP },
	{ "version", 'V', NULL, "print the versions of planecastd and its libraries", take_mode,
			OPTIONS_VERSION },
	{ "worker", 0, "NAME", NULL, take_worker, OPTIONS_WORKER },
	{ "gateway", 0, NULL, NULL, take_mode, OPTIONS_GATEWAY },
	{ "broker", 0, NULL, NULL, take_mode, OPTIONS_BROKER },
	/* Named as LOGIN_HELPER_OPTION. */
	{ "check-login", 0, NULL, NULL, take_mode, OPTIONS_CHECK_LOGIN },
	/* Named as VAAPI_PROBE_OPTION. */
	{ "probe-encoder", 0, "NAME", NULL, take_encoder, OPTIONS_PROBE_ENCODER },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

void options_print_help(FILE *out)
{
	fputs("usage: planecastd [--config FILE]\n"
	      "       planecastd --vm NAME [--config FILE]\n"
	      "       planecastd --check-config | --dump-config [--config FILE]\n"
	      "       planecastd --probe-encoders\n"
	      "       planecastd --hash-password NAME\n"
	      "       planecastd --make-certs DIR [NAME...]\n"
	      "       planecastd --demo [--for SECONDS] [--uris FILE]\n\n"
	      "Serves the displays of virtual machines to VNC and SPICE, one process a VM.\n",
			out);
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct row *row = &rows[i];
		char left[64];

		if (!row->name) {
			fprintf(out, "\n%s:\n", row->help);
			continue;
		}
		if (!row->help)
			continue;
		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", row->letter ? '-' : ' ',
				row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
				row->argument ? " " : "", row->argument ? row->argument : "");
		fprintf(out, strlen(left) > 24 ? "  %s\n  %24s " : "  %-24s%s ", left, "");
		for (const char *c = row->help; *c; c++) {
			fputc(*c, out);
			if (*c == '\n')
				fprintf(out, "%27s", "");
		}
		fputc('\n', out);
	}
	fputs("\nSIGHUP reloads the configuration; viewers of unchanged VMs notice nothing.\n"
	      "SIGTERM and SIGINT end everything within a second.\n"
	      "Exit status: 0, 1 for a failure, 2 for a wrong command line, 78 for a wrong\n"
	      "configuration.\n\n"
	      "Examples:\n"
	      "  planecastd --demo\n"
	      "  planecastd --config ./planecast.conf --check-config\n"
	      "  planecastd --config ./planecast.conf --log-level debug\n"
	      "  planecastd --config ./planecast.conf --vm win11\n",
			out);
}

void options_print_version(FILE *out)
{
	fprintf(out, "planecastd %s\n", PLANECAST_VERSION);
	fprintf(out, "  libvncserver %s (headers)\n", LIBVNCSERVER_VERSION);
	fprintf(out, "  libspice-server %s (headers)\n", PLANECAST_SPICE_VERSION);
	fprintf(out, "  libevent %s\n", event_get_version());
	fprintf(out, "  pixman %s\n", pixman_version_string());
	fprintf(out, "  json-c %s\n", json_c_version());
	fprintf(out, "  zstd %s\n", ZSTD_versionString());
	fprintf(out, "  %s\n", OpenSSL_version(OPENSSL_VERSION));
}

static int complain_option(int c, char *const *argv)
{
	const char *names[N_ROWS], *word = argv[optind - 1];
	size_t count = 0;

	if (c == ':') {
		fprintf(stderr, "planecastd: %s needs a value\n", word);
		return -EINVAL;
	}
	if (optopt && optopt < 256 && strncmp(word, "--", 2)) {
		fprintf(stderr, "planecastd: there is no option -%c; --help lists what there is\n",
				optopt);
		return -EINVAL;
	}
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].name && rows[i].help)
			names[count++] = rows[i].name;
	return complain_word("there is no option", word + 2, names, count);
}

static int check(const struct options *options)
{
	bool demo = options->mode == OPTIONS_DEMO;

	if (!demo && (options->demo_for_ns || options->demo_uris || options->demo_recording || options->demo_pages)) {
		fprintf(stderr, "planecastd: --for, --uris, --demo-recording and --demo-pages go with --demo\n");
		return -EINVAL;
	}
	if (demo && options->vm) {
		fprintf(stderr,
				"planecastd: --demo serves VMs of its own, --vm does not go with "
				"it\n");
		return -EINVAL;
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret)
{
	struct options options = {
		.config_path = OPTIONS_CONFIG_PATH,
		.log_level = -1,
		.log_format = -1,
	};
	struct option longs[N_ROWS + 1] = { 0 };
	char shorts[2 * N_ROWS + 2] = ":";
	int c;

	for (size_t i = 0, n = 0; i < N_ROWS; i++) {
		size_t length = strlen(shorts);

		if (!rows[i].name)
			continue;
		longs[n++] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument : no_argument,
			.val = 256 + (int)i,
		};
		if (rows[i].letter) {
			shorts[length++] = rows[i].letter;
			if (rows[i].argument)
				shorts[length++] = ':';
			shorts[length] = '\0';
		}
	}
	optind = 0; /* starts afresh, whoever parsed before */
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct row *row = NULL;

		for (size_t i = 0; i < N_ROWS; i++)
			if (rows[i].name && (c == 256 + (int)i || (c == rows[i].letter && c)))
				row = &rows[i];
		if (!row)
			return complain_option(c, argv);
		if (row->take(&options, row, optarg) < 0)
			return -EINVAL;
	}
	options.names = (const char *const *)argv + optind;
	if (optind < argc && options.mode != OPTIONS_MAKE_CERTS) {
		fprintf(stderr, "planecastd: '%s' is no option; --help lists what there is\n",
				argv[optind]);
		return -EINVAL;
	}
	if (options.mode == OPTIONS_SUPERVISE && options.vm)
		options.mode = OPTIONS_ALONE;
	if (check(&options) < 0)
		return -EINVAL;
	*ret = options;
	return 0;
}
