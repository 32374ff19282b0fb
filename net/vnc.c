// SPDX-License-Identifier: GPL-2.0-or-later
/* The VNC front end of one VM: its viewers, and what they share. */
#include "net/vnc.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "encoders/rects.h"
#include "net/auth.h"
#include "net/login.h"
#include "net/login_file.h"
#include "net/soft_cursor.h"
#include "net/stream.h"
#include "net/vnc_client.h"
#include "net/vnc_report.h"
#include "net/vnc_update.h"
#include "net/vnc_video.h"
#include "net/web_pages.h"
#include "server/frame.h"
#include "server/log.h"
#include "server/update.h"

static struct vnc *from_protocol(struct protocol *protocol)
{
	return (struct vnc *)protocol;
}

void vnc_later(struct vnc *vnc)
{
	/* Not run from in here, but by the loop, and it takes no memory. */
	event_active(vnc->later, 0, 0);
}

static void drop_picture(struct vnc *vnc)
{
	vnc->frame = frame_unref_loosely(vnc->frame);
	soft_cursor_free(vnc->soft);
	vnc->soft = NULL;
}

static void tell_shared(const struct vnc *vnc)
{
	struct rects_pool_stats stats;

	rects_pool_stats(vnc->pool, &stats);
	log_debug(NULL, "nobody watches any more; updates so far: %" PRIu64 " encoded, %" PRIu64
			" that equal ones were encoded for", stats.jobs, stats.shared);
}

static void handle_later(evutil_socket_t fd, short what, void *data)
{
	struct vnc *vnc = data;
	struct vnc_client *client, *next;
	const unsigned int n_video = vnc_video_viewers(vnc);

	(void)fd;
	(void)what;
	for (client = TAILQ_FIRST(&vnc->clients); client; client = next) {
		if (client->state == VNC_CLOSED || !vnc_client_may_control(client))
			vnc_input_release(client);
		next = TAILQ_NEXT(client, link);
		if (client->state == VNC_CLOSED)
			vnc_client_free(client);
	}
	vnc_check_soft_cursor(vnc);
	TAILQ_FOREACH(client, &vnc->clients, link)
		vnc_update_send(client);
	/* Whoever comes next is shown the picture of then. */
	if (!vnc->n_viewers)
		drop_picture(vnc);
	if (vnc->n_viewers != vnc->viewers_told || n_video != vnc->video_viewers_told) {
		vnc->viewers_told = vnc->n_viewers;
		vnc->video_viewers_told = n_video;
		if (!vnc->n_viewers)
			tell_shared(vnc);
		vnc->events->viewers(vnc->user);
	}
}

const char *vnc_full(const struct vnc *vnc)
{
	struct protocol_stats totals;

	vnc->events->totals(vnc->user, &totals);
	return totals.viewers < (uint64_t)vnc->config->max_viewers ? NULL : "Too many viewers";
}

static bool has_exclusive(const struct vnc *vnc)
{
	const struct vnc_client *client;

	TAILQ_FOREACH(client, &vnc->clients, link) {
		if (client->exclusive && client->state != VNC_CLOSED)
			return true;
	}
	return false;
}

static void close_viewers(struct protocol *protocol, const char *why)
{
	struct vnc *vnc = from_protocol(protocol);
	struct vnc_client *client;

	TAILQ_FOREACH(client, &vnc->clients, link) {
		if (client->state == VNC_WAITING || client->state == VNC_VIEWING)
			vnc_client_close(client, LOG_LEVEL_NOTICE, "%s", why);
	}
}

const char *vnc_share(struct vnc *vnc, bool shared)
{
	static const char another[] = "another one asked to be the only viewer";

	switch (vnc->config->sharing) {
	case CONFIG_SHARING_FORCE_SHARED:
		if (!shared)
			return "asked to be the only viewer, which the configuration does not allow";
		break;
	case CONFIG_SHARING_ALLOW_EXCLUSIVE:
		if (!shared) {
			close_viewers(&vnc->protocol, another);
			vnc->events->alone(vnc->user, &vnc->protocol, another);
		} else if (has_exclusive(vnc)) {
			return "there is a viewer that asked to be the only one";
		}
		break;
	}
	/* Others may have come in between its password and this. */
	return vnc_full(vnc);
}

void vnc_check_soft_cursor(struct vnc *vnc)
{
	struct vnc_client *client;
	pixman_region32_t changed;
	bool needed = false;

	TAILQ_FOREACH(client, &vnc->clients, link)
		needed = needed || vnc_client_is_soft(client);
	needed = needed && vnc->cursor_known && vnc->frame;
	if (needed == (vnc->soft != NULL))
		return;
	if (!needed) {
		soft_cursor_free(vnc->soft);
		vnc->soft = NULL;
		return;
	}
	/* Without memory those viewers see no pointer, and a later change tries again. */
	if (soft_cursor_new(&vnc->soft) < 0)
		return;
	pixman_region32_init(&changed);
	soft_cursor_set_picture(vnc->soft, vnc->frame, NULL);
	soft_cursor_set_cursor(vnc->soft, &vnc->cursor, &changed);
	pixman_region32_fini(&changed);
	TAILQ_FOREACH(client, &vnc->clients, link) {
		if (vnc_client_is_soft(client))
			vnc_update_touch_pointer(client);
	}
}

