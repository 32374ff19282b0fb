// SPDX-License-Identifier: GPL-2.0-or-later
/* Which wish for a size the guest is asked for, and when. */
#include "server/size_wish.h"

#include <stddef.h>

static const struct size none;

static bool is_same(struct size a, struct size b)
{
	return a.width == b.width && a.height == b.height;
}

/* The guest may still be about to show what it was asked for before. */
static bool is_kept(const struct size_wish *wish, struct size size)
{
	return is_same(wish->asked, none) && is_same(wish->shown, size);
}

void size_wish_work(struct size_wish *wish, const void *viewer, int64_t now_ns)
{
	wish->worker = viewer;
	wish->worked_ns = now_ns;
}

bool size_wish_may(const struct size_wish *wish, const void *viewer, int64_t now_ns)
{
	return !wish->worker || wish->worker == viewer || now_ns - wish->worked_ns >= SIZE_WISH_CONTROL_NS;
}

enum size_wish_result size_wish_put(struct size_wish *wish, const void *viewer, struct size size, bool again)
{
	if (again && wish->viewer && wish->viewer != viewer)
		return SIZE_WISH_OVERRULED;
	wish->viewer = viewer;
	wish->wished = is_kept(wish, size) ? none : size;
	return is_same(wish->wished, none) ? SIZE_WISH_IS_SO : SIZE_WISH_TO_ASK;
}

void size_wish_lose(struct size_wish *wish)
{
	/* Perhaps it was another one: then a repeated wish of somebody's counts once too often. */
	wish->viewer = NULL;
	wish->worker = NULL;
}

int64_t size_wish_wait_ns(const struct size_wish *wish, int64_t now_ns)
{
	if (is_same(wish->wished, none))
		return -1;
	return now_ns < wish->rest_ns ? wish->rest_ns - now_ns : 0;
}

void size_wish_asked(struct size_wish *wish, bool done, int64_t now_ns)
{
	if (done) {
		wish->asked = wish->wished;
		wish->rest_ns = now_ns + SIZE_WISH_REST_NS;
	}
	wish->wished = none;
}

void size_wish_show(struct size_wish *wish, uint32_t width, uint32_t height)
{
	wish->shown = (struct size){ width, height };
	if (is_same(wish->shown, wish->asked))
		wish->asked = none;
	if (is_kept(wish, wish->wished))
		wish->wished = none;
}
