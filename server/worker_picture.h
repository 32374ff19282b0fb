/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screenshots that a worker was asked for: each waits for a picture of its VM,
 * then for the PNG of it. Loop thread.
 */
#ifndef PLANECAST_SERVER_WORKER_PICTURE_H
#define PLANECAST_SERVER_WORKER_PICTURE_H

#include <stdint.h>

struct event;
struct event_base;
struct frame;
struct screenshot;
struct vm;
struct worker_pictures;

#define WORKER_PICTURES_MAX 4

/*
 * Answers the request of that number. result 0: a PNG of width x height is in fd, which is borrowed;
 * -ETIMEDOUT: the VM shows nothing, not even a status card; or what screenshot.h says.
 */
typedef void (*worker_picture_fn)(void *user, uint32_t number, int result, uint32_t width, uint32_t height, int fd);

struct worker_picture {
	struct worker_pictures *pictures;
	uint32_t number; /* of the request; 0: a free place */
	uint32_t width, height;
	struct event *deadline;
	struct screenshot *screenshot; /* NULL: waits for the picture */
};

struct worker_pictures {
	struct event_base *base;
	worker_picture_fn answer;
	void *user;
	struct vm *vm; /* that waits with them */
	struct worker_picture all[WORKER_PICTURES_MAX];
};

void worker_pictures_init(struct worker_pictures *pictures, struct event_base *base, worker_picture_fn answer,
		void *user);
/* Those under way are not answered any more. */
void worker_pictures_finish(struct worker_pictures *pictures);
/* 0: it is answered, perhaps from in here. -EBUSY, -ENOMEM. vm is borrowed as long as requests wait. */
int worker_pictures_ask(struct worker_pictures *pictures, struct vm *vm, uint32_t number);
/* What struct vm_events has shown for. */
void worker_pictures_shown(struct worker_pictures *pictures, struct frame *frame);

#endif
