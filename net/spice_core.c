// SPDX-License-Identifier: GPL-2.0-or-later
/* Timers and watches of libspice-server as events of libevent. */
#include "net/spice_core.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <glib.h>
#include <poll.h>
#include <spice.h>
#include <spice/enums.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "net/spice_rsa.h"
#include "server/clock.h"
#include "server/log.h"

/* Of all instances of a worker; more than so many are not turned at once. */
#define TURN_MAX 256
/* An instance watches its own thread, and for each channel the link and then what follows. */
#define INSTANCE_WATCHES 12

struct SpiceTimer {
	struct event event;
	SpiceTimerFunc function;
	void *opaque;
};

struct SpiceWatch {
	TAILQ_ENTRY(SpiceWatch) link; /* watches, or spare */
	struct event_base *base;
	struct event event;
	int fd;
	int mask; /* SPICE_WATCH_EVENT_... */
	SpiceWatchFunc function;
	void *opaque;
};

static struct event_base *current_base;
static TAILQ_HEAD(watch_list, SpiceWatch) watches = TAILQ_HEAD_INITIALIZER(watches);
static struct watch_list spare = TAILQ_HEAD_INITIALIZER(spare);

static void handle_timer(evutil_socket_t fd, short what, void *data)
{
	SpiceTimer *timer = data;

	(void)fd;
	(void)what;
	timer->function(timer->opaque);
}

/*
 * The library carries on with what it is given, NULL too. Its timers look after
 * the lights of keyboards and after how long messages take: one can be missing.
 */
static SpiceTimer *timer_add(SpiceTimerFunc function, void *opaque)
{
	SpiceTimer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	timer->function = function;
	timer->opaque = opaque;
	evtimer_assign(&timer->event, current_base, handle_timer, timer);
	return timer;
}

static void timer_start(SpiceTimer *timer, uint32_t ms)
{
	const struct timeval delay = clock_timeval(ms * NSEC_PER_MSEC);

	if (timer)
		event_add(&timer->event, &delay);
}

static void timer_cancel(SpiceTimer *timer)
{
	if (timer)
		event_del(&timer->event);
}

static void timer_remove(SpiceTimer *timer)
{
	timer_cancel(timer);
	free(timer);
}

/* Last act: the function may remove the watch. */
static void call_watch(SpiceWatch *watch, int mask)
{
	spice_rsa_lend(true);
	watch->function(watch->fd, mask, watch->opaque);
	spice_rsa_lend(false);
}

static void handle_watch(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	call_watch(data, (what & EV_READ ? SPICE_WATCH_EVENT_READ : 0) |
			(what & EV_WRITE ? SPICE_WATCH_EVENT_WRITE : 0));
}

static void watch_update_mask(SpiceWatch *watch, int mask)
{
	short what = (mask & SPICE_WATCH_EVENT_READ ? EV_READ : 0) | (mask & SPICE_WATCH_EVENT_WRITE ? EV_WRITE : 0);

	if (!watch || mask == watch->mask)
		return;
	if (watch->mask)
		event_del(&watch->event);
	watch->mask = mask;
	if (!what)
		return;
	event_assign(&watch->event, watch->base, watch->fd, what | EV_PERSIST, handle_watch, watch);
	if (event_add(&watch->event, NULL) < 0)
		log_error(NULL, "out of memory: a SPICE channel is not served any more");
}

static SpiceWatch *watch_add(int fd, int mask, SpiceWatchFunc function, void *opaque)
{
	SpiceWatch *watch = TAILQ_FIRST(&spare);

	if (watch)
		TAILQ_REMOVE(&spare, watch, link);
	else
		watch = malloc(sizeof(*watch));
	if (!watch)
		return NULL;
	*watch = (SpiceWatch){ .base = current_base, .fd = fd, .function = function, .opaque = opaque };
	TAILQ_INSERT_TAIL(&watches, watch, link);
	watch_update_mask(watch, mask);
	return watch;
}

static void watch_remove(SpiceWatch *watch)
{
	if (!watch)
		return;
	watch_update_mask(watch, 0);
	TAILQ_REMOVE(&watches, watch, link);
	TAILQ_INSERT_HEAD(&spare, watch, link);
}

static void free_spare(unsigned int n)
{
	SpiceWatch *watch;

	for (unsigned int i = 0; i < n && (watch = TAILQ_FIRST(&spare)); i++) {
		TAILQ_REMOVE(&spare, watch, link);
		free(watch);
	}
}

int spice_core_reserve(void)
{
	SpiceWatch *watch;

	for (unsigned int i = 0; i < INSTANCE_WATCHES; i++) {
		watch = malloc(sizeof(*watch));
		if (!watch) {
			free_spare(i);
			return -ENOMEM;
		}
		TAILQ_INSERT_HEAD(&spare, watch, link);
	}
	return 0;
}

