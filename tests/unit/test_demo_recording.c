// SPDX-License-Identifier: GPL-2.0-or-later
/* The demo's recording: plays back to what the scene shows, and is cleared away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/capture/pattern_scene.h"
#include "server/demo_recording.h"
#include "server/framefile.h"
#include "server/log.h"

#define STRIDE (DEMO_RECORDING_WIDTH * 4)
#define BYTES ((size_t)STRIDE * DEMO_RECORDING_HEIGHT)
#define WALL 1700000000

static uint8_t *played, *painted;

static void assert_same_picture(int64_t time_ns)
{
	for (size_t i = 0; i < BYTES; i++)
		if (i % 4 != 3 && played[i] != painted[i])
			fail_msg("at %lld ns, x %zu y %zu: %02x was recorded as %02x",
					(long long)time_ns, i % STRIDE / 4, i / STRIDE, painted[i],
					played[i]);
}

static void test_plays_back_what_the_scene_shows(void **state)
{
	char directory[] = "/tmp/planecast-test-XXXXXX";
	struct demo_recording recording;
	struct framefile_reader *reader;
	struct framefile_record record;
	struct scene *scene;
	unsigned int records = 0;

	(void)state;
	assert_non_null(mkdtemp(directory));
	played = calloc(1, BYTES);
	painted = calloc(1, BYTES);
	assert_non_null(played);
	assert_non_null(painted);
	assert_int_equal(demo_recording_get(NULL, directory, WALL, &recording), 0);
	assert_int_equal(framefile_open(recording.path, &reader), 0);
	assert_int_equal(scene_new(DEMO_RECORDING_SCENE, DEMO_RECORDING_WIDTH,
					 DEMO_RECORDING_HEIGHT, &scene),
			0);
	while (framefile_next(reader, &record) == 1) {
		assert_int_equal(record.width, DEMO_RECORDING_WIDTH);
		assert_int_equal(record.height, DEMO_RECORDING_HEIGHT);
		framefile_paint(&record, played, STRIDE);
		if (record.time_ns < DEMO_RECORDING_NS)
			scene_advance(scene, record.time_ns, WALL + record.time_ns / NSEC_PER_SEC);
		assert_int_equal(scene_paint(scene, painted, STRIDE), 0);
		if (records++ % 10 == 0 || record.time_ns == DEMO_RECORDING_NS)
			assert_same_picture(record.time_ns);
	}
	assert_false(framefile_reader_truncated(reader));
	assert_int_equal(record.time_ns, DEMO_RECORDING_NS);
	assert_true(records > 50);
	framefile_reader_free(reader);
	scene_free(scene);
	free(played);
	free(painted);

	demo_recording_finish(&recording);
	assert_int_equal(rmdir(directory), 0);
	demo_recording_finish(&recording);
}

static void test_a_given_one_stays(void **state)
{
	char path[] = "/tmp/planecast-test-XXXXXX";
	struct demo_recording recording;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(demo_recording_get(path, NULL, WALL, &recording), 0);
	assert_string_equal(recording.path, path);
	demo_recording_finish(&recording);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	log_set_level(LOG_LEVEL_ERROR);
	assert_int_equal(demo_recording_get(path, NULL, WALL, &recording), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plays_back_what_the_scene_shows),
		cmocka_unit_test(test_a_given_one_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
