// SPDX-License-Identifier: GPL-2.0-or-later
/* What all video encoders have in common. */
#include "encoders/encoder.h"

#include <errno.h>
#include <stddef.h>

#include "server/frame.h"

int encoder_submit(struct encoder *encoder, struct frame *frame, const struct packet_box *box,
		const struct encoder_params *params)
{
	if (box->width < ENCODER_SIZE_MIN || box->height < ENCODER_SIZE_MIN ||
			box->x > frame->width || box->width > frame->width - box->x ||
			box->y > frame->height || box->height > frame->height - box->y)
		return -EINVAL;
	if (params->qp < 0 || params->qp > ENCODER_QP_MAX)
		return -EINVAL;
	return encoder->impl->submit(encoder, frame, box, params);
}

bool encoder_is_busy(const struct encoder *encoder)
{
	return encoder->impl->is_busy(encoder);
}

bool encoder_is_opening(const struct encoder *encoder)
{
	return encoder->impl->is_opening && encoder->impl->is_opening(encoder);
}

bool encoder_reads_buffers(const struct encoder *encoder)
{
	return encoder->impl->reads_buffers(encoder);
}

void encoder_free(struct encoder *encoder)
{
	if (encoder)
		encoder->impl->free(encoder);
}