static void answer_size(struct vnc_client *client, enum rfb_size_status status)
{
	client->size_reason = RFB_SIZE_THIS_CLIENT;
	client->size_status = status;
	client->due |= VNC_DUE_SIZE;
}

static enum rfb_size_status size_status_of(int error)
{
	switch (error) {
	case -ENOMEM:
	case -ENOSPC:
	case -E2BIG:
	case -ERANGE:
		return RFB_SIZE_NO_RESOURCES;
	case -EINVAL:
		return RFB_SIZE_BAD_LAYOUT;
	default:
		return RFB_SIZE_PROHIBITED;
	}
}

static void forget_asked(struct vnc *vnc)
{
	vnc->asked.width = 0;
	vnc->asked.height = 0;
	vnc->asked.client = NULL;
	event_del(vnc->asked.patience);
}

static void handle_patience(evutil_socket_t fd, short what, void *data)
{
	struct vnc *vnc = data;
	struct vnc_client *client = vnc->asked.client;

	(void)fd;
	(void)what;
	forget_asked(vnc);
	if (client) {
		answer_size(client, RFB_SIZE_FORWARDED);
		vnc_update_send(client);
	}
}

void vnc_ask_size(struct vnc *vnc, struct vnc_client *client, uint32_t width, uint32_t height)
{
	const struct timeval patience = clock_timeval(VNC_RESIZE_PATIENCE_NS);
	int r;

	if (!width || !height) {
		answer_size(client, RFB_SIZE_BAD_LAYOUT);
		return;
	}
	if (!vnc_client_may_control(client)) {
		answer_size(client, RFB_SIZE_PROHIBITED);
		return;
	}
	r = width > PROTOCOL_PICTURE_MAX || height > PROTOCOL_PICTURE_MAX ? -E2BIG
			: vnc->events->resize(vnc->user, client, width, height, false);
	if (r < 0) {
		log_info(client->peer, "asked for %ux%u: %s", width, height, strerror(-r));
		answer_size(client, size_status_of(r));
		return;
	}
	/* Of several wishes the last one counts; who had another learns what came of it. */
	if (vnc->asked.client && vnc->asked.client != client) {
		answer_size(vnc->asked.client, RFB_SIZE_FORWARDED);
		vnc_update_send(vnc->asked.client);
	}
	if (r == PROTOCOL_SIZE_IS_SO) {
		forget_asked(vnc);
		answer_size(client, RFB_SIZE_OK);
		return;
	}
	vnc->asked.width = width;
	vnc->asked.height = height;
	vnc->asked.client = client;
	event_add(vnc->asked.patience, &patience);
}

/* Whose doing the new size is, for each viewer to be told. */
static void attribute_size(struct vnc *vnc, const struct frame *frame)
{
	bool was_asked = vnc->asked.width == frame->width && vnc->asked.height == frame->height;
	struct vnc_client *client;

	TAILQ_FOREACH(client, &vnc->clients, link) {
		if (client->state != VNC_VIEWING)
			continue;
		client->size_status = RFB_SIZE_OK;
		client->size_reason = !was_asked ? RFB_SIZE_SERVER
				: client == vnc->asked.client ? RFB_SIZE_THIS_CLIENT : RFB_SIZE_OTHER_CLIENT;
	}
	if (was_asked)
		forget_asked(vnc);
}

static void update(struct protocol *protocol, const struct update *update)
{
	struct vnc *vnc = from_protocol(protocol);
	struct frame *before = vnc->frame;
	struct vnc_client *client;

	/* Who comes before the last viewer's picture is dropped is shown that one. */
	if (!vnc->n_viewers && !vnc->frame)
		return;
	vnc->frame = frame_ref_loosely(update->frame);
	if (before && (before->width != vnc->frame->width || before->height != vnc->frame->height))
		attribute_size(vnc, vnc->frame);
	frame_unref_loosely(before);
	if (vnc->soft) {
		pixman_region32_t changed;

		pixman_region32_init(&changed);
		pixman_region32_union(&changed, (pixman_region32_t *)&update->damage,
				(pixman_region32_t *)&update->copy_region);
		soft_cursor_set_picture(vnc->soft, vnc->frame, &changed);
		pixman_region32_fini(&changed);
	}
	TAILQ_FOREACH(client, &vnc->clients, link) {
		if (client->state == VNC_WAITING)
			vnc_client_welcome(client);
		else if (client->state == VNC_VIEWING)
			vnc_update_picture(client, update);
	}
}

