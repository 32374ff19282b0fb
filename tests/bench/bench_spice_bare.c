// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libspice-server by itself, for what planecast adds to it: one instance with a
 * socket of its own, one QXL device, and of each change that the feeder tells of
 * a copy, because the library keeps what it draws. While it has not fetched what
 * it was given before, changes add up. LZ4 and no video streams, as planecast
 * sets it for a near viewer; several viewers, which the library only gives to
 * those who debug it.
 *
 * --look FILE WIDTHxHEIGHT PORT NOTICES: told only that there is something new,
 * and not what; finds that as planecast does. What is left of the difference
 * between the two is the way from there to the viewer.
 */
#include <drm_fourcc.h>
#include <err.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <signal.h>
#include <spice.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "net/spice_core.h"
#include "server/damage.h"
#include "server/format.h"
#include "server/frame.h"
#include "server/update.h"
#include "tests/bench/fed.h"

#define PIXEL_BYTES 4u

struct command {
	STAILQ_ENTRY(command) link;
	QXLDrawable drawable;
	QXLImage image;
	uint8_t pixels[];
};

struct bare {
	QXLInstance qxl; /* first */
	struct fed fed;
	struct event_base *base;
	struct damage *looker; /* NULL: told what changed */
	struct frame live;
	pixman_region32_t told, damage; /* of no interest to the looker; not given yet */
	struct event *empty; /* from the library's thread: all was fetched */
	atomic_bool owes; /* damage waits for that */
	pthread_mutex_t lock; /* of what was given and not fetched */
	STAILQ_HEAD(, command) given;
};

