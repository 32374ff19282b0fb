// SPDX-License-Identifier: GPL-2.0-or-later
/* What browsers ask the web page for, and what they are answered. */
#include "server/gateway/web_client.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config/config.h"
#include "net/login.h"
#include "net/secret.h"
#include "net/stream.h"
#include "net/web_pages.h"
#include "server/board.h"
#include "server/clock.h"
#include "server/gateway/access.h"
#include "server/gateway/form.h"
#include "server/gateway/gateway.h"
#include "server/gateway/pages.h"
#include "server/gateway/relay.h"
#include "server/gateway/request.h"

#define VIEWER_PATH "/novnc/"

static const struct config *config_of(const struct web_client *client)
{
	return gateway_config(client->web->gateway);
}

/* Who has logged in; NULL: nobody. */
static const char *user_of(const struct web_client *client)
{
	return client->member.session ? session_user(client->member.session) : NULL;
}

static bool lacks_login(const struct web_client *client)
{
	return access_needs_login(&config_of(client)->server) && !user_of(client);
}

static void answer_error(struct web_client *client, unsigned int status, const char *text)
{
	web_client_answer(client, pages_put_error(client->web->scratch, status, text));
}

void web_routes_complain(struct web_client *client, unsigned int status, const char *error)
{
	log_info(client->peer, "no request: %s", error);
	answer_error(client, status, error);
}

static void answer_redirect(struct web_client *client, const char *cookie)
{
	web_client_answer(client, pages_put_redirect(client->web->scratch, cookie));
}

static void answer_login(struct web_client *client, unsigned int status, const char *error)
{
	web_client_answer(client, pages_put_login(client->web->scratch, status,
			client->claim ? client->claim->name : "", error));
}

static void describe_vm(const struct web_client *client, unsigned int nth, enum role role, struct board_row *row,
		struct pages_vm *ret)
{
	const struct config_vm *vm = config_of(client)->vms[nth];

	gateway_read_board(client->web->gateway, nth, row);
	*ret = (struct pages_vm){
		.name = vm->name,
		.title = vm->desktop_name ? vm->desktop_name : vm->name,
		.state = !row->serves ? PAGES_ENDED : row->status.width ? PAGES_SHOWN
				: !strcmp(row->status.state, CHANNEL_STATE_RESTING) || !row->status.state[0]
				? PAGES_RESTING : PAGES_BLANK,
		.why = row->status.state,
		.width = row->status.width,
		.height = row->status.height,
		.viewers = row->status.viewers,
		.may_control = role == ROLE_CONTROL,
	};
}

static void answer_list(struct web_client *client)
{
	const struct config *config = config_of(client);
	struct pages_vm *vms = calloc(config->n_vms + 1, sizeof(*vms));
	struct board_row *rows = calloc(config->n_vms + 1, sizeof(*rows));
	const char *user = user_of(client);
	enum role role;
	size_t n = 0;
	int r = -ENOMEM;

	for (unsigned int i = 0; vms && rows && i < config->n_vms; i++) {
		if (access_find(&config->server, config->vms[i], user, &role) < 0)
			continue;
		describe_vm(client, i, role, &rows[n], &vms[n]);
		n++;
	}
	if (vms && rows)
		r = pages_put_list(client->web->scratch, user, client->web->pages != NULL, vms, n);
	free(vms);
	free(rows);
	web_client_answer(client, r);
}

static void show_first(struct web_client *client)
{
	if (lacks_login(client))
		answer_login(client, 200, NULL);
	else
		answer_list(client);
}

static void let_in(struct web_client *client, const char *user)
{
	struct session *before = client->member.session;
	char cookie[SESSION_COOKIE_CHARS + 1];
	int r;

	/* The browser forgets that one. */
	if (before) {
		session_leave(&client->member);
		session_end(before, "logged in again");
	}
	r = sessions_open(client->web->sessions, user, clock_now_ns(), config_of(client)->server.web_session_ns,
			cookie);
	if (r < 0) {
		log_error(client->peer, "nobody can log in: %s", strerror(-r));
		answer_login(client, 503, "Nobody can sign in at the moment. Try again later.");
		return;
	}
	gate_forgive(client->web->limits.gate, &client->guest);
	log_notice(client->peer, "logged in to the web page as %s", user);
	answer_redirect(client, cookie);
	secret_wipe(cookie, sizeof(cookie));
	web_watch_sessions(client->web);
}

