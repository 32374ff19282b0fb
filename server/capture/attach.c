// SPDX-License-Identifier: GPL-2.0-or-later
/* How a worker gets at its VFIO device, and lets go of it again. */
#include "server/capture/attach.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "server/capture/attach_broker.h"
#include "server/capture/attach_own.h"
#include "server/capture/attach_socket.h"
#include "server/capture/vfio_device.h"
#include "server/channel.h"
#include "server/clock.h"
#include "server/log.h"

/* Between tries to get the device, and between looks whether it is being removed. */
#define RETRY_NS NSEC_PER_SEC

struct attach {
	enum config_attach mode;
	char *device; /* as configured; NULL in mode socket */
	const struct attach_events *events;
	void *user;

	int device_fd; /* -1: none */
	enum vfio_plane_kind kind;
	struct attach_own own; /* while device_fd >= 0 in mode own */
	struct event *watch; /* mode own */
	struct attach_socket *socket; /* mode socket */
	struct attach_broker *broker; /* mode auto */

	int64_t next_try_ns;
	int error; /* of the last try */
	char reason[VFIO_REASON_BYTES];
};

static void close_device(struct attach *attach)
{
	if (attach->device_fd < 0)
		return;
	if (attach->mode == CONFIG_ATTACH_OWN) {
		event_del(attach->watch);
		attach_own_close(&attach->own);
	} else {
		close(attach->device_fd);
	}
	attach->device_fd = -1;
	attach->next_try_ns = clock_now_ns() + RETRY_NS;
	if (attach->mode == CONFIG_ATTACH_AUTO)
		attach_broker_release(attach->broker);
}

static void set_reason(struct attach *attach, int error, const char *reason)
{
	attach->error = error;
	snprintf(attach->reason, sizeof(attach->reason), "%s", reason);
}

static void let_go(struct attach *attach, int error, const char *reason)
{
	set_reason(attach, error, reason);
	if (attach->device_fd < 0)
		return;
	attach->events->lost(attach->user);
	close_device(attach);
	log_notice(NULL, "let go of the device: %s", reason);
	attach->events->changed(attach->user);
}

/* 0, or negative errno with the reason set. */
static int prove(struct attach *attach, int device_fd, const char *name)
{
	int r = vfio_device_probe(device_fd, &attach->kind);

	if (!r)
		return 0;
	attach->error = r;
	if (r == -ENOTTY)
		snprintf(attach->reason, sizeof(attach->reason), "%.64s has no display: use a vGPU type that has "
				"one.", name);
	else
		snprintf(attach->reason, sizeof(attach->reason), "%.64s does not answer as a VFIO device: %s.", name,
				strerror(-r));
	return r;
}

static int open_own(struct attach *attach)
{
	const struct timeval interval = clock_timeval(RETRY_NS);
	int r = attach_own_open(attach->device, &attach->own, attach->reason);

	if (r < 0)
		return r;
	r = prove(attach, attach->own.device_fd, attach->device);
	if (r < 0) {
		attach_own_close(&attach->own);
		return r;
	}
	attach->device_fd = attach->own.device_fd;
	/* Without this look its removal would wait for us for ever, watched or not. */
	event_add(attach->watch, &interval);
	log_info(NULL, "opened %s", attach->device);
	return 0;
}

static void check_present(evutil_socket_t fd, short what, void *user)
{
	struct attach *attach = user;
	char reason[VFIO_REASON_BYTES];

	(void)fd;
	(void)what;
	if (attach_own_present(&attach->own))
		return;
	snprintf(reason, sizeof(reason), "%.64s was removed.", attach->device);
	let_go(attach, -ENODEV, reason);
}

static void handle_passed(void *user, int fd)
{
	struct attach *attach = user;

	if (attach->device_fd >= 0) {
		attach->events->lost(attach->user);
		close_device(attach);
	}
	if (prove(attach, fd, "What the launcher passed") < 0) {
		log_warn(NULL, "%s", attach->reason);
		close(fd);
		return;
	}
	attach->device_fd = fd;
	log_info(NULL, "the launcher passed the device");
	attach->events->changed(attach->user);
}

static void handle_closed(void *user, const char *reason)
{
	let_go(user, -ENODEV, reason);
}

static const struct attach_socket_events socket_events = {
	.passed = handle_passed,
	.closed = handle_closed,
};

static void handle_found(void *user, int fd, const struct channel_owner *owner)
{
	struct attach *attach = user;

	if (prove(attach, fd, attach->device) < 0) {
		log_warn(NULL, "%s", attach->reason);
		close(fd);
		attach_broker_release(attach->broker);
	} else {
		attach->device_fd = fd;
		log_notice(NULL, "%s is open in %s, process %d: attached", attach->device, owner->comm, owner->pid);
	}
	attach->events->changed(attach->user);
}

