// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shows a scene to a server: paints picture after picture and puts each where
 * the server finds it at the moment it is due. The next picture is painted
 * ahead, so that a picture's way begins when it is put there.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "server/clock.h"
#include "tests/bench/feed.h"
#include "tests/bench/notice.h"
#include "tests/bench/scene.h"

static const char usage[] =
	"usage: bench_feed (--memory FILE | --x11 DISPLAY) [--notify FD] [--whole] [--fps N] SCENE WIDTHxHEIGHT\n"
	"\n"
	"Shows the pictures of a scene (idle, typing, scroll, window, video, film,\n"
	"text-1, text-10, text-100), each with marks in two corners: its number and\n"
	"when it was put there.\n"
	"\n"
	"  --memory FILE  into a file mapped into memory: XR24, rows of WIDTH * 4 bytes\n"
	"  --x11 DISPLAY  into a window over that display's screen\n"
	"  --notify FD    says after each picture what changed, as a message of struct\n"
	"                 bench_notice on a socket that keeps messages apart\n"
	"  --whole        puts whole pictures, as who does not know what changed\n"
	"  --fps N        pictures a second, 1 to 1000; default 30\n"
	"\n"
	"Says in a line of JSON when picture 0 is there, then reads commands from standard\n"
	"input and answers each with a line: \"go COUNT\" plays so many pictures more,\n"
	"\"quit\" or the end of the input ends it. \"late\" is how many pictures were put\n"
	"there more than half a picture's time after they were due.\n";

struct feed {
	struct bench_scene *scene;
	const char *name;
	uint32_t width, height;
	struct feed_sink *sink;
	int notices; /* -1: nobody listens */
	bool whole;
	int64_t period_ns;

	struct paint canvas; /* holds the next picture */
	uint32_t next;
	pixman_region32_t damage; /* of the next picture */
	pixman_region32_t unsaid; /* changes that no notice told yet */
	struct mark mark; /* of the last picture that differed */
};

static void *check(void *memory)
{
	if (!memory)
		err(1, "memory");
	return memory;
}

static void must(bool done)
{
	if (!done)
		errx(1, "no memory for a region");
}

/* All but its marks, and room where it is to be put. */
static void prepare(struct feed *feed, uint32_t n)
{
	feed->next = n;
	must(!bench_scene_paint(feed->scene, n, n == 0, feed->canvas.pixels, feed->canvas.stride, &feed->damage));
	if (feed->sink->impl->settle)
		feed->sink->impl->settle(feed->sink);
}

static void add_marks(struct feed *feed)
{
	pixman_box32_t boxes[2];

	if (pixman_region32_not_empty(&feed->damage)) {
		feed->mark.sequence = feed->next;
		feed->mark.due_us = (uint64_t)(clock_now_ns() / NSEC_PER_USEC);
		bench_scene_mark_boxes(feed->scene, boxes);
		for (int i = 0; i < 2; i++)
			must(pixman_region32_union_rect(&feed->damage, &feed->damage, boxes[i].x1, boxes[i].y1,
					MARK_WIDTH, MARK_HEIGHT));
	}
	bench_scene_marks(feed->scene, feed->canvas.pixels, feed->canvas.stride, &feed->mark);
	if (feed->whole)
		must(pixman_region32_union_rect(&feed->damage, &feed->damage, 0, 0, feed->width, feed->height));
}

