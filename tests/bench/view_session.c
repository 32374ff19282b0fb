// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages and rectangles, one after the other, whatever the pieces they come in. */
#include "tests/bench/view_session.h"

#include <errno.h>

#define CUT_TEXT_BYTES_MAX (64u << 20)
#define FENCE_PAYLOAD_MAX 64u
#define FENCE_REQUEST (1u << 31)
#define FENCE_KNOWN 7u
#define RECTS_OPEN 0xffffu

enum client_message {
	SET_PIXEL_FORMAT = 0,
	SET_ENCODINGS = 2,
	UPDATE_REQUEST = 3,
	ENABLE_CONTINUOUS_UPDATES = 150,
	CLIENT_FENCE = 248,
};

static int read_message(struct view_session *session, struct view_reader *reader);
static int read_rect(struct view_session *session, struct view_reader *reader);

static void put_area(struct view_session *session)
{
	view_output_u32(&session->output, 0);
	view_output_u16(&session->output, session->decoder.picture.width);
	view_output_u16(&session->output, session->decoder.picture.height);
}

static void put_request(struct view_session *session, bool incremental)
{
	view_output_u8(&session->output, UPDATE_REQUEST);
	view_output_u8(&session->output, incremental);
	put_area(session);
}

static void put_continuous(struct view_session *session)
{
	view_output_u8(&session->output, ENABLE_CONTINUOUS_UPDATES);
	view_output_u8(&session->output, true);
	put_area(session);
}

static void put_pixel_format(struct view_output *output)
{
	/* XR24, little endian: 32 bits a pixel, depth 24, true colour, shifts 16, 8 and 0. */
	static const uint8_t format[16] = { 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0 };

	view_output_u32(output, (uint32_t)SET_PIXEL_FORMAT << 24);
	view_output_put(output, format, sizeof(format));
}

