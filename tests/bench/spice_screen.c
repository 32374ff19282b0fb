// SPDX-License-Identifier: GPL-2.0-or-later
/* Channels and the picture, as spice-client-glib tells of them. */
#include "tests/bench/spice_screen.h"

#include <spice-client.h>
#include <stdio.h>

#include "server/clock.h"

static void fail(struct spice_screen *screen, const char *what, const char *why)
{
	/* What comes after the first is the consequence. */
	if (!*screen->reason)
		snprintf(screen->reason, sizeof(screen->reason), "%s: %s", what, why);
}

static void handle_create(SpiceChannel *channel, int format, int width, int height, int stride, int shm, void *pixels,
		void *user)
{
	struct spice_screen *screen = user;

	(void)channel;
	(void)shm;
	if (format != SPICE_SURFACE_FMT_32_xRGB || width <= 0 || height <= 0 || stride != width * 4) {
		fail(screen, "display", "pixels are not XR24 in rows without gaps");
		return;
	}
	screen->picture = (struct view_picture){
		.width = (uint32_t)width,
		.height = (uint32_t)height,
		.pixels = pixels,
	};
}

static void handle_destroy(SpiceChannel *channel, void *user)
{
	struct spice_screen *screen = user;

	(void)channel;
	screen->picture = (struct view_picture){ .pixels = NULL };
	screen->view.drawn = false;
}

static void handle_drawn(SpiceChannel *channel, int x, int y, int width, int height, void *user)
{
	struct spice_screen *screen = user;

	(void)channel;
	(void)x;
	(void)y;
	(void)width;
	(void)height;
	screen->view.drawn = true;
	view_screen_update(&screen->view, clock_now_ns());
}

static void handle_channel_event(SpiceChannel *channel, SpiceChannelEvent event, void *user)
{
	static const struct {
		SpiceChannelEvent event;
		const char *words;
	} ends[] = {
		{ SPICE_CHANNEL_CLOSED, "the server closed it" },
		{ SPICE_CHANNEL_ERROR_CONNECT, "no connection" },
		{ SPICE_CHANNEL_ERROR_TLS, "no TLS" },
		{ SPICE_CHANNEL_ERROR_LINK, "the server refused it" },
		{ SPICE_CHANNEL_ERROR_AUTH, "the server wants a password" },
		{ SPICE_CHANNEL_ERROR_IO, "the connection broke" },
	};
	int type;

	g_object_get(channel, "channel-type", &type, NULL);
	for (unsigned int i = 0; i < G_N_ELEMENTS(ends); i++)
		if (ends[i].event == event)
			fail(user, spice_channel_type_to_string(type), ends[i].words);
}

static void watch_display(struct spice_screen *screen, SpiceChannel *channel)
{
	g_signal_connect(channel, "display-primary-create", G_CALLBACK(handle_create), screen);
	g_signal_connect(channel, "display-primary-destroy", G_CALLBACK(handle_destroy), screen);
	g_signal_connect(channel, "display-invalidate", G_CALLBACK(handle_drawn), screen);
}

static void handle_channel(SpiceSession *session, SpiceChannel *channel, void *user)
{
	struct spice_screen *screen = user;
	int id;

	(void)session;
	g_object_get(channel, "channel-id", &id, NULL);
	if (screen->n_channels == SPICE_SCREEN_CHANNELS_MAX || id != 0)
		return;
	screen->channels[screen->n_channels++] = g_object_ref(channel);
	g_signal_connect(channel, "channel-event", G_CALLBACK(handle_channel_event), screen);
	if (SPICE_IS_DISPLAY_CHANNEL(channel))
		watch_display(screen, channel);
	/* The session connects its main channel itself. Channels of audio and devices are left alone. */
	if (SPICE_IS_DISPLAY_CHANNEL(channel) || SPICE_IS_CURSOR_CHANNEL(channel) || SPICE_IS_INPUTS_CHANNEL(channel))
		spice_channel_connect(channel);
}

void spice_screen_init(struct spice_screen *screen, const char *host, const char *port, uint32_t mark_step)
{
	*screen = (struct spice_screen){ .session = spice_session_new() };
	view_screen_init(&screen->view, &screen->picture, mark_step);
	screen->view.pieces = true;
	g_object_set(screen->session, "host", host, "port", port, "enable-audio", FALSE, "enable-usbredir", FALSE,
			"enable-smartcard", FALSE, NULL);
	g_signal_connect(screen->session, "channel-new", G_CALLBACK(handle_channel), screen);
	if (!spice_session_connect(screen->session))
		fail(screen, "session", "not connected");
}

void spice_screen_finish(struct spice_screen *screen)
{
	for (unsigned int i = 0; i < screen->n_channels; i++) {
		g_signal_handlers_disconnect_by_data(screen->channels[i], screen);
		g_object_unref(screen->channels[i]);
	}
	if (screen->session) {
		g_signal_handlers_disconnect_by_data(screen->session, screen);
		spice_session_disconnect(screen->session);
		g_object_unref(screen->session);
	}
	view_screen_finish(&screen->view);
}

void spice_screen_count(struct spice_screen *screen)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < screen->n_channels; i++) {
		unsigned long read;

		g_object_get(screen->channels[i], "total-read-bytes", &read, NULL);
		bytes += read;
	}
	screen->view.stats.bytes = bytes;
}