static void video(struct protocol *protocol, const struct protocol_video *video)
{
	vnc_video_set(from_protocol(protocol), video);
}

static void packet(struct protocol *protocol, struct packet *packet)
{
	vnc_video_put(from_protocol(protocol), packet);
}

static void move_soft_cursor(struct vnc *vnc)
{
	struct vnc_client *client;
	pixman_region32_t changed;

	vnc_check_soft_cursor(vnc);
	if (!vnc->soft)
		return;
	pixman_region32_init(&changed);
	soft_cursor_set_cursor(vnc->soft, &vnc->cursor, &changed);
	if (pixman_region32_not_empty(&changed)) {
		TAILQ_FOREACH(client, &vnc->clients, link) {
			if (vnc_client_is_soft(client))
				vnc_update_touch(client, &changed);
		}
	}
	pixman_region32_fini(&changed);
}

static void set_due(struct vnc *vnc, unsigned int due)
{
	struct vnc_client *client;

	TAILQ_FOREACH(client, &vnc->clients, link) {
		client->due |= due;
		vnc_update_send(client);
	}
}

static void cursor(struct protocol *protocol, const struct cursor *cursor)
{
	struct vnc *vnc = from_protocol(protocol);
	int changed = cursor_follow(&vnc->cursor, cursor);

	if (changed < 0)
		return; /* the pointer keeps the shape it had */
	changed |= !vnc->cursor_known;
	vnc->cursor_known = true;
	move_soft_cursor(vnc);
	if (changed)
		set_due(vnc, VNC_DUE_CURSOR);
}

static void leds(struct protocol *protocol, unsigned int leds)
{
	struct vnc *vnc = from_protocol(protocol);

	if (vnc->leds == (int)leds)
		return;
	vnc->leds = (int)leds;
	set_due(vnc, VNC_DUE_LEDS);
}

static void clipboard(struct protocol *protocol, struct clipboard *clipboard)
{
	from_protocol(protocol)->clipboard = clipboard;
}

static void pointer(struct protocol *protocol, bool absolute)
{
	struct vnc *vnc = from_protocol(protocol);

	if (vnc->relative == !absolute)
		return;
	vnc->relative = !absolute;
	set_due(vnc, VNC_DUE_POINTER);
}

static void stats(const struct protocol *protocol, struct protocol_stats *ret)
{
	const struct vnc *vnc = (const struct vnc *)protocol;
	const struct vnc_client *client;
	struct protocol_stats sum = {
		.viewers = vnc->n_viewers,
		.video_viewers = vnc_video_viewers(vnc),
		.handshakes = vnc->n_handshakes,
		.exclusive = has_exclusive(vnc),
		.bytes_sent = vnc->bytes_sent,
		.updates_sent = vnc->updates_sent,
		.last_input_ns = vnc->last_input_ns,
	};

	TAILQ_FOREACH(client, &vnc->clients, link)
		sum.bytes_sent += client->stream ? stream_bytes_sent(client->stream) : 0;
	*ret = sum;
}

static const char *name_of(const struct config_vm *config)
{
	return config->desktop_name ? config->desktop_name : config->name;
}

/* Reads them, anew if they were before: a page is what its folder was then. */
static void load_pages(struct vnc *vnc)
{
	const char *folder = vnc->config->websocket_pages;
	int r;

	web_pages_free(vnc->pages);
	vnc->pages = NULL;
	if (!folder || !vnc->config->websocket.count)
		return;
	r = web_pages_load(folder, &vnc->pages);
	if (r < 0)
		log_error(NULL, "websocket-pages %s: %s; browsers get no page", folder,
				r == -ENOENT ? "there is no vnc.html in it" : strerror(-r));
	else
		log_info(NULL, "%zu files for browsers from %s", web_pages_count(vnc->pages), folder);
}

/* No reason not to serve: the files are read at each login, and can be mended. */
static void check_files(const struct config_vm *config)
{
	const char *error;

	if (config->vnc_auth == CONFIG_AUTH_VNCAUTH && auth_check_file(config->vnc_password_file, &error) < 0)
		log_error(NULL, "password file %s %s: nobody can log in", config->vnc_password_file, error);
	if (config->vnc_auth == CONFIG_AUTH_USERS && config->users_file &&
			login_file_check_file(config->users_file, &error) < 0)
		log_error(NULL, "users file %s %s: its users cannot log in", config->users_file, error);
}

