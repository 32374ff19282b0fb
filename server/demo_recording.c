// SPDX-License-Identifier: GPL-2.0-or-later
/* Records some seconds of the synthetic desktop, without waiting for them to pass. */
#include "server/demo_recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/capture/pattern_scene.h"
#include "server/clock.h"
#include "server/damage.h"
#include "server/frame.h"
#include "server/framefile.h"
#include "server/log.h"
#include "server/update.h"

#define FRAMES_PER_SECOND 20

struct recorder {
	struct scene *scene;
	struct frame *frame;
	struct damage *damage;
	struct framefile_writer *writer;
};

static int record_changes(struct recorder *recorder, int64_t time_ns)
{
	struct update update;
	int r;

	r = scene_paint(recorder->scene, frame_memory_pixels(recorder->frame),
			recorder->frame->planes[0].stride);
	if (r < 0)
		return r;
	r = damage_run(recorder->damage, recorder->frame, NULL, &update);
	if (r <= 0)
		return r;
	/* The file knows no copies: what moved is written out. */
	if (pixman_region32_union(&update.damage, &update.damage, &update.copy_region))
		r = framefile_write(recorder->writer, time_ns, update.frame, &update.damage);
	else
		r = -ENOMEM;
	update_finish(&update);
	return r;
}

static int record(struct recorder *recorder, time_t wall)
{
	const int64_t interval_ns = NSEC_PER_SEC / FRAMES_PER_SECOND;
	int64_t time_ns = 0;
	int r = 0;

	for (; !r && time_ns < DEMO_RECORDING_NS; time_ns += interval_ns) {
		scene_advance(recorder->scene, time_ns, wall + time_ns / NSEC_PER_SEC);
		if (scene_changed(recorder->scene))
			r = record_changes(recorder, time_ns);
	}
	/* Says how long the last picture stays. */
	return r < 0 ? r : framefile_write(recorder->writer, time_ns, recorder->frame, NULL);
}

static int make(const char *path, time_t wall)
{
	struct recorder recorder = { 0 };
	int r, closed;

	r = scene_new(DEMO_RECORDING_SCENE, DEMO_RECORDING_WIDTH, DEMO_RECORDING_HEIGHT,
			&recorder.scene);
	if (r < 0)
		goto out;
	r = frame_new_memory(DEMO_RECORDING_WIDTH, DEMO_RECORDING_HEIGHT, &recorder.frame);
	if (r < 0)
		goto out;
	r = damage_new(2, &recorder.damage);
	if (r < 0)
		goto out;
	r = framefile_create(path, &recorder.writer);
	if (r < 0)
		goto out;
	r = record(&recorder, wall);
	closed = framefile_close(recorder.writer);
	if (!r)
		r = closed;
out:
	damage_free(recorder.damage);
	frame_unref(recorder.frame);
	scene_free(recorder.scene);
	return r;
}

int demo_recording_get(const char *given, const char *directory, time_t wall, struct demo_recording *ret)
{
	struct demo_recording recording = { .made = !given };
	int r = 0;

	if (given) {
		recording.path = realpath(given, NULL);
		if (!recording.path) {
			r = -errno;
			log_error(NULL, "cannot replay %s: %s", given, strerror(-r));
			return r;
		}
		*ret = recording;
		return 0;
	}
	if (asprintf(&recording.path, "%s/desktop.frames", directory) < 0) {
		recording.path = NULL;
		r = -ENOMEM;
	}
	if (!r)
		r = make(recording.path, wall);
	if (r < 0) {
		log_error(NULL, "cannot make a recording to replay: %s", strerror(-r));
		demo_recording_finish(&recording);
		return r;
	}
	*ret = recording;
	return 0;
}

void demo_recording_finish(struct demo_recording *recording)
{
	if (recording->made && recording->path)
		unlink(recording->path);
	free(recording->path);
	*recording = (struct demo_recording){ 0 };
}
