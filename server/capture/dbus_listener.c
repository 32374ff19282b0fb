// SPDX-License-Identifier: GPL-2.0-or-later
/* What QEMU calls: org.qemu.Display1.Listener of its docs/interop/dbus-display. */
#include "server/capture/dbus_listener.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/bus_pump.h"
#include "server/capture/dbus_picture.h"
#include "server/cursor.h"
#include "server/log.h"

#define PATH "/org/qemu/Display1/Listener"
#define MAP_INTERFACE "org.qemu.Display1.Listener.Unix.Map"

struct dbus_listener {
	struct dbus_picture *picture;
	const struct dbus_listener_events *events;
	void *user;
	struct bus_pump *pump;
	struct cursor cursor; /* its pixels are here */
	uint32_t *argb;
	bool changed;
	int failed; /* what a call asked for could not be: this ends */
};

/* What picture says comes first; QEMU is answered in any case. */
static int answer(struct dbus_listener *listener, sd_bus_message *call, int r)
{
	if (r < 0 && !listener->failed)
		listener->failed = r;
	listener->changed = true;
	return sd_bus_reply_method_return(call, "");
}

static int handle_scanout(sd_bus_message *call, void *user, sd_bus_error *error)
{
	struct dbus_listener *listener = user;
	struct dbus_pixels pixels;
	int r;

	(void)error;
	r = sd_bus_message_read(call, "uuuu", &pixels.width, &pixels.height, &pixels.stride, &pixels.format);
	if (r >= 0)
		r = sd_bus_message_read_array(call, 'y', &pixels.data, &pixels.bytes);
	if (r < 0)
		return r;
	return answer(listener, call, dbus_picture_scanout(listener->picture, &pixels));
}

static int handle_update(sd_bus_message *call, void *user, sd_bus_error *error)
{
	struct dbus_listener *listener = user;
	struct dbus_pixels pixels;
	int32_t x, y, width, height;
	int r;

	(void)error;
	r = sd_bus_message_read(call, "iiiiuu", &x, &y, &width, &height, &pixels.stride, &pixels.format);
	if (r >= 0)
		r = sd_bus_message_read_array(call, 'y', &pixels.data, &pixels.bytes);
	if (r < 0)
		return r;
	/* Negative ones become larger than any picture may be. */
	pixels.width = (uint32_t)width;
	pixels.height = (uint32_t)height;
	return answer(listener, call, dbus_picture_update(listener->picture, x, y, &pixels));
}

static int read_rectangle(sd_bus_message *call, int32_t *ret)
{
	return sd_bus_message_read(call, "iiii", &ret[0], &ret[1], &ret[2], &ret[3]);
}

static int handle_touch(sd_bus_message *call, void *user, sd_bus_error *error)
{
	struct dbus_listener *listener = user;
	int32_t at[4];
	int r = read_rectangle(call, at);

	(void)error;
	return r < 0 ? r : answer(listener, call, dbus_picture_touch(listener->picture, at[0], at[1], at[2], at[3]));
}

static int handle_map(sd_bus_message *call, void *user, sd_bus_error *error)
{
	struct dbus_listener *listener = user;
	struct dbus_map map;
	int r;

	(void)error;
	r = sd_bus_message_read(call, "huuuuu", &map.fd, &map.offset, &map.width, &map.height, &map.stride,
			&map.format);
	return r < 0 ? r : answer(listener, call, dbus_picture_map(listener->picture, &map));
}

static int handle_dmabuf(sd_bus_message *call, void *user, sd_bus_error *error)
{
	struct dbus_listener *listener = user;
	struct dbus_map map = { .offset = 0 };
	uint64_t modifier;
	int y0_top, r;

	(void)error;
	r = sd_bus_message_read(call, "huuuutb", &map.fd, &map.width, &map.height, &map.stride, &map.format, &modifier,
			&y0_top);
	/* In QEMU's own drawing what has this flag is turned over, whatever it is called. */
	return r < 0 ? r : answer(listener, call, dbus_picture_dmabuf(listener->picture, &map, modifier, y0_top));
}

static int handle_mouse(sd_bus_message *call, void *user, sd_bus_error *error)
{
	struct dbus_listener *listener = user;
	int32_t x, y, on;
	int r = sd_bus_message_read(call, "iii", &x, &y, &on);

	(void)error;
	if (r < 0)
		return r;
	listener->cursor.x = x;
	listener->cursor.y = y;
	listener->cursor.position_known = true;
	listener->cursor.visible = on && listener->argb;
	listener->events->cursor(listener->user, &listener->cursor);
	return sd_bus_reply_method_return(call, "");
}

