// SPDX-License-Identifier: GPL-2.0-or-later
/* The connection to QEMU's D-Bus display: attempts, who is there, who is told. */
#include "server/qemu_bus.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/bus_pump.h"
#include "server/guest.h"
#include "server/log.h"

#define BACKOFF_MIN_NS (100 * NSEC_PER_MSEC)
#define BACKOFF_MAX_NS (2 * NSEC_PER_SEC)
#define NAME "org.qemu"
#define DRIVER "org.freedesktop.DBus"
#define DRIVER_PATH "/org/freedesktop/DBus"

enum state {
	STATE_DOWN, /* the timer brings the next attempt */
	STATE_CONNECTING, /* the timer ends it */
	STATE_ALONE, /* on the bus, and QEMU is not; no timer */
	STATE_UP,
};

struct qemu_bus {
	struct event_base *base;
	struct guest *guest; /* NULL: not from peer to peer */
	char *address;
	struct event *timer;
	int64_t backoff_ns;
	enum state state;
	struct bus_pump *pump; /* NULL: STATE_DOWN */
	char *owner; /* QEMU's unique name; NULL: none known, or from peer to peer */
	struct qemu_bus_user *users;
	char trouble[160];
	char warned[160]; /* what the log was told last, so that it is told once */
};

static void arm(struct qemu_bus *bus, int64_t delay_ns)
{
	struct timeval delay = clock_timeval(delay_ns);

	evtimer_add(bus->timer, &delay);
}

static void tell_down(struct qemu_bus *bus)
{
	struct qemu_bus_user *next;

	for (struct qemu_bus_user *user = bus->users; user; user = next) {
		next = user->next;
		if (user->down)
			user->down(user->data);
	}
}

static void lose_owner(struct qemu_bus *bus, enum state state)
{
	const bool was_up = bus->state == STATE_UP;

	bus->state = state;
	if (was_up)
		tell_down(bus);
	free(bus->owner);
	bus->owner = NULL;
}

static void __attribute__((format(printf, 2, 3))) set_trouble(struct qemu_bus *bus, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(bus->trouble, sizeof(bus->trouble), fmt, args);
	va_end(args);
	if (strcmp(bus->trouble, bus->warned)) {
		strcpy(bus->warned, bus->trouble);
		log_warn(NULL, "D-Bus display at %s: %s Trying on.", bus->address, bus->trouble);
	}
}

/* Gives the connection up; the next attempt comes later. */
static void fail(struct qemu_bus *bus, int why)
{
	if (bus->state == STATE_UP) {
		snprintf(bus->trouble, sizeof(bus->trouble), "The connection to QEMU is lost: %s.", strerror(-why));
		log_notice(NULL, "connection to QEMU's D-Bus display at %s lost: %s", bus->address, strerror(-why));
		bus->warned[0] = '\0';
	} else if (bus->guest && why == -ENOTCONN) {
		/* Which has its own line in the log, and a first moment. */
		if (bus->backoff_ns > BACKOFF_MIN_NS)
			snprintf(bus->trouble, sizeof(bus->trouble), "There is no connection to QEMU's monitor.");
	} else if (why == -ETIMEDOUT) {
		set_trouble(bus, "QEMU's D-Bus display does not answer.");
	} else {
		set_trouble(bus, "There is no connection to QEMU's D-Bus display: %s.", strerror(-why));
	}
	lose_owner(bus, STATE_DOWN);
	bus_pump_free(bus->pump);
	bus->pump = NULL;
	arm(bus, bus->backoff_ns);
	bus->backoff_ns *= 2;
	if (bus->backoff_ns > BACKOFF_MAX_NS)
		bus->backoff_ns = BACKOFF_MAX_NS;
}

static void handle_ended(void *user, int why)
{
	fail(user, why);
}

static const struct bus_pump_events pump_events = { .ended = handle_ended };

static int call_valist(struct qemu_bus *bus, sd_bus_slot **ret_slot, const char *destination, const char *path,
		const char *interface, const char *member, sd_bus_message_handler_t answered, void *user,
		const char *types, va_list args)
{
	sd_bus *sd = bus_pump_get(bus->pump);
	sd_bus_message *call = NULL;
	int r = sd_bus_message_new_method_call(sd, &call, destination, path, interface, member);

	if (r >= 0 && types && types[0])
		r = sd_bus_message_appendv(call, types, args);
	if (r >= 0)
		r = sd_bus_call_async(sd, ret_slot, call, answered, user, QEMU_BUS_PATIENCE_NS / NSEC_PER_USEC);
	sd_bus_message_unref(call);
	bus_pump_wake(bus->pump);
	return r < 0 ? r : 0;
}

