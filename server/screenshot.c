// SPDX-License-Identifier: GPL-2.0-or-later
/* A frame, row by row, through libpng into a memfd. */
#include "server/screenshot.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <png.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/frame.h"

/* Screens are flat: more effort makes them hardly smaller. */
#define COMPRESSION 3
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

struct screenshot {
	struct frame *frame;
	screenshot_done_fn done;
	void *user;
	struct event *finished;
	pthread_t thread;
	atomic_bool cancelled;

	/* The thread's, until finished is active. */
	int fd;
	int result;
};

static void fail(png_structp png, png_const_charp message)
{
	struct screenshot *screenshot = png_get_error_ptr(png);

	(void)message;
	if (!screenshot->result)
		screenshot->result = -ENOMEM;
	png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message)
{
	(void)png;
	(void)message;
}

static void write_bytes(png_structp png, png_bytep data, size_t bytes)
{
	struct screenshot *screenshot = png_get_io_ptr(png);

	while (bytes) {
		ssize_t n = write(screenshot->fd, data, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			screenshot->result = n < 0 ? -errno : -EIO;
			png_error(png, "write");
		}
		data += n;
		bytes -= (size_t)n;
	}
}

static void flush(png_structp png)
{
	(void)png;
}

static void write_rows(struct screenshot *screenshot, png_structp png, png_infop info)
{
	const struct frame *frame = screenshot->frame;

	png_set_write_fn(png, screenshot, write_bytes, flush);
	png_set_compression_level(png, COMPRESSION);
	png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
	png_set_IHDR(png, info, frame->width, frame->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
			PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	/* 0x00RRGGBB, little endian */
	png_set_bgr(png);
	png_set_filler(png, 0, PNG_FILLER_AFTER);
	for (uint32_t y = 0; y < frame->height; y++) {
		if (atomic_load(&screenshot->cancelled)) {
			screenshot->result = -ECANCELED;
			png_error(png, "cancelled");
		}
		png_write_row(png, frame->data + (size_t)y * frame->planes[0].stride);
	}
	png_write_end(png, info);
}

static void encode(struct screenshot *screenshot)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, screenshot, fail, ignore);
	png_infop info = png ? png_create_info_struct(png) : NULL;

	if (!info)
		screenshot->result = -ENOMEM;
	else if (!setjmp(png_jmpbuf(png)))
		write_rows(screenshot, png, info);
	png_destroy_write_struct(&png, &info);
	if (!screenshot->result && fcntl(screenshot->fd, F_ADD_SEALS, SEALS) < 0)
		screenshot->result = -errno;
}

static void *run(void *user)
{
	struct screenshot *screenshot = user;

	encode(screenshot);
	event_active(screenshot->finished, 0, 0);
	return NULL;
}

static void handle_finished(evutil_socket_t fd, short what, void *user)
{
	struct screenshot *screenshot = user;

	(void)fd;
	(void)what;
	screenshot->done(screenshot->user, screenshot->result, screenshot->result ? -1 : screenshot->fd);
}

static bool is_readable(const struct frame *frame)
{
	return frame->data && frame->fourcc == DRM_FORMAT_XRGB8888 && frame->modifier == DRM_FORMAT_MOD_LINEAR &&
			frame->width && frame->height && frame->planes[0].stride >= frame->width * 4ULL;
}

int screenshot_new(struct event_base *base, struct frame *frame, screenshot_done_fn done, void *user,
		struct screenshot **ret)
{
	struct screenshot *screenshot;
	int r = -ENOMEM;

	if (!is_readable(frame))
		return -EINVAL;
	screenshot = calloc(1, sizeof(*screenshot));
	if (!screenshot)
		return -ENOMEM;
	screenshot->done = done;
	screenshot->user = user;
	screenshot->fd = memfd_create("planecast-screenshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (screenshot->fd < 0)
		r = -errno;
	screenshot->finished = event_new(base, -1, 0, handle_finished, screenshot);
	screenshot->frame = frame_ref(frame);
	if (screenshot->fd >= 0 && screenshot->finished)
		r = -pthread_create(&screenshot->thread, NULL, run, screenshot);
	if (r < 0) {
		frame_unref(frame);
		if (screenshot->finished)
			event_free(screenshot->finished);
		if (screenshot->fd >= 0)
			close(screenshot->fd);
		free(screenshot);
		return r;
	}
	*ret = screenshot;
	return 0;
}

void screenshot_free(struct screenshot *screenshot)
{
	if (!screenshot)
		return;
	atomic_store(&screenshot->cancelled, true);
	pthread_join(screenshot->thread, NULL);
	frame_unref(screenshot->frame);
	event_free(screenshot->finished);
	close(screenshot->fd);
	free(screenshot);
}
