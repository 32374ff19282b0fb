// SPDX-License-Identifier: GPL-2.0-or-later
/* Damage as its readers know it: applied updates always equal the source. */
#include "tests/unit/damage_picture.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "server/clock.h"
#include "server/damage.h"

struct setup {
	struct damage *damage;
	struct picture picture;
	struct reader reader;
	uint32_t seed;
};

static void setup_picture(struct setup *s, uint32_t width, uint32_t height)
{
	/* Odd strides and starts, so that nothing is ever aligned by luck. */
	picture_init(&s->picture, width, height,
			(size_t)width * 4 + picture_below(&s->seed, 3) * 13, picture_below(&s->seed, 64));
	picture_noise(&s->picture, 0, 0, width, height, &s->seed);
}

static void setup_init(struct setup *s, uint32_t width, uint32_t height, uint32_t seed)
{
	*s = (struct setup){ .seed = seed };
	assert_int_equal(damage_new(3, &s->damage), 0);
	setup_picture(s, width, height);
}

static void setup_finish(struct setup *s)
{
	damage_free(s->damage);
	picture_finish(&s->picture);
	reader_finish(&s->reader);
}

/* A pass that has to succeed; the reader has the source's picture afterwards. */
static int run(struct setup *s)
{
	struct update update;
	int result = damage_run(s->damage, &s->picture.frame, NULL, &update);

	assert_true(result >= 0);
	if (result) {
		reader_apply(&s->reader, &update);
		update_finish(&update);
	}
	reader_check(&s->reader, &s->picture);
	return result;
}

/* A pass that finds something; the caller finishes the update. */
static void run_update(struct setup *s, const pixman_region32_t *hint, struct update *update)
{
	assert_int_equal(damage_run(s->damage, &s->picture.frame, hint, update), 1);
	reader_apply(&s->reader, update);
}

static void test_first_pass_is_whole(void **state)
{
	struct setup s;
	struct update update;
	unsigned int dirty, total;

	(void)state;
	setup_init(&s, 100, 33, 1);
	assert_null(damage_shadow(s.damage));
	s.picture.frame.sequence = 7;
	s.picture.frame.capture_ns = 1234;
	run_update(&s, NULL, &update);
	assert_true(update.resized);
	assert_ptr_equal(update.frame, damage_shadow(s.damage));
	assert_int_equal(update.frame->sequence, 7);
	assert_int_equal(update.frame->capture_ns, 1234);
	update_finish(&update);
	reader_check(&s.reader, &s.picture);
	damage_stats(s.damage, &dirty, &total);
	assert_int_equal(total, 2 * 3);
	assert_int_equal(dirty, total);
	assert_int_equal(run(&s), 0);
	damage_stats(s.damage, &dirty, &total);
	assert_int_equal(dirty, 0);
	setup_finish(&s);
}

static void test_damage_is_pixel_exact(void **state)
{
	static const uint32_t spots[][2] = { { 0, 0 }, { 63, 15 }, { 64, 16 }, { 130, 40 },
		{ 70, 40 }, { 130, 0 } };
	struct setup s;

	(void)state;
	setup_init(&s, 131, 41, 2);
	run(&s);
	for (size_t i = 0; i < sizeof(spots) / sizeof(spots[0]); i++) {
		uint32_t x = spots[i][0], y = spots[i][1];
		struct update update;
		pixman_box32_t *box;

		picture_set(&s.picture, x, y, picture_get(&s.picture, x, y) ^ 1);
		run_update(&s, NULL, &update);
		assert_int_equal(region_area(&update.damage), 1);
		box = pixman_region32_extents(&update.damage);
		assert_int_equal(box->x1, x);
		assert_int_equal(box->y1, y);
		assert_false(update.resized);
		update_finish(&update);
		reader_check(&s.reader, &s.picture);
	}
	setup_finish(&s);
}

static void test_high_byte_is_no_change(void **state)
{
	struct setup s;

	(void)state;
	setup_init(&s, 131, 41, 3);
	run(&s);
	for (uint32_t y = 0; y < 41; y++) {
		for (uint32_t x = 0; x < 131; x++)
			picture_set(&s.picture, x, y, picture_get(&s.picture, x, y) ^ 0x5a000000);
	}
	assert_int_equal(run(&s), 0);
	setup_finish(&s);
}

