/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The moving part of one VM's picture, as video:
 *
 *   update --> activity (where?) --> encoder, one a codec --> packet, for all viewers
 *
 * A picture is encoded when there is a viewer that can take its packet, and then it is the
 * newest one: a viewer that is slow and alone misses nothing and nothing waits for it. One
 * that seems to be half drawn (server/half.h) waits a few milliseconds for its rest.
 * Where others are faster, one that missed a packet asks for a keyframe; of these there
 * are only so many a second, as everybody pays for them.
 *
 * Viewers of unlike links are in unlike tiers (net/video_view.h): each that has viewers has an encoder
 * of its own, and its pictures are as coarse as the fastest of these links wants them
 * (server/quality.h).
 *
 * Encoders are opened when a viewer asks first, and closed when nothing has moved for a
 * while. Loop thread; nothing here blocks.
 */
#ifndef PLANECAST_SERVER_VIDEO_H
#define PLANECAST_SERVER_VIDEO_H

#include <stdbool.h>
#include <stdint.h>

#include "encoders/packet.h"

struct config_vm;
struct event_base;
struct frame;
struct protocol_video;
struct protocol_wish;
struct update;
struct video;

/*
 * For whoever starts this process anew when a video driver ends it. Borrowed; all of it may
 * change, to be followed by video_begin_anew().
 */
struct video_drivers {
	const char *avoid; /* candidates (encoders/vaapi_candidate.h) that are not to encode, one a line */
	/* Which do, likewise, before their drivers are called. Any thread; not after video_free(). */
	void (*used)(void *user, const char *names);
	void *user;
};

struct video_events {
	/* Another part of the picture, or none, goes as video. From the loop and from the calls below. */
	void (*region)(void *user, const struct protocol_video *region);
	/* From the loop. Borrowed. */
	void (*packet)(void *user, struct packet *packet);
	/* The newest picture: borrowed; linear XR24 in CPU memory. NULL: there is none. */
	struct frame *(*picture)(void *user);
	/* The picture may rest: somebody should look, and soon. From the loop. */
	void (*look)(void *user);
};

/* drivers: NULL: nobody cares. -ENOMEM. */
int video_new(struct event_base *base, const struct config_vm *config,
		const struct video_drivers *drivers, const struct video_events *events, void *user, struct video **ret);
/* NULL is fine. */
void video_free(struct video *video);

/* Whether there are viewers that can be shown video. Without, all memory is given back. */
void video_set_watched(struct video *video, bool watched);
/*
 * A picture that viewers are about to be shown; source is what it was made of, perhaps a
 * buffer that the encoder's device can read by itself. is_half: its rest may come at once.
 */
void video_update(struct video *video, const struct update *update, struct frame *source, bool is_half);
/*
 * A look that began at look_ns has found all as it was. Time by itself says nothing: where the
 * host is too busy to look, a film goes on all the same.
 */
void video_note_still(struct video *video, int64_t look_ns);
/* Every device and driver gets another chance; viewers see a keyframe. */
void video_begin_anew(struct video *video);
/* The picture is not the guest's. */
void video_stop(struct video *video);
/* A viewer can take a packet. */
void video_ask(struct video *video, const struct protocol_wish *wish);

#endif