static void refuse(struct web_client *client, int error)
{
	if (error == -EACCES) {
		gate_blame(client->web->limits.gate, &client->guest, PENALTY_AUTH, clock_now_ns());
		log_notice(client->peer, "wrong name or password at the web page");
	} else {
		log_notice(client->peer, "the password is not checked: %s",
				error == -EBUSY ? "too many wait for that" : strerror(-error));
	}
	web_client_refuse(client, error);
}

static void handle_login(void *data, int error, const char *user)
{
	struct web_client *client = data;

	client->login = NULL;
	if (!error)
		let_in(client, user);
	else
		refuse(client, error);
}

void web_routes_refuse(struct web_client *client)
{
	if (client->check_error == -EACCES)
		answer_login(client, 401, "The name or the password is wrong.");
	else
		answer_login(client, 503, "Passwords cannot be checked at the moment. Try again later.");
}

/* Into claim. Nothing of it stays in the stream. */
static int read_claim(struct web_client *client)
{
	char *body = secret_new(WEB_BODY_MAX);
	int r = -ENOMEM;

	client->claim = secret_new(sizeof(*client->claim));
	if (body && client->claim) {
		const struct form_field fields[] = {
			{ PAGES_FIELD_NAME, client->claim->name, sizeof(client->claim->name) },
			{ PAGES_FIELD_PASSWORD, client->claim->password, sizeof(client->claim->password) },
		};

		secret_take(stream_input(client->stream), body, client->body_bytes);
		r = form_read(body, client->body_bytes, fields, sizeof(fields) / sizeof(fields[0]));
	}
	secret_free(body, WEB_BODY_MAX);
	return r;
}

static void log_in(struct web_client *client)
{
	const struct config_server *server = &config_of(client)->server;
	const char *type = http_request_header(client->request, "content-type");
	struct web *web = client->web;
	int r;

	if (!access_needs_login(server)) {
		answer_error(client, 404, "Nobody signs in here.");
		return;
	}
	if (gate_blocks(web->limits.gate, &client->guest, clock_now_ns())) {
		answer_login(client, 429, "Too many failed attempts from where you are. Try again later.");
		return;
	}
	r = !type || strcasecmp(type, "application/x-www-form-urlencoded") ? -EINVAL : read_claim(client);
	if (r < 0) {
		answer_error(client, 400, "That is not what the form sends.");
		return;
	}
	client->check_ns = clock_now_ns();
	web_client_wait(client);
	if (client->state == WEB_CLOSED)
		return;
	r = login_start(web->login, &(struct login_authority){ server->users_file, server->pam_service },
			client->guest.source, client->peer, client->claim, handle_login, client, &client->login);
	secret_wipe(client->claim->password, sizeof(client->claim->password));
	if (r < 0)
		refuse(client, r == -EINVAL ? -EACCES : r);
}

static void log_out(struct web_client *client)
{
	struct session *session = client->member.session;

	if (session) {
		log_notice(client->peer, "%s has logged out of the web page", session_user(session));
		session_leave(&client->member);
		session_end(session, "logged out");
		web_watch_sessions(client->web);
	}
	answer_redirect(client, "");
}

static void show_viewer(struct web_client *client)
{
	struct http_request *request = client->request;
	int r;

	if (lacks_login(client) || !strcmp(request->path, VIEWER_PATH)) {
		answer_redirect(client, NULL);
		return;
	}
	if (!client->web->pages) {
		answer_error(client, 404, "The viewer, noVNC, is not on this server.");
		return;
	}
	request->path += strlen(VIEWER_PATH) - 1;
	r = web_pages_answer(client->web->pages, request, client->web->scratch);
	web_client_answer(client, r < 0 ? r : 0);
}

static void refuse_viewer(struct web_client *client, unsigned int status, const char *why)
{
	log_notice(client->peer, "viewer refused: %s", why);
	web_client_answer(client, websocket_upgrade_refuse(status, why, client->web->scratch));
}

/* Whoever may not see a VM does not learn whether there is one. */
static const struct config_vm *find_vm(const struct web_client *client)
{
	const struct config *config = config_of(client);
	const struct config_vm *vm;
	char name[REQUEST_VM_MAX + 1];
	enum role role;

	if (request_vm(client->request, name) < 0)
		return NULL;
	vm = config_find_vm(config, name);
	return vm && !access_find(&config->server, vm, user_of(client), &role) ? vm : NULL;
}

