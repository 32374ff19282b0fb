// SPDX-License-Identifier: GPL-2.0-or-later
/* A test viewer on spice-client-glib. */
#include "tests/integration/support/spice_viewer.h"

#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "server/clock.h"

#define PATIENCE_NS (30 * NSEC_PER_SEC)
/*
 * SPICE does not say where an update ends. It certainly has when the next one has
 * begun; when nothing has come for so long it is worth a look.
 */
#define SETTLE_NS (8 * NSEC_PER_MSEC)
#define FDS_MAX 64
/* The part of the picture that a film takes at least. */
#define VIDEO_PART 8

static const unsigned int channels_wanted = 1u << SPICE_CHANNEL_MAIN | 1u << SPICE_CHANNEL_DISPLAY |
		1u << SPICE_CHANNEL_INPUTS | 1u << SPICE_CHANNEL_CURSOR;

struct picture spice_viewer_picture(struct steer *steer)
{
	const struct picture *shown = &((const struct spice_viewer *)steer)->pieces.picture;
	struct picture picture = { .width = 0 };

	if (shown->pixels && picture_init(&picture, shown->width, shown->height) < 0)
		exit(2);
	if (shown->pixels)
		memcpy(picture.pixels, shown->pixels,
				(size_t)shown->width * (size_t)shown->height * sizeof(picture.pixels[0]));
	return picture;
}

static uint64_t bytes_of(SpiceChannel *channel)
{
	gulong bytes = 0;

	if (channel)
		g_object_get(channel, "total-read-bytes", &bytes, NULL);
	return bytes;
}

uint64_t spice_viewer_bytes(struct steer *steer)
{
	const struct spice_viewer *viewer = (const struct spice_viewer *)steer;

	return viewer->bytes_gone + bytes_of(viewer->main) + bytes_of(viewer->display) +
			bytes_of(viewer->inputs) + bytes_of(viewer->cursor);
}

/* The picture of viewer->mark was whole when the last piece of it was drawn. */
static void note_update(struct spice_viewer *viewer)
{
	viewer->drawn = false;
	if (viewer->marked)
		follow_mark(&viewer->steer.follow, &viewer->mark, viewer->drawn_ns);
}

static void settle(struct spice_viewer *viewer)
{
	const uint64_t bytes = bytes_of(viewer->display);
	const int64_t now_ns = clock_now_ns();

	if (bytes != viewer->read_bytes) {
		viewer->read_bytes = bytes;
		viewer->read_ns = now_ns;
	}
	if (!viewer->drawn || now_ns - viewer->read_ns < SETTLE_NS)
		return;
	viewer->steer.updates++;
	note_update(viewer);
}

/* The next update has begun: the picture was whole before its first piece. */
static void verify(struct spice_viewer *viewer)
{
	steer_note_whole(&viewer->steer,
			pieces_search(&viewer->pieces, steer_is_right, viewer->steer.verification));
}

static void look_for_mark(struct spice_viewer *viewer)
{
	struct mark mark;

	if (mark_read(viewer->pixels, viewer->stride, (uint32_t)viewer->steer.width,
			(uint32_t)viewer->steer.height, &mark) < 0 ||
			(viewer->marked && mark.sequence == viewer->mark.sequence))
		return;
	if (viewer->marked && viewer->steer.verification)
		verify(viewer);
	if (viewer->drawn)
		note_update(viewer);
	viewer->marked = true;
	viewer->mark = mark;
}

/* The library does not say what is video: while there is any, nothing else is large. */
static void look_at_film(struct spice_viewer *viewer, int x, int y, int width, int height)
{
	const pixman_box32_t box = { x, y, x + width, y + height };

	if (width > 0 && height > 0 && (int64_t)width * height * VIDEO_PART >=
			(int64_t)viewer->steer.width * viewer->steer.height)
		film_watch_look(&viewer->watch, &viewer->steer, &box);
}

static void handle_drawn(SpiceDisplayChannel *channel, int x, int y, int width, int height, void *data)
{
	struct spice_viewer *viewer = data;

	(void)channel;
	if (!viewer->pixels)
		return;
	if (x < MARK_WIDTH && y < MARK_HEIGHT)
		look_for_mark(viewer);
	pieces_draw(&viewer->pieces, viewer->pixels, viewer->stride, x, y, width, height);
	look_at_film(viewer, x, y, width, height);
	viewer->drawn = true;
	viewer->drawn_ns = clock_now_ns();
}

