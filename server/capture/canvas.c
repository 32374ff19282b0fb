// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory to draw on that no reader looks at. */
#include "server/capture/canvas.h"

#include <string.h>

#include "server/frame.h"

int canvas_take(struct frame **frame)
{
	struct frame *old = *frame, *fresh;
	int ret;

	if (atomic_load_explicit(&old->refcount, memory_order_acquire) == 1)
		return 0;
	ret = frame_new_memory(old->width, old->height, &fresh);
	if (ret < 0)
		return ret;
	memcpy(frame_memory_pixels(fresh), old->data, old->data_bytes);
	frame_unref(old);
	*frame = fresh;
	return 0;
}
