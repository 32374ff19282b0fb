// SPDX-License-Identifier: GPL-2.0-or-later
/* The broker's process: its orders, and when it looks. */
#include "server/broker/broker.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/broker/client.h"
#include "server/broker/confine.h"
#include "server/broker/owner.h"
#include "server/capture/vfio_plane.h"
#include "server/channel.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/worker_memory.h"

/*
 * Between looks while somebody waits, at young processes and at all of them: each takes never more than
 * a hundredth of a core in the long run, nor a tenth when something is happening.
 */
#define LOOK_MIN_NS (100 * NSEC_PER_MSEC)
#define LOOK_MAX_NS NSEC_PER_SEC
#define LOOK_SHARE 100
#define EAGER_MIN_NS (10 * NSEC_PER_MSEC)
#define EAGER_SHARE 10
/* Something is happening for so long after a node was opened, or a QEMU found that has not got to its device. */
#define EAGER_NS (500 * NSEC_PER_MSEC)
#define STARTING_NS (5 * NSEC_PER_SEC)
#define MEMORY_MAX_BYTES (256 << 20)

enum look_kind { LOOK_YOUNG, LOOK_ALL, LOOKS };

struct place {
	struct place *next;
	struct client *client;
	int64_t starting_ns; /* since when its device's QEMU has not got to it; 0: it has */
};

struct broker {
	struct event_base *base;
	struct place *places;
	int channel, inotify;
	struct event *channel_event, *inotify_event, *sigterm, *timer;
	struct look_record {
		int64_t ended_ns, cost_ns; /* the last one's; in CPU time */
	} looks[LOOKS];
	bool wants_all; /* soon */
	struct owner_processes processes;
	int64_t eager_until_ns;
	bool privileged;
	int exit_status;
};

static void end(struct broker *broker, int exit_status)
{
	broker->exit_status = exit_status;
	event_base_loopbreak(broker->base);
}

static int64_t at_least(int64_t ns, int64_t min_ns)
{
	return ns > min_ns ? ns : min_ns;
}

/* On a host that is busy the clock on the wall says nothing of what we take. */
static int64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static void set_timer(struct broker *broker, int64_t ns)
{
	const struct timeval delay = clock_timeval(at_least(ns, 0));

	event_add(broker->timer, &delay);
}

static int64_t due_ns(const struct broker *broker, enum look_kind kind)
{
	const bool eager = clock_now_ns() < broker->eager_until_ns || (kind == LOOK_ALL && broker->wants_all);
	const struct look_record *last = &broker->looks[kind];
	int64_t gap_ns;

	if (eager)
		return last->ended_ns + at_least(last->cost_ns * EAGER_SHARE, EAGER_MIN_NS);
	gap_ns = at_least(last->cost_ns * LOOK_SHARE, LOOK_MIN_NS);
	return last->ended_ns + (gap_ns < LOOK_MAX_NS ? gap_ns : LOOK_MAX_NS);
}

static void schedule(struct broker *broker)
{
	const int64_t young_ns = due_ns(broker, LOOK_YOUNG), all_ns = due_ns(broker, LOOK_ALL);

	set_timer(broker, (young_ns < all_ns ? young_ns : all_ns) - clock_now_ns());
}

static void look_at_all_soon(struct broker *broker)
{
	broker->wants_all = true;
	schedule(broker);
}

/* What is not there yet is watched when it is: again and again is fine. */
static void watch(struct broker *broker)
{
	inotify_add_watch(broker->inotify, "/dev", IN_CREATE | IN_ONLYDIR);
	inotify_add_watch(broker->inotify, "/dev/vfio", IN_CREATE | IN_OPEN | IN_ONLYDIR);
	inotify_add_watch(broker->inotify, "/dev/vfio/devices", IN_CREATE | IN_OPEN | IN_ONLYDIR);
}

static void sweep(struct broker *broker)
{
	struct place **link = &broker->places;

	while (*link) {
		struct place *place = *link;

		if (!client_has_ended(place->client)) {
			link = &place->next;
			continue;
		}
		*link = place->next;
		client_free(place->client);
		free(place);
	}
}

static void explain_none(const struct broker *broker, struct place *place, const struct owner_device *device,
		unsigned int denied)
{
	const char *name = owner_device_name(device);
	char reason[VFIO_REASON_BYTES];

	if (denied && !broker->privileged)
		snprintf(reason, sizeof(reason), "No QEMU that planecast may look into has %.40s open: start "
				"planecast by its systemd unit, by which it may.", name);
	else
		snprintf(reason, sizeof(reason), "No QEMU has %.40s open: start the virtual machine, or give it this "
				"vGPU.", name);
	client_refuse(place->client, reason);
}

static void explain_several(struct place *place, const struct owner_search *search)
{
	const struct owner_holder *one = &search->holders[0], *two = &search->holders[1];
	char reason[VFIO_REASON_BYTES];

	snprintf(reason, sizeof(reason), "%u processes have %.40s open, %d (%s) and %d (%s) among them: one has to "
			"close it.", search->n_holders, owner_device_name(search->device), (int)one->pid,
			one->comm, (int)two->pid, two->comm);
	client_refuse(place->client, reason);
}

