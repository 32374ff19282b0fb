// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A SPICE viewer for tests: spice-client-glib, told what to do line by line
 * (support/steer.h). Options and commands are in tables; --help prints them. Ends
 * with its input: status 1 if a command failed, 2 if there was no connection.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/capture/pattern_cursor.h"
#include "tests/integration/support/shape.h"
#include "tests/integration/support/spice_viewer.h"

static struct spice_viewer *from_steer(struct steer *steer)
{
	return (struct spice_viewer *)steer;
}

static SpiceInputsChannel *inputs_of(struct steer *steer)
{
	return SPICE_INPUTS_CHANNEL(from_steer(steer)->inputs);
}

static void do_resize(struct steer *steer, char **words)
{
	SpiceMainChannel *channel = SPICE_MAIN_CHANNEL(from_steer(steer)->main);
	int width = atoi(words[1]), height = atoi(words[2]);

	spice_main_channel_update_display(channel, 0, 0, 0, width, height, FALSE);
	spice_main_channel_update_display_enabled(channel, 0, TRUE, FALSE);
	steer_answer(steer, spice_main_channel_send_monitor_config(channel) && steer_wait_size(steer, width, height));
}

static void do_key(struct steer *steer, char **words)
{
	guint code = (guint)strtoul(words[1], NULL, 0);

	if (!strcmp(words[2], "down"))
		spice_inputs_channel_key_press(inputs_of(steer), code);
	else
		spice_inputs_channel_key_release(inputs_of(steer), code);
	steer_answer(steer, steer->connected);
}

static const struct {
	int button, mask;
} buttons[] = {
	{ SPICE_MOUSE_BUTTON_LEFT, SPICE_MOUSE_BUTTON_MASK_LEFT },
	{ SPICE_MOUSE_BUTTON_MIDDLE, SPICE_MOUSE_BUTTON_MASK_MIDDLE },
	{ SPICE_MOUSE_BUTTON_RIGHT, SPICE_MOUSE_BUTTON_MASK_RIGHT },
};

/* The state goes with each change, as widgets tell it: with the button that goes down, not with one that goes up. */
static void set_buttons(struct steer *steer, int wanted)
{
	struct spice_viewer *viewer = from_steer(steer);

	for (size_t i = 0; i < sizeof(buttons) / sizeof(buttons[0]); i++) {
		if (!((wanted ^ viewer->buttons) & buttons[i].mask))
			continue;
		viewer->buttons ^= buttons[i].mask;
		if (wanted & buttons[i].mask)
			spice_inputs_channel_button_press(inputs_of(steer), buttons[i].button, viewer->buttons);
		else
			spice_inputs_channel_button_release(inputs_of(steer), buttons[i].button, viewer->buttons);
	}
}

static void do_pointer(struct steer *steer, char **words)
{
	spice_inputs_channel_position(inputs_of(steer), atoi(words[1]), atoi(words[2]), 0,
			from_steer(steer)->buttons);
	set_buttons(steer, atoi(words[3]));
	steer_answer(steer, steer->connected);
}

static void do_motion(struct steer *steer, char **words)
{
	spice_inputs_channel_motion(inputs_of(steer), atoi(words[1]), atoi(words[2]), from_steer(steer)->buttons);
	set_buttons(steer, atoi(words[3]));
	steer_answer(steer, steer->connected);
}

static void do_wheel(struct steer *steer, char **words)
{
	int button = !strcmp(words[1], "up") ? SPICE_MOUSE_BUTTON_UP : SPICE_MOUSE_BUTTON_DOWN;

	spice_inputs_channel_button_press(inputs_of(steer), button, from_steer(steer)->buttons);
	spice_inputs_channel_button_release(inputs_of(steer), button, from_steer(steer)->buttons);
	steer_answer(steer, steer->connected);
}

struct wish {
	struct spice_viewer *viewer;
	int value, x, y;
	struct shape shape;
};

