// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads a password without showing it, and prints what a users file has of it. */
#include "server/hash_password.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "config/role.h"
#include "net/login.h"
#include "net/login_file.h"
#include "net/secret.h"
#include "server/options.h"

/* The password, its end of line, and a byte by which one that is too long shows. */
#define LINE_BYTES (LOGIN_PASSWORD_MAX + 3)

/* Byte by byte: what is behind the line is not ours, and no buffer keeps any of it. */
static int read_line(char line[LINE_BYTES])
{
	size_t length = 0;
	ssize_t got;

	memset(line, 0, LINE_BYTES);
	while (length < LINE_BYTES - 1) {
		got = read(STDIN_FILENO, line + length, 1);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0 || (got > 0 && line[length] == '\n'))
			break;
		length += got > 0;
	}
	if (length && line[length - 1] == '\r')
		length--;
	/* From the end of line on. */
	memset(line + length, 0, LINE_BYTES - length);
	return length > LOGIN_PASSWORD_MAX ? -E2BIG : length ? 0 : -ENODATA;
}

static int prompt(const char *words, char line[LINE_BYTES])
{
	struct termios before, quiet;
	bool is_terminal = !tcgetattr(STDIN_FILENO, &before);
	int r;

	if (!is_terminal)
		return read_line(line);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fputs(words, stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	r = read_line(line);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	return r;
}

static const char *describe(int error)
{
	switch (error) {
	case -ENODATA:
		return "there is no password";
	case -E2BIG:
		return "a password has at most 255 bytes";
	case -EKEYREJECTED:
		return "the two are not the same";
	default:
		return strerror(-error);
	}
}

int hash_password(const struct options *options)
{
	const char *fault = role_name_fault(options->user);
	char line[LOGIN_FILE_LINE_MAX];
	struct passwords {
		char first[LINE_BYTES], second[LINE_BYTES];
	} *passwords;
	int r;

	if (fault) {
		fprintf(stderr, "planecastd: --hash-password: %s\n", fault);
		return OPTIONS_EXIT_USAGE;
	}
	passwords = secret_new(sizeof(*passwords));
	if (!passwords)
		return EXIT_FAILURE;
	r = prompt("Password: ", passwords->first);
	if (!r && isatty(STDIN_FILENO)) {
		r = prompt("Again: ", passwords->second);
		if (!r && strcmp(passwords->first, passwords->second))
			r = -EKEYREJECTED;
	}
	if (!r)
		r = login_file_make_line(options->user, passwords->first, line);
	secret_free(passwords, sizeof(*passwords));
	if (r < 0)
		fprintf(stderr, "planecastd: --hash-password: %s\n", describe(r));
	else if (printf("%s\n", line) < 0 || fflush(stdout))
		r = -EIO;
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