static void test_typing_costs_a_few_cells(void **state)
{
	struct setup s;
	struct update update;

	(void)state;
	setup_init(&s, 1920, 1080, 4);
	run(&s);
	/* Three letters, across the edge of a tile each way, and a caret far off. */
	picture_fill(&s.picture, 116, 58, 24, 14, 0x123456);
	picture_fill(&s.picture, 900, 700, 2, 16, 0x654321);
	run_update(&s, NULL, &update);
	assert_int_equal(region_area(&update.damage), 24 * 14 + 2 * 16);
	assert_int_equal(pixman_region32_n_rects(&update.damage), 2);
	update_finish(&update);
	reader_check(&s.reader, &s.picture);
	setup_finish(&s);
}

/* Letters of different heights in one line: whole rectangles, no slices. */
static void test_a_line_is_cut_alike(void **state)
{
	struct setup s;
	struct update update;

	(void)state;
	setup_init(&s, 640, 64, 5);
	run(&s);
	picture_fill(&s.picture, 10, 20, 8, 10, 1);
	picture_fill(&s.picture, 200, 23, 8, 7, 2);
	picture_fill(&s.picture, 400, 25, 8, 4, 3);
	run_update(&s, NULL, &update);
	assert_int_equal(pixman_region32_n_rects(&update.damage), 3);
	assert_int_equal(region_area(&update.damage), 3 * 8 * 10);
	update_finish(&update);
	reader_check(&s.reader, &s.picture);
	setup_finish(&s);
}

/* Who has two pictures of one stamp takes them for the same. */
static void test_each_picture_has_a_stamp_of_its_own(void **state)
{
	struct setup s[2];
	struct update update;
	uint64_t stamp, newest = 0;

	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		setup_init(&s[i], 100, 50, i + 1);
	for (unsigned int i = 0; i < 8; i++) {
		picture_set(&s[i % 2].picture, 10, 20, 0x10101 * i);
		run_update(&s[i % 2], NULL, &update);
		stamp = update.frame->stamp;
		assert_true(stamp > newest);
		newest = stamp;
		update_finish(&update);
		/* It stays that picture for as long as nothing changes. */
		assert_int_equal(run(&s[i % 2]), 0);
		assert_int_equal(damage_shadow(s[i % 2].damage)->stamp, stamp);
	}
	for (unsigned int i = 0; i < 2; i++)
		setup_finish(&s[i]);
}

static void test_held_shadows_stay_as_they_were(void **state)
{
	struct setup s;
	struct frame *held[3];
	uint32_t before[3];
	struct update update;

	(void)state;
	setup_init(&s, 200, 100, 6);
	run(&s);
	for (unsigned int i = 0; i < 3; i++) {
		held[i] = frame_ref(damage_shadow(s.damage));
		memcpy(&before[i], held[i]->data + 4 * 150, 4);
		picture_set(&s.picture, 150, 0, 0x101010 * (i + 1));
		picture_set(&s.picture, 10 * i, 99, 0x111111 * (i + 1));
		if (i < 2)
			assert_int_equal(run(&s), 1);
	}
	assert_ptr_not_equal(held[0], held[1]);
	assert_ptr_not_equal(held[1], held[2]);
	/* All three are held: nothing can be written, and nothing was. */
	assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), -EBUSY);
	for (unsigned int i = 0; i < 3; i++) {
		uint32_t now;

		memcpy(&now, held[i]->data + 4 * 150, 4);
		assert_int_equal(now, before[i]);
	}
	assert_ptr_equal(damage_shadow(s.damage), held[2]);
	/* The oldest comes back, far behind; it is brought up to date. */
	frame_unref(held[0]);
	assert_int_equal(run(&s), 1);
	assert_ptr_equal(damage_shadow(s.damage), held[0]);
	for (uint32_t y = 0; y < 100; y++) {
		for (uint32_t x = 0; x < 200; x++) {
			uint32_t pixel;

			memcpy(&pixel, held[0]->data + y * held[0]->planes[0].stride + x * 4, 4);
			assert_int_equal(pixel, picture_get(&s.picture, x, y) & 0xffffff);
		}
	}
	frame_unref(held[1]);
	frame_unref(held[2]);
	setup_finish(&s);
}

