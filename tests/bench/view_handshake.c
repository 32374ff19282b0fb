// SPDX-License-Identifier: GPL-2.0-or-later
/* From the first byte to ServerInit (RFC 6143 7.1 to 7.3). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/view_session.h"

#define VERSION_BYTES 12
#define SECURITY_NONE 1
#define TEXT_BYTES_MAX 65536u

/* The server's own words, as far as they can be shown, instead of what was expected. */
static int read_refusal(struct view_session *session, struct view_reader *reader)
{
	char words[100];
	uint32_t length, shown;

	if (!view_reader_has(reader, 4))
		return -EAGAIN;
	length = view_u32(reader->at);
	if (length > TEXT_BYTES_MAX)
		return view_decoder_fail(&session->decoder, "refused, with %u bytes of reason", length);
	if (!view_reader_has(reader, 4 + (uint64_t)length))
		return -EAGAIN;
	shown = length < sizeof(words) ? length : sizeof(words) - 1;
	for (uint32_t i = 0; i < shown; i++)
		words[i] = reader->at[4 + i] >= ' ' && reader->at[4 + i] < 127 ? (char)reader->at[4 + i] : '?';
	words[shown] = '\0';
	return view_decoder_fail(&session->decoder, "refused: %s", words);
}

static int read_name(struct view_session *session, struct view_reader *reader)
{
	uint32_t length;

	if (!view_reader_has(reader, 4))
		return -EAGAIN;
	length = view_u32(reader->at);
	if (length > TEXT_BYTES_MAX)
		return view_decoder_fail(&session->decoder, "a name of %u bytes", length);
	if (!view_reader_has(reader, 4 + (uint64_t)length))
		return -EAGAIN;
	reader->at += 4 + length;
	view_session_begin(session);
	return 0;
}

/* The server's pixel format does not matter: it is told which one is wanted. */
static int read_init(struct view_session *session, struct view_reader *reader)
{
	uint32_t width, height;
	int r;

	if (!view_reader_has(reader, 20))
		return -EAGAIN;
	width = view_u16(reader->at);
	height = view_u16(reader->at + 2);
	reader->at += 20;
	r = view_picture_resize(&session->decoder.picture, width, height, session->decoder.pixels_max);
	if (r == -E2BIG)
		return view_decoder_fail(&session->decoder, "a picture of %ux%u", width, height);
	session->next = read_name;
	return r;
}

static void enter(struct view_session *session)
{
	view_output_u8(&session->output, 1); /* shared */
	session->next = read_init;
}

static int read_result(struct view_session *session, struct view_reader *reader)
{
	uint32_t result;

	if (!view_reader_has(reader, 4))
		return -EAGAIN;
	result = view_u32(reader->at);
	reader->at += 4;
	if (result)
		session->next = read_refusal;
	else
		enter(session);
	return 0;
}

static int read_security(struct view_session *session, struct view_reader *reader)
{
	uint32_t count;

	if (!view_reader_has(reader, 1))
		return -EAGAIN;
	count = reader->at[0];
	if (!view_reader_has(reader, 1 + count))
		return -EAGAIN;
	reader->at += 1 + count;
	if (!count) {
		session->next = read_refusal;
		return 0;
	}
	if (!memchr(reader->at - count, SECURITY_NONE, count))
		return view_decoder_fail(&session->decoder, "security type None is not offered");
	view_output_u8(&session->output, SECURITY_NONE);
	if (session->old_version)
		enter(session);
	else
		session->next = read_result;
	return 0;
}

int view_handshake_version(struct view_session *session, struct view_reader *reader)
{
	char text[VERSION_BYTES + 1] = "";
	unsigned int major, minor;

	if (!view_reader_has(reader, VERSION_BYTES))
		return -EAGAIN;
	memcpy(text, reader->at, VERSION_BYTES);
	if (sscanf(text, "RFB %3u.%3u\n", &major, &minor) != 2 || text[VERSION_BYTES - 1] != '\n')
		return view_decoder_fail(&session->decoder, "this is no RFB server");
	if (major < 3 || (major == 3 && minor < 7))
		return view_decoder_fail(&session->decoder, "RFB %u.%u: needs 3.7 at least", major, minor);
	reader->at += VERSION_BYTES;
	session->old_version = major == 3 && minor == 7;
	view_output_put(&session->output, session->old_version ? "RFB 003.007\n" : "RFB 003.008\n", VERSION_BYTES);
	session->next = read_security;
	return 0;
}
