/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of an authenticated RFB client in, one whole checked message out.
 *
 * Only the messages of enum rfb_client_message get through; every length has a
 * limit, known before any byte beyond it is waited for. Knows nothing of
 * sockets, and of the client only what the layout of its messages depends on.
 */
#ifndef PLANECAST_NET_RFB_FRAMER_H
#define PLANECAST_NET_RFB_FRAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoders/rects.h"

struct evbuffer;

#define RFB_FRAMER_ENCODINGS_MAX 512
/* The longest message but for cut text: 255 screens. */
#define RFB_FRAMER_MESSAGE_MAX 4096

struct rfb_framer {
	/* The owner's, to be set at will. */
	bool extended_buttons; /* Extended Mouse Buttons was announced */
	bool extended_clipboard; /* and Extended Clipboard */
	/* Why next() failed, for the log. */
	const char *error;
	/* The framer's own. */
	uint32_t cut_text_max_bytes;
	size_t need;
	size_t used;
	uint32_t skip, skip_next;
};

struct rfb_message {
	uint8_t type; /* enum rfb_client_message */
	union {
		struct rects_pixel_format pixel_format;
		struct {
			uint16_t count;
			const uint8_t *list; /* count numbers of 4 bytes, big endian */
		} encodings;
		struct {
			bool incremental;
			uint16_t x, y, width, height;
		} request;
		struct {
			bool down;
			uint32_t keysym;
			uint32_t keycode; /* QEMU key event: XT scancode; else 0 */
		} key; /* RFB_KEY_EVENT and RFB_QEMU_CLIENT */
		struct {
			uint16_t x, y;
			uint32_t buttons; /* enum input_button */
		} pointer;
		struct {
			bool extended; /* by Extended Clipboard */
			uint32_t bytes;
			const uint8_t *text; /* Latin-1, or flags and what they are about; NULL: too long, skipped */
		} cut_text;
		struct {
			bool enable;
			uint16_t x, y, width, height;
		} continuous;
		struct {
			uint32_t flags;
			uint8_t bytes; /* at most RFB_FENCE_PAYLOAD_MAX */
			const uint8_t *payload;
		} fence;
		struct {
			uint16_t width, height;
			uint8_t n_screens;
			const uint8_t *screens; /* RFB_SCREEN_BYTES each */
		} desktop_size;
	};
};

/* What the compression of a text that does not get shorter adds to it, and the text's frame. */
#define RFB_FRAMER_EXTENDED_MAX 1024
/* Longer cut text is skipped, not stored; by Extended Clipboard it may be longer by RFB_FRAMER_EXTENDED_MAX. */
void rfb_framer_init(struct rfb_framer *framer, uint32_t cut_text_max_bytes);
void rfb_framer_set_limit(struct rfb_framer *framer, uint32_t cut_text_max_bytes);

/*
 * 1: *ret is the first message in input, which still holds it and what *ret
 * points to; the same one comes again until rfb_framer_drop(). 0: the rest of it
 * has not come. -EPROTO: no message of ours, framer->error says why; -ENOMEM.
 */
int rfb_framer_next(struct rfb_framer *framer, struct evbuffer *input, struct rfb_message *ret);
/* Takes the message that next() showed out of input. Returns its length. */
size_t rfb_framer_drop(struct rfb_framer *framer, struct evbuffer *input);

#endif