/* Who only shows what there is needs no copy of it: one buffer is all there is. */
static void test_a_loose_reader_costs_no_buffer(void **state)
{
	struct frame *loose, *held;
	struct setup s;

	(void)state;
	setup_init(&s, 200, 100, 12);
	run(&s);
	loose = frame_ref_loosely(damage_shadow(s.damage));
	for (unsigned int i = 0; i < 5; i++) {
		picture_noise(&s.picture, 20 * i, 10 * i, 30, 20, &s.seed);
		assert_int_equal(run(&s), 1);
		assert_ptr_equal(damage_shadow(s.damage), loose);
	}
	/* Handed on, it stays what it is until it is given back. */
	held = frame_ref(loose);
	picture_noise(&s.picture, 0, 0, 30, 20, &s.seed);
	assert_int_equal(run(&s), 1);
	assert_ptr_not_equal(damage_shadow(s.damage), loose);
	frame_unref(held);
	frame_unref_loosely(loose);
	loose = frame_ref_loosely(damage_shadow(s.damage));
	/* It outlives what drew it. */
	damage_drop(s.damage);
	assert_int_equal(loose->width, 200);
	assert_int_equal(atomic_load(&loose->refcount), 1);
	frame_unref_loosely(loose);
	setup_finish(&s);
}

/* A rectangle worker: takes a shadow, reads all of it twice, lets go. */
struct worker {
	_Atomic(struct frame *) mailbox;
	atomic_bool stop;
	unsigned int looks, torn;
};

static uint64_t sum_pixels(const struct frame *frame)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < frame->data_bytes; i++)
		sum = sum * 31 + frame->data[i];
	return sum;
}

static void *work(void *user)
{
	struct worker *worker = user;

	while (!atomic_load(&worker->stop)) {
		struct frame *frame = atomic_exchange(&worker->mailbox, NULL);

		if (!frame) {
			sched_yield();
			continue;
		}
		worker->torn += sum_pixels(frame) != sum_pixels(frame);
		worker->looks++;
		frame_unref(frame);
	}
	return NULL;
}

static void test_workers_read_in_peace(void **state)
{
	int64_t deadline = clock_now_ns() + 60 * NSEC_PER_SEC;
	unsigned int handed = 0;
	struct worker worker = { .mailbox = NULL };
	struct update update;
	pthread_t thread;
	struct setup s;

	(void)state;
	setup_init(&s, 200, 100, 11);
	run(&s);
	assert_int_equal(pthread_create(&thread, NULL, work, &worker), 0);
	while (handed < 300 && clock_now_ns() < deadline) {
		picture_noise(&s.picture, picture_below(&s.seed, 100), picture_below(&s.seed, 50), 50,
				20, &s.seed);
		assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), 1);
		reader_apply(&s.reader, &update);
		if (!atomic_load(&worker.mailbox)) {
			atomic_store(&worker.mailbox, frame_ref(update.frame));
			handed++;
		}
		update_finish(&update);
		reader_check(&s.reader, &s.picture);
	}
	atomic_store(&worker.stop, true);
	pthread_join(thread, NULL);
	frame_unref(atomic_exchange(&worker.mailbox, NULL));
	assert_int_equal(handed, 300);
	assert_true(worker.looks >= 299);
	assert_int_equal(worker.torn, 0);
	setup_finish(&s);
}

