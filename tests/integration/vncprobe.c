// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A viewer for tests: libvncclient, told what to do line by line (support/steer.h).
 * Options and commands are in tables; --help prints them. Ends with its input:
 * status 1 if a command failed, 2 if there was no connection.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/capture/mark.h"
#include "tests/integration/support/film.h"
#include "tests/integration/support/vnc_viewer.h"

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

/* Rectangles of video, beside the scene that they are of. */
static struct watch {
	struct film_scene *film;
	unsigned int wanted, seen, exact; /* exact: all beside them was */
	double lowest, sum; /* dB */
} watch;

static void look(struct vnc_viewer *viewer)
{
	const struct h264_place *place = &viewer->place;
	const pixman_box32_t box = { place->x, place->y, place->x + place->width, place->y + place->height };
	struct picture picture = vnc_viewer_picture(&viewer->steer);
	struct mark mark;
	double psnr;

	/* Beside the video the picture may have come in part. */
	if (watch.seen < watch.wanted && film_scene_read(watch.film, &picture, &mark)) {
		psnr = film_scene_psnr(watch.film, &picture, &box, mark.sequence);
		watch.seen++;
		watch.lowest = fmin(watch.lowest, psnr);
		watch.sum += psnr;
		watch.exact += !film_scene_wrong_beside(watch.film, &picture, &box, &mark);
	}
	picture_finish(&picture);
}

static bool has_watched(void *user)
{
	(void)user;
	return watch.seen >= watch.wanted;
}

static void do_film(struct steer *steer, char **words)
{
	struct vnc_viewer *viewer = (struct vnc_viewer *)steer;
	bool ok;

	watch = (struct watch){ .wanted = (unsigned int)atoi(words[2]), .lowest = 999 };
	ok = !film_scene_new(words[1], steer->width, steer->height, &watch.film);
	viewer->look = look;
	ok = ok && steer_wait(steer, has_watched, NULL);
	viewer->look = NULL;
	film_scene_free(watch.film);
	printf("{\"seen\": %u, \"exact\": %u, \"lowest\": %.2f, \"mean\": %.2f, \"x\": %d, \"y\": %d, "
	       "\"width\": %d, \"height\": %d", watch.seen, watch.exact, watch.lowest,
			watch.sum / (watch.seen ? watch.seen : 1), viewer->place.x, viewer->place.y,
			viewer->place.width, viewer->place.height);
	steer_answer_end(steer, ok);
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
	{ "video", 1, do_video, "on|off", "say whether Open H.264 is understood" },
	{ "film", 2, do_film, "SCENE COUNT", "watch so many rectangles of video of a scene of the bench" },
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
