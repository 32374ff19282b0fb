// SPDX-License-Identifier: GPL-2.0-or-later
/* What one worker is given, and that it lets go. */
#include "server/broker/client.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/capture/vfio_sysfs.h"
#include "server/channel.h"
#include "server/clock.h"
#include "server/log.h"

/* Between looks whether the owner still has the device. */
#define CHECK_NS NSEC_PER_SEC
/* From being told until it must have let go. */
#define LET_GO_NS (500 * NSEC_PER_MSEC)
/* Before a device is given again that could not be had, or was let go of while its owner has it. */
#define AGAIN_NS NSEC_PER_SEC
#define MESSAGES_A_TURN 16

#define client_log(level, client, ...)                                                             \
	(log_set_vm((client)->name), log_at(level, NULL, __VA_ARGS__), log_set_vm(NULL))

enum state { WAITS, HAS, LETS_GO, ENDED };

struct client {
	struct event_base *base;
	const struct client_events *events;
	void *user;
	char name[CHANNEL_NAME_MAX + 1];
	char *configured;
	int channel;
	struct event *readable;
	enum state state;
	struct owner_device device; /* as found last */
	struct channel_owner owner; /* of what it has */
	int pidfd; /* the owner's; -1: it has nothing */
	struct event *owner_ended;
	struct event *timer; /* HAS: the next look at the owner; LETS_GO: its time is over */
	int64_t not_before_ns;
	unsigned int words; /* it may say still */
	char reason[CHANNEL_REASON_MAX + 1]; /* that it was told, for as long as it is true */
};

static void forget_owner(struct client *client)
{
	event_del(client->timer);
	if (client->owner_ended)
		event_free(client->owner_ended);
	client->owner_ended = NULL;
	if (client->pidfd >= 0)
		close(client->pidfd);
	client->pidfd = -1;
}

static void end(struct client *client)
{
	forget_owner(client);
	event_del(client->readable);
	client->state = ENDED;
	client->events->changed(client->user);
}

static void set_timer(struct client *client, int64_t ns)
{
	const struct timeval delay = clock_timeval(ns);

	event_add(client->timer, &delay);
}

static void take_back(struct client *client, const char *why)
{
	int r;

	client_log(LOG_LEVEL_NOTICE, client, "the vGPU is taken back: %s", why);
	forget_owner(client);
	client->state = LETS_GO;
	client->words++;
	r = channel_send(client->channel, CHANNEL_DEVICE_GONE, NULL, 0, -1);
	if (r == -EPIPE)
		end(client);
	else /* who does not read, either, has no other end than the time's */
		set_timer(client, LET_GO_NS);
}

static void handle_owner_ended(evutil_socket_t fd, short what, void *user)
{
	struct client *client = user;
	char why[64];

	(void)fd;
	(void)what;
	snprintf(why, sizeof(why), "process %d (%.15s) has ended", (int)client->owner.pid, client->owner.comm);
	take_back(client, why);
}

static void check_owner(struct client *client)
{
	struct owner_holder holder;
	char why[80];

	if (!vfio_sysfs_present(client->device.path)) {
		take_back(client, "it is being removed");
	} else if (!owner_holds(&client->device, client->owner.pid, &holder)) {
		snprintf(why, sizeof(why), "process %d (%.15s) has closed it", (int)client->owner.pid,
				client->owner.comm);
		take_back(client, why);
	} else {
		set_timer(client, CHECK_NS);
	}
}

static void handle_timer(evutil_socket_t fd, short what, void *user)
{
	struct client *client = user;

	(void)fd;
	(void)what;
	if (client->state == HAS) {
		check_owner(client);
	} else if (client->state == LETS_GO) {
		client_log(LOG_LEVEL_ERROR, client, "the worker does not let go of the vGPU");
		client->events->held(client->user, client->name);
		end(client);
	}
}

/* False: it talks too much. */
static bool hear_let_go(struct client *client)
{
	if (!client->words)
		return false;
	client->words--;
	if (client->state == WAITS)
		return true;
	if (client->state == HAS && owner_is_alive(client->pidfd))
		client->not_before_ns = clock_now_ns() + AGAIN_NS;
	forget_owner(client);
	client->state = WAITS;
	client->events->changed(client->user);
	return true;
}

