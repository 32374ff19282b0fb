// SPDX-License-Identifier: GPL-2.0-or-later
/* Pictures as JFIF files, made on a thread. */
#include "encoders/mjpeg.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "encoders/jpeg.h"
#include "encoders/thread.h"
#include "server/frame.h"
#include "server/log.h"

/* On its way to the thread, and back with what became of it. One owner at a time. */
struct picture {
	struct picture *next;
	struct frame *frame; /* referenced until it is coded */
	struct packet_box box;
	int qp;
	struct packet *packet; /* NULL: err */
	int err;
};

/* What loop and thread share. */
struct worker {
	int fd; /* an eventfd, readable when there are pictures in done */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* Under lock. */
	unsigned int refs; /* the loop's and the thread's */
	bool abandoned, running;
	struct picture *waiting;
	struct picture *done, **done_tail;
	/* The thread's. */
	struct jpeg *jpeg;
};

struct mjpeg {
	struct encoder base;
	struct worker *worker;
	struct event *done;
	uint64_t number; /* of the last packet */
	bool in_event, freed; /* by whom the event was for */
};

/*
 * Qualities for quantisers a multiple of QP_STEP, with about the PSNR that x264's first
 * picture of a film has with them; between these it is in proportion.
 */
#define QP_STEP 6
static const int qualities[] = { 100, 99, 98, 95, 84, 38, 14, 8, 5, 3 };

_Static_assert(sizeof(qualities) / sizeof(qualities[0]) == ENCODER_QP_MAX / QP_STEP + 2,
		"one for each step, and one behind the last");

int mjpeg_quality(int qp)
{
	const int *low = &qualities[qp / QP_STEP];

	return low[0] + (low[1] - low[0]) * (qp % QP_STEP) / QP_STEP;
}

static void free_picture(struct picture *picture)
{
	if (!picture)
		return;
	frame_unref(picture->frame);
	packet_unref(picture->packet);
	free(picture);
}

static void unref_worker(struct worker *worker)
{
	struct picture *picture;
	bool last;

	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	last = !--worker->refs;
	pthread_mutex_unlock(&worker->lock);
	if (!last)
		return;
	while ((picture = worker->done)) {
		worker->done = picture->next;
		free_picture(picture);
	}
	free_picture(worker->waiting);
	jpeg_free(worker->jpeg);
	if (worker->fd >= 0)
		close(worker->fd);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

static bool is_supported(const struct frame *frame)
{
	return frame->fourcc == DRM_FORMAT_XRGB8888 && frame->modifier == DRM_FORMAT_MOD_LINEAR &&
			frame->data && frame->planes[0].stride <= INT_MAX;
}

static int encode(struct jpeg *jpeg, const struct picture *picture, struct packet **ret)
{
	const struct frame *frame = picture->frame;
	const struct packet_box *box = &picture->box;
	const pixman_box32_t bounds = {
		.x1 = (int32_t)box->x,
		.y1 = (int32_t)box->y,
		.x2 = (int32_t)(box->x + box->width),
		.y2 = (int32_t)(box->y + box->height),
	};
	struct packet *packet;
	const uint8_t *data;
	size_t bytes;
	int err = jpeg_encode(jpeg, frame, &bounds, mjpeg_quality(picture->qp), JPEG_CHROMA_QUARTER,
			&data, &bytes);

	packet = err ? NULL : packet_new(bytes);
	if (!packet)
		return -ENOMEM;
	packet->codec = PACKET_MJPEG;
	packet->keyframe = true;
	packet->qp = picture->qp;
	packet->box = *box;
	packet->width = box->width;
	packet->height = box->height;
	packet->capture_ns = frame->capture_ns;
	packet->stamp = frame->stamp;
	memcpy(packet->data, data, bytes);
	*ret = packet;
	return 0;
}

static int read_and_encode(struct jpeg *jpeg, struct picture *picture)
{
	int err;

	if (!is_supported(picture->frame))
		return -ENOTSUP;
	if (frame_begin_read(picture->frame) < 0)
		return -EIO;
	err = encode(jpeg, picture, &picture->packet);
	frame_end_read(picture->frame);
	return err;
}

/* With the lock, which is released meanwhile. */
static void do_picture(struct worker *worker)
{
	struct picture *picture = worker->waiting;
	const uint64_t one = 1;

	worker->waiting = NULL;
	worker->running = true;
	pthread_mutex_unlock(&worker->lock);
	picture->err = read_and_encode(worker->jpeg, picture);
	picture->frame = frame_unref(picture->frame);
	pthread_mutex_lock(&worker->lock);
	worker->running = false;
	*worker->done_tail = picture;
	worker->done_tail = &picture->next;
	/* Fails only when the counter is full, and then the loop is awake anyway. */
	if (write(worker->fd, &one, sizeof(one)) < 0)
		log_debug(NULL, "video: the loop is behind: %m");
}

static void *run(void *data)
{
	struct worker *worker = data;

	pthread_setname_np(pthread_self(), "mjpeg");
	pthread_mutex_lock(&worker->lock);
	while (!worker->abandoned) {
		if (worker->waiting)
			do_picture(worker);
		else
			pthread_cond_wait(&worker->wake, &worker->lock);
	}
	pthread_mutex_unlock(&worker->lock);
	unref_worker(worker);
	return NULL;
}

static int new_worker(struct worker **ret)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int err;

	if (!worker)
		return -ENOMEM;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->wake, NULL);
	worker->refs = 1;
	worker->done_tail = &worker->done;
	worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = worker->fd < 0 ? -errno : jpeg_new(&worker->jpeg);
	if (!err) {
		worker->refs++;
		err = thread_start(run, worker);
		worker->refs -= !!err;
	}
	if (err) {
		unref_worker(worker);
		return err;
	}
	*ret = worker;
	return 0;
}

