// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks the chain of a region's capabilities. */
#include "server/capture/vfio_caps.h"

#include <linux/vfio.h>
#include <string.h>

bool vfio_caps_say_type(const void *info, size_t bytes, uint32_t type, uint32_t subtype)
{
	const uint8_t *data = info;
	struct vfio_region_info_cap_type cap;
	struct vfio_region_info base;
	size_t at;

	if (bytes < sizeof(base))
		return false;
	memcpy(&base, data, sizeof(base));
	if (!(base.flags & VFIO_REGION_INFO_FLAG_CAPS))
		return false;
	at = base.cap_offset;
	/* No more of them than there is room for: that ends circles, too. */
	for (size_t room = bytes / sizeof(cap.header); room && at; room--) {
		if (at < sizeof(base) || at > bytes || bytes - at < sizeof(cap.header))
			return false;
		memcpy(&cap.header, data + at, sizeof(cap.header));
		if (cap.header.id == VFIO_REGION_INFO_CAP_TYPE && bytes - at >= sizeof(cap)) {
			memcpy(&cap, data + at, sizeof(cap));
			if (cap.type == type && cap.subtype == subtype)
				return true;
		}
		at = cap.header.next;
	}
	return false;
}