static int call_other(struct qemu_bus *bus, const char *destination, const char *path, const char *interface,
		const char *member, sd_bus_message_handler_t answered, const char *types, ...)
{
	va_list args;
	int r;

	va_start(args, types);
	r = call_valist(bus, NULL, destination, path, interface, member, answered, bus, types, args);
	va_end(args);
	return r;
}

/* Which VM it is; what answers is QEMU. */
static int handle_name(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct qemu_bus *bus = user;
	struct qemu_bus_user *next;
	const char *name = "";

	(void)error;
	if (bus->state != STATE_CONNECTING || !qemu_bus_is_sender(bus, message))
		return 0;
	if (sd_bus_message_is_method_error(message, NULL)) {
		fail(bus, -sd_bus_message_get_errno(message));
		return 0;
	}
	if (sd_bus_message_read(message, "v", "s", &name) < 0) {
		fail(bus, -EPROTO);
		return 0;
	}
	evtimer_del(bus->timer);
	bus->state = STATE_UP;
	bus->backoff_ns = BACKOFF_MIN_NS;
	bus->trouble[0] = bus->warned[0] = '\0';
	log_notice(NULL, "connected to QEMU's D-Bus display at %s: %s", bus->address, name);
	for (struct qemu_bus_user *told = bus->users; told && bus->state == STATE_UP; told = next) {
		next = told->next;
		told->up(told->data);
	}
	return 0;
}

static int ask_name(struct qemu_bus *bus)
{
	bus->state = STATE_CONNECTING;
	arm(bus, QEMU_BUS_PATIENCE_NS);
	return call_other(bus, bus->owner, "/org/qemu/Display1/VM", "org.freedesktop.DBus.Properties", "Get",
			handle_name, "ss", "org.qemu.Display1.VM", "Name");
}

static void set_owner(struct qemu_bus *bus, const char *owner)
{
	int r;

	lose_owner(bus, STATE_ALONE);
	if (!owner[0]) {
		evtimer_del(bus->timer);
		set_trouble(bus, "The VM is not running, or its QEMU not on this bus.");
		return;
	}
	bus->owner = strdup(owner);
	r = bus->owner ? ask_name(bus) : -ENOMEM;
	if (r < 0)
		fail(bus, r);
}