/* The library reads at the addresses it is given: the one memory slot is all memory. */
static QXLPHYSICAL address_of(const void *data)
{
	return (QXLPHYSICAL)(uintptr_t)data;
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

static int get_command(QXLInstance *qxl, struct QXLCommandExt *ret)
{
	struct bare *bare = (struct bare *)qxl;
	struct command *command;

	pthread_mutex_lock(&bare->lock);
	command = STAILQ_FIRST(&bare->given);
	if (command)
		STAILQ_REMOVE_HEAD(&bare->given, link);
	pthread_mutex_unlock(&bare->lock);
	if (!command)
		return 0;
	*ret = (struct QXLCommandExt){ .cmd = { .type = QXL_CMD_DRAW, .data = address_of(&command->drawable) } };
	return 1;
}

static bool is_empty(struct bare *bare)
{
	bool empty;

	pthread_mutex_lock(&bare->lock);
	empty = STAILQ_EMPTY(&bare->given);
	pthread_mutex_unlock(&bare->lock);
	return empty;
}

static int req_cmd_notification(QXLInstance *qxl)
{
	struct bare *bare = (struct bare *)qxl;

	if (!is_empty(bare))
		return 0;
	if (atomic_exchange(&bare->owes, false))
		event_active(bare->empty, 0, 0);
	return 1;
}

static void release_resource(QXLInstance *qxl, struct QXLReleaseInfoExt info)
{
	(void)qxl;
	free((void *)(uintptr_t)info.info->id);
}

static int get_cursor_command(QXLInstance *qxl, struct QXLCommandExt *ret)
{
	(void)qxl;
	(void)ret;
	return 0;
}

static int req_cursor_notification(QXLInstance *qxl)
{
	(void)qxl;
	return 1;
}

static int flush_resources(QXLInstance *qxl)
{
	(void)qxl;
	return 0;
}

static void ignore_worker(QXLInstance *qxl)
{
	(void)qxl;
}

static void ignore_level(QXLInstance *qxl, int level)
{
	(void)qxl;
	(void)level;
}

static void ignore_update(QXLInstance *qxl, uint32_t id)
{
	(void)qxl;
	(void)id;
}

static void ignore_completion(QXLInstance *qxl, uint64_t cookie)
{
	(void)qxl;
	(void)cookie;
}

static void ignore_client(QXLInstance *qxl, uint8_t present, uint8_t capabilities[SPICE_CAPABILITIES_SIZE])
{
	(void)qxl;
	(void)present;
	(void)capabilities;
}

static const QXLInterface interface = {
	.base = {
		.type = SPICE_INTERFACE_QXL,
		.description = "bench",
		.major_version = SPICE_INTERFACE_QXL_MAJOR,
		.minor_version = SPICE_INTERFACE_QXL_MINOR,
	},
	.attached_worker = ignore_worker,
	.set_compression_level = ignore_level,
	.get_init_info = get_init_info,
	.get_command = get_command,
	.req_cmd_notification = req_cmd_notification,
	.release_resource = release_resource,
	.get_cursor_command = get_cursor_command,
	.req_cursor_notification = req_cursor_notification,
	.notify_update = ignore_update,
	.flush_resources = flush_resources,
	.async_complete = ignore_completion,
	.set_client_capabilities = ignore_client,
};

static struct command *command_new(const struct frame *frame, const pixman_box32_t *box)
{
	const size_t width = (size_t)(box->x2 - box->x1), height = (size_t)(box->y2 - box->y1);
	const size_t row_bytes = width * PIXEL_BYTES, stride = frame->planes[0].stride;
	struct command *command = malloc(sizeof(*command) + row_bytes * height);

	if (!command)
		err(1, NULL);
	memset(command, 0, sizeof(*command));
	command->drawable = (QXLDrawable){
		.release_info.id = address_of(command),
		.effect = QXL_EFFECT_OPAQUE,
		.type = QXL_DRAW_COPY,
		.bbox = { .top = box->y1, .left = box->x1, .bottom = box->y2, .right = box->x2 },
		.clip.type = SPICE_CLIP_TYPE_NONE,
		.surfaces_dest = { -1, -1, -1 },
		.u.copy = {
			.src_bitmap = address_of(&command->image),
			.src_area = { .right = (int32_t)width, .bottom = (int32_t)height },
			.rop_descriptor = SPICE_ROPD_OP_PUT,
		},
	};
	QXL_SET_IMAGE_ID(&command->image, QXL_IMAGE_GROUP_DRIVER_DONT_CACHE, 0);
	command->image.descriptor.type = SPICE_IMAGE_TYPE_BITMAP;
	command->image.descriptor.width = (uint32_t)width;
	command->image.descriptor.height = (uint32_t)height;
	command->image.bitmap = (QXLBitmap){
		.format = SPICE_BITMAP_FMT_32BIT,
		.flags = QXL_BITMAP_DIRECT | QXL_BITMAP_TOP_DOWN,
		.x = (uint32_t)width,
		.y = (uint32_t)height,
		.stride = (uint32_t)row_bytes,
		.data = address_of(command->pixels),
	};
	for (size_t y = 0; y < height; y++)
		memcpy(command->pixels + y * row_bytes, frame->data + ((size_t)box->y1 + y) * stride +
				(size_t)box->x1 * PIXEL_BYTES, row_bytes);
	return command;
}

static void feed(struct bare *bare)
{
	const struct frame *frame = bare->looker ? damage_shadow(bare->looker) : &bare->live;
	int n_boxes;
	const pixman_box32_t *boxes;

	if (!frame || !pixman_region32_not_empty(&bare->damage))
		return;
	/* Said first: what is fetched from now on is not missed. */
	atomic_store(&bare->owes, true);
	if (!is_empty(bare))
		return;
	atomic_store(&bare->owes, false);
	boxes = pixman_region32_rectangles(&bare->damage, &n_boxes);
	for (int i = 0; i < n_boxes; i++) {
		struct command *command = command_new(frame, &boxes[i]);

		pthread_mutex_lock(&bare->lock);
		STAILQ_INSERT_TAIL(&bare->given, command, link);
		pthread_mutex_unlock(&bare->lock);
	}
	pixman_region32_clear(&bare->damage);
	spice_qxl_wakeup(&bare->qxl);
}

static void handle_empty(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	feed(data);
}

static void look(struct bare *bare)
{
	struct update update;

	pixman_region32_clear(&bare->told);
	if (damage_look(bare->looker, &bare->live, &update) <= 0)
		return;
	pixman_region32_union(&bare->damage, &bare->damage, &update.damage);
	pixman_region32_union(&bare->damage, &bare->damage, &update.copy_region);
	update_finish(&update);
}

static void handle_notices(evutil_socket_t fd, short what, void *data)
{
	struct bare *bare = data;

	(void)fd;
	(void)what;
	if (fed_take_notices(&bare->fed, bare->looker ? &bare->told : &bare->damage) < 0)
		event_base_loopbreak(bare->base);
	if (bare->looker)
		look(bare);
	feed(bare);
}

static SpiceServer *server_new(struct bare *bare)
{
	SpiceServer *server;

	setenv("SPICE_DEBUG_ALLOW_MC", "1", 1);
	server = spice_server_new();
	spice_server_set_addr(server, "127.0.0.1", 0);
	spice_server_set_port(server, bare->fed.port);
	spice_server_set_noauth(server);
	spice_server_set_image_compression(server, SPICE_IMAGE_COMPRESSION_LZ4);
	spice_server_set_jpeg_compression(server, SPICE_WAN_COMPRESSION_NEVER);
	spice_server_set_zlib_glz_compression(server, SPICE_WAN_COMPRESSION_NEVER);
	spice_server_set_streaming_video(server, SPICE_STREAM_VIDEO_OFF);
	if (spice_server_init(server, spice_core(bare->base)) < 0)
		errx(1, "cannot listen on port %u", bare->fed.port);
	return server;
}

static void show(struct bare *bare, SpiceServer *server)
{
	const struct fed *fed = &bare->fed;
	QXLDevMemSlot everything = { .virt_end = ~(uintptr_t)0 };
	QXLDevSurfaceCreate surface = {
		.width = fed->width,
		.height = fed->height,
		.stride = -(int32_t)(fed->width * PIXEL_BYTES),
		.format = SPICE_SURFACE_FMT_32_xRGB,
		.mouse_mode = 1,
		.type = QXL_SURF_TYPE_PRIMARY,
		.mem = address_of(calloc((size_t)fed->width * PIXEL_BYTES, fed->height)),
	};

	if (!surface.mem)
		err(1, NULL);
	bare->qxl.base.sif = &interface.base;
	if (spice_server_add_interface(server, &bare->qxl.base) < 0)
		errx(1, "libspice-server takes no display");
	spice_qxl_add_memslot(&bare->qxl, &everything);
	spice_qxl_create_primary_surface(&bare->qxl, 0, &surface);
	spice_server_vm_start(server);
	if (bare->looker)
		look(bare);
	feed(bare);
}

static void ignore_frame(struct frame *frame)
{
	(void)frame;
}

static void use_picture(struct bare *bare, bool looks)
{
	static const struct frame_impl impl = { .release = ignore_frame };
	const struct fed *fed = &bare->fed;
	struct frame *live = &bare->live;

	frame_init(live, &impl);
	live->width = fed->width;
	live->height = fed->height;
	live->fourcc = DRM_FORMAT_XRGB8888;
	live->n_planes = 1;
	live->planes[0] = (struct frame_plane){ .fd = -1, .stride = fed->width * PIXEL_BYTES };
	live->data = fed->pixels;
	live->data_bytes = (size_t)fed->width * fed->height * PIXEL_BYTES;
	pixman_region32_init(&bare->told);
	pixman_region32_init_rect(&bare->damage, 0, 0, fed->width, fed->height);
	if (looks && damage_new(2, &bare->looker) < 0)
		err(1, NULL);
}

int main(int argc, char **argv)
{
	struct bare bare = { .lock = PTHREAD_MUTEX_INITIALIZER };
	bool looks = argc > 1 && !strcmp(argv[1], "--look");
	struct event *notices;
	char version[16];

	STAILQ_INIT(&bare.given);
	snprintf(version, sizeof(version), "%u.%u.%u", SPICE_SERVER_VERSION >> 16 & 255,
			SPICE_SERVER_VERSION >> 8 & 255, SPICE_SERVER_VERSION & 255);
	fed_open(argc - looks, argv + looks, version, &bare.fed);
	use_picture(&bare, looks);
	signal(SIGPIPE, SIG_IGN);
	evthread_use_pthreads();
	bare.base = event_base_new();
	if (!bare.base)
		err(1, NULL);
	bare.empty = event_new(bare.base, -1, 0, handle_empty, &bare);
	notices = event_new(bare.base, bare.fed.notices, EV_READ | EV_PERSIST, handle_notices, &bare);
	if (!bare.empty || !notices || event_add(notices, NULL) < 0)
		err(1, NULL);
	show(&bare, server_new(&bare));
	/* Nothing is left to the end of the process but what the kernel takes back. */
	return event_base_dispatch(bare.base) < 0;
}