static bool is_mouse_mode(void *user)
{
	const struct wish *wish = user;
	int mode = 0;

	if (wish->viewer->main)
		g_object_get(wish->viewer->main, "mouse-mode", &mode, NULL);
	return mode == wish->value;
}

static void do_mouse(struct steer *steer, char **words)
{
	struct wish wish = {
		.viewer = from_steer(steer),
		.value = !strcmp(words[1], "server") ? SPICE_MOUSE_MODE_SERVER : SPICE_MOUSE_MODE_CLIENT,
	};

	spice_main_channel_request_mouse_mode(SPICE_MAIN_CHANNEL(wish.viewer->main), wish.value);
	steer_answer(steer, steer_wait(steer, is_mouse_mode, &wish));
}

/* As the library's users are given it: bytes red, green, blue, alpha, not premultiplied. */
static bool is_pixel(const uint8_t *rgba, uint32_t argb)
{
	return rgba[0] == (argb >> 16 & 0xff) && rgba[1] == (argb >> 8 & 0xff) && rgba[2] == (argb & 0xff) &&
			rgba[3] == argb >> 24;
}

static bool is_shape(void *user)
{
	const struct wish *wish = user;
	SpiceCursorShape *shape = NULL;
	bool same;

	if (!wish->viewer->cursor || !wish->viewer->pointer.visible)
		return false;
	g_object_get(wish->viewer->cursor, "cursor", &shape, NULL);
	same = shape && shape->data && shape->width == wish->shape.width &&
			shape->height == wish->shape.height && shape->hot_spot_x == wish->shape.hot_x &&
			shape->hot_spot_y == wish->shape.hot_y;
	for (size_t i = 0; same && i < (size_t)wish->shape.width * wish->shape.height; i++)
		same = is_pixel((const uint8_t *)shape->data + i * 4, wish->shape.argb[i]);
	if (shape)
		g_boxed_free(SPICE_TYPE_CURSOR_SHAPE, shape);
	return same;
}

static void do_cursor(struct steer *steer, char **words)
{
	static const char *const names[PATTERN_CURSORS] = {
		[PATTERN_CURSOR_ARROW] = "arrow",
		[PATTERN_CURSOR_TEXT] = "text",
		[PATTERN_CURSOR_HAND] = "hand",
		[PATTERN_CURSOR_MOVE] = "move",
	};
	struct wish wish = { .viewer = from_steer(steer) };
	struct pattern_cursor_shape drawn = { 0 };
	enum pattern_cursor cursor = 0;

	while (cursor < PATTERN_CURSORS && strcmp(names[cursor], words[1]) != 0)
		cursor++;
	if (cursor < PATTERN_CURSORS)
		pattern_cursor_draw(cursor, &drawn);
	wish.shape = (struct shape){ PATTERN_CURSOR_SIZE, PATTERN_CURSOR_SIZE, drawn.hot_x, drawn.hot_y, drawn.argb };
	steer_answer(steer, cursor < PATTERN_CURSORS && steer_wait(steer, is_shape, &wish));
}

static void do_shape(struct steer *steer, char **words)
{
	struct wish wish = { .viewer = from_steer(steer) };

	steer_answer(steer, shape_read(words[1], &wish.shape) && steer_wait(steer, is_shape, &wish));
	shape_finish(&wish.shape);
}

static bool is_hidden(void *user)
{
	return !((const struct wish *)user)->viewer->pointer.visible;
}

static void do_hidden(struct steer *steer, char **words)
{
	struct wish wish = { .viewer = from_steer(steer) };

	(void)words;
	steer_answer(steer, steer_wait(steer, is_hidden, &wish));
}

static bool is_placed(void *user)
{
	const struct wish *wish = user;

	return wish->viewer->pointer.visible && wish->viewer->pointer.placed &&
			wish->viewer->pointer.x == wish->x && wish->viewer->pointer.y == wish->y;
}

