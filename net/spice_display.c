// SPDX-License-Identifier: GPL-2.0-or-later
/* A QXL device that is fed from frames and regions. */
#include "net/spice_display.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <pixman.h>
#include <spice.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/rects_debt.h"
#include "net/spice_command.h"
#include "net/spice_region.h"
#include "net/spice_tally.h"
#include "net/spice_video_box.h"
#include "server/clock.h"
#include "server/cursor.h"
#include "server/frame.h"
#include "server/log.h"
#include "server/update.h"

#define PIXEL_BYTES 4u
/*
 * Rectangles of one feeding, of either kind, all of which are given: a part would
 * show the viewer parts of different pictures. Where there are more to paint they
 * become fewer that hold them, and nothing is copied: the library forgets, unsent,
 * what something covers.
 */
#define RECTS_MAX 200
#define COPIES_MAX 8
/* After so long it is looked whether there is something to do that nothing tells of. */
#define LOOK_NS (1 * NSEC_PER_SEC)

/* Changes of the surface, the library's thread at work; also the cookies of its calls. */
enum surface {
	SURFACE_SHOWN,
	SURFACE_DESTROYING,
	SURFACE_NONE,
	SURFACE_CREATING,
};

struct spice_display {
	QXLInstance qxl; /* first */
	const struct spice_display_events *events;
	void *user;
	struct spice_box *box;
	/* From the library's thread: something was released, or a change of the surface is done. Or it is late. */
	struct event *wake;
	atomic_uint completed; /* changes of the surface and the monitor, since the start */
	atomic_bool hungry; /* feeding waits for a release */

	enum surface surface;
	unsigned int asked; /* such changes, since the start */
	uint32_t width, height; /* of the surface */
	uint8_t *pixels; /* of the surface: the library's canvas */
	uint8_t monitors[sizeof(QXLMonitorsConfig) + sizeof(QXLHead)]; /* for the library's thread */
	struct rects_debt debt;
	struct spice_video_box video;

	bool connected;
	struct spice_tally tally; /* while connected */
	bool has_spare; /* the box, or it will have */
	/* The pointer that the library was given last. */
	bool cursor_known, cursor_visible;
	uint64_t cursor_serial;
	uint64_t updates;
};

static struct spice_display *from_qxl(QXLInstance *qxl)
{
	return (struct spice_display *)qxl;
}

/* The library's thread, down to the interface. */

static void attached_worker(QXLInstance *qxl)
{
	(void)qxl;
}

static void set_compression_level(QXLInstance *qxl, int level)
{
	(void)qxl;
	(void)level;
}

static void get_init_info(QXLInstance *qxl, QXLDevInitInfo *info)
{
	(void)qxl;
	*info = (QXLDevInitInfo){
		.num_memslots_groups = 1,
		.num_memslots = 1,
		.memslot_gen_bits = 1,
		.memslot_id_bits = 1,
		.n_surfaces = 1,
	};
}

static int get_command(QXLInstance *qxl, struct QXLCommandExt *command)
{
	return spice_box_fetch(from_qxl(qxl)->box, SPICE_BOX_DRAW, command);
}

static int req_cmd_notification(QXLInstance *qxl)
{
	return spice_box_is_empty(from_qxl(qxl)->box, SPICE_BOX_DRAW);
}

static int get_cursor_command(QXLInstance *qxl, struct QXLCommandExt *command)
{
	return spice_box_fetch(from_qxl(qxl)->box, SPICE_BOX_CURSOR, command);
}

static int req_cursor_notification(QXLInstance *qxl)
{
	return spice_box_is_empty(from_qxl(qxl)->box, SPICE_BOX_CURSOR);
}

static void release_resource(QXLInstance *qxl, struct QXLReleaseInfoExt info)
{
	struct spice_display *display = from_qxl(qxl);

	spice_box_release(display->box, info.info->id);
	if (atomic_exchange(&display->hungry, false))
		event_active(display->wake, 0, 0);
}

static void notify_update(QXLInstance *qxl, uint32_t id)
{
	(void)qxl;
	(void)id;
}

static int flush_resources(QXLInstance *qxl)
{
	(void)qxl;
	return 0;
}

static void async_complete(QXLInstance *qxl, uint64_t cookie)
{
	struct spice_display *display = from_qxl(qxl);

	(void)cookie;
	atomic_fetch_add(&display->completed, 1);
	event_active(display->wake, 0, 0);
}

static void update_area_complete(QXLInstance *qxl, uint32_t surface_id, struct QXLRect *rects, uint32_t n)
{
	(void)qxl;
	(void)surface_id;
	(void)rects;
	(void)n;
}

