// SPDX-License-Identifier: GPL-2.0-or-later
/* QXL commands as the library will read them, the box they wait in, and the block answers come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <spice.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/spice_block.h"
#include "net/spice_command.h"
#include "server/cursor.h"
#include "server/frame.h"

#define WIDTH 64
#define HEIGHT 48

static struct spice_box *box;
static struct frame *frame;

static uint32_t pixel_at(uint32_t x, uint32_t y)
{
	return x * 0x010101u ^ y << 9;
}

static int setup(void **state)
{
	(void)state;
	if (spice_box_new(&box) < 0 || frame_new_memory(WIDTH, HEIGHT, &frame) < 0)
		return -1;
	for (uint32_t y = 0; y < HEIGHT; y++) {
		uint32_t *row = (uint32_t *)(void *)(frame_memory_pixels(frame) + (size_t)y * frame->planes[0].stride);

		for (uint32_t x = 0; x < WIDTH; x++)
			row[x] = pixel_at(x, y);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	spice_box_free(box);
	frame_unref(frame);
	return 0;
}

static struct spice_box_stats stats(void)
{
	struct spice_box_stats ret;

	spice_box_stats(box, &ret);
	return ret;
}

static void *memory(QXLPHYSICAL address)
{
	return (void *)(uintptr_t)address;
}

static void put_draw(const pixman_box32_t *area)
{
	struct spice_command *command;

	assert_int_equal(spice_command_new_draw(box, frame, area, &command), 0);
	spice_box_put(box, SPICE_BOX_DRAW, command);
}

static void test_a_draw_holds_its_own_pixels(void **state)
{
	const pixman_box32_t area = { 5, 7, 21, 40 };
	QXLCommandExt ext;
	const QXLDrawable *drawable;
	const QXLImage *image;

	(void)state;
	put_draw(&area);
	/* The frame may go, and change, at once. */
	memset(frame_memory_pixels(frame), 0xee, (size_t)frame->planes[0].stride * HEIGHT);
	assert_true(spice_box_fetch(box, SPICE_BOX_DRAW, &ext));
	assert_int_equal(ext.cmd.type, QXL_CMD_DRAW);
	drawable = memory(ext.cmd.data);
	assert_int_equal(drawable->type, QXL_DRAW_COPY);
	assert_int_equal(drawable->bbox.left, 5);
	assert_int_equal(drawable->bbox.top, 7);
	assert_int_equal(drawable->bbox.right, 21);
	assert_int_equal(drawable->bbox.bottom, 40);
	assert_int_equal(drawable->u.copy.src_area.right, 16);
	assert_int_equal(drawable->u.copy.src_area.bottom, 33);
	image = memory(drawable->u.copy.src_bitmap);
	assert_int_equal(image->bitmap.x, 16);
	assert_int_equal(image->bitmap.y, 33);
	for (uint32_t y = 0; y < 33; y++) {
		const uint8_t *row = (const uint8_t *)memory(image->bitmap.data) + y * image->bitmap.stride;

		for (uint32_t x = 0; x < 16; x++) {
			uint32_t pixel;

			memcpy(&pixel, row + x * 4, sizeof(pixel));
			assert_int_equal(pixel, pixel_at(x + 5, y + 7));
		}
	}
	spice_box_release(box, drawable->release_info.id);
}

static void test_a_copy_says_where_from(void **state)
{
	const pixman_box32_t area = { 10, 20, 30, 40 };
	struct spice_command *command;
	const QXLDrawable *drawable;
	QXLCommandExt ext;

	(void)state;
	assert_int_equal(spice_command_new_copy(&area, 3, -18, &command), 0);
	spice_box_put(box, SPICE_BOX_DRAW, command);
	assert_true(spice_box_fetch(box, SPICE_BOX_DRAW, &ext));
	drawable = memory(ext.cmd.data);
	assert_int_equal(drawable->type, QXL_COPY_BITS);
	assert_int_equal(drawable->bbox.top, 20);
	assert_int_equal(drawable->u.copy_bits.src_pos.x, 7);
	assert_int_equal(drawable->u.copy_bits.src_pos.y, 38);
	spice_box_release(box, drawable->release_info.id);
}

