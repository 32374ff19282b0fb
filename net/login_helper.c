// SPDX-License-Identifier: GPL-2.0-or-later
/* Takes a question, asks whom it names, and says what came of it. */
#include "net/login_helper.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/login_file.h"
#include "net/login_pam.h"
#include "net/secret.h"

static bool ends(const char *text, size_t room)
{
	return memchr(text, '\0', room) != NULL;
}

static bool is_whole(const struct login_question *question)
{
	return ends(question->users_file, sizeof(question->users_file)) &&
			ends(question->pam_service, sizeof(question->pam_service)) &&
			ends(question->peer, sizeof(question->peer)) &&
			ends(question->claim.name, sizeof(question->claim.name)) &&
			ends(question->claim.password, sizeof(question->claim.password));
}

static void answer(const struct login_question *question, struct login_answer *ret)
{
	const struct login_claim *claim = &question->claim;
	const char *kind = "", *which = "", *reason = "";
	int r = -ENOKEY;

	snprintf(ret->user, sizeof(ret->user), "%s", claim->name);
	if (*question->users_file) {
		kind = "users file";
		which = question->users_file;
		r = login_file_check(which, claim->name, claim->password, &reason);
	}
	if (r == -ENOKEY && *question->pam_service) {
		kind = "PAM service";
		which = question->pam_service;
		r = login_pam_check(which, claim->name, claim->password, question->peer, ret->user, &reason);
	}
	ret->error = r == -ENOKEY ? -EACCES : r;
	snprintf(ret->reason, sizeof(ret->reason), "%s %s %s", kind, which, reason);
}

int login_helper_run(int fd)
{
	struct login_question *question;
	struct login_answer result;
	ssize_t bytes;

	memset(&result, 0, sizeof(result));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* No core dumps, and no looking in from outside. */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "pc-login");
	alarm(LOGIN_HELPER_ALARM_S);
	question = secret_new(sizeof(*question));
	if (!question)
		return EXIT_FAILURE;
	bytes = recv(fd, question, sizeof(*question), 0);
	if (bytes != (ssize_t)sizeof(*question) || !is_whole(question)) {
		secret_free(question, sizeof(*question));
		return EXIT_FAILURE;
	}
	answer(question, &result);
	secret_free(question, sizeof(*question));
	bytes = send(fd, &result, sizeof(result), MSG_NOSIGNAL);
	return bytes == (ssize_t)sizeof(result) ? EXIT_SUCCESS : EXIT_FAILURE;
}