/* Never waits: what a slow reader has no room for is in the next message. */
static void notify(struct feed *feed)
{
	struct bench_notice notice = { 0 };
	const pixman_box32_t *boxes;
	int n;

	must(pixman_region32_union(&feed->unsaid, &feed->unsaid, &feed->damage));
	boxes = pixman_region32_rectangles(&feed->unsaid, &n);
	if (feed->notices < 0 || !n)
		return;
	if (n > BENCH_NOTICE_BOXES_MAX) {
		boxes = pixman_region32_extents(&feed->unsaid);
		n = 1;
	}
	notice.n_boxes = (uint32_t)n;
	memcpy(notice.boxes, boxes, (size_t)n * sizeof(*boxes));
	if (send(feed->notices, &notice, sizeof(notice), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		pixman_region32_clear(&feed->unsaid);
	else if (errno != EAGAIN && errno != ENOBUFS)
		err(1, "notices");
}

/* Returns whether anything was put. */
static bool publish(struct feed *feed)
{
	bool any;

	add_marks(feed);
	any = pixman_region32_not_empty(&feed->damage);
	if (any) {
		feed->sink->impl->publish(feed->sink, &feed->canvas, &feed->damage);
		notify(feed);
	}
	return any;
}

static void sleep_until(int64_t due_ns)
{
	struct timespec due = { due_ns / NSEC_PER_SEC, due_ns % NSEC_PER_SEC };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
}

static double cpu_seconds(void)
{
	struct rusage usage_now;

	getrusage(RUSAGE_SELF, &usage_now);
	return (double)(usage_now.ru_utime.tv_sec + usage_now.ru_stime.tv_sec) +
			(double)(usage_now.ru_utime.tv_usec + usage_now.ru_stime.tv_usec) / 1e6;
}

static void go(struct feed *feed, uint32_t count)
{
	int64_t start_ns = clock_now_ns(), worst_ns = 0;
	double cpu = cpu_seconds();
	uint32_t late = 0, published = 0;

	for (uint32_t i = 1; i <= count; i++) {
		/* From the start, not from the last one: being late once must not make all others late. */
		int64_t due_ns = start_ns + i * feed->period_ns, after_ns;

		sleep_until(due_ns);
		published += publish(feed);
		after_ns = clock_now_ns() - due_ns;
		late += after_ns > feed->period_ns / 2;
		worst_ns = after_ns > worst_ns ? after_ns : worst_ns;
		prepare(feed, feed->next + 1);
	}
	printf("{\"played\": %u, \"published\": %u, \"late\": %u, \"latest_ms\": %.3f, \"seconds\": %.3f, "
	       "\"cpu_seconds\": %.3f, \"picture\": %u, \"sequence\": %u, \"due_us\": %llu}\n", count, published,
			late, (double)worst_ns / 1e6, (double)(clock_now_ns() - start_ns) / 1e9,
			cpu_seconds() - cpu, feed->next - 1, feed->mark.sequence,
			(unsigned long long)feed->mark.due_us);
}

static void serve(struct feed *feed)
{
	char line[128];
	uint32_t count;

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "go %9u", &count) == 1)
			go(feed, count);
		else if (!strcmp(line, "quit\n"))
			break;
		else
			printf("{\"error\": \"expected go COUNT or quit\"}\n");
	}
}

static void begin(struct feed *feed)
{
	int r = bench_scene_new(feed->name, feed->width, feed->height, &feed->scene);

	if (r < 0)
		errx(2, "%s %ux%u: %s", feed->name, feed->width, feed->height,
				r == -ENOENT ? "no such scene" : r == -EINVAL ? "no such size" : strerror(-r));
	feed->canvas = (struct paint){ check(malloc((size_t)feed->width * feed->height * 4)),
		(size_t)feed->width * 4, (int)feed->width, (int)feed->height };
	pixman_region32_init(&feed->damage);
	pixman_region32_init(&feed->unsaid);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "memory", required_argument, NULL, 'm' },
		{ "x11", required_argument, NULL, 'x' },
		{ "notify", required_argument, NULL, 'n' },
		{ "whole", no_argument, NULL, 'w' },
		{ "fps", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *memory = NULL, *display = NULL;
	struct feed feed = { .notices = -1 };
	int option, fps = 30;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'm':
			memory = optarg;
			break;
		case 'x':
			display = optarg;
			break;
		case 'n':
			feed.notices = atoi(optarg);
			break;
		case 'w':
			feed.whole = true;
			break;
		case 'f':
			fps = atoi(optarg);
			break;
		default:
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? 0 : 2;
		}
	}
	if (argc - optind != 2 || !memory == !display || fps < 1 || fps > 1000 ||
			sscanf(argv[optind + 1], "%5ux%5u", &feed.width, &feed.height) != 2) {
		fputs(usage, stderr);
		return 2;
	}
	feed.name = argv[optind];
	feed.period_ns = NSEC_PER_SEC / fps;
	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_TIMERSLACK, 1UL);
	begin(&feed);
	feed.sink = memory ? feed_memory_open(memory, feed.width, feed.height) :
			feed_x11_open(display, feed.width, feed.height);
	prepare(&feed, 0);
	publish(&feed);
	prepare(&feed, 1);
	printf("{\"scene\": \"%s\", \"width\": %u, \"height\": %u, \"fps\": %d, \"picture\": 0}\n", feed.name,
			feed.width, feed.height, fps);
	serve(&feed);
	feed.sink->impl->close(feed.sink);
	pixman_region32_fini(&feed.unsaid);
	pixman_region32_fini(&feed.damage);
	free(feed.canvas.pixels);
	bench_scene_free(feed.scene);
	return 0;
}
