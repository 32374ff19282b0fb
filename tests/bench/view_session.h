/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One viewer's side of RFB 3.8 (and 3.7) with security type None: bytes in,
 * bytes out, no socket and no clock.
 *
 * Request driven, it asks for the next incremental update as soon as one begins
 * to arrive, as TigerVNC's viewer does: the server may work while this side still
 * reads, and never has more than one request waiting. Where the server offers
 * ContinuousUpdates and they are wanted, it asks no more. Fences are answered as
 * soon as they are read, which is after everything in front of them.
 *
 * One thread at a time.
 */
#ifndef PLANECAST_TESTS_BENCH_VIEW_SESSION_H
#define PLANECAST_TESTS_BENCH_VIEW_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/view_decoder.h"
#include "tests/bench/view_output.h"

#define VIEW_SESSION_ENCODINGS_MAX 16

struct view_session_options {
	int32_t encodings[VIEW_SESSION_ENCODINGS_MAX]; /* that draw, the best first */
	unsigned int n_encodings;
	int quality, compression; /* 0..9; -1: not sent */
	bool continuous, fence; /* announced; the first brings the second with it */
	struct view_jpegs *skim; /* as in struct view_decoder */
};

struct view_session {
	const struct view_session_options *options;
	/* After each update, and each change of size; NULL: nobody asks. */
	void (*updated)(void *user);
	void *user;

	struct view_decoder decoder;
	struct view_output output;
	bool continuous; /* they are under way */
	bool updating; /* the picture is between two */
	uint64_t updates, fences; /* messages, ever */
	uint64_t rectangles[VIEW_ENCODINGS]; /* ever, as view_encodings has them */

	/* What comes next; as struct view_encoding's decode. */
	int (*next)(struct view_session *session, struct view_reader *reader);
	bool old_version; /* 3.7: without a word on success for security type None */
	uint64_t skip; /* bytes that mean nothing here */
	struct view_rect rect;
	const struct view_encoding *encoding;
	uint32_t rects_left;
	bool rects_open; /* as many as come until LastRect */
};

/* Options are borrowed. */
void view_session_init(struct view_session *session, const struct view_session_options *options);
void view_session_finish(struct view_session *session);

/*
 * Takes what is whole; reader->at is then where the rest begins, and reader->need
 * how many bytes there it takes to go on. 0; -EPROTO with decoder.reason; -ENOMEM.
 */
int view_session_read(struct view_session *session, struct view_reader *reader);

/* Asks for everything again. */
void view_session_request_whole(struct view_session *session);

/* view_handshake.c: the state a session begins in; ends by calling view_session_begin(). */
int view_handshake_version(struct view_session *session, struct view_reader *reader);
/* The picture has its size: says what is wanted and asks for it. */
void view_session_begin(struct view_session *session);

#endif