static void put_encodings(struct view_session *session)
{
	static const int32_t always[] = {
		VIEW_CURSOR_WITH_ALPHA, VIEW_CURSOR, VIEW_POINTER_POSITION, VIEW_EXTENDED_DESKTOP_SIZE,
		VIEW_DESKTOP_SIZE, VIEW_LAST_RECT, VIEW_DESKTOP_NAME,
	};
	const struct view_session_options *options = session->options;
	int32_t list[VIEW_SESSION_ENCODINGS_MAX + sizeof(always) / sizeof(always[0]) + 4];
	unsigned int n = 0;

	for (unsigned int i = 0; i < options->n_encodings; i++)
		list[n++] = options->encodings[i];
	for (unsigned int i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		list[n++] = always[i];
	if (options->quality >= 0)
		list[n++] = -32 + options->quality;
	if (options->compression >= 0)
		list[n++] = -256 + options->compression;
	if (options->fence || options->continuous)
		list[n++] = VIEW_FENCE;
	if (options->continuous)
		list[n++] = VIEW_CONTINUOUS_UPDATES;
	view_output_u16(&session->output, SET_ENCODINGS << 8);
	view_output_u16(&session->output, n);
	for (unsigned int i = 0; i < n; i++)
		view_output_u32(&session->output, (uint32_t)list[i]);
}

void view_session_begin(struct view_session *session)
{
	put_pixel_format(&session->output);
	put_encodings(session);
	put_request(session, false);
	session->next = read_message;
}

void view_session_request_whole(struct view_session *session)
{
	put_request(session, false);
}

/* The old request, or what was to come continuously, was for the old size. */
static void follow_size(struct view_session *session)
{
	session->decoder.resized = false;
	if (session->continuous)
		put_continuous(session);
	put_request(session, false);
}

static void end_update(struct view_session *session)
{
	session->next = read_message;
	session->updating = false;
	session->updates++;
	if (session->decoder.resized)
		follow_size(session);
	if (session->updated)
		session->updated(session->user);
}

static int read_rect_body(struct view_session *session, struct view_reader *reader)
{
	int r = session->encoding->decode(&session->decoder, &session->rect, reader);

	if (r < 0)
		return r;
	session->rectangles[session->encoding - view_encodings]++;
	if (!session->rects_open)
		session->rects_left--;
	if (session->rect.encoding == VIEW_LAST_RECT)
		session->rects_left = 0;
	session->next = read_rect;
	return 0;
}

static int read_rect(struct view_session *session, struct view_reader *reader)
{
	struct view_rect *rect = &session->rect;

	if (!session->rects_left) {
		end_update(session);
		return 0;
	}
	if (!view_reader_has(reader, 12))
		return -EAGAIN;
	*rect = (struct view_rect){
		.x = view_u16(reader->at),
		.y = view_u16(reader->at + 2),
		.width = view_u16(reader->at + 4),
		.height = view_u16(reader->at + 6),
		.encoding = view_s32(reader->at + 8),
	};
	reader->at += 12;
	session->encoding = view_encoding_find(rect->encoding);
	if (!session->encoding)
		return view_decoder_fail(&session->decoder, "a rectangle in encoding %d", rect->encoding);
	if (session->encoding->draws &&
			!view_picture_holds(&session->decoder.picture, rect->x, rect->y, rect->width, rect->height))
		return view_decoder_fail(&session->decoder, "%s: %ux%u at %u,%u is outside the picture",
				session->encoding->name, rect->width, rect->height, rect->x, rect->y);
	session->next = read_rect_body;
	return 0;
}

static int read_update(struct view_session *session, struct view_reader *reader)
{
	if (!view_reader_has(reader, 4))
		return -EAGAIN;
	session->rects_left = view_u16(reader->at + 2);
	session->rects_open = session->rects_left == RECTS_OPEN;
	reader->at += 4;
	if (!session->continuous)
		put_request(session, true);
	session->updating = true;
	session->next = read_rect;
	return 0;
}

static int read_skipped(struct view_session *session, struct view_reader *reader)
{
	uint64_t here = (uint64_t)(reader->end - reader->at);
	uint64_t taken = here < session->skip ? here : session->skip;

	reader->at += taken;
	session->skip -= taken;
	if (session->skip) {
		reader->need = 1;
		return -EAGAIN;
	}
	session->next = read_message;
	return 0;
}

static int read_colour_map(struct view_session *session, struct view_reader *reader)
{
	if (!view_reader_has(reader, 6))
		return -EAGAIN;
	session->skip = view_u16(reader->at + 4) * 6u;
	reader->at += 6;
	session->next = read_skipped;
	return 0;
}

static int read_bell(struct view_session *session, struct view_reader *reader)
{
	reader->at++;
	session->next = read_message;
	return 0;
}

static int read_cut_text(struct view_session *session, struct view_reader *reader)
{
	if (!view_reader_has(reader, 8))
		return -EAGAIN;
	session->skip = view_u32(reader->at + 4);
	if (session->skip > CUT_TEXT_BYTES_MAX)
		return view_decoder_fail(&session->decoder, "a clipboard of %llu bytes",
				(unsigned long long)session->skip);
	reader->at += 8;
	session->next = read_skipped;
	return 0;
}

/* The first one offers them; any other says that they ended. */
static int read_end_of_continuous(struct view_session *session, struct view_reader *reader)
{
	reader->at++;
	session->next = read_message;
	if (!session->options->continuous)
		return view_decoder_fail(&session->decoder, "continuous updates, which nobody asked for");
	session->continuous = !session->continuous;
	if (session->continuous)
		put_continuous(session);
	else
		put_request(session, true);
	return 0;
}

static int read_fence(struct view_session *session, struct view_reader *reader)
{
	uint32_t flags, length;

	if (!view_reader_has(reader, 9))
		return -EAGAIN;
	flags = view_u32(reader->at + 4);
	length = reader->at[8];
	if (length > FENCE_PAYLOAD_MAX)
		return view_decoder_fail(&session->decoder, "a fence with %u bytes", length);
	if (!view_reader_has(reader, 9 + length))
		return -EAGAIN;
	session->fences++;
	if (flags & FENCE_REQUEST) {
		view_output_u32(&session->output, (uint32_t)CLIENT_FENCE << 24);
		view_output_u32(&session->output, flags & FENCE_KNOWN);
		view_output_put(&session->output, reader->at + 8, 1 + length);
	}
	reader->at += 9 + length;
	session->next = read_message;
	return 0;
}

static const struct {
	uint8_t number;
	int (*read)(struct view_session *session, struct view_reader *reader);
} messages[] = {
	{ 0, read_update },
	{ 1, read_colour_map },
	{ 2, read_bell },
	{ 3, read_cut_text },
	{ 150, read_end_of_continuous },
	{ 248, read_fence },
};

static int read_message(struct view_session *session, struct view_reader *reader)
{
	if (!view_reader_has(reader, 1))
		return -EAGAIN;
	for (unsigned int i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (messages[i].number == reader->at[0]) {
			session->next = messages[i].read;
			return 0;
		}
	}
	return view_decoder_fail(&session->decoder, "a message of type %u", reader->at[0]);
}

void view_session_init(struct view_session *session, const struct view_session_options *options)
{
	*session = (struct view_session){ .options = options, .next = view_handshake_version };
	view_decoder_init(&session->decoder);
	session->decoder.skim = options->skim;
}

void view_session_finish(struct view_session *session)
{
	view_decoder_finish(&session->decoder);
}

int view_session_read(struct view_session *session, struct view_reader *reader)
{
	int r;

	do {
		r = session->next(session, reader);
		if (session->output.failed)
			return view_decoder_fail(&session->decoder, "the server asks and does not read");
	} while (r == 0);
	return r == -EAGAIN ? 0 : r;
}