static int handle_owner(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct qemu_bus *bus = user;
	const char *owner = "";

	(void)error;
	/* The signal may have been faster. */
	if (bus->state != STATE_CONNECTING || bus->owner)
		return 0;
	if (sd_bus_message_is_method_error(message, NULL)) {
		if (!sd_bus_message_is_method_error(message, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
			fail(bus, -sd_bus_message_get_errno(message));
			return 0;
		}
	} else if (sd_bus_message_read(message, "s", &owner) < 0) {
		fail(bus, -EPROTO);
		return 0;
	}
	set_owner(bus, owner);
	return 0;
}

static int handle_owner_changed(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct qemu_bus *bus = user;
	const char *owner;

	(void)error;
	if (bus->state == STATE_DOWN || sd_bus_message_read(message, "sss", NULL, NULL, &owner) < 0)
		return 0;
	if (bus->state == STATE_UP && !owner[0])
		log_notice(NULL, "QEMU has left its D-Bus display at %s", bus->address);
	set_owner(bus, owner);
	return 0;
}

static int ask_owner(struct qemu_bus *bus)
{
	int r = sd_bus_add_match_async(bus_pump_get(bus->pump), NULL, "type='signal',sender='" DRIVER "',path='"
			DRIVER_PATH "',interface='" DRIVER "',member='NameOwnerChanged',arg0='" NAME "'",
			handle_owner_changed, NULL, bus);

	if (r < 0)
		return r;
	bus->state = STATE_CONNECTING;
	arm(bus, QEMU_BUS_PATIENCE_NS);
	return call_other(bus, DRIVER, DRIVER_PATH, DRIVER, "GetNameOwner", handle_owner, "s", NAME);
}

/* Ours, nonblocking; the other one is QEMU's. */
static int open_pair(struct qemu_bus *bus, int *ret)
{
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	r = guest_add_display(bus->guest, pair[1]);
	close(pair[1]);
	if (r < 0) {
		close(pair[0]);
		return r;
	}
	*ret = pair[0];
	return 0;
}

static int start(struct qemu_bus *bus, sd_bus *sd)
{
	int fd = -1, r;

	if (bus->guest) {
		r = open_pair(bus, &fd);
		if (r < 0)
			return r;
		r = sd_bus_set_fd(sd, fd, fd);
		if (r < 0) {
			close(fd);
			return r;
		}
	} else {
		r = sd_bus_set_address(sd, bus->address);
		if (r >= 0)
			r = sd_bus_set_bus_client(sd, true);
	}
	if (r >= 0)
		r = sd_bus_negotiate_fds(sd, true);
	return r < 0 ? r : sd_bus_start(sd);
}

static int connect_bus(struct qemu_bus *bus)
{
	sd_bus *sd;
	int r = sd_bus_new(&sd);

	if (r < 0)
		return r;
	r = start(bus, sd);
	if (r < 0) {
		sd_bus_close_unref(sd);
		return r;
	}
	r = bus_pump_new(bus->base, sd, &pump_events, bus, &bus->pump);
	if (r < 0)
		return r;
	return bus->guest ? ask_name(bus) : ask_owner(bus);
}

static void handle_timer(evutil_socket_t fd, short what, void *user)
{
	struct qemu_bus *bus = user;
	int r;

	(void)fd;
	(void)what;
	r = bus->state == STATE_DOWN ? connect_bus(bus) : -ETIMEDOUT;
	if (r < 0)
		fail(bus, r);
}

static void handle_ready(void *user)
{
	struct qemu_bus *bus = user;

	/* No reason to wait for the next attempt. */
	if (bus->state == STATE_DOWN)
		arm(bus, 0);
}

int qemu_bus_new(struct event_base *base, const char *address, struct guest *guest, struct qemu_bus **ret)
{
	const bool p2p = address && !strcmp(address, QEMU_BUS_P2P);
	struct qemu_bus *bus;

	*ret = NULL;
	if (!address)
		return 0;
	if (!address[0] || (p2p && !guest))
		return -EINVAL;
	bus = calloc(1, sizeof(*bus));
	if (!bus)
		return -ENOMEM;
	bus->base = base;
	bus->guest = p2p ? guest : NULL;
	bus->backoff_ns = BACKOFF_MIN_NS;
	bus->address = strdup(address);
	bus->timer = evtimer_new(base, handle_timer, bus);
	if (!bus->address || !bus->timer) {
		qemu_bus_free(bus);
		return -ENOMEM;
	}
	if (bus->guest)
		guest_set_ready(bus->guest, handle_ready, bus);
	arm(bus, 0);
	*ret = bus;
	return 0;
}

void qemu_bus_free(struct qemu_bus *bus)
{
	if (!bus)
		return;
	if (bus->guest)
		guest_set_ready(bus->guest, NULL, NULL);
	bus_pump_free(bus->pump);
	if (bus->timer)
		event_free(bus->timer);
	free(bus->owner);
	free(bus->address);
	free(bus);
}

void qemu_bus_add_user(struct qemu_bus *bus, struct qemu_bus_user *user)
{
	user->next = bus->users;
	bus->users = user;
	if (bus->state == STATE_UP)
		user->up(user->data);
}

void qemu_bus_remove_user(struct qemu_bus *bus, struct qemu_bus_user *user)
{
	struct qemu_bus_user **link = &bus->users;

	while (*link && *link != user)
		link = &(*link)->next;
	if (*link)
		*link = user->next;
}

bool qemu_bus_is_up(const struct qemu_bus *bus)
{
	return bus->state == STATE_UP;
}

const char *qemu_bus_trouble(const struct qemu_bus *bus)
{
	return bus->trouble;
}

sd_bus *qemu_bus_get(const struct qemu_bus *bus)
{
	return bus->state == STATE_UP ? bus_pump_get(bus->pump) : NULL;
}

void qemu_bus_wake(struct qemu_bus *bus)
{
	if (bus->pump)
		bus_pump_wake(bus->pump);
}

const char *qemu_bus_destination(const struct qemu_bus *bus)
{
	return bus->owner;
}

bool qemu_bus_is_sender(const struct qemu_bus *bus, sd_bus_message *message)
{
	const char *sender = sd_bus_message_get_sender(message);

	/* What sd-bus itself answers, when nobody else did, is from nobody. */
	return !bus->owner || !sender || !strcmp(sender, bus->owner);
}

int qemu_bus_call(struct qemu_bus *bus, sd_bus_slot **ret_slot, const char *path, const char *interface,
		const char *member, sd_bus_message_handler_t answered, void *user, const char *types, ...)
{
	va_list args;
	int r;

	if (bus->state != STATE_UP)
		return -ENOTCONN;
	va_start(args, types);
	r = call_valist(bus, ret_slot, bus->owner, path, interface, member, answered, user, types, args);
	va_end(args);
	return r;
}

int qemu_bus_hear(struct qemu_bus *bus, sd_bus_slot **ret_slot, const char *path, const char *interface,
		const char *member, sd_bus_message_handler_t heard, void *user)
{
	int r;

	if (bus->state != STATE_UP)
		return -ENOTCONN;
	r = sd_bus_match_signal_async(bus_pump_get(bus->pump), ret_slot, bus->owner, path, interface, member, heard,
			NULL, user);
	bus_pump_wake(bus->pump);
	return r < 0 ? r : 0;
}