static void handle_readable(evutil_socket_t fd, short what, void *user)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	struct client *client = user;
	enum channel_kind kind;
	int passed_fd, r;
	size_t bytes;

	(void)what;
	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		r = channel_receive(fd, &kind, payload, &bytes, &passed_fd);
		if (r == -EAGAIN)
			return;
		if (!r && passed_fd >= 0)
			close(passed_fd);
		if (!r && kind == CHANNEL_DEVICE_LET_GO && hear_let_go(client))
			continue;
		if (r != -EPIPE)
			client_log(LOG_LEVEL_ERROR, client, "the worker sends the broker nonsense");
		end(client);
		return;
	}
}

int client_new(struct event_base *base, const char *name, const char *device, int channel,
		const struct client_events *events, void *user, struct client **ret)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	client->base = base;
	client->events = events;
	client->user = user;
	client->channel = -1;
	client->pidfd = -1;
	snprintf(client->name, sizeof(client->name), "%s", name);
	client->configured = strdup(device);
	client->timer = evtimer_new(base, handle_timer, client);
	client->readable = event_new(base, channel, EV_READ | EV_PERSIST, handle_readable, client);
	if (!client->configured || !client->timer || !client->readable || event_add(client->readable, NULL) < 0) {
		client_free(client);
		return -ENOMEM;
	}
	client->channel = channel;
	*ret = client;
	return 0;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	if (client->timer) {
		forget_owner(client);
		event_free(client->timer);
	}
	if (client->readable)
		event_free(client->readable);
	if (client->channel >= 0)
		close(client->channel);
	free(client->configured);
	free(client);
}

const char *client_name(const struct client *client)
{
	return client->name;
}

bool client_has_ended(const struct client *client)
{
	return client->state == ENDED;
}

bool client_waits(const struct client *client)
{
	return client->state == WAITS;
}

bool client_wants(const struct client *client, int64_t now_ns)
{
	return client->state == WAITS && now_ns >= client->not_before_ns;
}

void client_refuse(struct client *client, const char *reason)
{
	int r;

	if (!strncmp(client->reason, reason, CHANNEL_REASON_MAX))
		return;
	r = channel_send(client->channel, CHANNEL_DEVICE_NONE, reason, strnlen(reason, CHANNEL_REASON_MAX), -1);
	if (r == -EPIPE)
		end(client);
	if (r < 0)
		return;
	snprintf(client->reason, sizeof(client->reason), "%s", reason);
	client_log(LOG_LEVEL_NOTICE, client, "%s", client->reason);
}

int client_find(struct client *client, const struct owner_device **ret)
{
	char reason[VFIO_REASON_BYTES];
	int r = owner_device_find(client->configured, &client->device, reason);

	if (r < 0)
		client_refuse(client, reason);
	else
		*ret = &client->device;
	return r;
}

/* The owner first: who has a device always knows whose it is. */
static int pass(struct client *client, int device_fd)
{
	int r = channel_send(client->channel, CHANNEL_DEVICE_OWNER, &client->owner, sizeof(client->owner),
			client->pidfd);

	return r < 0 ? r : channel_send(client->channel, CHANNEL_DEVICE, NULL, 0, device_fd);
}

int client_give(struct client *client, pid_t pid)
{
	char reason[VFIO_REASON_BYTES];
	int device_fd, r;

	r = owner_take(&client->device, pid, &client->owner, &device_fd, &client->pidfd, reason);
	if (r == -EAGAIN)
		return r;
	client->not_before_ns = r < 0 ? clock_now_ns() + AGAIN_NS : 0;
	if (r < 0) {
		client_refuse(client, reason);
		return 0;
	}
	client->owner_ended = event_new(client->base, client->pidfd, EV_READ, handle_owner_ended, client);
	r = client->owner_ended && event_add(client->owner_ended, NULL) == 0 ? pass(client, device_fd) : -ENOMEM;
	close(device_fd);
	if (r < 0) {
		client->not_before_ns = clock_now_ns() + AGAIN_NS;
		forget_owner(client);
		if (r == -EPIPE)
			end(client);
		return 0;
	}
	client->state = HAS;
	client->words++;
	client->reason[0] = '\0';
	set_timer(client, CHECK_NS);
	client_log(LOG_LEVEL_INFO, client, "gave the worker the vGPU that process %d (%.15s) has open", (int)pid,
			client->owner.comm);
	return 0;
}