/* Of several the one that has come further: launchers keep what they hand on. NULL: that is none, or not clear. */
static const struct owner_holder *choose(const struct owner_search *search)
{
	const struct owner_holder *one = &search->holders[0], *two = &search->holders[1];

	if (search->n_holders == 1)
		return one;
	if (search->n_holders != 2 || one->ready == two->ready)
		return NULL;
	return one->ready ? one : two;
}

/* The group is its own already, the device not yet: its memory is being pinned, say. */
static void wait_for_owner(struct broker *broker, struct place *place, const struct owner_holder *owner)
{
	const int64_t now_ns = clock_now_ns();
	char reason[VFIO_REASON_BYTES];

	if (!place->starting_ns)
		place->starting_ns = now_ns;
	if (now_ns < place->starting_ns + STARTING_NS) {
		broker->eager_until_ns = at_least(broker->eager_until_ns, now_ns + EAGER_NS);
		return;
	}
	snprintf(reason, sizeof(reason), "Process %d (%s) has not got to its vGPU as yet.", (int)owner->pid,
			owner->comm);
	client_refuse(place->client, reason);
}

static void conclude(struct broker *broker, struct place *place, const struct owner_search *search,
		unsigned int denied)
{
	const struct owner_holder *owner = choose(search);

	if (!search->n_holders)
		explain_none(broker, place, search->device, denied);
	else if (!owner)
		explain_several(place, search);
	else if (!owner->ready || client_give(place->client, owner->pid) == -EAGAIN)
		wait_for_owner(broker, place, owner);
	if (!owner || !client_waits(place->client))
		place->starting_ns = 0;
}

static void look_for(struct broker *broker, enum look_kind kind, struct place **wanting,
		struct owner_search *searches, size_t n)
{
	unsigned int denied;
	int r = owner_search_all(&broker->processes, kind == LOOK_YOUNG, clock_now_ns(), searches, n, &denied);

	if (r < 0)
		log_error(NULL, "the broker cannot look for QEMUs: %s", strerror(-r));
	for (size_t i = 0; i < n && !r; i++) {
		if (kind == LOOK_ALL)
			conclude(broker, wanting[i], &searches[i], denied);
		else if (searches[i].n_holders)
			broker->wants_all = true; /* there may be others */
	}
}

static void look(struct broker *broker, enum look_kind kind)
{
	const int64_t cpu_before_ns = cpu_ns(), now_ns = clock_now_ns();
	struct look_record *record = &broker->looks[kind];
	struct owner_search *searches;
	struct place **wanting;
	size_t n = 0, n_places = 0;

	if (kind == LOOK_ALL)
		broker->wants_all = false;
	for (struct place *place = broker->places; place; place = place->next)
		n_places++;
	searches = calloc(n_places + 1, sizeof(*searches));
	wanting = calloc(n_places + 1, sizeof(*wanting));
	for (struct place *place = broker->places; place && searches && wanting; place = place->next) {
		if (client_wants(place->client, now_ns) && !client_find(place->client, &searches[n].device))
			wanting[n++] = place;
	}
	if (n)
		look_for(broker, kind, wanting, searches, n);
	free(searches);
	free(wanting);
	*record = (struct look_record){ .ended_ns = clock_now_ns(), .cost_ns = cpu_ns() - cpu_before_ns };
	log_debug(NULL, "looked at %s processes for %zu of %zu, which took %lld us", kind == LOOK_ALL ? "all" : "young",
			n, n_places, (long long)(record->cost_ns / NSEC_PER_USEC));
}

static void handle_timer(evutil_socket_t fd, short what, void *user)
{
	struct broker *broker = user;
	bool waits = false;

	(void)fd;
	(void)what;
	sweep(broker);
	watch(broker);
	if (clock_now_ns() < due_ns(broker, LOOK_ALL))
		look(broker, LOOK_YOUNG);
	if (clock_now_ns() >= due_ns(broker, LOOK_ALL))
		look(broker, LOOK_ALL);
	for (struct place *place = broker->places; place; place = place->next)
		waits = waits || client_waits(place->client) || client_has_ended(place->client);
	if (waits)
		schedule(broker);
	else
		event_del(broker->timer);
}

/* The container's node is opened by anybody, and before the group's. */
static bool is_worth_a_look(const struct inotify_event *event)
{
	return event->len && (event->mask & IN_CREATE || strcmp(event->name, "vfio"));
}

