// SPDX-License-Identifier: GPL-2.0-or-later
/* The elements of H.264 headers, read or written. */
#include "encoders/h264_syntax.h"

#include <errno.h>

static void fail(struct h264_syntax *syntax, int err)
{
	if (!syntax->err)
		syntax->err = err;
}

void h264_syntax_wrong(struct h264_syntax *syntax)
{
	fail(syntax, syntax->reader ? -EBADMSG : -EINVAL);
}

void h264_syntax_unsupported(struct h264_syntax *syntax)
{
	fail(syntax, -ENOTSUP);
}

/* Whether to go on with an element. */
static bool ready(struct h264_syntax *syntax)
{
	if (syntax->reader && syntax->reader->failed)
		fail(syntax, -EBADMSG);
	if (syntax->writer && syntax->writer->failed)
		fail(syntax, -ENOSPC);
	return !syntax->err;
}

void h264_syntax_u(struct h264_syntax *syntax, unsigned int bits, uint32_t *value)
{
	if (syntax->reader)
		*value = ready(syntax) ? h264_get_bits(syntax->reader, bits) : 0;
	else if (bits < 32 && *value >> bits)
		h264_syntax_wrong(syntax);
	else if (ready(syntax))
		h264_put_bits(syntax->writer, *value, bits);
}

void h264_syntax_u_from(struct h264_syntax *syntax, unsigned int bits, uint32_t min, uint32_t *value)
{
	uint32_t code = *value - min;

	if (!syntax->reader && *value < min)
		h264_syntax_wrong(syntax);
	else
		h264_syntax_u(syntax, bits, &code);
	*value = syntax->err ? 0 : code + min;
}

void h264_syntax_ue(struct h264_syntax *syntax, uint32_t min, uint32_t max, uint32_t *value)
{
	uint32_t code;

	if (!syntax->reader) {
		if (*value < min || *value > max || *value - min == UINT32_MAX)
			h264_syntax_wrong(syntax);
		else if (ready(syntax))
			h264_put_ue(syntax->writer, *value - min);
		return;
	}
	*value = 0;
	if (!ready(syntax))
		return;
	code = h264_get_ue(syntax->reader);
	if (code > max - min)
		h264_syntax_wrong(syntax);
	else if (ready(syntax))
		*value = code + min;
}

void h264_syntax_se(struct h264_syntax *syntax, int32_t base, int32_t min, int32_t max, int32_t *value)
{
	int64_t sum;

	if (!syntax->reader) {
		if (*value < min || *value > max)
			h264_syntax_wrong(syntax);
		else if (ready(syntax))
			h264_put_se(syntax->writer, *value - base);
		return;
	}
	*value = 0;
	if (!ready(syntax))
		return;
	sum = (int64_t)h264_get_se(syntax->reader) + base;
	if (sum < min || sum > max)
		h264_syntax_wrong(syntax);
	else if (ready(syntax))
		*value = (int32_t)sum;
}

int h264_syntax_end(struct h264_syntax *syntax)
{
	(void)ready(syntax);
	return syntax->err;
}