static int hand_over(struct web_client *client, const struct config_vm *vm, int fd)
{
	const char *user = user_of(client);
	struct channel_viewer viewer;

	memset(&viewer, 0, sizeof(viewer));
	if (user)
		memcpy(viewer.user, user, strnlen(user, sizeof(viewer.user) - 1));
	snprintf(viewer.tls, sizeof(viewer.tls), "%s", client->tls.open ? client->tls.version : "");
	viewer.address_bytes = client->address_bytes;
	memcpy(&viewer.address, &client->address, client->address_bytes);
	return gateway_hand_over(client->web->gateway, vm->name, CHANNEL_VIEWER, &viewer, sizeof(viewer), fd);
}

static void open_viewer(struct web_client *client, const struct config_vm *vm)
{
	struct web *web = client->web;
	int fds[2], r = relay_socketpair(fds);

	if (!r) {
		r = hand_over(client, vm, fds[1]);
		close(fds[1]);
		if (r < 0)
			close(fds[0]);
	}
	if (r < 0) {
		log_warn(client->peer, "viewer of %s refused: %s", vm->name, strerror(-r));
		refuse_viewer(client, 503, "the VM cannot be reached");
		return;
	}
	log_info(client->peer, "viewer of %s by the web page", vm->name);
	r = websocket_upgrade_accept(client->request, web->scratch);
	stream_set_dead_peer(client->stream, vm->dead_peer_timeout_ns, vm->keepalive_interval_ns);
	if (!r) {
		web_client_relay(client, fds[0], vm->stall_timeout_ns);
	} else {
		close(fds[0]);
		web_client_close(client, LOG_LEVEL_WARN, "%s", strerror(-r));
	}
}

static void show_vm(struct web_client *client)
{
	const struct websocket_policy policy = { .secure = true, .path = client->request->path, .peer = client->peer };
	const struct config_vm *vm;
	unsigned int status;
	const char *error;

	if (websocket_upgrade_check(client->request, &policy, &status, &error) < 0) {
		refuse_viewer(client, status, error);
		return;
	}
	if (!request_is_ours(client->request)) {
		refuse_viewer(client, 403, "only the web page itself may connect");
		return;
	}
	if (lacks_login(client)) {
		refuse_viewer(client, 401, "nobody has logged in, or not any more");
		return;
	}
	vm = find_vm(client);
	if (!vm)
		refuse_viewer(client, 404, "there is no such VM");
	else if (evbuffer_get_length(stream_input(client->stream)))
		refuse_viewer(client, 400, "it says more before it has an answer");
	else
		open_viewer(client, vm);
}

static const struct route {
	const char *path;
	bool is_folder;
	const char *method;
	bool changes; /* only pages of ours may cause it */
	void (*answer)(struct web_client *client);
} routes[] = {
	{ "/", false, "GET", false, show_first },
	{ "/login", false, "POST", true, log_in },
	{ "/logout", false, "POST", true, log_out },
	{ VIEWER_PATH, true, "GET", false, show_viewer },
	{ REQUEST_VM_PATH, true, "GET", false, show_vm },
};

static const struct route *find_route(const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (routes[i].is_folder ? !strncmp(path, routes[i].path, strlen(routes[i].path))
				: !strcmp(path, routes[i].path))
			return &routes[i];
	}
	return NULL;
}

/* Who has shown a cookie of ours is no stranger. False: answered. */
static bool recognize(struct web_client *client)
{
	struct session *session;
	const char *cookie;
	size_t bytes;

	cookie = request_cookie(client->request, &bytes);
	session = cookie ? sessions_find(client->web->sessions, cookie, bytes, clock_now_ns()) : NULL;
	if (!session)
		return true;
	if (session_join(session, &client->member) < 0) {
		answer_error(client, 503, "There are too many connections of your browser.");
		return false;
	}
	gate_leave(client->web->limits.gate, &client->guest);
	return true;
}

void web_routes_answer(struct web_client *client)
{
	const struct route *route = find_route(client->request->path);

	log_debug(client->peer, "%s %s", client->request->method, client->request->path);
	if (!recognize(client))
		return;
	if (!route)
		answer_error(client, 404, "There is no such page.");
	else if (strcmp(client->request->method, route->method))
		answer_error(client, 405, "That is not what one does with this page.");
	else if (route->changes && !request_is_ours(client->request))
		answer_error(client, 403, "Only the web page itself may do that.");
	else
		route->answer(client);
}
