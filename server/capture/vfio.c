// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pictures of a VFIO device: each look asks what the primary plane shows and
 * finds the memory it is in. Nothing is copied here, and nothing is known of
 * change: that is damage's.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "server/capture/attach.h"
#include "server/capture/capture.h"
#include "server/capture/vfio_cursor.h"
#include "server/capture/vfio_device.h"
#include "server/capture/vfio_dmabuf.h"
#include "server/capture/vfio_edid.h"
#include "server/capture/vfio_frame.h"
#include "server/capture/vfio_plane.h"
#include "server/capture/vfio_region.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/input.h"

/* While a guest changes modes its plane is off, wrong or refused for a moment: no news yet. */
#define GRACE_NS (500 * NSEC_PER_MSEC)

struct capture_vfio {
	struct capture capture;
	struct attach *attach;
	struct vfio_dmabufs dmabufs;
	struct vfio_region region;
	struct vfio_cursor cursor;
	struct vfio_edid edid;
	bool met; /* the device that attach has */
	bool pointer_gone; /* with a device, and viewers have to be told */
	uint32_t width, height; /* of the newest picture of it; 0: none */
	uint64_t sequence;
	int64_t picture_ns; /* of the last look that yielded one; 0: none yet of this device */
};

_Static_assert(VFIO_REASON_BYTES <= CAPTURE_REASON_BYTES, "a reason is not cut");

static void let_go(struct capture_vfio *vfio)
{
	vfio->pointer_gone = vfio_cursor_lose(&vfio->cursor) || vfio->pointer_gone;
	vfio_dmabufs_clear(&vfio->dmabufs);
	vfio_region_clear(&vfio->region);
	vfio_edid_detach(&vfio->edid);
	vfio->met = false;
	vfio->width = 0;
	vfio->height = 0;
	vfio->picture_ns = 0;
}

static void handle_lost(void *user)
{
	struct capture_vfio *vfio = user;

	let_go(vfio);
}

static void tell_pointer_gone(struct capture_vfio *vfio)
{
	if (vfio->pointer_gone)
		capture_emit_cursor(&vfio->capture, &vfio->cursor.cursor);
	vfio->pointer_gone = false;
}

static void handle_changed(void *user)
{
	struct capture_vfio *vfio = user;

	tell_pointer_gone(vfio);
	capture_poke(&vfio->capture);
}

static const struct attach_events attach_events = { .changed = handle_changed, .lost = handle_lost };

static int query(int device_fd, enum vfio_plane_kind kind, struct vfio_plane *ret, char *reason)
{
	struct vfio_device_gfx_plane_info info;
	int r = vfio_device_query(device_fd, kind, VFIO_PLANE_PRIMARY, &info);

	/* Drivers fail the first query of a new mode as a matter of course. */
	if (r < 0 && r != -ENODEV)
		r = vfio_device_query(device_fd, kind, VFIO_PLANE_PRIMARY, &info);
	if (r < 0) {
		snprintf(reason, VFIO_REASON_BYTES, "The vGPU's driver does not say what the guest shows: %s.",
				strerror(-r));
		return r;
	}
	return vfio_plane_check(&info, ret, reason);
}

static int find_frame(struct capture_vfio *vfio, int device_fd, enum vfio_plane_kind kind,
		struct frame **ret, char *reason)
{
	struct vfio_plane plane;
	int r = query(device_fd, kind, &plane, reason);

	if (r < 0)
		return r;
	if (kind == VFIO_PLANE_DMABUF)
		r = vfio_dmabufs_find(&vfio->dmabufs, device_fd, &plane, ret, reason);
	else
		r = vfio_region_find(&vfio->region, device_fd, &plane, ret, reason);
	return r < 0 ? r : vfio_frame_check(*ret, reason);
}

/* Whoever looks anew (whole) is told of it again. */
static void look_at_pointer(struct capture_vfio *vfio, int device_fd)
{
	struct vfio_cursor *cursor = &vfio->cursor;
	const bool news = vfio_cursor_look(cursor, device_fd, clock_now_ns());

	if (news || (vfio->capture.whole && cursor->cursor.visible))
		capture_emit_cursor(&vfio->capture, &cursor->cursor);
}

