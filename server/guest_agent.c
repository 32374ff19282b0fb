// SPDX-License-Identifier: GPL-2.0-or-later
/* The clipboard of the agent in the guest: the socket, and what the two say to each other. */
#include "server/guest_agent.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <spice/vd_agent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/clip_text.h"
#include "server/clipboard.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/vdagent.h"

#define BACKOFF_MIN_NS (100 * NSEC_PER_MSEC)
#define BACKOFF_MAX_NS (2 * NSEC_PER_SEC)
#define READ_MAX_BYTES 4096
/* Who asks again and again what we can, and does not read, is not answered beyond that. */
#define OUTPUT_MAX_BYTES 4096

#define CAP(name) (1u << VD_AGENT_CAP_##name)
/* For a viewer's side lines end as the guest likes them: that is the agent's to say. */
#define CAPABILITIES (CAP(CLIPBOARD_BY_DEMAND) | CAP(CLIPBOARD_SELECTION) | CAP(MAX_CLIPBOARD))

/* To be said as soon as the guest has taken what was said before. */
enum due {
	DUE_GRAB = 1 << 0,
	DUE_RELEASE = 1 << 1, /* one of the two */
	DUE_REQUEST = 1 << 2,
	DUE_TEXT = 1 << 3, /* it has asked */
	DUE_MAX = 1 << 4,
};

struct guest_agent {
	struct event_base *base;
	struct clipboard *clipboard;
	struct sockaddr_un address;
	struct event *timer; /* next attempt */
	int64_t backoff_ns;
	int warned_errno; /* why the last attempt failed, so that it is said once */

	struct bufferevent *bev; /* NULL: not connected */
	struct vdagent_chunk chunk;
	struct vdagent_reader reader;
	struct evbuffer *message; /* empty between uses */
	unsigned int due;
	struct clipboard_peer peer;
};

static bool selection(const struct guest_agent *agent)
{
	return vdagent_has_selection(agent->reader.caps);
}

/* Of what could not be made the other side hears nothing; it asks again, or copies something else. */
static void say(struct guest_agent *agent, int r)
{
	if (r >= 0)
		r = vdagent_chunk_add(bufferevent_get_output(agent->bev), agent->message);
	if (r < 0)
		log_warn(NULL, "clipboard: no memory to tell the guest");
	evbuffer_drain(agent->message, SIZE_MAX);
}

/* One word at a time: what it takes is seen when the output is empty. */
static void flush(struct guest_agent *agent)
{
	struct evbuffer *out = agent->message;
	const unsigned int due = agent->due;

	if (!agent->bev || !agent->peer.clipboard || evbuffer_get_length(bufferevent_get_output(agent->bev)))
		return;
	agent->due = 0;
	if (due & DUE_MAX)
		say(agent, vdagent_add_max_clipboard(out, (uint32_t)clipboard_max_bytes(agent->clipboard)));
	if (due & DUE_GRAB)
		say(agent, vdagent_add_grab(out, selection(agent)));
	if (due & DUE_RELEASE)
		say(agent, vdagent_add_release(out, selection(agent)));
	if (due & DUE_REQUEST)
		say(agent, vdagent_add_request(out, selection(agent)));
	if (due & DUE_TEXT)
		clipboard_request(&agent->peer);
}

static void handle_offered(void *user)
{
	struct guest_agent *agent = user;

	agent->due = (agent->due & ~(unsigned int)DUE_RELEASE) | DUE_GRAB;
	flush(agent);
}

static void handle_withdrawn(void *user)
{
	struct guest_agent *agent = user;

	agent->due = (agent->due & ~(unsigned int)DUE_GRAB) | DUE_RELEASE;
	flush(agent);
}

static void handle_wanted(void *user)
{
	struct guest_agent *agent = user;

	agent->due |= DUE_REQUEST;
	flush(agent);
}