void spice_core_release(void)
{
	free_spare(INSTANCE_WATCHES);
}

int spice_core_expect(struct event_base *base, int fd)
{
	struct event event;

	/* libevent keeps what it needs for a descriptor's number for as long as base lives. */
	event_assign(&event, base, fd, EV_READ, handle_watch, NULL);
	if (event_add(&event, NULL) < 0)
		return -ENOMEM;
	event_del(&event);
	return 0;
}

static void channel_event(int event, SpiceChannelEventInfo *info)
{
	static const char *const names[] = {
		[SPICE_CHANNEL_EVENT_CONNECTED] = "connected",
		[SPICE_CHANNEL_EVENT_INITIALIZED] = "initialized",
		[SPICE_CHANNEL_EVENT_DISCONNECTED] = "disconnected",
	};

	/*
	 * Over a unix socket, a way within one machine, the library compresses nothing of
	 * what is drawn; and this is what it looks at. Ours leads to other machines.
	 */
	if (event == SPICE_CHANNEL_EVENT_INITIALIZED && info->type == SPICE_CHANNEL_DISPLAY &&
			info->laddr_ext.ss_family == AF_UNIX)
		info->laddr_ext.ss_family = AF_INET;
	if (event >= SPICE_CHANNEL_EVENT_CONNECTED && event <= SPICE_CHANNEL_EVENT_DISCONNECTED)
		log_debug(NULL, "libspice-server: channel %d.%d of %08x %s", info->type, info->id,
				(unsigned int)info->connection_id, names[event]);
}

static SpiceCoreInterface interface = {
	.base = {
		.type = SPICE_INTERFACE_CORE,
		.description = "planecast's loop",
		.major_version = SPICE_INTERFACE_CORE_MAJOR,
		.minor_version = SPICE_INTERFACE_CORE_MINOR,
	},
	.timer_add = timer_add,
	.timer_start = timer_start,
	.timer_cancel = timer_cancel,
	.timer_remove = timer_remove,
	.watch_add = watch_add,
	.watch_update_mask = watch_update_mask,
	.watch_remove = watch_remove,
	.channel_event = channel_event,
};

/* A warning of the library's is about what some client did, or about a socketpair that is no TCP. */
static void handle_log(const gchar *domain, GLogLevelFlags flags, const gchar *text, gpointer data)
{
	static const struct {
		GLogLevelFlags flag;
		enum log_level level;
	} levels[] = {
		{ G_LOG_LEVEL_ERROR, LOG_LEVEL_ERROR },
		{ G_LOG_LEVEL_CRITICAL, LOG_LEVEL_ERROR },
		{ 0, LOG_LEVEL_DEBUG },
	};
	size_t i = 0;

	(void)domain;
	(void)data;
	while (levels[i].flag && !(flags & levels[i].flag))
		i++;
	if (log_enabled(levels[i].level))
		log_at(levels[i].level, NULL, "libspice-server: %s", text);
}

struct SpiceCoreInterface *spice_core(struct event_base *base)
{
	static bool ready;

	if (!ready) {
		g_log_set_handler("Spice", G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL | G_LOG_FLAG_RECURSION,
				handle_log, NULL);
		ready = true;
	}
	current_base = base;
	return &interface;
}

static SpiceWatch *find_watch(const SpiceWatch *watch)
{
	SpiceWatch *found;

	TAILQ_FOREACH(found, &watches, link) {
		if (found == watch)
			break;
	}
	return found;
}

void spice_core_turn(int timeout_ms)
{
	struct pollfd fds[TURN_MAX];
	SpiceWatch *turned[TURN_MAX], *watch;
	nfds_t n = 0;

	TAILQ_FOREACH(watch, &watches, link) {
		if (!watch->mask || n == TURN_MAX)
			continue;
		fds[n] = (struct pollfd){
			.fd = watch->fd,
			.events = (watch->mask & SPICE_WATCH_EVENT_READ ? POLLIN : 0) |
					(watch->mask & SPICE_WATCH_EVENT_WRITE ? POLLOUT : 0),
		};
		turned[n++] = watch;
	}
	if (poll(fds, n, timeout_ms) <= 0)
		return;
	for (nfds_t i = 0; i < n; i++) {
		/* One's function may remove another. */
		if (!fds[i].revents || !find_watch(turned[i]) || turned[i]->fd != fds[i].fd)
			continue;
		call_watch(turned[i], (fds[i].revents & (POLLIN | POLLHUP | POLLERR)
				? SPICE_WATCH_EVENT_READ : 0) |
				(fds[i].revents & POLLOUT ? SPICE_WATCH_EVENT_WRITE : 0));
	}
}