static void do_placed(struct steer *steer, char **words)
{
	struct wish wish = { .viewer = from_steer(steer), .x = atoi(words[1]), .y = atoi(words[2]) };
	bool ok = steer_wait(steer, is_placed, &wish);

	printf("{\"x\": %d, \"y\": %d", wish.viewer->pointer.x, wish.viewer->pointer.y);
	steer_answer_end(steer, ok);
}

static void do_locks(struct steer *steer, char **words)
{
	spice_inputs_channel_set_key_locks(inputs_of(steer), (guint)atoi(words[1]));
	steer_answer(steer, steer->connected);
}

static bool is_lit(void *user)
{
	const struct wish *wish = user;
	int modifiers = -1;

	if (wish->viewer->inputs)
		g_object_get(wish->viewer->inputs, "key-modifiers", &modifiers, NULL);
	return modifiers == wish->value;
}

static void do_leds(struct steer *steer, char **words)
{
	struct wish wish = { .viewer = from_steer(steer), .value = atoi(words[1]) };

	steer_answer(steer, steer_wait(steer, is_lit, &wish));
}

static void do_prefer(struct steer *steer, char **words)
{
	SpiceChannel *display = from_steer(steer)->display;

	spice_display_channel_change_preferred_video_codec_type(display,
			!strcmp(words[1], "mjpeg") ? SPICE_VIDEO_CODEC_TYPE_MJPEG : SPICE_VIDEO_CODEC_TYPE_H264);
	/* The library says nothing to a server that would not hear it. */
	steer_answer(steer, steer->connected &&
			spice_channel_test_capability(display, SPICE_DISPLAY_CAP_PREF_VIDEO_CODEC_TYPE));
}

static void do_film(struct steer *steer, char **words)
{
	film_watch_run(&from_steer(steer)->watch, steer, words);
}

static const struct steer_command commands[] = {
	{ "resize", 2, do_resize, "WIDTH HEIGHT", "ask for this size and wait for it" },
	{ "key", 2, do_key, "SCANCODE down|up", "0x100 is added to those behind 0xe0" },
	{ "pointer", 3, do_pointer, "X Y BUTTONS", "absolute; 1 left, 2 middle, 4 right" },
	{ "motion", 3, do_motion, "DX DY BUTTONS", "relative" },
	{ "wheel", 1, do_wheel, "up|down", "" },
	{ "mouse", 1, do_mouse, "client|server", "ask for who moves the pointer and wait for it" },
	{ "cursor", 1, do_cursor, "NAME", "wait until the pointer has this shape of the pattern's" },
	{ "shape", 1, do_shape, "FILE", "wait until the pointer has this shape (support/shape.h)" },
	{ "hidden", 0, do_hidden, "", "wait until there is no pointer" },
	{ "placed", 2, do_placed, "X Y", "wait until the server has put the pointer there" },
	{ "prefer", 1, do_prefer, "mjpeg|h264", "ask for video of this kind" },
	{ "film", FILM_WATCH_ARGUMENTS, do_film, FILM_WATCH_USAGE, FILM_WATCH_HELP },
	{ "locks", 1, do_locks, "BITS", "say which keys are locked here: 1 Scroll, 2 Num, 4 Caps" },
	{ "leds", 1, do_leds, "BITS", "wait until the guest's lights are these" },
	{ 0 },
};

static const struct steer_impl impl = {
	.serve = spice_viewer_serve,
	.picture = spice_viewer_picture,
	.bytes = spice_viewer_bytes,
	.commands = commands,
};

static int print_usage(void)
{
	fputs("usage: spiceprobe [OPTION...] HOST:PORT|UNIX-SOCKET <COMMANDS\n", stderr);
	spice_viewer_print_options(stderr);
	steer_print_commands(&impl, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static struct spice_viewer viewer = { .steer.impl = &impl };
	int status;

	if (!spice_viewer_init(&viewer, argc, argv))
		return print_usage();
	status = spice_viewer_connect(&viewer) ? steer_run(&viewer.steer) : steer_refuse(viewer.error);
	spice_viewer_finish(&viewer);
	return status;
}
