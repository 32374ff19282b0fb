// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libvncserver as its manual drives it: one thread, rfbProcessEvents() over the
 * live picture, rfbMarkRectAsModified() with what the feeder says has changed.
 * Kinder to it than the manual in one thing: the loop sleeps until a client or
 * the feeder has something, so neither waits for a timer of ours.
 */
#include <err.h>
#include <rfb/rfb.h>
#include <rfb/rfbregion.h>
#include <stdbool.h>
#include <sys/select.h>

#include "tests/bench/fed.h"

/* How long an update that libvncserver puts off (by 5 ms unless told otherwise) waits for us. */
#define TICK_US 1000

static bool owes_update(rfbScreenInfo *screen)
{
	rfbClientIteratorPtr clients = rfbGetClientIterator(screen);
	rfbClientPtr client;
	bool owes = false;

	while ((client = rfbClientIteratorNext(clients)))
		owes |= client->sock >= 0 && FB_UPDATE_PENDING(client) && !sraRgnEmpty(client->requestedRegion);
	rfbReleaseClientIterator(clients);
	return owes;
}

static void wait_for_work(rfbScreenInfo *screen, int notices)
{
	struct timeval tick = { .tv_usec = TICK_US };
	fd_set readable = screen->allFds;
	int max = screen->maxFd > notices ? screen->maxFd : notices;

	FD_SET(notices, &readable);
	select(max + 1, &readable, NULL, NULL, owes_update(screen) ? &tick : NULL);
}

static void mark_modified(rfbScreenInfo *screen, pixman_region32_t *damage)
{
	int n_boxes;
	const pixman_box32_t *boxes = pixman_region32_rectangles(damage, &n_boxes);

	for (int i = 0; i < n_boxes; i++)
		rfbMarkRectAsModified(screen, boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2);
	pixman_region32_clear(damage);
}

static rfbScreenInfo *screen_new(const struct fed *fed)
{
	int no_arguments = 0;
	rfbScreenInfo *screen = rfbGetScreen(&no_arguments, NULL, (int)fed->width, (int)fed->height, 8, 3, 4);

	if (!screen)
		errx(1, "libvncserver makes no screen");
	screen->frameBuffer = fed->pixels;
	screen->serverFormat.redShift = 16;
	screen->serverFormat.greenShift = 8;
	screen->serverFormat.blueShift = 0;
	screen->listenInterface = htonl(INADDR_LOOPBACK);
	screen->port = fed->port;
	screen->ipv6port = -1;
	screen->alwaysShared = TRUE; /* the bench's viewers are many */
	screen->cursor = NULL; /* it would be drawn into the picture */
	return screen;
}

int main(int argc, char **argv)
{
	struct fed fed;
	rfbScreenInfo *screen;
	pixman_region32_t damage;

	fed_open(argc, argv, LIBVNCSERVER_PACKAGE_VERSION, &fed);
	screen = screen_new(&fed);
	rfbInitServer(screen);
	if (screen->listenSock < 0)
		errx(1, "cannot listen on port %u", fed.port);
	pixman_region32_init(&damage);
	while (rfbIsActive(screen) && fed_take_notices(&fed, &damage) == 0) {
		mark_modified(screen, &damage);
		rfbProcessEvents(screen, 0);
		wait_for_work(screen, fed.notices);
	}
	pixman_region32_fini(&damage);
	rfbShutdownServer(screen, TRUE);
	rfbScreenCleanup(screen);
	return 0;
}