static void test_the_box_counts(void **state)
{
	const pixman_box32_t small = { 0, 0, 10, 10 }, large = { 0, 0, 40, 40 };
	QXLCommandExt first, second, none;

	(void)state;
	assert_true(spice_box_is_empty(box, SPICE_BOX_DRAW));
	assert_false(spice_box_fetch(box, SPICE_BOX_DRAW, &none));
	put_draw(&small);
	put_draw(&large);
	assert_true(spice_box_is_empty(box, SPICE_BOX_CURSOR));
	assert_int_equal(stats().unfetched, 2);
	assert_int_equal(stats().bytes, 400 + 6400);
	assert_true(spice_box_fetch(box, SPICE_BOX_DRAW, &first));
	assert_int_equal(((const QXLDrawable *)memory(first.cmd.data))->bbox.right, 10); /* in order */
	assert_int_equal(stats().unfetched, 1);
	assert_int_equal(stats().held, 1);
	assert_int_equal(stats().bytes, 400 + 6400);
	spice_box_release(box, ((const QXLDrawable *)memory(first.cmd.data))->release_info.id);
	assert_int_equal(stats().held, 0);
	assert_int_equal(stats().bytes, 6400);
	assert_true(spice_box_fetch(box, SPICE_BOX_DRAW, &second));
	put_draw(&small);
	spice_box_clear(box, SPICE_BOX_DRAW);
	assert_int_equal(stats().unfetched, 0);
	assert_int_equal(stats().held, 1);
	assert_int_equal(stats().bytes, 6400);
	spice_box_release(box, ((const QXLDrawable *)memory(second.cmd.data))->release_info.id);
	assert_int_equal(stats().bytes, 0);
	put_draw(&small); /* what is left goes with the box */
}

/* The id of a draw of so many rows that the library has fetched. */
static uint64_t fetch_rows(struct frame *large, int rows)
{
	const pixman_box32_t area = { 0, 0, 512, rows };
	struct spice_command *command;
	QXLCommandExt ext;

	assert_int_equal(spice_command_new_draw(box, large, &area, &command), 0);
	spice_box_put(box, SPICE_BOX_DRAW, command);
	assert_true(spice_box_fetch(box, SPICE_BOX_DRAW, &ext));
	return ((const QXLDrawable *)memory(ext.cmd.data))->release_info.id;
}

static void test_memory_is_used_again(void **state)
{
	struct frame *large;
	uint64_t first, second, third;

	(void)state;
	assert_int_equal(frame_new_memory(512, 512, &large), 0);
	first = fetch_rows(large, 400);
	second = fetch_rows(large, 500);
	spice_box_release(box, first);
	spice_box_release(box, second); /* is larger */
	third = fetch_rows(large, 100);
	assert_int_not_equal(third, second); /* for which it is too small */
	first = fetch_rows(large, 501);
	assert_int_not_equal(first, second); /* too large */
	assert_int_equal(fetch_rows(large, 300), second);
	assert_int_equal(stats().bytes, 512 * 4 * (100 + 501 + 300));
	spice_box_release(box, second);
	assert_int_equal(fetch_rows(large, 500), second);
	spice_box_release(box, second);
	spice_box_release(box, third);
	spice_box_release(box, first);
	spice_box_drop_spare(box);
	/* What comes back at rest is not kept. */
	first = fetch_rows(large, 100);
	spice_box_drop_spare(box);
	spice_box_release(box, first);
	assert_int_equal(stats().bytes, 0);
	spice_box_release(box, fetch_rows(large, 200)); /* goes with the box */
	frame_unref(large);
}