static void test_hint_bounds_the_look(void **state)
{
	struct setup s;
	struct update update;
	pixman_region32_t hint;

	(void)state;
	setup_init(&s, 300, 100, 7);
	run(&s);
	picture_set(&s.picture, 5, 5, 1);
	picture_set(&s.picture, 250, 90, 2);
	/* Reaches out of the picture, as a sloppy source may say. */
	pixman_region32_init_rect(&hint, 240, -50, 1000, 1000);
	run_update(&s, &hint, &update);
	assert_int_equal(region_area(&update.damage), 1);
	assert_int_equal(pixman_region32_extents(&update.damage)->x1, 250);
	update_finish(&update);
	pixman_region32_fini(&hint);
	pixman_region32_init_rect(&hint, 2000, 2000, 10, 10);
	assert_int_equal(damage_run(s.damage, &s.picture.frame, &hint, &update), 0);
	pixman_region32_fini(&hint);
	pixman_region32_init(&hint);
	assert_int_equal(damage_run(s.damage, &s.picture.frame, &hint, &update), 0);
	pixman_region32_fini(&hint);
	assert_int_equal(run(&s), 1);
	setup_finish(&s);
}

static void test_hint_of_a_failed_pass_is_not_lost(void **state)
{
	struct setup s;
	struct frame *held[3];
	struct update update;
	pixman_region32_t hint;

	(void)state;
	setup_init(&s, 300, 100, 8);
	run(&s);
	for (unsigned int i = 0; i < 3; i++) {
		held[i] = frame_ref(damage_shadow(s.damage));
		picture_set(&s.picture, 5 * i, 5, i + 1);
		if (i < 2)
			assert_int_equal(run(&s), 1);
	}
	pixman_region32_init_rect(&hint, 0, 0, 20, 20);
	assert_int_equal(damage_run(s.damage, &s.picture.frame, &hint, &update), -EBUSY);
	pixman_region32_fini(&hint);
	for (unsigned int i = 0; i < 3; i++)
		frame_unref(held[i]);
	pixman_region32_init_rect(&hint, 200, 80, 20, 20);
	run_update(&s, &hint, &update);
	update_finish(&update);
	pixman_region32_fini(&hint);
	reader_check(&s.reader, &s.picture);
	setup_finish(&s);
}

static void test_drop_forgets_the_picture_not_the_size(void **state)
{
	struct setup s;
	struct frame *held;
	struct update update;

	(void)state;
	setup_init(&s, 300, 100, 9);
	run(&s);
	held = frame_ref(damage_shadow(s.damage));
	damage_drop(s.damage);
	assert_null(damage_shadow(s.damage));
	assert_int_equal(held->refcount, 1);
	run_update(&s, NULL, &update);
	assert_false(update.resized);
	assert_int_equal(region_area(&update.damage), 300 * 100);
	update_finish(&update);
	frame_unref(held);
	setup_finish(&s);
}

static int begin_read_fails(struct frame *frame)
{
	(void)frame;
	return -EIO;
}

static void test_unreadable_sources_are_refused(void **state)
{
	static const struct frame_impl failing_impl = { .release = picture_release,
		.begin_read = begin_read_fails };
	struct setup s;
	struct update update;
	struct frame good;

	(void)state;
	assert_int_equal(damage_new(1, &s.damage), -EINVAL);
	assert_int_equal(damage_new(DAMAGE_BUFFERS_MAX + 1, &s.damage), -EINVAL);
	setup_init(&s, 301, 100, 10);
	run(&s);
	good = s.picture.frame;
	s.picture.frame.fourcc = DRM_FORMAT_C8;
	assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), -ENOTSUP);
	s.picture.frame.fourcc = DRM_FORMAT_NV12;
	assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), -ENOTSUP);
	s.picture.frame.fourcc = DRM_FORMAT_YUYV; /* 301 is odd */
	assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), -ENOTSUP);
	s.picture.frame = good;
	s.picture.frame.modifier = I915_FORMAT_MOD_X_TILED;
	assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), -ENOTSUP);
	s.picture.frame = good;
	s.picture.frame.data_bytes--;
	assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), -ENOTSUP);
	s.picture.frame = good;
	s.picture.frame.planes[0].stride = 301 * 4 - 1;
	assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), -ENOTSUP);
	s.picture.frame = good;
	s.picture.frame.height = FRAME_SIZE_MAX + 1;
	s.picture.frame.data_bytes = SIZE_MAX;
	assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), -ENOTSUP);
	s.picture.frame = good;
	s.picture.frame.width = 0;
	assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), -ENOTSUP);
	s.picture.frame = good;
	s.picture.frame.data = NULL;
	assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), -ENOTSUP);
	s.picture.frame = good;
	s.picture.frame.impl = &failing_impl;
	assert_int_equal(damage_run(s.damage, &s.picture.frame, NULL, &update), -EIO);
	s.picture.frame = good;
	assert_int_equal(run(&s), 0);
	setup_finish(&s);
}

