// SPDX-License-Identifier: GPL-2.0-or-later
/* A recording as a source, played over and over. */
#include "server/capture/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "server/capture/canvas.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/framefile.h"
#include "server/log.h"

/* So long may one look unpack records that are due; then the recording slows down, not the loop. */
#define WORK_MAX_NS (15 * NSEC_PER_MSEC)

struct replay {
	struct capture capture; /* first */
	struct framefile_reader *reader; /* NULL: it cannot be played; reason says why */
	char *path;
	struct frame *frame; /* NULL before the first record */
	uint64_t sequence;
	int64_t start_ns; /* when the first record was due in this round; 0: not begun */
	int64_t last_look_ns;
	/* The next record, read but not yet due. */
	struct framefile_record next;
	bool have_next;
	bool first; /* it is the first of a round */
	int64_t length_ns; /* time of the last record that was shown */
	bool ended; /* there is only one moment to show */
	bool warned; /* that the end is broken off */
};

/* For good: what is on the disk will not get better by reading it again. */
static int give_up(struct replay *replay, int error, const char *what)
{
	const char *name = strrchr(replay->path, '/') ? strrchr(replay->path, '/') + 1 : replay->path;

	log_warn(NULL, "recording %s: %s", replay->path, what);
	capture_set_reason(&replay->capture, "The recording %.40s cannot be played: %.80s. Mend replay-file, or "
			"record it anew.", name, what);
	framefile_reader_free(replay->reader);
	replay->reader = NULL;
	replay->have_next = false;
	return error;
}

static int read_record(struct replay *replay)
{
	int r = framefile_next(replay->reader, &replay->next);

	if (r == -ENOMEM)
		capture_set_reason(&replay->capture, CAPTURE_NO_MEMORY);
	else if (r < 0)
		give_up(replay, r, r == -EBADMSG ? framefile_reader_error(replay->reader) : strerror(-r));
	return r;
}

/* 1: next is the record to show next; 0: there is only this one picture; negative errno. */
static int find_next(struct replay *replay)
{
	int r;

	if (replay->have_next || replay->ended)
		return replay->have_next;
	r = read_record(replay);
	if (!r) {
		if (framefile_reader_truncated(replay->reader) && !replay->warned)
			log_warn(NULL, "recording %s: ends inside a record, playing what is whole",
					replay->path);
		replay->warned = true;
		if (!replay->frame)
			return give_up(replay, -ENODATA, "it is empty");
		replay->ended = !replay->length_ns;
		if (replay->ended)
			return 0;
		framefile_rewind(replay->reader);
		replay->start_ns += replay->length_ns;
		replay->first = true;
		r = read_record(replay);
	}
	replay->have_next = r > 0;
	return r;
}

/* Shows the next record. 1: the picture is another one now; 0: time went by; -ENOMEM. */
static int show_next(struct replay *replay)
{
	const struct framefile_record *record = &replay->next;
	struct frame *frame = replay->frame;
	bool fresh = replay->first || frame->width != record->width || frame->height != record->height;
	int r = 0;

	if (fresh) {
		r = frame_new_memory(record->width, record->height, &frame);
		if (!r) {
			frame_unref(replay->frame);
			replay->frame = frame;
		}
	} else if (record->n_rects) {
		r = canvas_take(&replay->frame);
	}
	if (r < 0) {
		capture_set_reason(&replay->capture, CAPTURE_NO_MEMORY);
		return r;
	}
	framefile_paint(record, frame_memory_pixels(replay->frame), replay->frame->planes[0].stride);
	replay->first = false;
	replay->have_next = false;
	replay->length_ns = record->time_ns;
	return fresh || record->n_rects;
}

/* Shows every record that is due. 1: something changed; 0: nothing; negative errno. */
static int catch_up(struct replay *replay, int64_t now_ns)
{
	int changed = 0, r;

	for (;;) {
		r = find_next(replay);
		if (r <= 0)
			return r < 0 ? r : changed;
		if (replay->start_ns + replay->next.time_ns > now_ns)
			return changed;
		if (replay->frame && clock_now_ns() - now_ns > WORK_MAX_NS) {
			replay->start_ns = now_ns - replay->next.time_ns;
			return changed;
		}
		r = show_next(replay);
		if (r < 0)
			return r;
		changed |= r;
	}
}

static int replay_poll(struct capture *capture, struct frame **ret_frame)
{
	struct replay *replay = (struct replay *)capture;
	int64_t now_ns = clock_now_ns();
	int r;

	if (!replay->reader)
		return -ENOENT;
	if (!replay->start_ns)
		replay->start_ns = now_ns;
	else if (capture->whole)
		/* Nobody watched: the recording waited. */
		replay->start_ns += now_ns - replay->last_look_ns;
	replay->last_look_ns = now_ns;
	r = catch_up(replay, now_ns);
	if (r < 0)
		return r;
	if (!r && !capture->whole)
		return -EAGAIN;
	if (r) {
		replay->frame->sequence = replay->sequence++;
		replay->frame->capture_ns = now_ns;
	}
	*ret_frame = frame_ref(replay->frame);
	return 0;
}

static void replay_close(struct capture *capture)
{
	struct replay *replay = (struct replay *)capture;

	capture_finish(capture);
	framefile_reader_free(replay->reader);
	frame_unref(replay->frame);
	free(replay->path);
	free(replay);
}

static const struct capture_impl replay_impl = {
	.name = "replay",
	.poll = replay_poll,
	.knows_change = true,
	.close = replay_close,
};

int capture_replay_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	int r;

	if (!replay)
		return -ENOMEM;
	r = capture_init(&replay->capture, &replay_impl, base, events, user);
	if (r < 0)
		goto fail;
	r = -ENOMEM;
	replay->first = true;
	replay->path = strdup(config->replay_file ? config->replay_file : "");
	if (!replay->path)
		goto fail;
	r = framefile_open(replay->path, &replay->reader);
	if (r == -ENOMEM)
		goto fail;
	if (r == -EBADMSG)
		give_up(replay, r, "it is not a recording of this version");
	else if (r < 0)
		give_up(replay, r, strerror(-r));
	else
		find_next(replay);
	*ret = &replay->capture;
	return 0;
fail:
	replay_close(&replay->capture);
	return r;
}
