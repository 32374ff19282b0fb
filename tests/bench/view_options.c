// SPDX-License-Identifier: GPL-2.0-or-later
/* getopt over a table, from which the help is printed, too. */
#include "tests/bench/view_options.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "server/clock.h"
#include "tests/bench/scene.h"
#include "tests/bench/view_bucket.h"
#include "tests/bench/view_loop.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *ret <= max;
}

static bool set_encodings(struct view_options *options, const char *text)
{
	struct view_session_options *session = &options->session;

	session->n_encodings = 0;
	while (*text) {
		size_t length = strcspn(text, " ,");
		const struct view_encoding *encoding = view_encodings;

		while (encoding->name && !(encoding->draws && strlen(encoding->name) == length &&
				!strncmp(encoding->name, text, length)))
			encoding++;
		if (!encoding->name || session->n_encodings == VIEW_SESSION_ENCODINGS_MAX)
			return false;
		session->encodings[session->n_encodings++] = encoding->number;
		text += length;
		text += strspn(text, " ,");
	}
	return session->n_encodings > 0;
}

static bool set_level(int *level, const char *text)
{
	uint64_t number;

	if (!parse_number(text, 9, &number))
		return false;
	*level = (int)number;
	return true;
}

static bool set_quality(struct view_options *options, const char *text)
{
	return set_level(&options->session.quality, text);
}

static bool set_compression(struct view_options *options, const char *text)
{
	return set_level(&options->session.compression, text);
}

static bool set_continuous(struct view_options *options, const char *text)
{
	(void)text;
	return options->session.continuous = true;
}

static bool set_fence(struct view_options *options, const char *text)
{
	(void)text;
	return options->session.fence = true;
}

static bool set_skim(struct view_options *options, const char *text)
{
	(void)text;
	return options->skim = true;
}

static bool set_rate(struct view_options *options, const char *text)
{
	return parse_number(text, VIEW_BUCKET_RATE_MAX, &options->rate_bps);
}

static bool set_viewers(struct view_options *options, const char *text)
{
	uint64_t number;

	if (!parse_number(text, VIEW_LOOP_SCREENS_MAX, &number) || number == 0)
		return false;
	options->viewers = (unsigned int)number;
	return true;
}

static bool set_scene(struct view_options *options, const char *text)
{
	options->scene = text;
	return true;
}

static bool set_patience(struct view_options *options, const char *text)
{
	uint64_t number;

	if (!parse_number(text, 86400, &number))
		return false;
	options->patience_ns = (int64_t)number * NSEC_PER_SEC;
	return true;
}

static const struct {
	const char *name, *value; /* value NULL: takes none */
	bool rfb; /* alone */
	bool (*set)(struct view_options *options, const char *text);
	const char *help;
} rows[] = {
	{ "encodings", "\"NAME...\"", true, set_encodings,
		"of copyrect h264 tight zrle hextile zlib raw, the best first;\n"
		"default: copyrect tight zrle hextile" },
	{ "quality", "0..9", true, set_quality, "JPEG; without it a server has to be lossless" },
	{ "compression", "0..9", true, set_compression, "of zlib; default: not said" },
	{ "continuous", NULL, true, set_continuous, "ContinuousUpdates where the server offers them, and fences;\n"
		"else each update is answered with the request for the next one\nas soon as it begins to arrive" },
	{ "fence", NULL, true, set_fence, "announce fences; they are answered as soon as they are read" },
	{ "rate", "BYTES", true, set_rate, "a second that each viewer reads at most; default: no limit" },
	{ "viewers", "N", false, set_viewers, "connections; default: 1" },
	{ "skim", NULL, false, set_skim, "draw of JPEG and H.264, in SPICE of all, only the marks, decoding once what\n"
		"several viewers get alike: pictures are counted, but not right" },
	{ "scene", "NAME", false, set_scene, "what the server shows, for comparing" },
	{ "patience", "SECONDS", false, set_patience, "for the first picture, and of each command; default: 60" },
};

void view_options_print(enum view_protocol protocol, FILE *file)
{
	fprintf(file, "usage: %s [OPTION...] HOST:PORT <COMMANDS >ANSWERS\n\n", program_invocation_short_name);
	for (unsigned int i = 0; i < COUNT(rows); i++) {
		const char *help = rows[i].help;
		int indent;

		if (rows[i].rfb && protocol != VIEW_RFB)
			continue;
		indent = fprintf(file, "  --%s %s", rows[i].name, rows[i].value ? rows[i].value : "");

		while (*help) {
			int length = (int)strcspn(help, "\n");

			fprintf(file, "%*s%.*s\n", indent < 26 ? 26 - indent : 1, "", length, help);
			help += length;
			help += *help == '\n';
			indent = 0;
		}
	}
}

/* "host:port", "[::1]:port" */
static int resolve(const char *text, struct addrinfo **ret)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(text, ':');
	char host[256];
	size_t length;
	int r;

	if (!colon)
		return EAI_NONAME;
	length = (size_t)(colon - text);
	if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length >= sizeof(host))
		return EAI_NONAME;
	memcpy(host, text, length);
	host[length] = '\0';
	r = getaddrinfo(host, colon + 1, &hints, ret);
	return r;
}

static int parse_options(int argc, char **argv, enum view_protocol protocol, struct view_options *options)
{
	struct option table[COUNT(rows) + 2] = { { .name = "help", .val = 'h' } };
	unsigned int n = 1;
	int index;

	for (unsigned int i = 0; i < COUNT(rows); i++)
		if (!rows[i].rfb || protocol == VIEW_RFB)
			table[n++] = (struct option){ rows[i].name, rows[i].value ? required_argument : no_argument,
				&index, (int)i };
	for (;;) {
		switch (getopt_long(argc, argv, "h", table, NULL)) {
		case -1:
			return 0;
		case 'h':
			return -ENODATA;
		case 0:
			if (rows[index].set(options, optarg))
				break;
			fprintf(stderr, "%s: --%s cannot be '%s'\n", program_invocation_short_name, rows[index].name,
					optarg);
			return -EINVAL;
		default:
			return -EINVAL;
		}
	}
}

int view_options_parse(int argc, char **argv, enum view_protocol protocol, struct view_options *ret)
{
	struct view_options options = {
		.session = { .quality = -1, .compression = -1 },
		.viewers = 1,
		.mark_step = 1,
		.patience_ns = 60 * NSEC_PER_SEC,
	};
	int r;

	set_encodings(&options, "copyrect tight zrle hextile");
	r = parse_options(argc, argv, protocol, &options);
	if (r < 0)
		return r;
	if (optind + 1 != argc) {
		fprintf(stderr, "%s: expected one HOST:PORT; see --help\n", program_invocation_short_name);
		return -EINVAL;
	}
	if (options.scene && !strcmp(options.scene, "idle"))
		options.mark_step = BENCH_IDLE_PERIOD;
	r = resolve(argv[optind], &options.address);
	if (r) {
		fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, argv[optind], gai_strerror(r));
		return -EINVAL;
	}
	*ret = options;
	return 0;
}
