// SPDX-License-Identifier: GPL-2.0-or-later
/* Equal viewers of one picture. */
#include "encoders/rects.h"
#include "server/frame.h"
#include "tests/unit/rects_crowd.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>

#include <cmocka.h>

struct crowd crowd;

struct rects_pool_stats crowd_stats(void)
{
	struct rects_pool_stats ret;

	rects_pool_stats(crowd.pool, &ret);
	return ret;
}

void crowd_expect_jobs(struct rects_pool_stats before, unsigned int jobs, unsigned int shared)
{
	assert_int_equal(crowd_stats().jobs - before.jobs, jobs);
	assert_int_equal(crowd_stats().shared - before.shared, shared);
}

void crowd_start(struct viewer *viewer, const struct rects_encodings *encodings)
{
	viewer_start(viewer, crowd.base, crowd.pool, CROWD_WIDTH, CROWD_HEIGHT, NULL, encodings);
}

void crowd_start_all(struct viewer *viewers, unsigned int n, const struct rects_encodings *encodings)
{
	for (unsigned int i = 0; i < n; i++)
		crowd_start(&viewers[i], encodings);
}

void crowd_stop_all(struct viewer *viewers, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		viewer_stop(&viewers[i]);
	assert_int_equal(crowd_stats().kept_bytes, 0);
}

void crowd_next_picture(struct viewer *viewers, unsigned int n)
{
	struct change change;

	crowd.frame = change_frame(crowd.frame, &crowd.seed, &change);
	crowd.frame->stamp = frame_new_stamp();
	for (unsigned int i = 0; i < n; i++)
		if (viewers[i].rects)
			viewer_tell(&viewers[i], &change);
	pixman_region32_fini(&change.region);
}

void crowd_encode(struct viewer *viewer)
{
	/* done() must not come from in here: running is false, which it asserts. */
	int err = rects_encode(viewer->rects, crowd.frame, NULL);

	assert_true(!err || err == -ENODATA);
	viewer->running = !err;
}

void crowd_encode_all(struct viewer *viewers, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		crowd_encode(&viewers[i]);
}

void crowd_wait_all(struct viewer *viewers, unsigned int n, const char *what)
{
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(viewer_wait(&viewers[i]), 0);
		assert_int_equal(viewers[i].result, 0);
		expect_right(&viewers[i], crowd.frame, what, "shared");
	}
}

int crowd_open_pool(void **state)
{
	(void)state;
	crowd.base = event_base_new();
	return !crowd.base || rects_pool_new(crowd.base, 2, &crowd.pool);
}

int crowd_close_pool(void **state)
{
	(void)state;
	rects_pool_free(crowd.pool);
	event_base_free(crowd.base);
	return 0;
}

int crowd_draw(void **state)
{
	(void)state;
	crowd.seed = 11;
	crowd.frame = draw_mixed(CROWD_WIDTH, CROWD_HEIGHT, 3);
	crowd.frame->stamp = frame_new_stamp();
	return 0;
}

int crowd_undraw(void **state)
{
	(void)state;
	frame_unref(crowd.frame);
	return 0;
}