static void handle_gone(void *user, const char *reason)
{
	let_go(user, -ENODEV, reason);
}

static void handle_none(void *user, const char *reason)
{
	struct attach *attach = user;

	set_reason(attach, -ENODEV, reason);
	attach->events->changed(attach->user);
}

static const struct attach_broker_events broker_events = {
	.passed = handle_found,
	.gone = handle_gone,
	.none = handle_none,
};

static int ask_launcher(struct attach *attach)
{
	char reason[VFIO_REASON_BYTES];
	int r = attach_socket_connect(attach->socket, reason);

	if (r < 0) {
		snprintf(attach->reason, sizeof(attach->reason), "%s", reason);
		return r;
	}
	/* Connected already, and what it passed was refused: that reason is the better one. */
	if (attach->error == -ENOTTY)
		return attach->error;
	snprintf(attach->reason, sizeof(attach->reason), "The launcher at %.64s has not passed the vGPU yet.",
			attach_socket_path(attach->socket));
	return -ENODEV;
}

static int init_own(struct attach *attach, struct event_base *base, const struct config_vm *config)
{
	attach->device = strdup(config->vfio_device);
	attach->watch = event_new(base, -1, EV_PERSIST, check_present, attach);
	return attach->device && attach->watch ? 0 : -ENOMEM;
}

static int init_auto(struct attach *attach, struct event_base *base, const struct config_vm *config)
{
	attach->device = strdup(config->vfio_device);
	if (!attach->device)
		return -ENOMEM;
	attach->error = -ENODEV;
	snprintf(attach->reason, sizeof(attach->reason), "Nobody looks for the virtual machine that has %.64s open: "
			"planecastd does, when it is started without --vm.", attach->device);
	return attach_broker_new(base, &broker_events, attach, &attach->broker);
}

static int init_socket(struct attach *attach, struct event_base *base, const struct config_vm *config)
{
	return attach_socket_new(base, config->vfio_socket, &socket_events, attach, &attach->socket);
}

int attach_new(struct event_base *base, const struct config_vm *config, const struct attach_events *events,
		void *user, struct attach **ret)
{
	static int (*const init[])(struct attach *attach, struct event_base *base, const struct config_vm *config) = {
		[CONFIG_ATTACH_AUTO] = init_auto,
		[CONFIG_ATTACH_OWN] = init_own,
		[CONFIG_ATTACH_SOCKET] = init_socket,
	};
	struct attach *attach;
	int r;

	if (config->vfio_attach == CONFIG_ATTACH_SOCKET ? !config->vfio_socket : !config->vfio_device)
		return -EINVAL;
	attach = calloc(1, sizeof(*attach));
	if (!attach)
		return -ENOMEM;
	attach->mode = (enum config_attach)config->vfio_attach;
	attach->events = events;
	attach->user = user;
	attach->device_fd = -1;
	r = init[attach->mode](attach, base, config);
	if (r < 0) {
		attach_free(attach);
		return r;
	}
	*ret = attach;
	return 0;
}

void attach_free(struct attach *attach)
{
	if (!attach)
		return;
	close_device(attach);
	attach_socket_free(attach->socket);
	attach_broker_free(attach->broker);
	if (attach->watch)
		event_free(attach->watch);
	free(attach->device);
	free(attach);
}

void attach_take_broker(struct attach *attach, int fd)
{
	if (!attach->broker)
		close(fd);
	else if (attach_broker_open(attach->broker, fd) < 0)
		log_error(NULL, "cannot be passed the device by the broker: %s", strerror(ENOMEM));
}

static int try_device(struct attach *attach)
{
	switch (attach->mode) {
	case CONFIG_ATTACH_OWN:
		return open_own(attach);
	case CONFIG_ATTACH_SOCKET:
		return ask_launcher(attach);
	default:
		return attach->error; /* the broker comes by itself */
	}
}

int attach_device(struct attach *attach, enum vfio_plane_kind *ret_kind, char *reason)
{
	int64_t now_ns = clock_now_ns();

	if (attach->device_fd < 0 && now_ns >= attach->next_try_ns) {
		attach->next_try_ns = now_ns + RETRY_NS;
		attach->error = try_device(attach);
	}
	if (attach->device_fd < 0) {
		memcpy(reason, attach->reason, VFIO_REASON_BYTES);
		return attach->error;
	}
	*ret_kind = attach->kind;
	return attach->device_fd;
}

void attach_drop(struct attach *attach)
{
	let_go(attach, -ENODEV, "The vGPU's driver says that the device is gone.");
}
