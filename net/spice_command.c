// SPDX-License-Identifier: GPL-2.0-or-later
/* Fills in QXL commands, and keeps count of where they are. */
#include "net/spice_command.h"

#include <errno.h>
#include <pthread.h>
#include <spice.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "server/cursor.h"
#include "server/frame.h"

#define PIXEL_BYTES 4u

struct spice_command {
	STAILQ_ENTRY(spice_command) link; /* in the box, until it is fetched */
	QXLCommandExt ext;
	size_t bytes; /* of data */
	size_t room_bytes; /* for data */
	union {
		struct {
			QXLDrawable drawable;
			QXLImage image;
		};
		QXLCursorCmd cursor;
	};
	uint8_t data[]; /* pixels; of a cursor behind its QXLCursor */
};

STAILQ_HEAD(spice_command_queue, spice_command);

struct spice_box {
	pthread_mutex_t lock;
	struct spice_command_queue queues[SPICE_BOX_KINDS];
	struct spice_box_stats stats;
	struct spice_command *spare; /* the largest that came back, for the next one; NULL: none */
	bool spares; /* since one of the size was made, until they are dropped */
};

/* The library reads commands at the addresses it is given: the one memory slot is all memory. */
static QXLPHYSICAL address_of(const void *data)
{
	return (QXLPHYSICAL)(uintptr_t)data;
}

static struct spice_command *take_spare(struct spice_box *box, size_t bytes)
{
	struct spice_command *spare;

	pthread_mutex_lock(&box->lock);
	box->spares = true;
	spare = box->spare;
	/* Not a large one for what is small: it might be kept for long. */
	if (spare && (spare->room_bytes < bytes || spare->room_bytes / 2 > bytes))
		spare = NULL;
	if (spare)
		box->spare = NULL;
	pthread_mutex_unlock(&box->lock);
	return spare;
}

/* box NULL: takes no spare one. */
static struct spice_command *new_command(struct spice_box *box, uint32_t type, size_t bytes)
{
	struct spice_command *command = box && bytes >= SPICE_BOX_SPARE_BYTES ? take_spare(box, bytes) : NULL;
	size_t room_bytes = command ? command->room_bytes : bytes;

	if (!command)
		command = malloc(sizeof(*command) + bytes);
	if (!command)
		return NULL;
	memset(command, 0, sizeof(*command));
	command->bytes = bytes;
	command->room_bytes = room_bytes;
	command->ext.cmd.type = type;
	return command;
}

static QXLRect rect_of(const pixman_box32_t *box)
{
	return (QXLRect){ .top = box->y1, .left = box->x1, .bottom = box->y2, .right = box->x2 };
}

static void fill_drawable(struct spice_command *command, uint8_t type, const pixman_box32_t *box)
{
	QXLDrawable *drawable = &command->drawable;

	command->ext.cmd.data = address_of(drawable);
	drawable->release_info.id = address_of(command);
	drawable->effect = QXL_EFFECT_OPAQUE;
	drawable->type = type;
	drawable->bbox = rect_of(box);
	drawable->clip.type = SPICE_CLIP_TYPE_NONE;
	for (size_t i = 0; i < 3; i++)
		drawable->surfaces_dest[i] = -1;
}

static void copy_pixels(const struct frame *frame, const pixman_box32_t *box, uint8_t *to)
{
	const size_t row_bytes = (size_t)(box->x2 - box->x1) * PIXEL_BYTES;
	const uint8_t *from = frame->data + (size_t)box->y1 * frame->planes[0].stride +
			(size_t)box->x1 * PIXEL_BYTES;

	for (int32_t y = box->y1; y < box->y2; y++, from += frame->planes[0].stride, to += row_bytes)
		memcpy(to, from, row_bytes);
}

size_t spice_command_pixel_bytes(const pixman_box32_t *box)
{
	return (size_t)(box->x2 - box->x1) * (size_t)(box->y2 - box->y1) * PIXEL_BYTES;
}

