// SPDX-License-Identifier: GPL-2.0-or-later
/* Who waits for which answer of a worker, and how long. */
#include "server/supervisor_questions.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

struct supervisor_question {
	LIST_ENTRY(supervisor_question) link;
	uint32_t number;
	supervisor_answer_fn answer;
	void *user;
	struct event *deadline;
};

void supervisor_questions_init(struct supervisor_questions *questions, struct event_base *base)
{
	*questions = (struct supervisor_questions){ .base = base };
	LIST_INIT(&questions->waiting);
}

void supervisor_question_forget(struct supervisor_question *question)
{
	LIST_REMOVE(question, link);
	event_free(question->deadline);
	free(question);
}

static void end_question(struct supervisor_question *question, int result, const char *text, size_t bytes, int fd)
{
	const supervisor_answer_fn answer = question->answer;
	void *user = question->user;

	supervisor_question_forget(question);
	answer(user, result, text, bytes, fd);
}

static void handle_deadline(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	end_question(user, -ETIMEDOUT, "", 0, -1);
}

int supervisor_questions_add(struct supervisor_questions *questions, supervisor_answer_fn answer, void *user,
		struct supervisor_question **ret, uint32_t *ret_number)
{
	const struct timeval wait = clock_timeval(SUPERVISOR_ANSWER_NS);
	struct supervisor_question *question;

	if (questions->unanswered >= SUPERVISOR_UNANSWERED_MAX)
		return -EBUSY;
	question = calloc(1, sizeof(*question));
	if (!question)
		return -ENOMEM;
	question->answer = answer;
	question->user = user;
	question->deadline = evtimer_new(questions->base, handle_deadline, question);
	if (!question->deadline || event_add(question->deadline, &wait) < 0) {
		if (question->deadline)
			event_free(question->deadline);
		free(question);
		return -ENOMEM;
	}
	question->number = ++questions->last;
	questions->unanswered++;
	LIST_INSERT_HEAD(&questions->waiting, question, link);
	*ret = question;
	*ret_number = question->number;
	return 0;
}

void supervisor_questions_unsent(struct supervisor_questions *questions, struct supervisor_question *question)
{
	questions->unanswered--;
	supervisor_question_forget(question);
}

int supervisor_questions_answer(struct supervisor_questions *questions, const char *payload, size_t bytes, int fd)
{
	struct supervisor_question *question;
	uint32_t number;

	if (!questions->unanswered || bytes < sizeof(number))
		return -EINVAL;
	questions->unanswered--;
	memcpy(&number, payload, sizeof(number));
	LIST_FOREACH(question, &questions->waiting, link) {
		if (question->number != number)
			continue;
		end_question(question, 0, payload + sizeof(number), bytes - sizeof(number), fd);
		break;
	}
	return 0;
}

void supervisor_questions_end(struct supervisor_questions *questions)
{
	struct supervisor_question *question;

	questions->unanswered = 0;
	while ((question = LIST_FIRST(&questions->waiting)))
		end_question(question, -EPIPE, "", 0, -1);
}