static void handle_text(void *user, const char *text, size_t bytes)
{
	struct guest_agent *agent = user;
	char *crlf = NULL;

	if (text && agent->reader.caps & CAP(GUEST_LINEEND_CRLF)) {
		crlf = clip_text_to_crlf(text, bytes, &bytes);
		text = crlf;
	}
	if (agent->bev)
		say(agent, vdagent_add_text(agent->message, selection(agent), text, bytes));
	free(crlf);
}

static void handle_changed(void *user)
{
	struct guest_agent *agent = user;

	if (!(agent->reader.caps & CAP(MAX_CLIPBOARD)))
		return;
	agent->due |= DUE_MAX;
	flush(agent);
}

static const struct clipboard_peer_impl peer_impl = {
	.offered = handle_offered,
	.withdrawn = handle_withdrawn,
	.wanted = handle_wanted,
	.text = handle_text,
	.changed = handle_changed,
};

/* An agent has come, or another one for the one that was there. */
static void meet(struct guest_agent *agent, bool asks)
{
	const bool can = agent->reader.caps & CAP(CLIPBOARD_BY_DEMAND);
	const bool is_new = asks || !agent->peer.clipboard;

	if (asks && evbuffer_get_length(bufferevent_get_output(agent->bev)) < OUTPUT_MAX_BYTES)
		say(agent, vdagent_add_capabilities(agent->message, CAPABILITIES, false));
	if (can && !is_new)
		return;
	clipboard_leave(&agent->peer);
	agent->due = 0;
	if (!can) {
		log_info(NULL, "the guest's agent has no clipboard that can be asked for");
		return;
	}
	log_info(NULL, "the guest's agent takes part in the clipboard");
	clipboard_join(agent->clipboard, &agent->peer, CLIPBOARD_GUEST);
	handle_changed(agent);
}

static void handle_message(struct guest_agent *agent, const struct vdagent_message *message)
{
	switch (message->kind) {
	case VDAGENT_CAPABILITIES:
		meet(agent, message->asks);
		break;
	case VDAGENT_GRAB:
		/* A picture, say, is nothing for viewers. */
		if (message->has_text)
			clipboard_grab(&agent->peer);
		else
			clipboard_release(&agent->peer);
		break;
	case VDAGENT_RELEASE:
		clipboard_release(&agent->peer);
		break;
	case VDAGENT_REQUEST:
		agent->due |= message->has_text ? DUE_TEXT : 0;
		flush(agent);
		break;
	case VDAGENT_TEXT:
		clipboard_answer(&agent->peer, message->text, message->bytes);
		break;
	case VDAGENT_MONITORS:
		break;
	}
}

static void disconnect(struct guest_agent *agent)
{
	clipboard_leave(&agent->peer);
	if (agent->bev)
		bufferevent_free(agent->bev);
	agent->bev = NULL;
	agent->due = 0;
	agent->chunk = (struct vdagent_chunk){ .have = 0 };
	vdagent_reader_finish(&agent->reader);
}

static void arm(struct guest_agent *agent, int64_t delay_ns)
{
	const struct timeval delay = clock_timeval(delay_ns);

	evtimer_add(agent->timer, &delay);
}

/* Says why, unless the last attempt failed of the same. */
static void retry_later(struct guest_agent *agent, int why)
{
	if (why != agent->warned_errno)
		log_warn(NULL, "no clipboard of the guest: %s: %s; trying on", agent->address.sun_path,
				why == -EPROTO ? "what came is no word of an agent" : strerror(-why));
	agent->warned_errno = why;
	disconnect(agent);
	arm(agent, agent->backoff_ns);
	agent->backoff_ns *= 2;
	if (agent->backoff_ns > BACKOFF_MAX_NS)
		agent->backoff_ns = BACKOFF_MAX_NS;
}