static void reconfigure(struct protocol *protocol, const struct config_vm *config)
{
	struct vnc *vnc = from_protocol(protocol);
	struct vnc_client *client;
	char *name = strdup(name_of(config));

	vnc->config = config;
	load_pages(vnc);
	check_files(config);
	TAILQ_FOREACH(client, &vnc->clients, link) {
		client->websocket.policy.origins = &config->websocket_origins;
		client->websocket.policy.pages = vnc->pages;
		vnc_client_set_limits(client);
	}
	if (name && strcmp(name, vnc->desktop_name)) {
		free(vnc->desktop_name);
		vnc->desktop_name = name;
		set_due(vnc, VNC_DUE_NAME);
	} else {
		free(name);
	}
	/* Who may only watch from now on lets go of what he holds. */
	vnc_later(vnc);
}

static void accept_client(struct protocol *protocol, int listener, int fd, const struct sockaddr *peer,
		socklen_t length)
{
	struct vnc *vnc = from_protocol(protocol);
	struct vnc_client *client;
	int r;

	r = vnc_client_new(vnc, listener, fd, peer, length, &client);
	if (r < 0 && r != -EBUSY)
		log_warn(NULL, "client refused: %s", strerror(-r));
}

static void admit_client(struct protocol *protocol, int fd, const struct sockaddr *peer, socklen_t length,
		const struct protocol_proof *proof)
{
	struct vnc *vnc = from_protocol(protocol);
	struct vnc_client *client;
	int r;

	r = vnc_client_new_proven(vnc, fd, peer, length, proof, &client);
	if (r < 0 && r != -EBUSY && r != -EACCES)
		log_warn(NULL, "client refused: %s", strerror(-r));
}

static void free_vnc(struct protocol *protocol)
{
	struct vnc *vnc = from_protocol(protocol);
	struct vnc_client *client;

	while ((client = TAILQ_FIRST(&vnc->clients))) {
		vnc_client_close(client, LOG_LEVEL_INFO, "the server stops");
		vnc_client_free(client);
	}
	drop_picture(vnc);
	web_pages_free(vnc->pages);
	rects_pool_free(vnc->pool);
	tickets_free(vnc->tickets);
	login_free(vnc->login);
	if (vnc->asked.patience)
		event_free(vnc->asked.patience);
	if (vnc->later)
		event_free(vnc->later);
	if (vnc->scratch)
		evbuffer_free(vnc->scratch);
	cursor_finish(&vnc->cursor);
	free(vnc->desktop_name);
	free(vnc);
}

static int issue_ticket(struct protocol *protocol, int64_t lifetime_ns, enum role role, const char *name,
		char *ret_secret)
{
	const struct vnc *vnc = from_protocol(protocol);

	if (vnc->config->vnc_auth == CONFIG_AUTH_NONE || vnc->config->vnc_auth == CONFIG_AUTH_CERTIFICATE)
		return -ENOTSUP;
	return tickets_issue(vnc->tickets, clock_now_ns(), lifetime_ns, role, name, ret_secret);
}

static const struct protocol_impl impl = {
	.name = "vnc",
	.accept = accept_client,
	.admit = admit_client,
	.update = update,
	.video = video,
	.packet = packet,
	.cursor = cursor,
	.leds = leds,
	.clipboard = clipboard,
	.pointer = pointer,
	.stats = stats,
	.reconfigure = reconfigure,
	.issue_ticket = issue_ticket,
	.close_viewers = close_viewers,
	.each_viewer = vnc_each_viewer,
	.close_viewer = vnc_close_viewer,
	.free = free_vnc,
};

int vnc_new(struct event_base *base, const struct config_vm *config, struct gate *gate, struct tls *tls,
		const struct protocol_events *events, void *user, struct protocol **ret)
{
	struct vnc *vnc = calloc(1, sizeof(*vnc));
	int r = -ENOMEM;

	if (!vnc)
		return -ENOMEM;
	TAILQ_INIT(&vnc->clients);
	vnc->protocol.impl = &impl;
	vnc->base = base;
	vnc->config = config;
	vnc->gate = gate;
	vnc->tls = tls;
	vnc->events = events;
	vnc->user = user;
	vnc->leds = -1;
	vnc->desktop_name = strdup(name_of(config));
	vnc->scratch = evbuffer_new();
	vnc->later = event_new(base, -1, 0, handle_later, vnc);
	vnc->asked.patience = evtimer_new(base, handle_patience, vnc);
	if (vnc->desktop_name && vnc->scratch && vnc->later && vnc->asked.patience)
		r = rects_pool_new(base, 0, &vnc->pool);
	if (!r)
		r = tickets_new(TICKETS_VNC_CHARS, &vnc->tickets);
	if (!r)
		r = login_new(base, &vnc->login);
	if (r < 0) {
		free_vnc(&vnc->protocol);
		return r;
	}
	load_pages(vnc);
	check_files(config);
	*ret = &vnc->protocol;
	return 0;
}
