// SPDX-License-Identifier: GPL-2.0-or-later
/* Text that a VNC viewer provides: never longer than the limit, and what is text can be packed again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/cut_text.h"
#include "server/clip_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *again;
	size_t bytes, packed_bytes, again_bytes;
	uint8_t *packed;

	if (cut_text_unpack(data, size, MAX, &text, &bytes) < 0 || !text)
		return 0;
	if (bytes > MAX + 1)
		abort();
	if (clip_text_is_valid(text, bytes)) {
		bytes = clip_text_to_lf(text, bytes);
		packed = cut_text_pack(text, bytes, &packed_bytes);
		if (!packed || cut_text_unpack(packed + 4, packed_bytes - 4, 2 * MAX + 2, &again, &again_bytes) < 0 ||
				!again)
			abort();
		if (clip_text_to_lf(again, again_bytes) != bytes || memcmp(again, text, bytes))
			abort();
		free(again);
		free(packed);
	}
	free(text);
	return 0;
}