static void handle_surface(SpiceDisplayChannel *channel, int format, int width, int height, int stride,
		int memory_id, void *pixels, void *data)
{
	struct spice_viewer *viewer = data;

	(void)channel;
	(void)memory_id;
	if (format != SPICE_SURFACE_FMT_32_xRGB || stride < width * 4)
		return;
	viewer->pixels = pixels;
	viewer->stride = (size_t)stride;
	viewer->steer.width = width;
	viewer->steer.height = height;
	viewer->drawn = viewer->marked = false;
	pieces_reset(&viewer->pieces, width, height);
}

static void handle_no_surface(SpiceDisplayChannel *channel, void *data)
{
	struct spice_viewer *viewer = data;

	(void)channel;
	viewer->pixels = NULL;
	viewer->steer.width = viewer->steer.height = 0;
	viewer->drawn = viewer->marked = false;
	pieces_reset(&viewer->pieces, 0, 0);
}

static void handle_shape(SpiceChannel *channel, GParamSpec *spec, void *data)
{
	struct spice_viewer *viewer = data;

	(void)channel;
	(void)spec;
	viewer->pointer.visible = true;
}

static void handle_place(SpiceChannel *channel, int x, int y, void *data)
{
	struct spice_viewer *viewer = data;

	(void)channel;
	viewer->pointer.visible = viewer->pointer.placed = true;
	viewer->pointer.x = x;
	viewer->pointer.y = y;
}

static void handle_hidden(SpiceChannel *channel, void *data)
{
	struct spice_viewer *viewer = data;

	(void)channel;
	viewer->pointer.visible = false;
}

static const char *describe(SpiceChannelEvent event)
{
	switch (event) {
	case SPICE_CHANNEL_ERROR_CONNECT:
		return "cannot connect";
	case SPICE_CHANNEL_ERROR_LINK:
		return "refused";
	case SPICE_CHANNEL_ERROR_AUTH:
		return "wrong password";
	case SPICE_CHANNEL_CLOSED:
	case SPICE_CHANNEL_ERROR_IO:
		return "closed";
	default:
		return "of no use";
	}
}

/* One channel lost is the viewer lost, for a test. */
static void handle_event(SpiceChannel *channel, SpiceChannelEvent event, void *data)
{
	struct spice_viewer *viewer = data;
	int type;

	g_object_get(channel, "channel-type", &type, NULL);
	if (event == SPICE_CHANNEL_OPENED) {
		viewer->opened |= 1u << type;
		return;
	}
	viewer->steer.connected = false;
	if (!viewer->error)
		viewer->error = describe(event);
}

static SpiceChannel **slot_of(struct spice_viewer *viewer, SpiceChannel *channel)
{
	int type;

	g_object_get(channel, "channel-type", &type, NULL);
	switch (type) {
	case SPICE_CHANNEL_MAIN:
		return &viewer->main;
	case SPICE_CHANNEL_DISPLAY:
		return &viewer->display;
	case SPICE_CHANNEL_INPUTS:
		return &viewer->inputs;
	case SPICE_CHANNEL_CURSOR:
		return &viewer->cursor;
	default:
		return NULL;
	}
}

static void handle_new_channel(SpiceSession *session, SpiceChannel *channel, void *data)
{
	struct spice_viewer *viewer = data;
	SpiceChannel **slot = slot_of(viewer, channel);

	(void)session;
	if (!slot || *slot)
		return;
	*slot = channel;
	g_signal_connect(channel, "channel-event", G_CALLBACK(handle_event), viewer);
	if (slot == &viewer->display) {
		g_signal_connect(channel, "display-primary-create", G_CALLBACK(handle_surface), viewer);
		g_signal_connect(channel, "display-primary-destroy", G_CALLBACK(handle_no_surface), viewer);
		g_signal_connect(channel, "display-invalidate", G_CALLBACK(handle_drawn), viewer);
	} else if (slot == &viewer->cursor) {
		g_signal_connect(channel, "notify::cursor", G_CALLBACK(handle_shape), viewer);
		g_signal_connect(channel, "cursor-move", G_CALLBACK(handle_place), viewer);
		g_signal_connect(channel, "cursor-hide", G_CALLBACK(handle_hidden), viewer);
	}
	if (slot != &viewer->main)
		spice_channel_connect(channel);
}

static void handle_lost_channel(SpiceSession *session, SpiceChannel *channel, void *data)
{
	struct spice_viewer *viewer = data;
	SpiceChannel **slot = slot_of(viewer, channel);

	(void)session;
	if (!slot || *slot != channel)
		return;
	viewer->bytes_gone += bytes_of(channel);
	*slot = NULL;
	viewer->steer.connected = false;
	if (slot == &viewer->display)
		handle_no_surface(NULL, viewer);
}

