// SPDX-License-Identifier: GPL-2.0-or-later
/* From the request for a picture to the PNG of it. */
#include "server/worker_picture.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "server/clock.h"
#include "server/frame.h"
#include "server/screenshot.h"
#include "server/vm.h"

/* The supervisor waits for 10 s. */
#define PICTURE_NS (8 * NSEC_PER_SEC)

static void end_picture(struct worker_picture *picture, int result, int fd)
{
	struct worker_pictures *pictures = picture->pictures;
	const uint32_t number = picture->number;

	event_del(picture->deadline);
	picture->number = 0;
	pictures->answer(pictures->user, number, result, picture->width, picture->height, fd);
	screenshot_free(picture->screenshot);
	picture->screenshot = NULL;
}

static void handle_done(void *user, int result, int fd)
{
	end_picture(user, result, fd);
}

static bool anybody_waits(const struct worker_pictures *pictures)
{
	for (size_t i = 0; i < WORKER_PICTURES_MAX; i++) {
		if (pictures->all[i].number && !pictures->all[i].screenshot)
			return true;
	}
	return false;
}

static void handle_deadline(evutil_socket_t fd, short what, void *user)
{
	struct worker_picture *picture = user;
	struct worker_pictures *pictures = picture->pictures;

	(void)fd;
	(void)what;
	end_picture(picture, -ETIMEDOUT, -1);
	if (!anybody_waits(pictures))
		vm_set_looking(pictures->vm, false);
}

void worker_pictures_shown(struct worker_pictures *pictures, struct frame *frame)
{
	for (size_t i = 0; i < WORKER_PICTURES_MAX; i++) {
		struct worker_picture *picture = &pictures->all[i];
		int r;

		if (!picture->number || picture->screenshot)
			continue;
		picture->width = frame->width;
		picture->height = frame->height;
		r = screenshot_new(pictures->base, frame, handle_done, picture, &picture->screenshot);
		if (r < 0)
			end_picture(picture, r, -1);
	}
}

int worker_pictures_ask(struct worker_pictures *pictures, struct vm *vm, uint32_t number)
{
	const struct timeval wait = clock_timeval(PICTURE_NS);

	pictures->vm = vm;
	for (size_t i = 0; i < WORKER_PICTURES_MAX; i++) {
		struct worker_picture *picture = &pictures->all[i];

		if (picture->number)
			continue;
		picture->pictures = pictures;
		if (!picture->deadline)
			picture->deadline = evtimer_new(pictures->base, handle_deadline, picture);
		if (!picture->deadline || event_add(picture->deadline, &wait) < 0)
			return -ENOMEM;
		picture->number = number;
		vm_set_looking(vm, true);
		return 0;
	}
	return -EBUSY;
}

void worker_pictures_init(struct worker_pictures *pictures, struct event_base *base, worker_picture_fn answer,
		void *user)
{
	*pictures = (struct worker_pictures){ .base = base, .answer = answer, .user = user };
}

void worker_pictures_finish(struct worker_pictures *pictures)
{
	for (size_t i = 0; i < WORKER_PICTURES_MAX; i++) {
		screenshot_free(pictures->all[i].screenshot);
		if (pictures->all[i].deadline)
			event_free(pictures->all[i].deadline);
	}
}