static int poll_vfio(struct capture *capture, struct frame **ret_frame)
{
	struct capture_vfio *vfio = (struct capture_vfio *)capture;
	char reason[VFIO_REASON_BYTES] = "";
	enum vfio_plane_kind kind;
	struct frame *frame;
	int64_t now_ns;
	int device_fd, r;

	tell_pointer_gone(vfio);
	device_fd = attach_device(vfio->attach, &kind, reason);
	if (device_fd < 0) {
		capture_set_reason(capture, "%s", reason);
		return device_fd;
	}
	if (!vfio->met)
		vfio_edid_attach(&vfio->edid, device_fd);
	vfio->met = true;
	r = find_frame(vfio, device_fd, kind, &frame, reason);
	if (kind == VFIO_PLANE_DMABUF && r != -ENODEV)
		look_at_pointer(vfio, device_fd);
	now_ns = clock_now_ns();
	if (!r) {
		vfio_frame_stamp(frame, ++vfio->sequence, now_ns);
		vfio->picture_ns = now_ns;
		vfio->width = frame->width;
		vfio->height = frame->height;
		*ret_frame = frame_ref(frame);
		return 0;
	}
	if (r == -ENODEV)
		attach_drop(vfio->attach);
	else if (!capture->whole && vfio->picture_ns && now_ns - vfio->picture_ns < GRACE_NS)
		return -EAGAIN;
	capture_set_reason(capture, "%s", reason);
	/* Nothing below may be taken for "nothing new". */
	return r == -EAGAIN ? -EIO : r;
}

static void close_vfio(struct capture *capture)
{
	struct capture_vfio *vfio = (struct capture_vfio *)capture;

	let_go(vfio);
	vfio_cursor_finish(&vfio->cursor);
	vfio_edid_finish(&vfio->edid);
	attach_free(vfio->attach);
	capture_finish(capture);
	free(vfio);
}

static int resize_vfio(struct capture *capture, uint32_t width, uint32_t height)
{
	struct capture_vfio *vfio = (struct capture_vfio *)capture;

	return vfio_edid_wish(&vfio->edid, width, height, vfio->width, vfio->height);
}

/* Where viewers point tells where the guest's pointer has its hot spot. */
static void note_input(struct capture *capture, const struct input_event *event)
{
	struct capture_vfio *vfio = (struct capture_vfio *)capture;

	if (event->kind != INPUT_POINTER)
		return;
	if (event->pointer.width == vfio->width && event->pointer.height == vfio->height)
		hotspots_point(&vfio->cursor.hotspots, (int32_t)event->pointer.x, (int32_t)event->pointer.y,
				clock_now_ns());
	else
		hotspots_lose_pointer(&vfio->cursor.hotspots);
}

static void take_broker(struct capture *capture, int fd)
{
	struct capture_vfio *vfio = (struct capture_vfio *)capture;

	attach_take_broker(vfio->attach, fd);
}

static const struct capture_impl vfio_impl = {
	.name = "vfio",
	.poll = poll_vfio,
	.resize = resize_vfio,
	.input = note_input,
	.close = close_vfio,
	.take_broker = take_broker,
};

int capture_vfio_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret)
{
	struct capture_vfio *vfio = calloc(1, sizeof(*vfio));
	int r;

	if (!vfio)
		return -ENOMEM;
	r = capture_init(&vfio->capture, &vfio_impl, base, events, user);
	if (r < 0)
		goto err_free;
	r = vfio_edid_init(&vfio->edid, base, config->name ? config->name : "");
	if (r < 0)
		goto err_finish;
	r = attach_new(base, config, &attach_events, vfio, &vfio->attach);
	if (r < 0)
		goto err_edid;
	*ret = &vfio->capture;
	return 0;

err_edid:
	vfio_edid_finish(&vfio->edid);
err_finish:
	capture_finish(&vfio->capture);
err_free:
	free(vfio);
	return r;
}