static void set_client_capabilities(QXLInstance *qxl, uint8_t present, uint8_t capabilities[SPICE_CAPABILITIES_SIZE])
{
	(void)qxl;
	(void)present;
	(void)capabilities;
}

static QXLInterface interface = {
	.base = {
		.type = SPICE_INTERFACE_QXL,
		.description = "planecast's picture",
		.major_version = SPICE_INTERFACE_QXL_MAJOR,
		.minor_version = SPICE_INTERFACE_QXL_MINOR,
	},
	.attached_worker = attached_worker,
	.set_compression_level = set_compression_level,
	.get_init_info = get_init_info,
	.get_command = get_command,
	.req_cmd_notification = req_cmd_notification,
	.release_resource = release_resource,
	.get_cursor_command = get_cursor_command,
	.req_cursor_notification = req_cursor_notification,
	.notify_update = notify_update,
	.flush_resources = flush_resources,
	.async_complete = async_complete,
	.update_area_complete = update_area_complete,
	.set_client_capabilities = set_client_capabilities,
};

/* Nothing else would call if what is waited for never comes out, or nothing could be given, or nothing is. */
static void look_again(struct spice_display *display)
{
	const struct timeval delay = clock_timeval(LOOK_NS);

	if (!evtimer_pending(display->wake, NULL))
		event_add(display->wake, &delay);
}

/* What is kept for the next picture is not kept at rest. */
static void drop_spare(struct spice_display *display)
{
	if (clock_now_ns() - display->tally.moved_ns < LOOK_NS) {
		look_again(display);
		return;
	}
	spice_box_drop_spare(display->box);
	display->has_spare = false;
}

static void handle_wake(evutil_socket_t fd, short what, void *data)
{
	struct spice_display *display = data;

	(void)fd;
	(void)what;
	if (atomic_load(&display->completed) == display->asked) {
		if (display->surface == SURFACE_DESTROYING)
			display->surface = SURFACE_NONE;
		else if (display->surface == SURFACE_CREATING)
			display->surface = SURFACE_SHOWN;
	}
	if (display->has_spare)
		drop_spare(display);
	display->events->ready(display->user);
}

/* The library draws into its surface, so that is a copy. -ENOMEM. */
static int paint_surface(struct spice_display *display, const struct frame *frame)
{
	const size_t row_bytes = (size_t)frame->width * PIXEL_BYTES;
	uint8_t *pixels = malloc(row_bytes * frame->height);

	if (!pixels)
		return -ENOMEM;
	for (size_t y = 0; y < frame->height; y++)
		memcpy(pixels + y * row_bytes, frame->data + y * frame->planes[0].stride, row_bytes);
	free(display->pixels);
	display->pixels = pixels;
	display->width = frame->width;
	display->height = frame->height;
	rects_debt_reset(&display->debt, frame->width, frame->height);
	display->video = (struct spice_video_box){ 0 };
	/* All is owed after a reset, and all is in the surface. */
	pixman_region32_clear(&display->debt.damage);
	return 0;
}

static QXLDevSurfaceCreate describe_surface(const struct spice_display *display)
{
	return (QXLDevSurfaceCreate){
		.width = display->width,
		.height = display->height,
		.stride = (int32_t)(display->width * PIXEL_BYTES),
		.format = SPICE_SURFACE_FMT_32_xRGB,
		.mouse_mode = 1,
		.flags = QXL_SURF_FLAG_KEEP_DATA,
		.type = QXL_SURF_TYPE_PRIMARY,
		.mem = (uint64_t)(uintptr_t)display->pixels,
	};
}

int spice_display_new(struct RedsState *server, struct event_base *base, const struct frame *frame,
		const struct spice_display_events *events, void *user, struct spice_display **ret)
{
	struct spice_display *display = calloc(1, sizeof(*display));
	/* All memory: what the library is given are our own addresses. */
	QXLDevMemSlot slot = { .virt_end = UINTPTR_MAX };
	QXLDevSurfaceCreate surface;
	int r = -ENOMEM;

	if (!display)
		return -ENOMEM;
	display->qxl.base.sif = &interface.base;
	display->events = events;
	display->user = user;
	rects_debt_init(&display->debt, frame->width, frame->height);
	display->wake = event_new(base, -1, 0, handle_wake, display);
	if (display->wake)
		r = spice_box_new(&display->box);
	if (!r)
		r = paint_surface(display, frame);
	if (!r && spice_server_add_interface(server, &display->qxl.base) < 0)
		r = -EINVAL;
	if (r < 0) {
		spice_display_free(display);
		return r;
	}
	spice_qxl_set_device_info(&display->qxl, "pci/0000/02.0", 0, 1);
	/* These wait for the library's thread, which has nothing else to do yet. */
	spice_qxl_add_memslot(&display->qxl, &slot);
	surface = describe_surface(display);
	spice_qxl_create_primary_surface(&display->qxl, 0, &surface);
	*ret = display;
	return 0;
}