int spice_command_new_draw(struct spice_box *spares, const struct frame *frame, const pixman_box32_t *box,
		struct spice_command **ret)
{
	const uint32_t width = (uint32_t)(box->x2 - box->x1), height = (uint32_t)(box->y2 - box->y1);
	struct spice_command *command = new_command(spares, QXL_CMD_DRAW, spice_command_pixel_bytes(box));
	QXLImage *image;

	if (!command)
		return -ENOMEM;
	fill_drawable(command, QXL_DRAW_COPY, box);
	image = &command->image;
	command->drawable.u.copy.src_bitmap = address_of(image);
	command->drawable.u.copy.src_area = (QXLRect){ .right = (int32_t)width, .bottom = (int32_t)height };
	command->drawable.u.copy.rop_descriptor = SPICE_ROPD_OP_PUT;
	QXL_SET_IMAGE_ID(image, QXL_IMAGE_GROUP_DRIVER_DONT_CACHE, 0);
	image->descriptor.type = SPICE_IMAGE_TYPE_BITMAP;
	image->descriptor.width = width;
	image->descriptor.height = height;
	image->bitmap.format = SPICE_BITMAP_FMT_32BIT;
	image->bitmap.flags = QXL_BITMAP_DIRECT | QXL_BITMAP_TOP_DOWN;
	image->bitmap.x = width;
	image->bitmap.y = height;
	image->bitmap.stride = width * PIXEL_BYTES;
	image->bitmap.data = address_of(command->data);
	copy_pixels(frame, box, command->data);
	*ret = command;
	return 0;
}

int spice_command_new_copy(const pixman_box32_t *box, int32_t dx, int32_t dy,
		struct spice_command **ret)
{
	struct spice_command *command = new_command(NULL, QXL_CMD_DRAW, 0);

	if (!command)
		return -ENOMEM;
	fill_drawable(command, QXL_COPY_BITS, box);
	command->drawable.u.copy_bits.src_pos = (QXLPoint){ .x = box->x1 - dx, .y = box->y1 - dy };
	*ret = command;
	return 0;
}

