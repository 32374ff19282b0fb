/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to one VM's worker, on behalf of somebody at the control socket, that
 * wait for their answers. Each ends once: with an answer, at its deadline, or
 * with the worker; or it is forgotten first. Loop thread.
 */
#ifndef PLANECAST_SERVER_SUPERVISOR_QUESTIONS_H
#define PLANECAST_SERVER_SUPERVISOR_QUESTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "server/clock.h"

struct event_base;
struct supervisor_question;

#define SUPERVISOR_ANSWER_NS (10 * NSEC_PER_SEC)
/* A worker that has not answered so many is not asked more: there must be room for orders. */
#define SUPERVISOR_UNANSWERED_MAX 16

/*
 * result 0: text is what the worker said, bytes long and NUL terminated, and not to be
 * trusted; fd is -1 or borrowed. -ETIMEDOUT; -EPIPE: the worker has ended.
 */
typedef void (*supervisor_answer_fn)(void *user, int result, const char *text, size_t bytes, int fd);

struct supervisor_questions {
	struct event_base *base;
	LIST_HEAD(, supervisor_question) waiting;
	uint32_t last; /* number */
	unsigned int unanswered; /* by this worker, whether or not somebody still waits */
};

void supervisor_questions_init(struct supervisor_questions *questions, struct event_base *base);
/* Of the next question, *ret_number is for the worker to answer with. -EBUSY, -ENOMEM. */
int supervisor_questions_add(struct supervisor_questions *questions, supervisor_answer_fn answer, void *user,
		struct supervisor_question **ret, uint32_t *ret_number);
/* Nobody waits for it any more. */
void supervisor_question_forget(struct supervisor_question *question);
/* It could not be sent. */
void supervisor_questions_unsent(struct supervisor_questions *questions, struct supervisor_question *question);
/* payload is that of CHANNEL_ANSWER. 0, or -EINVAL: nothing was asked. */
int supervisor_questions_answer(struct supervisor_questions *questions, const char *payload, size_t bytes, int fd);
/* The worker has ended; the next starts with none. */
void supervisor_questions_end(struct supervisor_questions *questions);

#endif