static int to_ms(int64_t ns)
{
	return ns <= 0 ? 0 : (int)((ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC);
}

/* One turn of the library's loop, which also ends when there is input. */
bool spice_viewer_serve(struct steer *steer, int timeout_ms, int input_fd)
{
	struct spice_viewer *viewer = (struct spice_viewer *)steer;
	GMainContext *context = g_main_context_default();
	GPollFD polled[FDS_MAX + 1];
	int priority, timeout = -1, n;

	if (!steer->connected && input_fd < 0)
		return false;
	g_main_context_acquire(context);
	g_main_context_prepare(context, &priority);
	n = g_main_context_query(context, priority, &timeout, polled, FDS_MAX);
	if (n > FDS_MAX)
		exit(2);
	polled[n] = (GPollFD){ .fd = input_fd, .events = G_IO_IN };
	if (viewer->drawn)
		timeout_ms = to_ms(viewer->read_ns + SETTLE_NS - clock_now_ns());
	if (timeout < 0 || (timeout_ms >= 0 && timeout_ms < timeout))
		timeout = timeout_ms;
	g_poll(polled, (guint)n + 1, timeout);
	if (g_main_context_check(context, priority, polled, n))
		g_main_context_dispatch(context);
	g_main_context_release(context);
	settle(viewer);
	return steer->connected;
}

static bool is_ready(const struct spice_viewer *viewer)
{
	return viewer->opened == channels_wanted && viewer->pixels;
}

bool spice_viewer_connect(struct spice_viewer *viewer)
{
	int64_t deadline_ns = clock_now_ns() + (viewer->steer.patience_ns ? viewer->steer.patience_ns : PATIENCE_NS);

	viewer->steer.connected = spice_session_connect(viewer->session);
	while (viewer->steer.connected && !is_ready(viewer)) {
		spice_viewer_serve(&viewer->steer, 100, -1);
		if (clock_now_ns() > deadline_ns)
			break;
	}
	if (!viewer->error && !is_ready(viewer))
		viewer->error = "nothing happens";
	return !viewer->error;
}

void spice_viewer_finish(struct spice_viewer *viewer)
{
	spice_session_disconnect(viewer->session);
	/* Its end is put off to the loop. */
	while (g_main_context_iteration(NULL, FALSE))
		continue;
	g_object_unref(viewer->session);
	pieces_reset(&viewer->pieces, 0, 0);
}

static const struct option options[] = {
	{ "password", required_argument, NULL, 'p' },
	{ "ca", required_argument, NULL, 'c' }, /* file; the port is one for TLS */
	{ "patience", required_argument, NULL, 't' }, /* seconds a command may take */
	{ "verbose", no_argument, NULL, 'v' },
	{ 0 },
};

void spice_viewer_print_options(FILE *file)
{
	for (const struct option *option = options; option->name; option++)
		fprintf(file, "  --%s%s\n", option->name, option->has_arg ? " VALUE" : "");
}

/* "HOST:PORT" or a path. */
static void set_address(SpiceSession *session, const char *address, bool tls)
{
	const char *colon = strrchr(address, ':');
	char *host;

	if (address[0] == '/' || !colon) {
		g_object_set(session, "unix-path", address, NULL);
		return;
	}
	host = strndup(address, (size_t)(colon - address));
	g_object_set(session, "host", host, tls ? "tls-port" : "port", colon + 1, NULL);
	free(host);
}

bool spice_viewer_init(struct spice_viewer *viewer, int argc, char **argv)
{
	SpiceSession *session = spice_session_new();
	bool tls = false;
	int option;

	viewer->session = session;
	g_object_set(session, "enable-audio", FALSE, "enable-usbredir", FALSE, "enable-smartcard", FALSE, NULL);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			g_object_set(session, "password", optarg, NULL);
			break;
		case 'c':
			tls = true;
			g_object_set(session, "ca-file", optarg, NULL);
			break;
		case 't':
			viewer->steer.patience_ns = atoi(optarg) * NSEC_PER_SEC;
			break;
		case 'v':
			spice_util_set_debug(TRUE);
			break;
		default:
			return false;
		}
	}
	if (optind != argc - 1)
		return false;
	set_address(session, argv[optind], tls);
	g_signal_connect(session, "channel-new", G_CALLBACK(handle_new_channel), viewer);
	g_signal_connect(session, "channel-destroy", G_CALLBACK(handle_lost_channel), viewer);
	return true;
}