void spice_display_remove(struct spice_display *display)
{
	if (display)
		spice_server_remove_interface(&display->qxl.base);
}

void spice_display_free(struct spice_display *display)
{
	if (!display)
		return;
	if (display->wake)
		event_free(display->wake);
	spice_box_free(display->box);
	rects_debt_finish(&display->debt);
	free(display->pixels);
	free(display);
}

static bool has_size_of(const struct spice_display *display, const struct frame *frame)
{
	return frame->width == display->width && frame->height == display->height;
}

bool spice_display_shows(const struct spice_display *display, const struct frame *frame)
{
	return display->surface == SURFACE_SHOWN && has_size_of(display, frame);
}

void spice_display_set_video(struct spice_display *display, const struct packet_box *box)
{
	spice_video_box_set(&display->video, &display->debt, box);
}

static bool owes_any(const struct spice_display *display)
{
	return spice_video_box_waits(&display->video) || rects_debt_any(&display->debt, NULL);
}

void spice_display_update(struct spice_display *display, const struct update *update)
{
	const struct frame *frame = update->frame;

	/* Another size becomes another surface, which is painted whole. */
	if (!has_size_of(display, frame))
		return;
	rects_debt_copy(&display->debt, &update->copy_region, update->copy_dx, update->copy_dy);
	rects_debt_damage(&display->debt, &update->damage);
}

/*
 * The library says by itself where the monitor is, but behind the surface: spice-gtk, which
 * paints what its monitor shows, would paint the new picture as far as the old one went.
 */
static void tell_monitor(struct spice_display *display)
{
	const QXLMonitorsConfig config = { .count = 1, .max_allowed = 1 };
	const QXLHead head = { .width = display->width, .height = display->height };

	memcpy(display->monitors, &config, sizeof(config));
	memcpy(display->monitors + sizeof(config), &head, sizeof(head));
	display->asked++;
	spice_qxl_monitors_config_async(&display->qxl, (uintptr_t)display->monitors, 0, SURFACE_CREATING);
}

static void change_surface(struct spice_display *display, const struct frame *frame)
{
	QXLDevSurfaceCreate surface;

	if (display->surface == SURFACE_SHOWN) {
		display->surface = SURFACE_DESTROYING;
		display->asked++;
		spice_qxl_destroy_primary_surface_async(&display->qxl, 0, SURFACE_DESTROYING);
		return;
	}
	if (paint_surface(display, frame) < 0) {
		log_warn(NULL, "out of memory for a surface of %ux%u", frame->width, frame->height);
		look_again(display);
		return;
	}
	display->surface = SURFACE_CREATING;
	tell_monitor(display);
	display->asked++;
	if (display->connected)
		spice_tally_give(&display->tally, 1, clock_now_ns());
	surface = describe_surface(display);
	spice_qxl_create_primary_surface_async(&display->qxl, 0, &surface, SURFACE_CREATING);
}

/*
 * False while what was given is not even fetched, as from a viewer that does not
 * acknowledge; and while the library holds too much. Before it comes to that it is
 * told: what it lets go of it draws into its surface, which is no more than a copy.
 * But one whole picture, and a little on top of it, is soon painted over anyway.
 */
static bool has_room(struct spice_display *display)
{
	const size_t picture_bytes = (size_t)display->width * display->height * PIXEL_BYTES;
	struct spice_box_stats stats;

	spice_box_stats(display->box, &stats);
	if (stats.unfetched)
		return false;
	atomic_store(&display->hungry, true);
	spice_box_stats(display->box, &stats);
	if (stats.bytes > picture_bytes * 3 / 2)
		spice_qxl_oom(&display->qxl);
	if (stats.bytes > SPICE_DISPLAY_HELD_PICTURES * picture_bytes)
		return false;
	atomic_store(&display->hungry, false);
	return true;
}

static bool put_draw(struct spice_display *display, const struct frame *frame, const pixman_box32_t *box)
{
	struct spice_command *command;

	if (spice_command_new_draw(display->box, frame, box, &command) < 0)
		return false;
	if (spice_command_pixel_bytes(box) >= SPICE_BOX_SPARE_BYTES)
		display->has_spare = true;
	spice_box_put(display->box, SPICE_BOX_DRAW, command);
	spice_tally_give(&display->tally, 1, clock_now_ns());
	return true;
}

