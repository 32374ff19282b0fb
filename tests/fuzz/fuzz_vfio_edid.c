// SPDX-License-Identifier: GPL-2.0-or-later
/* Any description of a region, and any registers in it: what is believed of them makes an EDID, or the program ends. */
#include <linux/vfio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/capture/vfio_caps.h"
#include "server/capture/vfio_edid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The wish of whoever chose the registers. */
static void check_mode(const struct vfio_region_gfx_edid *registers)
{
	struct edid_monitor monitor = {
		.width = registers->edid_size,
		.height = registers->link_state,
		.max_width = registers->max_xres,
		.max_height = registers->max_yres,
		.name = "",
		.serial = "",
	};
	uint8_t block[EDID_BYTES], sum = 0;

	vfio_edid_fit(monitor.max_width, monitor.max_height, &monitor.width, &monitor.height);
	if ((monitor.max_width && monitor.width > monitor.max_width) ||
			(monitor.max_height && monitor.height > monitor.max_height) || edid_make(&monitor, block) < 0)
		abort();
	for (size_t i = 0; i < sizeof(block); i++)
		sum = (uint8_t)(sum + block[i]);
	if (sum)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vfio_region_gfx_edid registers;
	char reason[VFIO_REASON_BYTES];
	uint8_t *info;

	if (size < sizeof(registers))
		return 0;
	memcpy(&registers, data, sizeof(registers));
	memset(reason, 0xff, sizeof(reason));
	if (!vfio_edid_check(&registers, reason))
		check_mode(&registers);
	else if (!memchr(reason, 0, sizeof(reason)))
		abort();
	/* Its own memory, so that a read beyond it is found. */
	size -= sizeof(registers);
	info = malloc(size ? size : 1);
	if (!info)
		return 0;
	memcpy(info, data + sizeof(registers), size);
	vfio_caps_say_type(info, size, VFIO_REGION_TYPE_GFX, VFIO_REGION_SUBTYPE_GFX_EDID);
	free(info);
	return 0;
}
