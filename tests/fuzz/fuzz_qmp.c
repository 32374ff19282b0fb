// SPDX-License-Identifier: GPL-2.0-or-later
/* A hostile QMP peer. The first byte says in what pieces the rest arrives. */
#include <event2/buffer.h>
#include <stdint.h>
#include <stdlib.h>

#include "server/qmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct session {
	struct qmp *qmp;
	unsigned int given, answered;
};

static void give(struct session *session)
{
	while (session->given < 100 && qmp_can_execute(session->qmp) &&
			qmp_execute(session->qmp, "input-send-event", "{\"events\":[]}") == 0)
		session->given++;
}

static void handle_ready(void *user, const char *version)
{
	(void)version;
	give(user);
}

static void handle_answered(void *user, const char *error)
{
	struct session *session = user;

	(void)error;
	session->answered++;
	if (session->answered > session->given)
		abort();
	give(session);
}

static void handle_mice(void *user, bool absolute)
{
	(void)absolute;
	give(user);
}

static void handle_reset(void *user)
{
	give(user);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct qmp_events events = {
		.ready = handle_ready,
		.answered = handle_answered,
		.mice = handle_mice,
		.reset = handle_reset,
	};
	struct evbuffer *output = evbuffer_new();
	struct session session = { .given = 0 };
	size_t piece = size ? data[0] + 1u : 1;
	int result = 0;

	if (!output || qmp_new(output, &events, &session, &session.qmp) < 0)
		abort();
	for (size_t at = 1; at < size && result == 0; at += piece)
		result = qmp_receive(session.qmp, (const char *)data + at, size - at < piece ? size - at : piece);
	qmp_free(session.qmp);
	evbuffer_free(output);
	return 0;
}
