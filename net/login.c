// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is asked when, by which process, and what becomes of it. */
#include "net/login.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/login_helper.h"
#include "net/secret.h"
#include "server/log.h"

/* Of one source, so that who keeps the helpers waiting keeps only itself. */
#define RUNNING_SOURCE_MAX (LOGIN_RUNNING_MAX / 2)

enum state {
	WAITING, /* its turn will come */
	RUNNING, /* a helper has it */
	ANSWERED, /* its owner is to be told */
};

struct login_request {
	TAILQ_ENTRY(login_request) link; /* login.requests */
	struct login *login;
	enum state state;
	struct penalty_source source;
	/*
	 * Turns go round: of each source one in each round. It is in the round after the last
	 * one of its source, or in the one that is on, if there is none.
	 */
	uint64_t round;
	struct login_question *question; /* NULL once it is with the helper */
	login_done_fn done;
	void *data;
	int error; /* ANSWERED */
	char user[ROLE_NAME_MAX + 1];
	/* RUNNING */
	struct helper *helper;
	int socket; /* -1: none */
	struct event *readable; /* and its deadline */
};

/* It outlives its request until it is reaped. */
struct helper {
	TAILQ_ENTRY(helper) link; /* login.helpers */
	struct login *login;
	struct penalty_source source;
	pid_t pid;
	int pidfd;
	struct event *ended;
};

struct login {
	struct event_base *base;
	struct event *later;
	TAILQ_HEAD(, login_request) requests; /* oldest first */
	TAILQ_HEAD(, helper) helpers;
	uint64_t round; /* that is on */
};

static void free_request(struct login_request *request)
{
	TAILQ_REMOVE(&request->login->requests, request, link);
	if (request->readable)
		event_free(request->readable);
	if (request->socket >= 0)
		close(request->socket);
	secret_free(request->question, sizeof(*request->question));
	free(request);
}

static void later(struct login *login)
{
	event_active(login->later, EV_TIMEOUT, 0);
}

static void set_answer(struct login_request *request, int error, const char *user)
{
	request->state = ANSWERED;
	request->error = error;
	snprintf(request->user, sizeof(request->user), "%s", user);
	later(request->login);
}

/* Helpers. */

static void free_helper(struct helper *helper)
{
	TAILQ_REMOVE(&helper->login->helpers, helper, link);
	event_free(helper->ended);
	close(helper->pidfd);
	free(helper);
}

/* With whatever its modules have started. */
static void kill_helper(const struct helper *helper)
{
	kill(-helper->pid, SIGKILL);
}

static void handle_ended(evutil_socket_t fd, short what, void *data)
{
	struct helper *helper = data;
	struct login *login = helper->login;
	struct login_request *request;

	(void)fd;
	(void)what;
	/* Before it is reaped its group's number is nobody else's. */
	kill_helper(helper);
	if (waitpid(helper->pid, NULL, WNOHANG) != helper->pid)
		return;
	/* Its answer, or the end of its socket, comes of its own. */
	TAILQ_FOREACH(request, &login->requests, link) {
		if (request->helper == helper)
			request->helper = NULL;
	}
	free_helper(helper);
	later(login);
}

