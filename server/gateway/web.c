// SPDX-License-Identifier: GPL-2.0-or-later
/* What connections to the web page share: sessions, noVNC, and the gate for strangers. */
#include "server/gateway/web.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "net/login.h"
#include "net/login_file.h"
#include "net/web_pages.h"
#include "server/clock.h"
#include "server/gateway/gateway.h"
#include "server/gateway/web_client.h"
#include "server/log.h"

#define PAGES_FOLDER "/usr/share/novnc"

static void handle_later(evutil_socket_t fd, short what, void *data)
{
	struct web_client *client, *next;
	struct web *web = data;

	(void)fd;
	(void)what;
	for (client = TAILQ_FIRST(&web->clients); client; client = next) {
		next = TAILQ_NEXT(client, link);
		if (client->state == WEB_CLOSED)
			web_client_free(client);
	}
}

static void handle_expiry(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	web_watch_sessions(data);
}

void web_watch_sessions(struct web *web)
{
	const int64_t now_ns = clock_now_ns(), next_ns = sessions_expire(web->sessions, now_ns);
	const struct timeval delay = clock_timeval(next_ns - now_ns + NSEC_PER_MSEC);

	if (next_ns == INT64_MAX)
		event_del(web->expiry);
	else if (event_add(web->expiry, &delay) < 0)
		log_warn(NULL, "no memory to watch logins expire"); /* they do, but their viewers stay */
}

int web_new(struct gateway *gateway, struct web **ret)
{
	struct web *web = calloc(1, sizeof(*web));
	int r = -ENOMEM;

	if (!web)
		return -ENOMEM;
	TAILQ_INIT(&web->clients);
	web->gateway = gateway;
	web->base = gateway_base(gateway);
	web->scratch = evbuffer_new();
	web->later = event_new(web->base, -1, 0, handle_later, web);
	web->expiry = evtimer_new(web->base, handle_expiry, web);
	if (!web->scratch || !web->later || !web->expiry)
		goto err_free;
	r = limits_init(&web->limits, true);
	if (!r)
		r = login_new(web->base, &web->login);
	if (!r)
		r = sessions_new(SESSIONS_MAX, &web->sessions);
	if (r < 0)
		goto err_free;
	*ret = web;
	return 0;

err_free:
	web_free(web);
	return r;
}

void web_free(struct web *web)
{
	struct web_client *client;

	if (!web)
		return;
	while ((client = TAILQ_FIRST(&web->clients))) {
		web_client_close(client, LOG_LEVEL_DEBUG, "the server stops");
		web_client_free(client);
	}
	sessions_free(web->sessions);
	login_free(web->login);
	limits_finish(&web->limits);
	web_pages_free(web->pages);
	if (web->expiry)
		event_free(web->expiry);
	if (web->later)
		event_free(web->later);
	if (web->scratch)
		evbuffer_free(web->scratch);
	free(web->users_file);
	free(web->pam_service);
	free(web);
}

/* True: it is another text. */
static bool follow(char **text, const char *newest)
{
	if (*text && newest ? !strcmp(*text, newest) : !*text && !newest)
		return false;
	free(*text);
	*text = newest ? strdup(newest) : NULL; /* without memory it is another one next time, too */
	return true;
}

static void load_pages(struct web *web, const char *key)
{
	const bool is_auto = !strcmp(key, "auto");
	const char *folder = is_auto ? PAGES_FOLDER : key;
	int r;

	web_pages_free(web->pages);
	web->pages = NULL;
	if (!strcmp(key, "off"))
		return;
	if (is_auto && access(folder, F_OK) < 0) {
		log_notice(NULL, "there is no noVNC in %s: browsers see the list of VMs, and no picture", folder);
		return;
	}
	r = web_pages_load(folder, &web->pages);
	if (r < 0)
		log_error(NULL, "web-pages %s: %s; browsers see the list of VMs, and no picture", folder,
				r == -ENOENT ? "there is no vnc.html in it" : strerror(-r));
	else
		log_info(NULL, "%zu files for browsers from %s", web_pages_count(web->pages), folder);
}

void web_reconfigure(struct web *web)
{
	const struct config_server *server = &gateway_config(web->gateway)->server;
	const char *error;

	if (follow(&web->users_file, server->users_file) | follow(&web->pam_service, server->pam_service))
		sessions_end_all(web->sessions, "other users may log in now");
	limits_reconfigure(&web->limits, server, clock_now_ns());
	if (!server->web.count)
		return;
	load_pages(web, server->web_pages);
	if (server->users_file && login_file_check_file(server->users_file, &error) < 0)
		log_error(NULL, "users file %s %s: its users cannot log in", server->users_file, error);
}

void web_accept(struct web *web, int fd, const struct sockaddr *peer, socklen_t length)
{
	int r = web_client_new(web, fd, peer, length);

	if (r < 0 && r != -EBUSY)
		log_warn(NULL, "browser refused: %s", strerror(-r));
}