/* One random thing that a desktop does. */
static void edit(struct setup *s)
{
	struct picture *p = &s->picture;
	uint32_t *seed = &s->seed;
	uint32_t width = 1 + picture_below(seed, p->width);
	uint32_t height = 1 + picture_below(seed, p->height);
	uint32_t x = picture_below(seed, p->width - width + 1);
	uint32_t y = picture_below(seed, p->height - height + 1);
	int32_t by = (int32_t)picture_below(seed, 80) - 40;

	switch (picture_below(seed, 8)) {
	case 0:
		picture_fill(p, x, y, width, height, picture_random(seed));
		break;
	case 1:
		picture_noise(p, x, y, width, height, seed);
		break;
	case 2:
	case 3:
		picture_scroll(p, x, y, width, height, 0, by);
		break;
	case 4:
		picture_scroll(p, x, y, width, height, by, 0);
		break;
	case 5:
		picture_scroll(p, x, y, width, height, by, (int32_t)picture_below(seed, 9) - 4);
		break;
	case 6:
		picture_set(p, x, y, picture_random(seed));
		break;
	case 7:
		for (; width >= 32 && height >= 16; y += 16, height -= 16)
			picture_text_line(p, x, y, width, seed);
		break;
	}
}

static void check_random_edits(uint32_t seed, unsigned int *ret_copies)
{
	struct frame *held[4] = { NULL };
	struct setup s;

	setup_init(&s, 40 + seed * 37 % 400, 30 + seed * 91 % 300, seed);
	run(&s);
	for (unsigned int pass = 0; pass < 40; pass++) {
		unsigned int slot = picture_below(&s.seed, 4);
		struct update update;
		int result;

		held[slot] = frame_unref(held[slot]);
		if (picture_below(&s.seed, 2))
			held[slot] = frame_ref(damage_shadow(s.damage));
		if (picture_below(&s.seed, 20) == 0) {
			picture_finish(&s.picture);
			setup_picture(&s, 1 + picture_below(&s.seed, 400),
					1 + picture_below(&s.seed, 300));
		}
		for (unsigned int edits = picture_below(&s.seed, 4); edits; edits--)
			edit(&s);
		result = damage_run(s.damage, &s.picture.frame, NULL, &update);
		if (result == -EBUSY)
			continue;
		if (result) {
			assert_int_equal(result, 1);
			*ret_copies += pixman_region32_not_empty(&update.copy_region);
			reader_apply(&s.reader, &update);
			update_finish(&update);
		}
		reader_check(&s.reader, &s.picture);
	}
	for (unsigned int i = 0; i < 4; i++)
		frame_unref(held[i]);
	setup_finish(&s);
}

static void test_readers_follow_any_edits(void **state)
{
	unsigned int copies = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 60; seed++)
		check_random_edits(seed, &copies);
	/* Or this would say nothing about moves. */
	assert_true(copies > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_pass_is_whole),
		cmocka_unit_test(test_damage_is_pixel_exact),
		cmocka_unit_test(test_high_byte_is_no_change),
		cmocka_unit_test(test_typing_costs_a_few_cells),
		cmocka_unit_test(test_a_line_is_cut_alike),
		cmocka_unit_test(test_each_picture_has_a_stamp_of_its_own),
		cmocka_unit_test(test_held_shadows_stay_as_they_were),
		cmocka_unit_test(test_a_loose_reader_costs_no_buffer),
		cmocka_unit_test(test_workers_read_in_peace),
		cmocka_unit_test(test_hint_bounds_the_look),
		cmocka_unit_test(test_hint_of_a_failed_pass_is_not_lost),
		cmocka_unit_test(test_drop_forgets_the_picture_not_the_size),
		cmocka_unit_test(test_unreadable_sources_are_refused),
		cmocka_unit_test(test_readers_follow_any_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