static void test_a_cursor_keeps_its_colours(void **state)
{
	const uint32_t argb[] = { 0x00ffffff, 0x80ff4000, 0xff123456, 0x01ffffff };
	struct cursor cursor = {
		.visible = true,
		.width = 2,
		.height = 2,
		.hot_x = 1,
		.x = -3,
		.y = 70000,
		.argb = argb,
	};
	struct spice_command *command;
	const QXLCursorCmd *set;
	const QXLCursor *shape;
	QXLCommandExt ext;

	(void)state;
	assert_int_equal(spice_command_new_cursor(&cursor, &command), 0);
	spice_box_put(box, SPICE_BOX_CURSOR, command);
	assert_true(spice_box_fetch(box, SPICE_BOX_CURSOR, &ext));
	assert_int_equal(stats().unfetched, 0);
	assert_int_equal(ext.cmd.type, QXL_CMD_CURSOR);
	set = memory(ext.cmd.data);
	assert_int_equal(set->type, QXL_CURSOR_SET);
	assert_int_equal(set->u.set.position.x, -3);
	assert_int_equal(set->u.set.position.y, INT16_MAX);
	shape = memory(set->u.set.shape);
	assert_int_equal(shape->header.type, SPICE_CURSOR_TYPE_ALPHA);
	assert_int_equal(shape->header.width, 2);
	assert_int_equal(shape->header.hot_spot_x, 1);
	assert_int_equal(shape->data_size, sizeof(argb));
	assert_int_equal(shape->chunk.data_size, sizeof(argb));
	assert_memory_equal(shape->chunk.data, argb, sizeof(argb));
	spice_box_release(box, set->release_info.id);

	cursor.visible = false;
	assert_int_equal(spice_command_new_cursor(&cursor, &command), 0);
	spice_box_put(box, SPICE_BOX_CURSOR, command);
	assert_true(spice_box_fetch(box, SPICE_BOX_CURSOR, &ext));
	assert_int_equal(((const QXLCursorCmd *)memory(ext.cmd.data))->type, QXL_CURSOR_HIDE);
	spice_box_release(box, ((const QXLCursorCmd *)memory(ext.cmd.data))->release_info.id);
}

static void test_pieces_of_a_block_outlive_it(void **state)
{
	struct evbuffer *output = evbuffer_new();
	struct spice_block *block = NULL;
	uint8_t data[3000], got[sizeof(data)];
	size_t total = 0;
	int fds[2];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(spice_block_renew(&block), 0);
	assert_int_equal(spice_block_read(block, fds[0]), -EAGAIN);
	/* More than a block holds, some of it left over each time. */
	for (int i = 0; i < 60; i++) {
		assert_int_equal(write(fds[1], data, sizeof(data)), sizeof(data));
		assert_int_equal(spice_block_renew(&block), 0);
		total += (size_t)spice_block_read(block, fds[0]);
		assert_int_equal(spice_block_cut(block, spice_block_bytes(block) - 17, output), 0);
		assert_int_equal(spice_block_bytes(block), 17);
	}
	close(fds[1]);
	assert_int_equal(spice_block_renew(&block), 0);
	assert_int_equal(spice_block_read(block, fds[0]), 0);
	assert_int_equal(spice_block_cut(block, 17, output), 0);
	spice_block_unref(block);
	assert_int_equal(total, 60 * sizeof(data));
	assert_int_equal(evbuffer_get_length(output), total);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(evbuffer_remove(output, got, sizeof(got)), sizeof(got));
		assert_memory_equal(got, data, sizeof(data));
	}
	close(fds[0]);
	evbuffer_free(output);
	assert_int_equal(spice_block_bytes(NULL), 0);
	spice_block_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_draw_holds_its_own_pixels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_copy_says_where_from, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_box_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_is_used_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_cursor_keeps_its_colours, setup, teardown),
		cmocka_unit_test(test_pieces_of_a_block_outlive_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
