// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A viewer for tests: libvncclient, told what to do line by line (support/steer.h).
 * Options and commands are in tables; --help prints them. Ends with its input:
 * status 1 if a command failed, 2 if there was no connection.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/support/shape.h"
#include "tests/integration/support/vnc_viewer.h"

/* Of this alpha and more a pixel is shown; libvncclient knows no other cursors. */
#define OPAQUE 128

static rfbClient *client_of(struct steer *steer)
{
	return ((struct vnc_viewer *)steer)->client;
}

static void do_resize(struct steer *steer, char **words)
{
	int width = atoi(words[1]), height = atoi(words[2]);

	vnc_viewer_ask_size((struct vnc_viewer *)steer, (uint16_t)width, (uint16_t)height);
	steer_answer(steer, steer_wait_size(steer, width, height));
}

static void do_key(struct steer *steer, char **words)
{
	uint32_t keysym = (uint32_t)strtoul(words[1], NULL, 0);

	steer_answer(steer, SendKeyEvent(client_of(steer), keysym, !strcmp(words[2], "down")));
}

static void do_pointer(struct steer *steer, char **words)
{
	steer_answer(steer, SendPointerEvent(client_of(steer), atoi(words[1]), atoi(words[2]), atoi(words[3])));
}

static void do_request(struct steer *steer, char **words)
{
	(void)words;
	steer_answer(steer, SendFramebufferUpdateRequest(client_of(steer), 0, 0, steer->width, steer->height, FALSE));
}

static void do_video(struct steer *steer, char **words)
{
	steer_answer(steer, vnc_viewer_set_video((struct vnc_viewer *)steer, !strcmp(words[1], "on")));
}

static void do_film(struct steer *steer, char **words)
{
	film_watch_run(&((struct vnc_viewer *)steer)->watch, steer, words);
}

struct wish {
	const struct vnc_viewer *viewer;
	struct shape shape;
};

static bool is_shape(void *user)
{
	const struct wish *wish = user;
	const struct vnc_viewer *viewer = wish->viewer;
	const struct shape *shape = &wish->shape;
	bool same = viewer->pointer.width == (int)shape->width && viewer->pointer.height == (int)shape->height &&
			viewer->pointer.hot_x == (int)shape->hot_x && viewer->pointer.hot_y == (int)shape->hot_y;

	for (size_t i = 0; same && i < (size_t)shape->width * shape->height; i++) {
		const bool shown = shape->argb[i] >> 24 >= OPAQUE;

		same = shown == !!viewer->pointer.mask[i] &&
				(!shown || !((viewer->pointer.pixels[i] ^ shape->argb[i]) & 0xffffff));
	}
	return same;
}

static void do_shape(struct steer *steer, char **words)
{
	struct wish wish = { .viewer = (struct vnc_viewer *)steer };

	steer_answer(steer, shape_read(words[1], &wish.shape) && steer_wait(steer, is_shape, &wish));
	shape_finish(&wish.shape);
}

static bool is_hidden(void *user)
{
	const struct vnc_viewer *viewer = ((const struct wish *)user)->viewer;
	bool hidden = viewer->pointer.mask;

	for (int i = 0; hidden && i < viewer->pointer.width * viewer->pointer.height; i++)
		hidden = !viewer->pointer.mask[i];
	return hidden;
}

static void do_hidden(struct steer *steer, char **words)
{
	struct wish wish = { .viewer = (struct vnc_viewer *)steer };

	(void)words;
	steer_answer(steer, steer_wait(steer, is_hidden, &wish));
}

static void reset(struct steer *steer)
{
	struct vnc_viewer *viewer = (struct vnc_viewer *)steer;

	viewer->copies = 0;
	viewer->pixels = 0;
	viewer->video = (struct vnc_video){ 0 };
}

static void print_stats(struct steer *steer)
{
	const struct vnc_viewer *viewer = (struct vnc_viewer *)steer;
	const struct vnc_video *video = &viewer->video;

	printf(", \"copies\": %u, \"videos\": %u, \"keyframes\": %u, \"resets\": %u, \"video_bytes\": %llu, "
	       "\"video_share\": %.3f", viewer->copies, video->rects, video->keyframes, video->resets,
			(unsigned long long)video->bytes,
			viewer->pixels ? (double)video->pixels / (double)viewer->pixels : 0);
}

static const struct steer_command commands[] = {
	{ "resize", 2, do_resize, "WIDTH HEIGHT", "ask for this size and wait for it" },
	{ "key", 2, do_key, "KEYSYM down|up", "" },
	{ "pointer", 3, do_pointer, "X Y BUTTONS", "" },
	{ "shape", 1, do_shape, "FILE", "wait until the pointer has this shape (support/shape.h)" },
	{ "hidden", 0, do_hidden, "", "wait until the server shows a pointer that cannot be seen" },
	{ "video", 1, do_video, "on|off", "say whether Open H.264 is understood" },
	{ "film", FILM_WATCH_ARGUMENTS, do_film, FILM_WATCH_USAGE, FILM_WATCH_HELP },
	{ "request", 0, do_request, "", "ask for the whole picture again" },
	{ 0 },
};

static const struct steer_impl impl = {
	.serve = vnc_viewer_serve,
	.picture = vnc_viewer_picture,
	.bytes = vnc_viewer_bytes,
	.print_stats = print_stats,
	.reset = reset,
	.commands = commands,
};

static int print_usage(void)
{
	fputs("usage: vncprobe [OPTION...] HOST:PORT|UNIX-SOCKET <COMMANDS\n", stderr);
	vnc_viewer_print_options(stderr);
	steer_print_commands(&impl, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static struct vnc_viewer viewer = { .steer.impl = &impl };
	int status;

	if (!vnc_viewer_init(&viewer, argc, argv))
		return print_usage();
	if (!vnc_viewer_connect(&viewer))
		return steer_refuse("no connection");
	status = steer_run(&viewer.steer);
	vnc_viewer_finish(&viewer);
	return status;
}
