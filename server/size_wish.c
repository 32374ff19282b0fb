// SPDX-License-Identifier: GPL-2.0-or-later
/* Which wish for a size the guest is asked for, and when. */
#include "server/size_wish.h"

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

bool size_wish_put(struct size_wish *wish, uint32_t width, uint32_t height)
{
	const struct size size = { width, height };

	wish->wished = is_kept(wish, size) ? none : size;
	return !is_same(wish->wished, none);
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
