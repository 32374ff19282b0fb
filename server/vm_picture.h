/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a VM's newest picture, or why there is none, and what is said of that. Loop thread. */
#ifndef PLANECAST_SERVER_VM_PICTURE_H
#define PLANECAST_SERVER_VM_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "server/capture/capture.h"

struct channel_status;
struct frame;

/* All zero: nothing is known yet. */
struct vm_picture {
	char reason[CAPTURE_REASON_BYTES]; /* why there is none; empty: there is one */
	uint32_t width, height, fourcc; /* of the newest; 0: none yet */
};

/* False: viewers cannot be shown that, for this reason. */
bool vm_picture_fits(const struct frame *frame, char ret_reason[CAPTURE_REASON_BYTES]);
/* There is one. True: of another size or form, or none was before; the log has it. */
bool vm_picture_note(struct vm_picture *picture, const struct frame *frame);
/* There is none. True: not for the reason that was known; the log has it. */
bool vm_picture_note_off(struct vm_picture *picture, const char *reason);
/* The next one counts as another. */
void vm_picture_forget(struct vm_picture *picture);
/* A status card, of the size of the newest picture, as card_render() makes it. */
int vm_picture_card(const struct vm_picture *picture, const char *vm_name, struct frame **ret);
/* Fills size and state in. */
void vm_picture_status(const struct vm_picture *picture, struct channel_status *status);

#endif