static int16_t to_int16(int32_t value)
{
	return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

static struct spice_command *new_cursor(const struct cursor *cursor, uint8_t type, size_t bytes)
{
	struct spice_command *command = new_command(NULL, QXL_CMD_CURSOR, bytes);

	if (!command)
		return NULL;
	command->ext.cmd.data = address_of(&command->cursor);
	command->cursor.release_info.id = address_of(command);
	command->cursor.type = type;
	if (type == QXL_CURSOR_SET) {
		command->cursor.u.set.position = (QXLPoint16){ .x = to_int16(cursor->x), .y = to_int16(cursor->y) };
		command->cursor.u.set.visible = 1;
	} else if (type == QXL_CURSOR_MOVE) {
		command->cursor.u.position = (QXLPoint16){ .x = to_int16(cursor->x), .y = to_int16(cursor->y) };
	}
	return command;
}

int spice_command_new_cursor(const struct cursor *cursor, struct spice_command **ret)
{
	const size_t bytes = (size_t)cursor->width * cursor->height * PIXEL_BYTES;
	struct spice_command *command;
	QXLCursor *shape;

	if (!cursor->visible) {
		command = new_cursor(cursor, QXL_CURSOR_HIDE, 0);
		if (!command)
			return -ENOMEM;
		*ret = command;
		return 0;
	}
	command = new_cursor(cursor, QXL_CURSOR_SET, sizeof(*shape) + bytes);
	if (!command)
		return -ENOMEM;
	shape = (QXLCursor *)command->data;
	*shape = (QXLCursor){
		.header = {
			.type = SPICE_CURSOR_TYPE_ALPHA,
			.width = (uint16_t)cursor->width,
			.height = (uint16_t)cursor->height,
			.hot_spot_x = (uint16_t)cursor->hot_x,
			.hot_spot_y = (uint16_t)cursor->hot_y,
		},
		.data_size = (uint32_t)bytes,
		.chunk = { .data_size = (uint32_t)bytes },
	};
	command->cursor.u.set.shape = address_of(shape);
	/* Clients multiply the colours by their opacity themselves. */
	memcpy(shape->chunk.data, cursor->argb, bytes);
	*ret = command;
	return 0;
}

int spice_command_new_cursor_move(const struct cursor *cursor, struct spice_command **ret)
{
	struct spice_command *command = new_cursor(cursor, QXL_CURSOR_MOVE, 0);

	if (!command)
		return -ENOMEM;
	*ret = command;
	return 0;
}

void spice_command_free(struct spice_command *command)
{
	free(command);
}

int spice_box_new(struct spice_box **ret)
{
	struct spice_box *box = calloc(1, sizeof(*box));

	if (!box)
		return -ENOMEM;
	if (pthread_mutex_init(&box->lock, NULL)) {
		free(box);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < SPICE_BOX_KINDS; i++)
		STAILQ_INIT(&box->queues[i]);
	*ret = box;
	return 0;
}

void spice_box_free(struct spice_box *box)
{
	if (!box)
		return;
	for (unsigned int i = 0; i < SPICE_BOX_KINDS; i++)
		spice_box_clear(box, i);
	free(box->spare);
	pthread_mutex_destroy(&box->lock);
	free(box);
}

static void count_unfetched(struct spice_box *box, enum spice_box_kind kind, int by)
{
	if (kind == SPICE_BOX_DRAW)
		box->stats.unfetched += (unsigned int)by;
}

void spice_box_put(struct spice_box *box, enum spice_box_kind kind, struct spice_command *command)
{
	pthread_mutex_lock(&box->lock);
	STAILQ_INSERT_TAIL(&box->queues[kind], command, link);
	box->stats.bytes += command->bytes;
	count_unfetched(box, kind, 1);
	pthread_mutex_unlock(&box->lock);
}

static struct spice_command *take_first(struct spice_box *box, enum spice_box_kind kind)
{
	struct spice_command *command = STAILQ_FIRST(&box->queues[kind]);

	if (command) {
		STAILQ_REMOVE_HEAD(&box->queues[kind], link);
		count_unfetched(box, kind, -1);
	}
	return command;
}

bool spice_box_fetch(struct spice_box *box, enum spice_box_kind kind, struct QXLCommandExt *ret)
{
	struct spice_command *command;

	pthread_mutex_lock(&box->lock);
	command = take_first(box, kind);
	if (command) {
		box->stats.held++;
		*ret = command->ext;
	}
	pthread_mutex_unlock(&box->lock);
	return command;
}

bool spice_box_is_empty(struct spice_box *box, enum spice_box_kind kind)
{
	bool empty;

	pthread_mutex_lock(&box->lock);
	empty = STAILQ_EMPTY(&box->queues[kind]);
	pthread_mutex_unlock(&box->lock);
	return empty;
}

void spice_box_release(struct spice_box *box, uint64_t id)
{
	struct spice_command *command = (struct spice_command *)(uintptr_t)id, *useless = command;

	pthread_mutex_lock(&box->lock);
	box->stats.held--;
	box->stats.bytes -= command->bytes;
	if (box->spares && command->room_bytes >= SPICE_BOX_SPARE_BYTES &&
			(!box->spare || box->spare->room_bytes < command->room_bytes)) {
		useless = box->spare;
		box->spare = command;
	}
	pthread_mutex_unlock(&box->lock);
	free(useless);
}

void spice_box_drop_spare(struct spice_box *box)
{
	struct spice_command *spare;

	pthread_mutex_lock(&box->lock);
	spare = box->spare;
	box->spare = NULL;
	box->spares = false;
	pthread_mutex_unlock(&box->lock);
	free(spare);
}

void spice_box_clear(struct spice_box *box, enum spice_box_kind kind)
{
	struct spice_command *command;

	pthread_mutex_lock(&box->lock);
	while ((command = take_first(box, kind))) {
		box->stats.bytes -= command->bytes;
		free(command);
	}
	pthread_mutex_unlock(&box->lock);
}

void spice_box_stats(struct spice_box *box, struct spice_box_stats *ret)
{
	pthread_mutex_lock(&box->lock);
	*ret = box->stats;
	pthread_mutex_unlock(&box->lock);
}