static void handle_inotify(evutil_socket_t fd, short what, void *user)
{
	union {
		struct inotify_event align;
		char bytes[8192];
	} buffer;
	struct broker *broker = user;
	ssize_t n = read(fd, buffer.bytes, sizeof(buffer.bytes));
	bool worth = false, waits = false;

	(void)what;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(buffer.bytes + at);

		worth = worth || is_worth_a_look(event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	for (struct place *place = broker->places; place; place = place->next)
		waits = waits || client_waits(place->client);
	if (!worth || !waits)
		return;
	/* The kernel tells of it before the descriptor is in its process's table. */
	broker->eager_until_ns = clock_now_ns() + EAGER_NS;
	schedule(broker);
}

static void handle_changed(void *user)
{
	look_at_all_soon(user);
}

static void handle_held(void *user, const char *name)
{
	struct broker *broker = user;

	if (channel_send(broker->channel, CHANNEL_DEVICE_HELD, name, strlen(name), -1) < 0)
		log_error(NULL, "the broker cannot have a worker killed that holds a vGPU");
}

static const struct client_events client_events = {
	.changed = handle_changed,
	.held = handle_held,
};

/* "NAME\nDEVICE". Takes fd. */
static void receive_device(struct broker *broker, char *text, int fd)
{
	char *device = strchr(text, '\n');
	struct place *place = device ? calloc(1, sizeof(*place)) : NULL;
	int r = device ? -ENOMEM : -EBADMSG;

	if (place) {
		*device++ = '\0';
		r = client_new(broker->base, text, device, fd, &client_events, broker, &place->client);
	}
	if (r < 0) {
		log_error(NULL, "the broker cannot serve a worker: %s", strerror(-r));
		free(place);
		close(fd);
		return;
	}
	place->next = broker->places;
	broker->places = place;
	look_at_all_soon(broker);
}

static void handle_channel(evutil_socket_t fd, short what, void *user)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	struct broker *broker = user;
	struct channel_log settings;
	enum channel_kind kind;
	int passed_fd, r;
	size_t bytes;

	(void)what;
	r = channel_receive(fd, &kind, payload, &bytes, &passed_fd);
	if (r == -EAGAIN)
		return;
	if (r < 0) {
		if (r == -EPIPE)
			log_notice(NULL, "the supervisor is gone, ending");
		else
			log_error(NULL, "order from the supervisor: %s", strerror(-r));
		end(broker, EXIT_FAILURE);
		return;
	}
	switch (kind) {
	case CHANNEL_LOG:
		memcpy(&settings, payload, sizeof(settings));
		log_set_level((enum log_level)settings.level);
		log_set_format((enum log_format)settings.format);
		break;
	case CHANNEL_VM_DEVICE:
		receive_device(broker, payload, passed_fd);
		break;
	case CHANNEL_READY:
		if (!broker->privileged)
			log_info(NULL, "the broker lacks CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: it can look into "
					"processes of its own user at most");
		channel_send(broker->channel, CHANNEL_SERVING, NULL, 0, -1);
		break;
	case CHANNEL_STOP:
		end(broker, EXIT_SUCCESS);
		break;
	default:
		if (passed_fd >= 0)
			close(passed_fd);
		log_error(NULL, "order %d is not for the broker", kind);
		end(broker, EXIT_FAILURE);
	}
}

static void handle_sigterm(evutil_socket_t signal_number, short what, void *user)
{
	(void)signal_number;
	(void)what;
	log_notice(NULL, "SIGTERM: ending");
	end(user, EXIT_SUCCESS);
}

static void limit_resources(void)
{
	struct rlimit limit;

	prctl(PR_SET_NAME, "pc:broker");
	worker_memory_limit(&(struct worker_memory){ .max_bytes = 0 }, MEMORY_MAX_BYTES);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	/* Two a worker. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* All that has to be made is made before making is forbidden. */
static int init(struct broker *broker, int channel)
{
	struct event_config *config = event_config_new();

	*broker = (struct broker){ .channel = channel };
	limit_resources();
	signal(SIGPIPE, SIG_IGN);
	/* A terminal's Ctrl-C and hangup reach the whole group; what follows is the supervisor's to say. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (!config)
		return -ENOMEM;
	event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
	broker->base = event_base_new_with_config(config);
	event_config_free(config);
	if (!broker->base)
		return -ENOMEM;
	broker->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (broker->inotify < 0)
		return -errno;
	broker->timer = evtimer_new(broker->base, handle_timer, broker);
	broker->sigterm = evsignal_new(broker->base, SIGTERM, handle_sigterm, broker);
	broker->inotify_event = event_new(broker->base, broker->inotify, EV_READ | EV_PERSIST, handle_inotify, broker);
	broker->channel_event = event_new(broker->base, channel, EV_READ | EV_PERSIST, handle_channel, broker);
	if (!broker->timer || !broker->sigterm || !broker->inotify_event || !broker->channel_event ||
			event_add(broker->sigterm, NULL) < 0 || event_add(broker->inotify_event, NULL) < 0 ||
			event_add(broker->channel_event, NULL) < 0)
		return -ENOMEM;
	watch(broker);
	return confine_broker(&broker->privileged);
}

int broker_run(int channel)
{
	static struct broker broker;
	int r = init(&broker, channel);

	if (r < 0) {
		log_error(NULL, "broker: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	event_base_dispatch(broker.base);
	return broker.exit_status;
}