static int spawn(int socket, pid_t *ret)
{
	char *const argv[] = { (char[]){ "planecastd" }, (char[]){ LOGIN_HELPER_OPTION }, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	r = -posix_spawn_file_actions_init(&actions);
	if (r)
		return r;
	r = -posix_spawnattr_init(&attributes);
	if (r)
		goto out;
	/* A group of its own, to be killed with all that it has started. */
	posix_spawnattr_setflags(&attributes,
			POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	r = -posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
	if (!r)
		r = -posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	if (!r)
		r = -posix_spawn(ret, "/proc/self/exe", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
out:
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int new_helper(struct login *login, int socket, struct penalty_source source, struct helper **ret)
{
	struct helper *helper = calloc(1, sizeof(*helper));
	int r;

	if (!helper)
		return -ENOMEM;
	r = spawn(socket, &helper->pid);
	if (r < 0) {
		free(helper);
		return r;
	}
	helper->login = login;
	helper->source = source;
	helper->pidfd = pidfd_open(helper->pid, 0);
	helper->ended = helper->pidfd < 0 ? NULL
			: event_new(login->base, helper->pidfd, EV_READ | EV_PERSIST, handle_ended, helper);
	if (!helper->ended || event_add(helper->ended, NULL) < 0)
		goto err;
	TAILQ_INSERT_TAIL(&login->helpers, helper, link);
	*ret = helper;
	return 0;
err:
	if (helper->ended)
		event_free(helper->ended);
	kill_helper(helper);
	waitpid(helper->pid, NULL, 0);
	if (helper->pidfd >= 0)
		close(helper->pidfd);
	free(helper);
	return -ENOMEM;
}

/* Requests on their way to a helper and back. */

static int read_answer(struct login_request *request, struct login_answer *ret)
{
	ssize_t bytes = recv(request->socket, ret, sizeof(*ret), MSG_DONTWAIT);

	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (bytes != (ssize_t)sizeof(*ret) || ret->error > 0)
		return -EIO;
	ret->user[sizeof(ret->user) - 1] = '\0';
	ret->reason[sizeof(ret->reason) - 1] = '\0';
	return 0;
}

static void handle_readable(evutil_socket_t fd, short what, void *data)
{
	struct login_request *request = data;
	struct login_answer answer = { .error = -ETIMEDOUT };
	int r = what & EV_TIMEOUT ? -ETIMEDOUT : read_answer(request, &answer);

	(void)fd;
	if (r == -EAGAIN)
		return;
	if (r < 0) {
		answer = (struct login_answer){ .error = r };
		log_error(NULL, "a password was not checked: %s", r == -ETIMEDOUT
				? "it took too long" : "the process that was to do it died");
	} else if (answer.error && answer.error != -EACCES) {
		log_error(NULL, "%s (%s): its users cannot log in", answer.reason, strerror(-answer.error));
	}
	event_free(request->readable);
	request->readable = NULL;
	if (request->helper)
		kill_helper(request->helper);
	request->helper = NULL;
	set_answer(request, answer.error, answer.error ? "" : answer.user);
}

static int give(struct login_request *request)
{
	const struct timeval deadline = clock_timeval(LOGIN_DEADLINE_NS);
	int sockets[2], r;
	ssize_t bytes;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	request->socket = sockets[0];
	bytes = send(sockets[0], request->question, sizeof(*request->question), MSG_DONTWAIT | MSG_NOSIGNAL);
	r = bytes == (ssize_t)sizeof(*request->question) ? 0 : -EIO;
	if (!r)
		r = new_helper(request->login, sockets[1], request->source, &request->helper);
	close(sockets[1]);
	if (r < 0)
		return r;
	secret_free(request->question, sizeof(*request->question));
	request->question = NULL;
	request->state = RUNNING;
	request->readable = event_new(request->login->base, request->socket, EV_READ | EV_PERSIST,
			handle_readable, request);
	if (!request->readable || event_add(request->readable, &deadline) < 0)
		return -ENOMEM;
	return 0;
}

static unsigned int count_helpers(const struct login *login, const struct penalty_source *source)
{
	const struct helper *helper;
	unsigned int n = 0;

	TAILQ_FOREACH(helper, &login->helpers, link)
		n += !source || helper->source.id == source->id;
	return n;
}

/* NULL: nobody's turn has come. */
static struct login_request *next_request(const struct login *login)
{
	struct login_request *request, *next = NULL;

	if (count_helpers(login, NULL) >= LOGIN_RUNNING_MAX)
		return NULL;
	TAILQ_FOREACH(request, &login->requests, link) {
		if (request->state == WAITING && (!next || request->round < next->round) &&
				count_helpers(login, &request->source) < RUNNING_SOURCE_MAX)
			next = request;
	}
	return next;
}

static void start_waiting(struct login *login)
{
	struct login_request *request;
	int r;

	while ((request = next_request(login))) {
		if (request->round > login->round)
			login->round = request->round;
		r = give(request);
		if (r < 0) {
			log_error(NULL, "a password cannot be checked: %s", strerror(-r));
			if (request->helper)
				kill_helper(request->helper);
			request->helper = NULL;
			set_answer(request, r, "");
		}
	}
}

static struct login_request *find_answered(struct login *login)
{
	struct login_request *request;

	TAILQ_FOREACH(request, &login->requests, link) {
		if (request->state == ANSWERED)
			return request;
	}
	return NULL;
}

static void handle_later(evutil_socket_t fd, short what, void *data)
{
	struct login *login = data;
	struct login_request *request;
	char user[ROLE_NAME_MAX + 1];

	(void)fd;
	(void)what;
	while ((request = find_answered(login))) {
		login_done_fn done = request->done;
		void *done_data = request->data;
		int error = request->error;

		memcpy(user, request->user, sizeof(user));
		free_request(request);
		done(done_data, error, user);
	}
	start_waiting(login);
}

int login_new(struct event_base *base, struct login **ret)
{
	struct login *login = calloc(1, sizeof(*login));

	if (!login)
		return -ENOMEM;
	TAILQ_INIT(&login->requests);
	TAILQ_INIT(&login->helpers);
	login->base = base;
	login->later = event_new(base, -1, 0, handle_later, login);
	if (!login->later) {
		free(login);
		return -ENOMEM;
	}
	*ret = login;
	return 0;
}

void login_free(struct login *login)
{
	struct login_request *request;
	struct helper *helper;

	if (!login)
		return;
	while ((request = TAILQ_FIRST(&login->requests)))
		free_request(request);
	while ((helper = TAILQ_FIRST(&login->helpers))) {
		kill_helper(helper);
		waitpid(helper->pid, NULL, 0);
		free_helper(helper);
	}
	event_free(login->later);
	free(login);
}

/* The round of a newcomer of that source, and how many of it wait. */
static uint64_t find_round(const struct login *login, struct penalty_source source, unsigned int *ret_waiting)
{
	const struct login_request *request;
	uint64_t round = login->round;
	unsigned int waiting = 0;

	TAILQ_FOREACH(request, &login->requests, link) {
		if (request->source.id != source.id || request->state == ANSWERED)
			continue;
		waiting += request->state == WAITING;
		if (request->round >= round)
			round = request->round + 1;
	}
	*ret_waiting = waiting;
	return round;
}

/* Of all that wait, one whose turn would come after that of a newcomer of this round goes. */
static bool make_room(struct login *login, uint64_t round)
{
	struct login_request *request, *last = NULL;
	unsigned int n = 0;

	TAILQ_FOREACH(request, &login->requests, link) {
		if (request->state != WAITING)
			continue;
		n++;
		if (!last || request->round >= last->round)
			last = request;
	}
	if (n < LOGIN_WAITING_MAX)
		return true;
	if (last->round <= round)
		return false;
	set_answer(last, -EBUSY, "");
	return true;
}

static bool fill(struct login_question *question, const struct login_authority *authority, const char *peer,
		const struct login_claim *claim)
{
	const char *users_file = authority->users_file ? authority->users_file : "";
	const char *pam_service = authority->pam_service ? authority->pam_service : "";

	if (strlen(users_file) >= sizeof(question->users_file) ||
			strlen(pam_service) >= sizeof(question->pam_service) || (!*users_file && !*pam_service))
		return false;
	strcpy(question->users_file, users_file);
	strcpy(question->pam_service, pam_service);
	snprintf(question->peer, sizeof(question->peer), "%s", peer);
	question->claim = *claim;
	return true;
}

int login_start(struct login *login, const struct login_authority *authority,
		struct penalty_source source, const char *peer, const struct login_claim *claim,
		login_done_fn done, void *data, struct login_request **ret)
{
	struct login_request *request;
	unsigned int waiting;
	uint64_t round;

	if (role_name_fault(claim->name))
		return -EINVAL;
	round = find_round(login, source, &waiting);
	if (waiting >= LOGIN_WAITING_SOURCE_MAX || !make_room(login, round))
		return -EBUSY;
	request = calloc(1, sizeof(*request));
	if (!request)
		return -ENOMEM;
	request->question = secret_new(sizeof(*request->question));
	if (!request->question) {
		free(request);
		return -ENOMEM;
	}
	if (!fill(request->question, authority, peer, claim)) {
		secret_free(request->question, sizeof(*request->question));
		free(request);
		return -EINVAL;
	}
	request->login = login;
	request->source = source;
	request->round = round;
	request->done = done;
	request->data = data;
	request->socket = -1;
	TAILQ_INSERT_TAIL(&login->requests, request, link);
	later(login);
	*ret = request;
	return 0;
}

void login_cancel(struct login_request *request)
{
	struct login *login = request ? request->login : NULL;

	if (!request)
		return;
	if (request->helper)
		kill_helper(request->helper);
	free_request(request);
	later(login);
}
