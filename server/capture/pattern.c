// SPDX-License-Identifier: GPL-2.0-or-later
/* The test desktop as a source: its clock, its memory, its mark. */
#include "server/capture/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "server/capture/canvas.h"
#include "server/capture/mark.h"
#include "server/capture/pattern_scene.h"
#include "server/clock.h"
#include "server/cursor.h"
#include "server/frame.h"

struct pattern {
	struct capture capture; /* first */
	struct scene *scene; /* NULL: nobody looked yet, or it cannot be had */
	char *scene_name;
	struct config_size size; /* of a scene that nobody looked at */
	struct frame *frame; /* the canvas */
	int64_t start_ns;
	int64_t fps;
	int64_t tick; /* newest due picture that was made */
	int64_t input_ns; /* oldest input that no picture shows; 0: none */
	struct mark mark;
	uint64_t frame_sequence;
	enum pattern_cursor cursor_shown;
	int32_t cursor_x, cursor_y;
	bool cursor_sent;
	struct pattern_cursor_shape shape; /* of cursor_shown */
};

/* Split, so that a year's uptime does not overflow. */
static int64_t tick_at(const struct pattern *pattern, int64_t now_ns)
{
	int64_t elapsed_ns = now_ns - pattern->start_ns;

	return elapsed_ns / NSEC_PER_SEC * pattern->fps +
			elapsed_ns % NSEC_PER_SEC * pattern->fps / NSEC_PER_SEC;
}

static int64_t tick_due_ns(const struct pattern *pattern, int64_t tick)
{
	/* Rounded up: at its due time a tick has come. */
	return pattern->start_ns + tick / pattern->fps * NSEC_PER_SEC +
			(tick % pattern->fps * NSEC_PER_SEC + pattern->fps - 1) / pattern->fps;
}

static void set_mark(struct pattern *pattern, int64_t sequence_step, int64_t due_ns)
{
	pattern->mark.sequence += (uint32_t)sequence_step;
	pattern->mark.due_us = (uint64_t)(due_ns / NSEC_PER_USEC);
}

static void advance(struct pattern *pattern)
{
	int64_t tick, due_ns;

	if (pattern->input_ns && scene_changed(pattern->scene))
		set_mark(pattern, 1, pattern->input_ns);
	pattern->input_ns = 0;
	if (!pattern->fps)
		return;
	tick = tick_at(pattern, clock_now_ns());
	if (tick == pattern->tick)
		return;
	due_ns = tick_due_ns(pattern, tick);
	scene_advance(pattern->scene, due_ns - pattern->start_ns, clock_wall_ns() / NSEC_PER_SEC);
	set_mark(pattern, tick - pattern->tick, due_ns);
	pattern->tick = tick;
}

static void show_cursor(struct pattern *pattern)
{
	enum pattern_cursor wanted;
	int32_t x, y;

	scene_pointer(pattern->scene, &x, &y, &wanted);
	if (pattern->cursor_sent && wanted == pattern->cursor_shown && x == pattern->cursor_x &&
			y == pattern->cursor_y && !pattern->capture.whole)
		return;
	if (!pattern->cursor_sent || wanted != pattern->cursor_shown)
		pattern_cursor_draw(wanted, &pattern->shape);
	pattern->cursor_sent = true;
	pattern->cursor_shown = wanted;
	pattern->cursor_x = x;
	pattern->cursor_y = y;
	capture_emit_cursor(&pattern->capture,
			&(struct cursor){
					.visible = true,
					.width = PATTERN_CURSOR_SIZE,
					.height = PATTERN_CURSOR_SIZE,
					.hot_x = pattern->shape.hot_x,
					.hot_y = pattern->shape.hot_y,
					.position_known = true,
					.x = x,
					.y = y,
					.argb = pattern->shape.argb,
					.shape_serial = 1 + (uint64_t)wanted,
			});
}

