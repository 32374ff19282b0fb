// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A server's bytes as the bench's viewer reads them: the first byte says how the
 * rest is cut into pieces; the handshake is given, for a picture of 100x80.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/view_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an update leaves is worth little; that it ends is all. */
#define INPUT_MAX 65536u

static const uint8_t greeting[] = {
	'R', 'F', 'B', ' ', '0', '0', '3', '.', '0', '0', '8', '\n', 1, 1, 0, 0, 0, 0,
	0, 100, 0, 80, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0, 0, 0, 0, 0,
};

static int read_some(struct view_session *session, const uint8_t *data, size_t size, size_t *taken)
{
	/* Exactly sized, so that a sanitizer sees a read past the end. */
	uint8_t *copy = malloc(size ? size : 1);
	struct view_reader reader;
	int r;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	reader = (struct view_reader){ .at = copy, .end = copy + size };
	r = view_session_read(session, &reader);
	*taken += (size_t)(reader.at - copy);
	/* It waits for more than there is, or it would not wait. */
	if (r == 0 && reader.need <= (size_t)(reader.end - reader.at))
		abort();
	free(copy);
	session->output.used = 0;
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct view_session_options options = { .quality = 8, .compression = -1, .continuous = true };
	struct view_session session;
	size_t taken = 0, known = 1;
	int r;

	if (size < 1 || size > INPUT_MAX)
		return 0;
	view_session_init(&session, &options);
	session.decoder.pixels_max = 256 * 256;
	r = read_some(&session, greeting, sizeof(greeting), &taken);
	taken = 1;
	while (r == 0 && known < size) {
		size_t piece = data[0] ? data[0] * 8u : size;

		known = size - known > piece ? known + piece : size;
		r = read_some(&session, data + taken, known - taken, &taken);
	}
	view_session_finish(&session);
	return 0;
}
