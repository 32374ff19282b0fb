// SPDX-License-Identifier: GPL-2.0-or-later
/* A worker's side of the channel to the broker. */
#include "server/capture/attach_broker.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/text.h"
#include "server/channel.h"
#include "server/log.h"

/* Of the loop's priorities: a device that is held keeps a virtual machine from starting. */
#define PRIORITY_OWNER 0

struct attach_broker {
	struct event_base *base;
	const struct attach_broker_events *events;
	void *user;
	struct event *channel; /* NULL: there is no broker */
	bool held; /* what was passed last, */
	bool known; /* and this broker has passed it, or again */
	struct channel_owner owner; /* of it, or of what comes next */
	int owner_fd; /* its pidfd; -1: none */
	struct event *owner_ended; /* while held */
	int next_owner_fd; /* of the device that is to come next; -1: none */
	struct channel_owner next_owner;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_channel(struct attach_broker *broker)
{
	if (!broker->channel)
		return;
	close(event_get_fd(broker->channel));
	event_free(broker->channel);
	broker->channel = NULL;
	/* Its device does not come any more. */
	close_fd(&broker->next_owner_fd);
	broker->known = false;
}

static void forget_owner(struct attach_broker *broker)
{
	if (broker->owner_ended)
		event_free(broker->owner_ended);
	broker->owner_ended = NULL;
	close_fd(&broker->owner_fd);
	broker->held = broker->known = false;
}

static void tell_let_go(struct attach_broker *broker)
{
	int r = broker->channel ? channel_send(event_get_fd(broker->channel), CHANNEL_DEVICE_LET_GO, NULL, 0, -1) : 0;

	/* A broker that does not read has us ended for it, and one that has gone will ask nothing. */
	if (r < 0 && r != -EPIPE)
		log_warn(NULL, "the broker cannot be told that the device was let go: %s", strerror(-r));
}

void attach_broker_release(struct attach_broker *broker)
{
	const bool known = broker->known;

	if (!broker->held)
		return;
	forget_owner(broker);
	/* Who came after the one that passed it would not know what is meant. */
	if (known)
		tell_let_go(broker);
}

static void lose(struct attach_broker *broker, const char *reason)
{
	if (!broker->held)
		return;
	broker->events->gone(broker->user, reason);
	attach_broker_release(broker);
}

static void handle_owner_ended(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	lose(user, "The virtual machine has ended: its picture comes back when it runs again.");
}

static void receive_owner(struct attach_broker *broker, const char *payload, int fd)
{
	close_fd(&broker->next_owner_fd);
	broker->next_owner_fd = fd;
	memcpy(&broker->next_owner, payload, sizeof(broker->next_owner));
	broker->next_owner.comm[sizeof(broker->next_owner.comm) - 1] = '\0';
	text_sanitize(broker->next_owner.comm);
}

/* Takes the owner whose device has come. 0, or -ENOMEM. */
static int watch_owner(struct attach_broker *broker)
{
	broker->owner = broker->next_owner;
	broker->owner_fd = broker->next_owner_fd;
	broker->next_owner_fd = -1;
	broker->held = broker->known = true;
	broker->owner_ended = event_new(broker->base, broker->owner_fd, EV_READ, handle_owner_ended, broker);
	if (!broker->owner_ended)
		return -ENOMEM;
	event_priority_set(broker->owner_ended, PRIORITY_OWNER);
	return event_add(broker->owner_ended, NULL) < 0 ? -ENOMEM : 0;
}

/* What is held is of the owner who is said to have the next one, too, and he runs. */
static bool holds_that(const struct attach_broker *broker)
{
	struct pollfd owner = { .fd = broker->owner_fd, .events = POLLIN };

	return broker->held && broker->owner.pid == broker->next_owner.pid && !poll(&owner, 1, 0);
}

/* Takes fd. */
static void receive_device(struct attach_broker *broker, int fd)
{
	if (broker->next_owner_fd < 0) {
		log_error(NULL, "the broker passed a device of nobody, which is not used");
		close(fd);
		tell_let_go(broker);
		return;
	}
	if (holds_that(broker)) {
		broker->known = true;
		close_fd(&broker->next_owner_fd);
		close(fd);
		return;
	}
	if (broker->held) {
		broker->events->gone(broker->user, "The broker passes another device.");
		forget_owner(broker);
	}
	if (watch_owner(broker) < 0) {
		close(fd);
		attach_broker_release(broker);
		broker->events->none(broker->user, "The server has no memory left.");
		return;
	}
	broker->events->passed(broker->user, fd, &broker->owner);
}

static void receive(struct attach_broker *broker, enum channel_kind kind, char *payload, int fd)
{
	switch (kind) {
	case CHANNEL_DEVICE_OWNER:
		receive_owner(broker, payload, fd);
		break;
	case CHANNEL_DEVICE:
		receive_device(broker, fd);
		break;
	case CHANNEL_DEVICE_GONE:
		lose(broker, "The virtual machine has given its vGPU up, or the vGPU is being removed.");
		break;
	case CHANNEL_DEVICE_NONE:
		text_sanitize(payload);
		/* Who came anew knows nothing of what is held, and has found nobody that it is of. */
		lose(broker, payload);
		broker->events->none(broker->user, payload);
		break;
	default:
		log_error(NULL, "the broker says what is not for workers (%d)", kind);
		if (fd >= 0)
			close(fd);
	}
}

static void handle_channel(evutil_socket_t fd, short what, void *user)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	struct attach_broker *broker = user;
	enum channel_kind kind;
	int passed_fd, r;
	size_t bytes;

	(void)what;
	r = channel_receive(fd, &kind, payload, &bytes, &passed_fd);
	if (!r)
		receive(broker, kind, payload, passed_fd);
	if (!r || r == -EAGAIN)
		return;
	if (r != -EPIPE)
		log_error(NULL, "what the broker says cannot be read: %s", strerror(-r));
	close_channel(broker);
	if (!broker->held)
		broker->events->none(broker->user, "Nobody looks for the virtual machine: planecastd's broker has "
				"ended, and is started again.");
}

int attach_broker_new(struct event_base *base, const struct attach_broker_events *events, void *user,
		struct attach_broker **ret)
{
	struct attach_broker *broker = calloc(1, sizeof(*broker));

	if (!broker)
		return -ENOMEM;
	broker->base = base;
	broker->events = events;
	broker->user = user;
	broker->owner_fd = broker->next_owner_fd = -1;
	*ret = broker;
	return 0;
}

void attach_broker_free(struct attach_broker *broker)
{
	if (!broker)
		return;
	close_channel(broker);
	forget_owner(broker);
	free(broker);
}

int attach_broker_open(struct attach_broker *broker, int fd)
{
	struct event *event = event_new(broker->base, fd, EV_READ | EV_PERSIST, handle_channel, broker);

	close_channel(broker);
	if (event && event_add(event, NULL) == 0) {
		broker->channel = event;
		return 0;
	}
	if (event)
		event_free(event);
	close(fd);
	return -ENOMEM;
}
