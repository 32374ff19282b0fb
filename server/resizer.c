// SPDX-License-Identifier: GPL-2.0-or-later
/* When the guest is asked for the size that viewers wish. */
#include "server/resizer.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "net/protocol.h"
#include "server/clock.h"
#include "server/input.h"
#include "server/log.h"

static int ask_guest(struct resizer *resizer)
{
	const int64_t now_ns = clock_now_ns();
	const int64_t wait_ns = size_wish_wait_ns(&resizer->wish, now_ns);
	const struct timeval wait = clock_timeval(wait_ns);
	int r;

	if (wait_ns < 0)
		return 0;
	if (wait_ns > 0)
		return event_add(resizer->due, &wait) < 0 ? -ENOMEM : 0;
	r = resizer->ask(resizer->user, resizer->wish.wished.width, resizer->wish.wished.height);
	size_wish_asked(&resizer->wish, r >= 0, now_ns);
	return r;
}

static void handle_due(evutil_socket_t fd, short what, void *data)
{
	struct resizer *resizer = data;
	const struct size size = resizer->wish.wished;
	int r = ask_guest(resizer);

	(void)fd;
	(void)what;
	if (r < 0)
		log_info(NULL, "viewers wish for %ux%u: %s", size.width, size.height, strerror(-r));
}

int resizer_init(struct resizer *resizer, struct event_base *base,
		int (*ask)(void *user, uint32_t width, uint32_t height), void *user)
{
	resizer->ask = ask;
	resizer->user = user;
	resizer->due = evtimer_new(base, handle_due, resizer);
	return resizer->due ? 0 : -ENOMEM;
}

void resizer_finish(struct resizer *resizer)
{
	if (resizer->due)
		event_free(resizer->due);
}

static bool is_work(const struct input_event *event)
{
	if (event->kind == INPUT_KEY)
		return event->key.down;
	return event->kind != INPUT_LOCKS && event->pointer.buttons;
}

void resizer_note_input(struct resizer *resizer, const void *viewer, const struct input_event *event)
{
	if (is_work(event))
		size_wish_work(&resizer->wish, viewer, clock_now_ns());
}

int resizer_put(struct resizer *resizer, const void *viewer, uint32_t width, uint32_t height, bool again)
{
	const struct size size = { width, height };

	if (!size_wish_may(&resizer->wish, viewer, clock_now_ns()))
		return -EBUSY;
	switch (size_wish_put(&resizer->wish, viewer, size, again)) {
	case SIZE_WISH_TO_ASK:
		return ask_guest(resizer);
	case SIZE_WISH_IS_SO:
		return PROTOCOL_SIZE_IS_SO;
	case SIZE_WISH_OVERRULED:
		break;
	}
	return -EBUSY;
}
