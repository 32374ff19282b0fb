// SPDX-License-Identifier: GPL-2.0-or-later
/* What there is to be seen of a VM, in words. */
#include "server/vm_picture.h"

#include <stdio.h>
#include <string.h>

#include "net/protocol.h"
#include "server/capture/card.h"
#include "server/channel.h"
#include "server/format.h"
#include "server/frame.h"
#include "server/log.h"

#define CARD_WIDTH 1024
#define CARD_HEIGHT 768

bool vm_picture_fits(const struct frame *frame, char ret_reason[CAPTURE_REASON_BYTES])
{
	if (frame->width <= PROTOCOL_PICTURE_MAX && frame->height <= PROTOCOL_PICTURE_MAX)
		return true;
	snprintf(ret_reason, CAPTURE_REASON_BYTES, "The picture is %ux%u, and viewers can be shown %ux%u at most: "
			"choose a smaller mode in the guest.", frame->width, frame->height, PROTOCOL_PICTURE_MAX,
			PROTOCOL_PICTURE_MAX);
	return false;
}

bool vm_picture_note(struct vm_picture *picture, const struct frame *frame)
{
	char fourcc[12];

	if (!picture->reason[0] && frame->width == picture->width && frame->height == picture->height &&
			frame->fourcc == picture->fourcc)
		return false;
	log_notice(NULL, "picture: %ux%u %s", frame->width, frame->height, format_fourcc_name(frame->fourcc, fourcc));
	picture->reason[0] = '\0';
	picture->width = frame->width;
	picture->height = frame->height;
	picture->fourcc = frame->fourcc;
	return true;
}

bool vm_picture_note_off(struct vm_picture *picture, const char *reason)
{
	if (!strcmp(picture->reason, reason))
		return false;
	log_notice(NULL, "no picture: %s", reason);
	snprintf(picture->reason, sizeof(picture->reason), "%s", reason);
	return true;
}

void vm_picture_forget(struct vm_picture *picture)
{
	picture->fourcc = 0;
}

int vm_picture_card(const struct vm_picture *picture, const char *vm_name, struct frame **ret)
{
	return card_render(vm_name, picture->reason, picture->width ? picture->width : CARD_WIDTH,
			picture->height ? picture->height : CARD_HEIGHT, ret);
}

void vm_picture_status(const struct vm_picture *picture, struct channel_status *status)
{
	char fourcc[12];

	if (picture->reason[0]) {
		snprintf(status->state, sizeof(status->state), "%.*s", (int)sizeof(status->state) - 1,
				picture->reason);
		return;
	}
	status->width = picture->width;
	status->height = picture->height;
	if (picture->width)
		snprintf(status->state, sizeof(status->state), "%ux%u %s", picture->width, picture->height,
				format_fourcc_name(picture->fourcc, fourcc));
	else
		snprintf(status->state, sizeof(status->state), CHANNEL_STATE_RESTING);
}