static bool put_copy(void *user, const pixman_box32_t *box, int32_t dx, int32_t dy)
{
	struct spice_display *display = user;
	struct spice_command *command;

	if (spice_command_new_copy(box, dx, dy, &command) < 0)
		return false;
	spice_box_put(display->box, SPICE_BOX_DRAW, command);
	spice_tally_give(&display->tally, 1, clock_now_ns());
	return true;
}

static bool put_draws(struct spice_display *display, const struct frame *frame, pixman_region32_t *region)
{
	const pixman_box32_t *boxes;
	int n;

	if (spice_region_simplify(region, RECTS_MAX, frame->width, frame->height) < 0)
		return false;
	boxes = pixman_region32_rectangles(region, &n);
	for (int i = 0; i < n; i++) {
		if (!put_draw(display, frame, &boxes[i]))
			return false;
	}
	return true;
}

static void give(struct spice_display *display, const struct frame *frame)
{
	pixman_region32_t damage, copy;
	bool whole;
	int32_t dx, dy;

	if (spice_video_box_waits(&display->video))
		spice_video_box_step(&display->video, &display->debt);
	if (pixman_region32_n_rects(&display->debt.copy) > COPIES_MAX ||
			pixman_region32_n_rects(&display->debt.damage) > RECTS_MAX)
		rects_debt_drop_copy(&display->debt);
	if (!rects_debt_take(&display->debt, NULL, INT_MAX, &damage, &copy, &dx, &dy))
		return;
	whole = spice_region_copy(&copy, dx, dy, put_copy, display) && put_draws(display, frame, &damage);
	if (!whole) {
		/* Out of memory: what was given is right, or is put right by painting it again. */
		rects_debt_damage(&display->debt, &copy);
		rects_debt_damage(&display->debt, &damage);
		look_again(display);
	}
	pixman_region32_fini(&copy);
	pixman_region32_fini(&damage);
	display->updates++;
	spice_qxl_wakeup(&display->qxl);
	if (display->has_spare)
		look_again(display);
}

bool spice_display_owes(const struct spice_display *display, const struct frame *frame)
{
	return !spice_display_shows(display, frame) || owes_any(display);
}

void spice_display_feed(struct spice_display *display, struct frame *frame, uint64_t drawn, bool idle)
{
	if (display->surface == SURFACE_DESTROYING || display->surface == SURFACE_CREATING)
		return;
	if (display->surface == SURFACE_NONE) {
		change_surface(display, frame);
		return;
	}
	/* Who is not there is shown the surface when he comes. */
	if (!display->connected || !idle)
		return;
	if (!spice_tally_is_done(&display->tally, drawn, clock_now_ns())) {
		look_again(display);
		return;
	}
	if (!has_size_of(display, frame))
		change_surface(display, frame);
	else if (owes_any(display) && !has_room(display))
		look_again(display);
	else if (owes_any(display))
		give(display, frame);
}

bool spice_display_is_changing(const struct spice_display *display)
{
	return atomic_load(&display->completed) != display->asked;
}

void spice_display_set_connected(struct spice_display *display, bool connected)
{
	display->connected = connected;
	/* The surface itself. */
	spice_tally_begin(&display->tally, connected, clock_now_ns());
}

static bool put_cursor(struct spice_display *display, const struct cursor *cursor,
		int (*new)(const struct cursor *cursor, struct spice_command **ret))
{
	struct spice_command *command;

	if (new(cursor, &command) < 0)
		return false;
	spice_box_put(display->box, SPICE_BOX_CURSOR, command);
	return true;
}

void spice_display_set_cursor(struct spice_display *display, const struct cursor *cursor)
{
	bool moved = display->cursor_known && display->cursor_visible == cursor->visible &&
			display->cursor_serial == cursor->shape_serial && cursor->visible &&
			spice_box_is_empty(display->box, SPICE_BOX_CURSOR);

	/* A pointer that nobody has fetched is history. */
	spice_box_clear(display->box, SPICE_BOX_CURSOR);
	/* Without memory the next one tries again. */
	display->cursor_known = moved || put_cursor(display, cursor, spice_command_new_cursor);
	display->cursor_visible = cursor->visible;
	display->cursor_serial = cursor->shape_serial;
	/* spice-gtk takes the place from nothing but a move. */
	if (cursor->visible)
		put_cursor(display, cursor, spice_command_new_cursor_move);
	spice_qxl_wakeup(&display->qxl);
}

void spice_display_size(const struct spice_display *display, uint32_t *ret_width, uint32_t *ret_height)
{
	*ret_width = display->width;
	*ret_height = display->height;
}

uint64_t spice_display_updates(const struct spice_display *display)
{
	return display->updates;
}

int64_t spice_display_stuck_ns(struct spice_display *display, size_t unread_bytes)
{
	return spice_tally_stuck_ns(&display->tally, unread_bytes, clock_now_ns());
}
