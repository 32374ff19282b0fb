// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * neatvnc, the library below wayvnc, over the live picture: one buffer that
 * wraps the memory without copying, given again with the damage each time the
 * feeder says that something changed.
 */
#include <aml.h>
#include <drm_fourcc.h>
#include <err.h>
#include <neatvnc.h>
#include <pixman.h>

#include "tests/bench/fed.h"

struct peer {
	struct fed fed;
	struct aml *loop;
	struct nvnc_display *display;
	struct nvnc_fb *picture;
};

static void feed(struct peer *peer, pixman_region32_t *damage)
{
	int n_boxes;
	const pixman_box32_t *boxes = pixman_region32_rectangles(damage, &n_boxes);
	pixman_region16_t narrow;

	pixman_region_init(&narrow);
	for (int i = 0; i < n_boxes; i++)
		pixman_region_union_rect(&narrow, &narrow, boxes[i].x1, boxes[i].y1,
				(unsigned int)(boxes[i].x2 - boxes[i].x1),
				(unsigned int)(boxes[i].y2 - boxes[i].y1));
	nvnc_display_feed_buffer(peer->display, peer->picture, &narrow);
	pixman_region_fini(&narrow);
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

int main(int argc, char **argv)
{
	struct peer peer = { .loop = NULL };
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
	peer.picture = nvnc_fb_from_buffer(peer.fed.pixels, (uint16_t)peer.fed.width,
			(uint16_t)peer.fed.height, DRM_FORMAT_XRGB8888, (int32_t)peer.fed.width);
	handler = aml_handler_new(peer.fed.notices, on_notice, &peer, NULL);
	if (!peer.display || !peer.picture || !handler)
		errx(1, "out of memory");
	nvnc_add_display(server, peer.display);
	feed_all(&peer);
	aml_start(peer.loop, handler);
	aml_run(peer.loop);

	aml_stop(peer.loop, handler);
	aml_unref(handler);
	nvnc_close(server);
	nvnc_fb_unref(peer.picture);
	nvnc_display_unref(peer.display);
	aml_unref(peer.loop);
	return 0;
}
