// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of encodings, and what all decoders use. */
#include "tests/bench/view_decoder.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <turbojpeg.h>

#include "tests/integration/support/h264_view.h"

const struct view_encoding view_encodings[] = {
	{ VIEW_RAW, "raw", true, view_decode_raw },
	{ VIEW_COPY_RECT, "copyrect", true, view_decode_copy_rect },
	{ VIEW_HEXTILE, "hextile", true, view_decode_hextile },
	{ VIEW_ZLIB, "zlib", true, view_decode_zlib },
	{ VIEW_TIGHT, "tight", true, view_decode_tight },
	{ VIEW_ZRLE, "zrle", true, view_decode_zrle },
	{ VIEW_OPEN_H264, "h264", true, view_decode_h264 },
	{ VIEW_CURSOR, "cursor", false, view_decode_cursor },
	{ VIEW_CURSOR_WITH_ALPHA, "cursor-with-alpha", false, view_decode_cursor_with_alpha },
	{ VIEW_POINTER_POSITION, "pointer-position", false, view_decode_nothing },
	{ VIEW_DESKTOP_SIZE, "desktop-size", false, view_decode_desktop_size },
	{ VIEW_EXTENDED_DESKTOP_SIZE, "extended-desktop-size", false, view_decode_extended_desktop_size },
	{ VIEW_DESKTOP_NAME, "desktop-name", false, view_decode_desktop_name },
	{ VIEW_LAST_RECT, "last-rect", false, view_decode_nothing },
	{ .name = NULL },
};

_Static_assert(sizeof(view_encodings) / sizeof(view_encodings[0]) == VIEW_ENCODINGS + 1, "VIEW_ENCODINGS is wrong");

const struct view_encoding *view_encoding_find(int32_t number)
{
	for (const struct view_encoding *encoding = view_encodings; encoding->name; encoding++)
		if (encoding->number == number)
			return encoding;
	return NULL;
}

void view_decoder_init(struct view_decoder *decoder)
{
	*decoder = (struct view_decoder){ .pixels_max = VIEW_PIXELS_MAX };
}

void view_decoder_finish(struct view_decoder *decoder)
{
	for (unsigned int i = 0; i < VIEW_TIGHT_STREAMS; i++)
		view_inflate_finish(&decoder->tight[i]);
	view_inflate_finish(&decoder->zrle);
	view_inflate_finish(&decoder->zlib);
	if (decoder->jpeg)
		tjDestroy(decoder->jpeg);
	h264_view_free(decoder->h264);
	free(decoder->scratch);
	view_picture_finish(&decoder->picture);
}

int view_decoder_fail(struct view_decoder *decoder, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(decoder->reason, sizeof(decoder->reason), format, arguments);
	va_end(arguments);
	return -EPROTO;
}

uint8_t *view_decoder_scratch(struct view_decoder *decoder, size_t bytes)
{
	uint8_t *scratch;

	if (bytes <= decoder->scratch_bytes)
		return decoder->scratch;
	scratch = malloc(bytes);
	if (!scratch)
		return NULL;
	free(decoder->scratch);
	decoder->scratch = scratch;
	decoder->scratch_bytes = bytes;
	return scratch;
}

int view_decoder_inflate(struct view_decoder *decoder, struct view_inflate *inflate, const char *what,
		const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
	size_t got;
	int r = view_inflate_bytes(inflate, in, in_bytes, out, out_bytes, &got);

	if (r == -EPROTO)
		return view_decoder_fail(decoder, "%s: %zu bytes that zlib does not understand as %zu", what,
				in_bytes, out_bytes);
	if (r == 0 && got != out_bytes)
		return view_decoder_fail(decoder, "%s: %zu bytes after inflating, not %zu", what, got, out_bytes);
	return r;
}
