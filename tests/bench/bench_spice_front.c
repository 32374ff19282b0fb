// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * planecast's way to SPICE viewers by itself, without its search for what has
 * changed: told that, as bench_spice_bare is. The difference between the two is
 * what the front costs: its sockets, its messages, one instance of the library
 * for each viewer.
 */
#include <drm_fourcc.h>
#include <err.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/address.h"
#include "config/config.h"
#include "net/gate.h"
#include "net/listener.h"
#include "net/protocol.h"
#include "server/frame.h"
#include "server/log.h"
#include "server/update.h"
#include "tests/bench/fed.h"

struct front {
	struct fed fed;
	struct event_base *base;
	struct protocol *protocol;
	struct frame live;
};

static void show(struct front *front, pixman_region32_t *damage)
{
	struct update update = { .frame = &front->live };

	pixman_region32_init(&update.copy_region);
	pixman_region32_init(&update.damage);
	pixman_region32_copy(&update.damage, damage);
	if (pixman_region32_not_empty(damage))
		front->protocol->impl->update(front->protocol, &update);
	pixman_region32_fini(&update.damage);
	pixman_region32_fini(&update.copy_region);
}

static void handle_notices(evutil_socket_t fd, short what, void *data)
{
	struct front *front = data;
	pixman_region32_t damage;

	(void)fd;
	(void)what;
	pixman_region32_init(&damage);
	if (fed_take_notices(&front->fed, &damage) < 0)
		event_base_loopbreak(front->base);
	show(front, &damage);
	pixman_region32_fini(&damage);
}

static void handle_input(void *user, const void *viewer, const struct input_event *event)
{
	(void)user;
	(void)viewer;
	(void)event;
}

static int handle_resize(void *user, const void *viewer, uint32_t width, uint32_t height, bool again)
{
	(void)user;
	(void)viewer;
	(void)again;
	(void)width;
	(void)height;
	return -ENOTSUP;
}

/* The first one, or another: the picture may rest. */
static void handle_viewers(void *user)
{
	struct front *front = user;
	pixman_region32_t all;

	pixman_region32_init_rect(&all, 0, 0, front->fed.width, front->fed.height);
	show(front, &all);
	pixman_region32_fini(&all);
}

static void handle_totals(void *user, struct protocol_stats *ret)
{
	struct front *front = user;

	front->protocol->impl->stats(front->protocol, ret);
}

static void handle_alone(void *user, const struct protocol *protocol, const char *why)
{
	(void)user;
	(void)protocol;
	(void)why;
}

static const struct protocol_events events = {
	.input = handle_input,
	.resize = handle_resize,
	.viewers = handle_viewers,
	.totals = handle_totals,
	.alone = handle_alone,
};

static void handle_accept(void *user, int fd, const struct sockaddr *peer, socklen_t length)
{
	struct front *front = user;

	front->protocol->impl->accept(front->protocol, CONFIG_LISTENERS_SPICE, fd, peer, length);
}

static void ignore_frame(struct frame *frame)
{
	(void)frame;
}

static void use_picture(struct front *front)
{
	static const struct frame_impl impl = { .release = ignore_frame };
	const struct fed *fed = &front->fed;
	struct frame *live = &front->live;

	frame_init(live, &impl);
	live->width = fed->width;
	live->height = fed->height;
	live->fourcc = DRM_FORMAT_XRGB8888;
	live->n_planes = 1;
	live->planes[0] = (struct frame_plane){ .fd = -1, .stride = fed->width * 4 };
	live->data = fed->pixels;
	live->data_bytes = (size_t)fed->width * fed->height * 4;
}

/* As a worker of planecastd does for a VM. */
static void serve(struct front *front)
{
	struct sockaddr_storage address;
	struct listener *listener;
	struct config *config;
	struct gate *gate;
	const char *error;
	socklen_t length;
	char text[128];
	int fd;

	snprintf(text, sizeof(text), "127.0.0.1:%u", front->fed.port);
	if (address_parse(text, &address, &length, &error) < 0)
		errx(1, "%s: %s", text, error);
	snprintf(text, sizeof(text), "[vm \"bench\"]\nsource = pattern\nspice = 127.0.0.1:%u\n", front->fed.port);
	if (config_parse("bench", text, strlen(text), config_report_stdio, stderr, &config) < 0 ||
			gate_new(config->vms[0], 1, &gate) < 0 ||
			spice_new(front->base, config->vms[0], gate, NULL, &events, front, &front->protocol) < 0)
		errx(1, "cannot serve SPICE");
	if (listener_bind((const struct sockaddr *)&address, length, &fd) < 0 ||
			listener_new(front->base, fd, "spice", handle_accept, front, &listener) < 0)
		errx(1, "cannot listen on port %u", front->fed.port);
}

int main(int argc, char **argv)
{
	struct front front = { .base = NULL };
	struct event *notices;

	fed_open(argc, argv, PLANECAST_VERSION, &front.fed);
	use_picture(&front);
	log_set_level(LOG_LEVEL_WARN);
	mallopt(M_ARENA_MAX, 1);
	signal(SIGPIPE, SIG_IGN);
	evthread_use_pthreads();
	front.base = event_base_new();
	if (!front.base)
		err(1, NULL);
	notices = event_new(front.base, front.fed.notices, EV_READ | EV_PERSIST, handle_notices, &front);
	if (!notices || event_add(notices, NULL) < 0)
		err(1, NULL);
	serve(&front);
	/* Nothing is left to the end of the process but what the kernel takes back. */
	return event_base_dispatch(front.base) < 0;
}
