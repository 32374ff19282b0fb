// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's sample devices as their owner sees them. */
#include "tests/lab/support/bochs.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/capture/vfio_device.h"
#include "tests/lab/support/check.h"

#define VBE_REGISTERS 0x500
enum { VBE_XRES = 1, VBE_YRES, VBE_BPP, VBE_ENABLE, VBE_VIRT_WIDTH = 6, VBE_Y_OFFSET = 9 };
#define VBE_ENABLED_LFB 0x41

uint8_t *bochs_map_memory(int device_fd, size_t *ret_bytes)
{
	uint64_t offset, bytes;
	void *memory;
	int r = vfio_device_get_region(device_fd, 0, &offset, &bytes);

	if (r < 0)
		check_bail_out("BAR 0: %s", strerror(-r));
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, device_fd, (off_t)offset);
	if (memory == MAP_FAILED)
		check_bail_out("mmap of BAR 0: %s", strerror(errno));
	*ret_bytes = bytes;
	return memory;
}

void bochs_set_mode(int device_fd, uint16_t width, uint16_t height, uint16_t y)
{
	const struct {
		uint16_t index, value;
	} writes[] = {
		{ VBE_ENABLE, 0 },
		{ VBE_XRES, width },
		{ VBE_YRES, height },
		{ VBE_BPP, 32 },
		{ VBE_VIRT_WIDTH, width },
		{ VBE_Y_OFFSET, y },
		{ VBE_ENABLE, width ? VBE_ENABLED_LFB : 0 },
	};
	uint64_t offset, bytes;

	if (vfio_device_get_region(device_fd, 2, &offset, &bytes) < 0)
		check_bail_out("no BAR 2");
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		if (pwrite(device_fd, &writes[i].value, 2,
				(off_t)offset + VBE_REGISTERS + 2 * writes[i].index) != 2)
			check_bail_out("mode register: %s", strerror(errno));
}
