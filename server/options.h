/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of planecastd. */
#ifndef PLANECAST_SERVER_OPTIONS_H
#define PLANECAST_SERVER_OPTIONS_H

#include <stdint.h>
#include <stdio.h>

#define OPTIONS_CONFIG_PATH "/etc/planecast/planecast.conf"
/* sysexits.h calls it EX_CONFIG; the service file does not restart after it. */
#define OPTIONS_EXIT_USAGE 2
#define OPTIONS_EXIT_CONFIG 78

enum options_mode {
	OPTIONS_SUPERVISE,
	OPTIONS_ALONE, /* --vm NAME and nothing else */
	OPTIONS_CHECK_CONFIG,
	OPTIONS_DUMP_CONFIG,
	OPTIONS_DEMO,
	OPTIONS_PROBE_ENCODERS,
	OPTIONS_MAKE_CERTS,
	OPTIONS_PROBE_ENCODER, /* not for people */
	OPTIONS_HASH_PASSWORD,
	OPTIONS_CHECK_LOGIN, /* not for people */
	OPTIONS_WORKER, /* not for people */
	OPTIONS_GATEWAY, /* not for people */
	OPTIONS_BROKER, /* not for people */
	OPTIONS_VERSION,
	OPTIONS_HELP,
};

/* Strings are borrowed from argv. */
struct options {
	enum options_mode mode;
	const char *config_path;
	const char *vm; /* NULL: not given */
	int log_level, log_format; /* as in server/log.h; -1: not given */
	int64_t demo_for_ns; /* 0: until interrupted */
	const char *demo_uris; /* NULL: not wanted */
	const char *demo_recording; /* NULL: make one */
	const char *demo_pages; /* NULL: Debian's noVNC, if it is there */
	const char *encoder; /* the one to probe */
	const char *user; /* whose password to hash */
	const char *certs_directory; /* --make-certs */
	const char *const *names; /* what stands behind the options, NULL at its end: with --make-certs only */
};

/* 0, or -EINVAL after one line on stderr that says what was wrong and what was meant. */
int options_parse(int argc, char **argv, struct options *ret);
void options_print_help(FILE *out);
void options_print_version(FILE *out);

#endif
