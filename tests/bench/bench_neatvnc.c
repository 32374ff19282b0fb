// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * neatvnc, the library below wayvnc. It wants pictures that stay as they are
 * until it gives them back, as a compositor's buffers do: each time the feeder
 * says what has changed, a buffer that is free is brought up to date and given
 * with the damage. That copy is feeding, to be measured without a viewer.
 */
#include <aml.h>
#include <drm_fourcc.h>
#include <err.h>
#include <neatvnc.h>
#include <pixman.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tests/bench/fed.h"

/* Each viewer may hold one, the display another. */
#define BUFFERS_MAX 130

struct buffer {
	struct nvnc_fb *picture; /* NULL: never needed so far */
	uint32_t *pixels;
	bool held;
	pixman_region32_t stale; /* changed since it was last given */
};

struct peer {
	struct fed fed;
	struct aml *loop;
	struct nvnc_display *display;
	struct buffer buffers[BUFFERS_MAX];
};

static void on_release(struct nvnc_fb *picture, void *user)
{
	(void)picture;
	((struct buffer *)user)->held = false;
}

static void make(const struct fed *fed, struct buffer *buffer)
{
	buffer->pixels = malloc((size_t)fed->width * fed->height * 4);
	if (buffer->pixels) /* the last argument is in pixels */
		buffer->picture = nvnc_fb_from_buffer(buffer->pixels, (uint16_t)fed->width,
				(uint16_t)fed->height, DRM_FORMAT_XRGB8888, (int32_t)fed->width);
	if (!buffer->picture)
		errx(1, "out of memory");
	nvnc_fb_set_release_fn(buffer->picture, on_release, buffer);
	pixman_region32_init_rect(&buffer->stale, 0, 0, fed->width, fed->height);
}

/* The first that is free: the fewer take turns, the less there is to copy. */
static struct buffer *take(struct peer *peer)
{
	struct buffer *buffer = peer->buffers;

	while (buffer < peer->buffers + BUFFERS_MAX && buffer->held)
		buffer++;
	if (buffer == peer->buffers + BUFFERS_MAX)
		errx(1, "neatvnc holds %d buffers", BUFFERS_MAX);
	if (!buffer->picture)
		make(&peer->fed, buffer);
	return buffer;
}

static void refresh(const struct fed *fed, struct buffer *buffer)
{
	int n_boxes, stride = (int)fed->width;
	const pixman_box32_t *boxes = pixman_region32_rectangles(&buffer->stale, &n_boxes);

	for (int i = 0; i < n_boxes; i++)
		pixman_blt(fed->pixels, buffer->pixels, stride, stride, 32, 32, boxes[i].x1, boxes[i].y1,
				boxes[i].x1, boxes[i].y1, boxes[i].x2 - boxes[i].x1,
				boxes[i].y2 - boxes[i].y1);
	pixman_region32_clear(&buffer->stale);
}

/* Damage as neatvnc takes it, in 16 bits. */
static void narrow(pixman_region32_t *damage, pixman_region16_t *ret)
{
	int n_boxes;
	const pixman_box32_t *boxes = pixman_region32_rectangles(damage, &n_boxes);

	for (int i = 0; i < n_boxes; i++)
		pixman_region_union_rect(ret, ret, boxes[i].x1, boxes[i].y1,
				(unsigned int)(boxes[i].x2 - boxes[i].x1),
				(unsigned int)(boxes[i].y2 - boxes[i].y1));
}

static void feed(struct peer *peer, pixman_region32_t *damage)
{
	struct buffer *buffer = take(peer);
	pixman_region16_t given;

	for (struct buffer *each = peer->buffers; each < peer->buffers + BUFFERS_MAX; each++)
		if (each->picture)
			pixman_region32_union(&each->stale, &each->stale, damage);
	refresh(&peer->fed, buffer);
	buffer->held = true;
	pixman_region_init(&given);
	narrow(damage, &given);
	nvnc_display_feed_buffer(peer->display, buffer->picture, &given);
	pixman_region_fini(&given);
}

static void on_notice(void *handler)
{
	struct peer *peer = aml_get_userdata(handler);
	pixman_region32_t damage;

	pixman_region32_init(&damage);
	if (fed_take_notices(&peer->fed, &damage) < 0)
		aml_exit(peer->loop);
	else if (pixman_region32_not_empty(&damage))
		feed(peer, &damage);
	pixman_region32_fini(&damage);
}

/* Before anybody says what changed, all of it is new: a viewer may come first. */
static void feed_all(struct peer *peer)
{
	pixman_region32_t all;

	pixman_region32_init_rect(&all, 0, 0, peer->fed.width, peer->fed.height);
	feed(peer, &all);
	pixman_region32_fini(&all);
}

static void free_buffers(struct peer *peer)
{
	for (struct buffer *each = peer->buffers; each < peer->buffers + BUFFERS_MAX && each->picture; each++) {
		nvnc_fb_unref(each->picture);
		pixman_region32_fini(&each->stale);
		free(each->pixels);
	}
}

int main(int argc, char **argv)
{
	static struct peer peer;
	struct aml_handler *handler;
	struct nvnc *server;

	fed_open(argc, argv, nvnc_version, &peer.fed);
	peer.loop = aml_new();
	if (!peer.loop)
		errx(1, "no event loop");
	aml_set_default(peer.loop);
	server = nvnc_open("127.0.0.1", peer.fed.port);
	if (!server)
		errx(1, "cannot listen on port %u", peer.fed.port);
	peer.display = nvnc_display_new(0, 0);
	handler = aml_handler_new(peer.fed.notices, on_notice, &peer, NULL);
	if (!peer.display || !handler)
		errx(1, "out of memory");
	nvnc_add_display(server, peer.display);
	feed_all(&peer);
	aml_start(peer.loop, handler);
	aml_run(peer.loop);

	aml_stop(peer.loop, handler);
	aml_unref(handler);
	nvnc_close(server);
	nvnc_display_unref(peer.display);
	free_buffers(&peer);
	aml_unref(peer.loop);
	return 0;
}
