// SPDX-License-Identifier: GPL-2.0-or-later
/* Tells a vGPU's guest what its monitor would like to show. */
#include "server/capture/vfio_edid.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "server/capture/vfio_device.h"
#include "server/clock.h"
#include "server/log.h"

/* For the guest to notice that there is no monitor; QEMU's. */
#define UNPLUGGED_NS (100 * NSEC_PER_MSEC)
#define FAILURES_MAX 20
#define NAME "planecast"

#define AT(edid, name) ((edid)->registers + offsetof(struct vfio_region_gfx_edid, name))

int vfio_edid_check(const struct vfio_region_gfx_edid *registers, char *reason)
{
	if (registers->edid_max_size < EDID_BYTES || registers->edid_offset < sizeof(*registers)) {
		snprintf(reason, VFIO_REASON_BYTES, "the vGPU takes EDIDs of %u bytes at %u, and planecast's have %d: "
				"viewers cannot change the guest's resolution", registers->edid_max_size,
				registers->edid_offset, EDID_BYTES);
		return -EINVAL;
	}
	if ((registers->max_xres && registers->max_xres < EDID_WIDTH_MIN) ||
			(registers->max_yres && registers->max_yres < EDID_HEIGHT_MIN)) {
		snprintf(reason, VFIO_REASON_BYTES, "the vGPU shows %ux%u at most, which is no monitor's size: viewers "
				"cannot change the guest's resolution", registers->max_xres, registers->max_yres);
		return -EINVAL;
	}
	return 0;
}

static uint32_t bound(uint32_t value, uint32_t min, uint32_t max)
{
	if (!max || max > EDID_SIZE_MAX)
		max = EDID_SIZE_MAX;
	return value < min ? min : value > max ? max : value;
}

void vfio_edid_fit(uint32_t max_width, uint32_t max_height, uint32_t *width, uint32_t *height)
{
	*width = bound(*width, EDID_WIDTH_MIN, max_width) & ~1u;
	*height = bound(*height, EDID_HEIGHT_MIN, max_height);
}

/* Worth another try, a little later. */
static bool is_passing(int error)
{
	return error == -EAGAIN || error == -EIO || error == -EBUSY || error == -ENOMEM;
}

static int write_register(const struct vfio_edid *edid, uint64_t at, uint32_t value)
{
	return vfio_device_write(edid->device_fd, at, &value, sizeof(value));
}

static int tell(struct vfio_edid *edid)
{
	const struct edid_monitor monitor = {
		.width = edid->width,
		.height = edid->height,
		.max_width = edid->max_width,
		.max_height = edid->max_height,
		.name = NAME,
		.serial = edid->serial,
	};
	uint8_t block[EDID_BYTES];
	int r = edid_make(&monitor, block);

	if (!r)
		r = write_register(edid, AT(edid, link_state), VFIO_DEVICE_GFX_LINK_STATE_DOWN);
	/* Drivers take no more of a block than its size. */
	if (!r)
		r = write_register(edid, AT(edid, edid_size), EDID_BYTES);
	return r < 0 ? r : vfio_device_write(edid->device_fd, edid->block, block, sizeof(block));
}

static int plug(struct vfio_edid *edid)
{
	return write_register(edid, AT(edid, link_state), VFIO_DEVICE_GFX_LINK_STATE_UP);
}

static void wait(struct vfio_edid *edid, enum vfio_edid_step step)
{
	const struct timeval delay = clock_timeval(UNPLUGGED_NS);

	edid->step = step;
	event_add(edid->due, &delay);
}

static void give_up(struct vfio_edid *edid, int error)
{
	if (edid->complained != error)
		log_warn(NULL, "the vGPU's driver does not take %ux%u for the guest's monitor: %s", edid->width,
				edid->height, strerror(-error));
	edid->complained = error;
	/* Whatever it has now: no monitor is worse than any. */
	if (edid->step == VFIO_EDID_TO_TELL)
		plug(edid);
	edid->step = VFIO_EDID_RESTS;
	edid->width = 0;
	edid->height = 0;
}

