/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One picture as PNG in sealed memory, made by a thread of its own: a large one
 * takes longer than a loop may be held up. Loop thread.
 */
#ifndef PLANECAST_SERVER_SCREENSHOT_H
#define PLANECAST_SERVER_SCREENSHOT_H

struct event_base;
struct frame;
struct screenshot;

/*
 * Done, on the loop: 0 and fd, a memfd that nobody can change any more, which is borrowed; or
 * -ENOMEM, or what memfd_create() and write() say. The screenshot may be freed from here.
 */
typedef void (*screenshot_done_fn)(void *user, int result, int fd);

/*
 * frame is XR24, linear, in CPU memory and does not change while it is referenced; a reference is
 * taken. evthread_use_pthreads() was called before base was made. -EINVAL: another frame; -ENOMEM, -EAGAIN.
 */
int screenshot_new(struct event_base *base, struct frame *frame, screenshot_done_fn done, void *user,
		struct screenshot **ret);
/* Ends the thread, after a row at most; nothing is called any more. NULL is fine. */
void screenshot_free(struct screenshot *screenshot);

#endif