/* Leaves everything as it is on failure. */
static int build(struct pattern *pattern, uint32_t width, uint32_t height)
{
	struct scene *scene;
	struct frame *frame;
	int ret;

	ret = scene_new(pattern->scene_name, width, height, &scene);
	if (ret < 0)
		return ret;
	ret = frame_new_memory(width, height, &frame);
	if (ret < 0) {
		scene_free(scene);
		return ret;
	}
	scene_free(pattern->scene);
	frame_unref(pattern->frame);
	pattern->scene = scene;
	pattern->frame = frame;
	scene_advance(scene, pattern->fps ? tick_due_ns(pattern, pattern->tick) - pattern->start_ns : 0,
			clock_wall_ns() / NSEC_PER_SEC);
	return 0;
}

static int pattern_poll(struct capture *capture, struct frame **ret_frame)
{
	struct pattern *pattern = (struct pattern *)capture;
	struct frame *frame;
	int ret;

	if (!pattern->scene) {
		/* Not before somebody looks: it takes long, and a worker has to be up at once. */
		ret = build(pattern, pattern->size.width, pattern->size.height);
		if (ret == -ENOENT)
			capture_set_reason(capture, "There is no pattern-scene '%.40s'.", pattern->scene_name);
		else if (ret < 0)
			capture_set_reason(capture, CAPTURE_NO_MEMORY);
		if (ret < 0)
			return ret;
	}
	advance(pattern);
	show_cursor(pattern);
	if (!scene_changed(pattern->scene) && !capture->whole)
		return -EAGAIN;
	ret = canvas_take(&pattern->frame);
	frame = pattern->frame;
	if (!ret)
		ret = scene_paint(pattern->scene, frame_memory_pixels(frame), frame->planes[0].stride);
	if (ret < 0) {
		capture_set_reason(capture, CAPTURE_NO_MEMORY);
		return ret;
	}
	mark_draw(frame_memory_pixels(frame), frame->planes[0].stride, &pattern->mark);
	frame->sequence = pattern->frame_sequence++;
	frame->capture_ns = clock_now_ns();
	*ret_frame = frame_ref(frame);
	return 0;
}

static int pattern_resize(struct capture *capture, uint32_t width, uint32_t height)
{
	struct pattern *pattern = (struct pattern *)capture;

	if (pattern->scene && width == pattern->frame->width && height == pattern->frame->height)
		return 0;
	return build(pattern, width, height);
}

static void pattern_input(struct capture *capture, const struct input_event *event)
{
	struct pattern *pattern = (struct pattern *)capture;

	if (!pattern->scene)
		return;
	scene_input(pattern->scene, event);
	if (!pattern->input_ns)
		pattern->input_ns = clock_now_ns();
}

static void pattern_close(struct capture *capture)
{
	struct pattern *pattern = (struct pattern *)capture;

	capture_finish(capture);
	scene_free(pattern->scene);
	frame_unref(pattern->frame);
	free(pattern->scene_name);
	free(pattern);
}

static const struct capture_impl pattern_impl = {
	.name = "pattern",
	.poll = pattern_poll,
	.knows_change = true,
	.close = pattern_close,
	.resize = pattern_resize,
	.input = pattern_input,
};

int capture_pattern_open(struct event_base *base, const struct config_vm *config,
		const struct capture_events *events, void *user, struct capture **ret)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	int r;

	if (!pattern)
		return -ENOMEM;
	r = capture_init(&pattern->capture, &pattern_impl, base, events, user);
	if (r < 0)
		goto fail;
	r = -ENOMEM;
	pattern->scene_name = strdup(config->pattern_scene ? config->pattern_scene : scene_names[0]);
	if (!pattern->scene_name)
		goto fail;
	pattern->fps = config->pattern_fps;
	pattern->start_ns = clock_now_ns();
	set_mark(pattern, 0, pattern->start_ns);
	pattern->size = config->pattern_size;
	*ret = &pattern->capture;
	return 0;
fail:
	pattern_close(&pattern->capture);
	return r;
}