/* Goes as far as can be gone now. Negative errno: given up. */
static int advance(struct vfio_edid *edid)
{
	int r = edid->step == VFIO_EDID_TO_TELL ? tell(edid) : plug(edid);

	if (r < 0 && is_passing(r) && ++edid->failures < FAILURES_MAX) {
		wait(edid, edid->step);
		return 0;
	}
	if (r < 0) {
		give_up(edid, r);
		return r;
	}
	edid->failures = 0;
	if (edid->step == VFIO_EDID_TO_TELL) {
		wait(edid, VFIO_EDID_TO_PLUG);
	} else {
		edid->step = VFIO_EDID_RESTS;
		edid->complained = 0;
		log_info(NULL, "the guest's monitor is one of %ux%u now", edid->width, edid->height);
	}
	return 0;
}

static void handle_due(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	advance(user);
}

int vfio_edid_init(struct vfio_edid *edid, struct event_base *base, const char *serial)
{
	*edid = (struct vfio_edid){ .device_fd = -1 };
	snprintf(edid->serial, sizeof(edid->serial), "%s", serial);
	edid->due = evtimer_new(base, handle_due, edid);
	return edid->due ? 0 : -ENOMEM;
}

void vfio_edid_finish(struct vfio_edid *edid)
{
	if (!edid->due)
		return;
	vfio_edid_detach(edid);
	event_free(edid->due);
	edid->due = NULL;
}

static int read_registers(int device_fd, uint64_t offset, struct vfio_region_gfx_edid *ret)
{
	uint32_t words[sizeof(*ret) / sizeof(uint32_t)];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int r = vfio_device_read(device_fd, offset + i * sizeof(words[0]), &words[i], sizeof(words[0]));

		if (r < 0)
			return r;
	}
	memcpy(ret, words, sizeof(*ret));
	return 0;
}

void vfio_edid_attach(struct vfio_edid *edid, int device_fd)
{
	struct vfio_region_gfx_edid registers;
	char reason[VFIO_REASON_BYTES];
	uint64_t offset;
	int r;

	vfio_edid_detach(edid);
	r = vfio_device_find_region(device_fd, VFIO_REGION_TYPE_GFX, VFIO_REGION_SUBTYPE_GFX_EDID, &offset);
	if (!r)
		r = read_registers(device_fd, offset, &registers);
	if (r < 0) {
		log_info(NULL, "viewers cannot change the guest's resolution: this vGPU's driver takes no EDID (%s)",
				strerror(-r));
		return;
	}
	if (vfio_edid_check(&registers, reason) < 0) {
		log_warn(NULL, "%s", reason);
		return;
	}
	edid->device_fd = device_fd;
	edid->registers = offset;
	edid->block = offset + registers.edid_offset;
	edid->max_width = registers.max_xres;
	edid->max_height = registers.max_yres;
	/* Somebody who ended in the middle, us perhaps, would leave the guest without a screen. */
	if (registers.link_state == VFIO_DEVICE_GFX_LINK_STATE_DOWN) {
		log_notice(NULL, "the guest's monitor was left unplugged: plugging it in");
		edid->step = VFIO_EDID_TO_PLUG;
		advance(edid);
	}
}

void vfio_edid_detach(struct vfio_edid *edid)
{
	if (edid->step != VFIO_EDID_RESTS)
		plug(edid);
	event_del(edid->due);
	edid->step = VFIO_EDID_RESTS;
	edid->device_fd = -1;
	edid->width = 0;
	edid->height = 0;
	edid->failures = 0;
	edid->complained = 0;
}

int vfio_edid_wish(struct vfio_edid *edid, uint32_t width, uint32_t height, uint32_t shown_width,
		uint32_t shown_height)
{
	if (edid->device_fd < 0)
		return -EOPNOTSUPP;
	vfio_edid_fit(edid->max_width, edid->max_height, &width, &height);
	/* Viewers whose wish is out of reach repeat it: the monitor would go on and off for ever. */
	if (width == edid->width && height == edid->height &&
			(edid->step != VFIO_EDID_RESTS || (width == shown_width && height == shown_height)))
		return 0;
	event_del(edid->due);
	edid->width = width;
	edid->height = height;
	edid->failures = 0;
	edid->step = VFIO_EDID_TO_TELL;
	return advance(edid);
}