/* False: what cannot be, or is too large for viewers. */
static bool define_cursor(struct dbus_listener *listener, const int32_t *at, const void *data, size_t bytes)
{
	const int32_t width = at[0], height = at[1], x = at[2], y = at[3];
	struct cursor *cursor = &listener->cursor;
	uint32_t *argb;

	if (width <= 0 || height <= 0 || width > CURSOR_SIZE_MAX || height > CURSOR_SIZE_MAX ||
			bytes < (size_t)width * (size_t)height * 4)
		return false;
	argb = malloc((size_t)width * (size_t)height * 4);
	if (!argb)
		return false;
	memcpy(argb, data, (size_t)width * (size_t)height * 4);
	free(listener->argb);
	listener->argb = argb;
	cursor->argb = argb;
	cursor->width = (uint32_t)width;
	cursor->height = (uint32_t)height;
	cursor->hot_x = x > 0 && x < width ? (uint32_t)x : 0;
	cursor->hot_y = y > 0 && y < height ? (uint32_t)y : 0;
	cursor->visible = true;
	cursor->shape_serial++;
	return true;
}

static int handle_cursor(sd_bus_message *call, void *user, sd_bus_error *error)
{
	struct dbus_listener *listener = user;
	const void *data;
	size_t bytes;
	int32_t at[4];
	int r = read_rectangle(call, at);

	(void)error;
	if (r >= 0)
		r = sd_bus_message_read_array(call, 'y', &data, &bytes);
	if (r < 0)
		return r;
	if (!define_cursor(listener, at, data, bytes)) {
		log_info(NULL, "the guest's pointer of %dx%d cannot be shown", at[0], at[1]);
		listener->cursor.visible = false;
	}
	if (listener->argb)
		listener->events->cursor(listener->user, &listener->cursor);
	return sd_bus_reply_method_return(call, "");
}

static int handle_disable(sd_bus_message *call, void *user, sd_bus_error *error)
{
	struct dbus_listener *listener = user;

	(void)error;
	dbus_picture_disable(listener->picture);
	return answer(listener, call, 0);
}

/* The properties that QEMU asks for before it tells anything. */
static int get_interfaces(sd_bus *bus, const char *path, const char *interface, const char *property,
		sd_bus_message *reply, void *user, sd_bus_error *error)
{
	(void)bus;
	(void)path;
	(void)interface;
	(void)property;
	(void)user;
	(void)error;
	return sd_bus_message_append(reply, "as", 1, MAP_INTERFACE);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Scanout", "uuuuay", "", handle_scanout, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Update", "iiiiuuay", "", handle_update, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("ScanoutDMABUF", "huuuutb", "", handle_dmabuf, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("UpdateDMABUF", "iiii", "", handle_touch, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("MouseSet", "iii", "", handle_mouse, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("CursorDefine", "iiiiay", "", handle_cursor, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Disable", "", "", handle_disable, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Interfaces", "as", get_interfaces, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};

/* Of QEMU 9.2 and later, where the picture is in memory that can be shared. */
static const sd_bus_vtable map_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("ScanoutMap", "huuuuu", "", handle_map, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("UpdateMap", "iiii", "", handle_touch, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static void handle_turned(void *user)
{
	struct dbus_listener *listener = user;
	const int failed = listener->failed;

	if (failed) {
		listener->failed = 0;
		listener->events->ended(listener->user, failed, failed != -ESTALE);
		return;
	}
	if (listener->changed) {
		listener->changed = false;
		listener->events->changed(listener->user);
	}
}

static void handle_ended(void *user, int why)
{
	struct dbus_listener *listener = user;

	listener->events->ended(listener->user, why, false);
}

static const struct bus_pump_events pump_events = { .turned = handle_turned, .ended = handle_ended };

static int start(struct dbus_listener *listener, struct event_base *base, int fd)
{
	sd_bus *bus;
	int r = sd_bus_new(&bus);

	if (r < 0) {
		close(fd);
		return r;
	}
	r = sd_bus_set_fd(bus, fd, fd);
	if (r < 0)
		close(fd);
	if (r >= 0)
		r = sd_bus_negotiate_fds(bus, true);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, PATH, "org.qemu.Display1.Listener", vtable, listener);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, PATH, MAP_INTERFACE, map_vtable, listener);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		sd_bus_close_unref(bus);
		return r;
	}
	return bus_pump_new(base, bus, &pump_events, listener, &listener->pump);
}

int dbus_listener_new(struct event_base *base, struct dbus_picture *picture,
		const struct dbus_listener_events *events, void *user, struct dbus_listener **ret, int *ret_fd)
{
	struct dbus_listener *listener = calloc(1, sizeof(*listener));
	int pair[2], r;

	if (!listener)
		return -ENOMEM;
	listener->picture = picture;
	listener->events = events;
	listener->user = user;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
		r = -errno;
		goto err_free;
	}
	r = start(listener, base, pair[0]);
	if (r < 0)
		goto err_close;
	*ret = listener;
	*ret_fd = pair[1];
	return 0;

err_close:
	close(pair[1]);
err_free:
	free(listener);
	return r;
}

void dbus_listener_free(struct dbus_listener *listener)
{
	if (!listener)
		return;
	bus_pump_free(listener->pump);
	free(listener->argb);
	free(listener);
}