static void abandon_worker(struct worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->abandoned = true;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	unref_worker(worker);
}

/* NULL: none. */
static struct picture *take_done(struct worker *worker)
{
	struct picture *picture;

	pthread_mutex_lock(&worker->lock);
	picture = worker->done;
	if (picture) {
		worker->done = picture->next;
		if (!worker->done)
			worker->done_tail = &worker->done;
	}
	pthread_mutex_unlock(&worker->lock);
	return picture;
}

static void free_now(struct mjpeg *mjpeg)
{
	if (mjpeg->done)
		event_free(mjpeg->done);
	abandon_worker(mjpeg->worker);
	free(mjpeg);
}

static void do_free(struct encoder *encoder)
{
	struct mjpeg *mjpeg = (struct mjpeg *)encoder;

	mjpeg->freed = true;
	if (!mjpeg->in_event)
		free_now(mjpeg);
}

static const char *explain(int err)
{
	switch (err) {
	case -ENOTSUP:
		return "the picture's format or layout cannot be encoded";
	case -EIO:
		return "the picture cannot be read";
	default:
		return "there is no memory for it";
	}
}

static void handle_done(evutil_socket_t fd, short what, void *data)
{
	struct mjpeg *mjpeg = data;
	const struct encoder_events *events = mjpeg->base.events;
	struct picture *picture;
	uint64_t count;

	(void)what;
	/* What it counts is in the list. */
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_debug(NULL, "video: reading an eventfd: %m");
	mjpeg->in_event = true;
	while (!mjpeg->freed && (picture = take_done(mjpeg->worker))) {
		if (picture->packet) {
			picture->packet->number = ++mjpeg->number;
			events->packet(mjpeg->base.user, picture->packet);
		} else {
			events->failed(mjpeg->base.user, picture->err, explain(picture->err));
		}
		free_picture(picture);
	}
	mjpeg->in_event = false;
	if (mjpeg->freed)
		free_now(mjpeg);
}

static int submit(struct encoder *encoder, struct frame *frame, const struct packet_box *box,
		const struct encoder_params *params)
{
	struct worker *worker = ((struct mjpeg *)encoder)->worker;
	struct picture *picture = calloc(1, sizeof(*picture)), *older;

	if (!picture)
		return -ENOMEM;
	picture->frame = frame_ref(frame);
	picture->box = *box;
	picture->qp = params->qp;
	pthread_mutex_lock(&worker->lock);
	older = worker->waiting;
	worker->waiting = picture;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	free_picture(older);
	return 0;
}

static bool is_busy(const struct encoder *encoder)
{
	struct worker *worker = ((const struct mjpeg *)encoder)->worker;
	bool busy;

	pthread_mutex_lock(&worker->lock);
	busy = worker->waiting || worker->running || worker->done;
	pthread_mutex_unlock(&worker->lock);
	return busy;
}

static bool reads_buffers(const struct encoder *encoder)
{
	(void)encoder;
	return false;
}

static const struct encoder_impl impl = {
	.name = "mjpeg",
	.submit = submit,
	.is_busy = is_busy,
	.reads_buffers = reads_buffers,
	.free = do_free,
};

int mjpeg_new(struct event_base *base, const struct encoder_events *events, void *user,
		struct encoder **ret)
{
	struct mjpeg *mjpeg = calloc(1, sizeof(*mjpeg));
	int err;

	if (!mjpeg)
		return -ENOMEM;
	mjpeg->base = (struct encoder){ .impl = &impl, .events = events, .user = user };
	err = new_worker(&mjpeg->worker);
	if (!err) {
		mjpeg->done = event_new(base, mjpeg->worker->fd, EV_READ | EV_PERSIST, handle_done, mjpeg);
		if (!mjpeg->done || event_add(mjpeg->done, NULL) < 0)
			err = -ENOMEM;
	}
	if (err) {
		free_now(mjpeg);
		return err;
	}
	*ret = &mjpeg->base;
	return 0;
}