/* -EPROTO. */
static int read_messages(struct guest_agent *agent, const uint8_t *data, size_t bytes)
{
	struct vdagent_message message;
	size_t taken;
	int r = 0;

	for (size_t at = 0; at < bytes; at += taken) {
		agent->reader.size_max = UINT32_MAX;
		agent->reader.text_max = (uint32_t)clipboard_max_bytes(agent->clipboard);
		r = vdagent_input(&agent->reader, data + at, bytes - at, &taken, &message);
		if (r < 0)
			return r;
		if (r > 0)
			handle_message(agent, &message);
	}
	/* Whoever speaks like that is one, and what goes wrong next is news. */
	if (agent->peer.clipboard) {
		agent->backoff_ns = BACKOFF_MIN_NS;
		agent->warned_errno = 0;
	}
	return 0;
}

static void handle_read(struct bufferevent *bev, void *user)
{
	struct evbuffer *input = bufferevent_get_input(bev);
	struct guest_agent *agent = user;
	uint8_t data[4096];
	size_t taken, useful;
	int length, r = 0;

	while (r >= 0 && (length = evbuffer_remove(input, data, sizeof(data))) > 0) {
		for (size_t at = 0; at < (size_t)length && r >= 0; at += taken) {
			r = vdagent_chunk_input(&agent->chunk, data + at, (size_t)length - at, &taken, &useful);
			if (r >= 0)
				r = read_messages(agent, data + at + taken - useful, useful);
		}
	}
	if (r < 0)
		retry_later(agent, r);
}

static void handle_write(struct bufferevent *bev, void *user)
{
	(void)bev;
	flush(user);
}

static void handle_event(struct bufferevent *bev, short what, void *user)
{
	(void)bev;
	retry_later(user, what & BEV_EVENT_EOF ? -EPIPE : -ECONNRESET);
}

static int connect_socket(struct guest_agent *agent)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&agent->address, sizeof(agent->address)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	agent->bev = bufferevent_socket_new(agent->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!agent->bev) {
		close(fd);
		return -ENOMEM;
	}
	bufferevent_setcb(agent->bev, handle_read, handle_write, handle_event, agent);
	bufferevent_setwatermark(agent->bev, EV_READ, 0, READ_MAX_BYTES);
	/* Whoever was there before is not any more. */
	say(agent, vdagent_add_disconnected(agent->message));
	r = vdagent_add_capabilities(agent->message, CAPABILITIES, true);
	say(agent, r);
	return r < 0 || bufferevent_enable(agent->bev, EV_READ | EV_WRITE) < 0 ? -ENOMEM : 0;
}

static void handle_timer(evutil_socket_t fd, short what, void *user)
{
	struct guest_agent *agent = user;
	int r;

	(void)fd;
	(void)what;
	r = connect_socket(agent);
	if (r < 0)
		retry_later(agent, r);
	else
		log_debug(NULL, "clipboard: connected to %s", agent->address.sun_path);
}

int guest_agent_new(struct event_base *base, const char *path, struct clipboard *clipboard,
		struct guest_agent **ret)
{
	struct guest_agent *agent;

	if (!path[0] || strlen(path) >= sizeof(agent->address.sun_path))
		return -EINVAL;
	agent = calloc(1, sizeof(*agent));
	if (!agent)
		return -ENOMEM;
	agent->base = base;
	agent->clipboard = clipboard;
	agent->backoff_ns = BACKOFF_MIN_NS;
	agent->address.sun_family = AF_UNIX;
	strcpy(agent->address.sun_path, path);
	agent->peer.name = "guest";
	agent->peer.impl = &peer_impl;
	agent->peer.user = agent;
	agent->message = evbuffer_new();
	agent->timer = evtimer_new(base, handle_timer, agent);
	if (!agent->message || !agent->timer) {
		guest_agent_free(agent);
		return -ENOMEM;
	}
	arm(agent, 0);
	*ret = agent;
	return 0;
}

void guest_agent_free(struct guest_agent *agent)
{
	if (!agent)
		return;
	disconnect(agent);
	if (agent->timer)
		event_free(agent->timer);
	if (agent->message)
		evbuffer_free(agent->message);
	free(agent);
}
