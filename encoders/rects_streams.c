// SPDX-License-Identifier: GPL-2.0-or-later
/* Begins Tight's zlib streams anew, in a record and in what it has sent. */
#include "encoders/rects_streams.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stddef.h>
#include <stdint.h>

#define UPDATE_HEADER_BYTES 4 /* RFC 6143 7.6.1 */
#define RECTANGLE_HEADER_BYTES 12
#define COPY_RECT_BYTES 4
#define COPY_RECT 1
#define TIGHT 7
#define RESTART_ALL 0x0f

int rects_streams_restart(rfbClientPtr cl)
{
	for (size_t i = 0; i < sizeof(cl->zsStruct) / sizeof(cl->zsStruct[0]); i++)
		/* It costs as much as a small update, and most use but one or two. */
		if (cl->zsActive[i] && cl->zsStruct[i].total_in &&
				deflateReset(&cl->zsStruct[i]) != Z_OK)
			return -EIO;
	return 0;
}

bool rects_streams_mark_restart(struct evbuffer *output)
{
	struct evbuffer_ptr at;
	struct evbuffer_iovec first;
	uint8_t header[RECTANGLE_HEADER_BYTES];
	size_t skip = UPDATE_HEADER_BYTES;

	evbuffer_ptr_set(output, &at, 0, EVBUFFER_PTR_SET);
	do {
		if (evbuffer_ptr_set(output, &at, skip, EVBUFFER_PTR_ADD) ||
				evbuffer_copyout_from(output, &at, header, sizeof(header)) !=
				sizeof(header))
			return false;
		skip = sizeof(header) + COPY_RECT_BYTES;
	} while (header[11] == COPY_RECT && !(header[8] | header[9] | header[10]));
	if (header[8] | header[9] | header[10] || header[11] != TIGHT ||
			evbuffer_ptr_set(output, &at, sizeof(header), EVBUFFER_PTR_ADD) ||
			evbuffer_peek(output, 1, &at, &first, 1) < 1)
		return false;
	*(uint8_t *)first.iov_base |= RESTART_ALL;
	return true;
}
