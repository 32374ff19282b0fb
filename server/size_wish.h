/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The size of the picture that viewers wish for. Pure; no I/O, no timers. Any
 * thread, one user at a time.
 *
 * Each new size costs every viewer a whole picture, and a viewer may wish as fast
 * as it can send. So the guest is asked at most once in SIZE_WISH_REST_NS, always
 * for the newest wish, whoever's it is, and never for what it shows already. The
 * last wish is carried out.
 *
 * Where viewers' programs repeat their wishes whenever the size changes, the size
 * would change for ever between those of two. So a wish that is repeated counts
 * only from whoever wished last.
 *
 * Nor does the size change under somebody's hands: while one viewer is at work,
 * typing or clicking, the wishes of others do not count, say those that come with
 * a viewer who joins. Whoever clicks has his way from then on.
 */
#ifndef PLANECAST_SERVER_SIZE_WISH_H
#define PLANECAST_SERVER_SIZE_WISH_H

#include <stdbool.h>
#include <stdint.h>

#include "server/clock.h"

/* For so long who has typed or clicked is taken to be at work. */
#define SIZE_WISH_CONTROL_NS (60 * NSEC_PER_SEC)
/* What viewers leave between their own wishes while a window's corner is dragged. */
#define SIZE_WISH_REST_NS (500 * NSEC_PER_MSEC)

/* Of a picture; 0 x 0: none. */
struct size {
	uint32_t width, height;
};

/* All 0 to begin with. */
struct size_wish {
	struct size wished; /* and the guest not asked yet */
	struct size asked; /* the guest, and not seen since */
	struct size shown;
	int64_t rest_ns; /* not asked before */
	const void *viewer; /* who wished last; NULL: nobody who is still there */
	const void *worker; /* who typed or clicked last, then; NULL: nobody who is still there */
	int64_t worked_ns;
};

enum size_wish_result {
	SIZE_WISH_TO_ASK, /* for, when it is time */
	SIZE_WISH_IS_SO, /* the picture has that size and keeps it */
	SIZE_WISH_OVERRULED, /* does not count */
};

/* A viewer, known by any address of its own, types or clicks. */
void size_wish_work(struct size_wish *wish, const void *viewer, int64_t now_ns);
/* False: another one is at work, and what this one wishes is not to be put. */
bool size_wish_may(const struct size_wish *wish, const void *viewer, int64_t now_ns);
/* A viewer wishes, maybe what it has wished before. */
enum size_wish_result size_wish_put(struct size_wish *wish, const void *viewer, struct size size, bool again);
/* Some viewer has gone. */
void size_wish_lose(struct size_wish *wish);
/* Until the guest is to be asked for wish->wished. 0: now; negative: nothing is wished. */
int64_t size_wish_wait_ns(const struct size_wish *wish, int64_t now_ns);
/* The guest was asked for it. False: it could not be, which changes nothing. */
void size_wish_asked(struct size_wish *wish, bool done, int64_t now_ns);
/* The guest shows a picture of that size, or 0 x 0: nobody knows. */
void size_wish_show(struct size_wish *wish, uint32_t width, uint32_t height);

#endif
