// SPDX-License-Identifier: GPL-2.0-or-later
/* One VM's video: where it is, who encodes it, and when. */
#include "server/video.h"

#include <errno.h>
#include <event2/event.h>
#include <pixman.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "encoders/encoder.h"
#include "encoders/mjpeg.h"
#include "encoders/vaapi.h"
#include "encoders/vaapi_candidate.h"
#include "net/flow.h"
#include "net/protocol.h"
#include "server/activity.h"
#include "server/activity_photo.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/log.h"
#include "server/quality.h"
#include "server/update.h"

/* Pictures of a film come so often, at most and at least; what comes more rarely is none. */
#define INTERVAL_MIN_NS (NSEC_PER_SEC / 60)
#define INTERVAL_MAX_NS (NSEC_PER_SEC / 15)
/* The viewer with the most room counts for so long: the next packet may be for one with less. */
#define ROOM_NS NSEC_PER_SEC
/* One viewer that joins or lags makes all of them pay for a keyframe, so often at most. */
#define KEYFRAME_NS (400 * NSEC_PER_MSEC)
/* Pictures in a row that cannot be encoded before a region is sent losslessly instead. */
#define FAILURES_MAX 3
/* Encoders are kept for so long without anything that moves. */
#define KEEP_NS (10 * NSEC_PER_SEC)
/* The rest of a picture that was seen half drawn comes with the next look, by then. */
#define REST_NS (6 * NSEC_PER_MSEC)

/* One codec for one tier of viewers. */
struct slot {
	struct video *video;
	enum packet_codec codec;
	unsigned int tier;
	struct encoder *encoder; /* NULL: not asked for yet */
	bool lost; /* nothing on this host encodes it; then that holds for all tiers */
	uint32_t refused; /* the region whose pictures cannot be encoded */
	unsigned int failures; /* since the last packet */
	bool direct; /* what was submitted last is the guest's own buffer */
	bool copies; /* in this region that cannot be encoded: its copy in CPU memory is */
	bool asked; /* by a viewer, and not submitted since */
	int64_t asked_ns; /* when one asked last */
	bool keyframe; /* a viewer cannot go on without */
	int64_t keyframe_ns; /* when one was submitted last, or tried */
	struct quality quality;
	size_t room_bytes; /* that a viewer has for a packet */
	int64_t room_ns; /* when it said so; 0: nobody has */
	bool dirty; /* there is something new to encode, */
	bool damage_known; /* which is */
	pixman_region32_t damage; /* here */
};

#define SLOTS (PACKET_CODECS * PACKET_TIERS)

struct video {
	struct event_base *base;
	char *device; /* as configured */
	const struct video_drivers *drivers; /* NULL: nobody cares */
	const struct video_events *events;
	void *user;
	struct activity *activity;
	struct vaapi_candidates *candidates; /* NULL until the first encoder */
	struct slot slots[SLOTS]; /* those of one codec after each other */
	bool watched;
	struct protocol_video region; /* as told */
	int64_t moved_ns; /* when there was one last */
	int64_t rest_ns; /* the picture may be half drawn, and its rest comes by then; 0: it is whole */
	struct event *due; /* something is to be thought about without a new picture */
	int64_t look_ns; /* when a look was asked for last */
	int64_t picture_ns, interval_ns; /* when the region changed last, and how often it does */
};

static unsigned int codecs_for(const struct video *video, uint32_t serial)
{
	unsigned int codecs = (1u << PACKET_CODECS) - 1;

	for (unsigned int i = 0; i < SLOTS; i++) {
		const struct slot *slot = &video->slots[i];

		if (slot->lost || (slot->refused && slot->refused == serial))
			codecs &= ~(1u << slot->codec);
	}
	return codecs;
}

static bool is_shown(const struct slot *slot)
{
	const struct video *video = slot->video;

	return video->region.on && video->region.codecs & 1u << slot->codec;
}

static bool same_region(const struct protocol_video *a, const struct protocol_video *b)
{
	return a->on == b->on && a->codecs == b->codecs &&
			(!a->on || (a->serial == b->serial && !memcmp(&a->box, &b->box, sizeof(a->box))));
}

static struct protocol_video find_region(const struct video *video)
{
	const struct activity_region *region = activity_region(video->activity);
	const pixman_box32_t *box = &region->box;
	struct protocol_video ret = { .codecs = codecs_for(video, region->serial), .serial = region->serial };

	if (region->state != ACTIVITY_MOVING || !ret.codecs || box->x2 - box->x1 < ENCODER_SIZE_MIN ||
			box->y2 - box->y1 < ENCODER_SIZE_MIN)
		return ret;
	ret.on = true;
	ret.box = (struct packet_box){
		.x = (uint32_t)box->x1,
		.y = (uint32_t)box->y1,
		.width = (uint32_t)(box->x2 - box->x1),
		.height = (uint32_t)(box->y2 - box->y1),
	};
	return ret;
}

static void set_due(struct video *video, int64_t due_ns, int64_t now_ns)
{
	const struct timeval wait = clock_timeval(due_ns > now_ns ? due_ns - now_ns : 0);

	event_add(video->due, &wait);
}

/* One event for all that becomes due by itself. */
static void schedule(struct video *video, int64_t now_ns)
{
	const struct protocol_video region = find_region(video);
	int64_t due_ns = activity_due_ns(video->activity);

	/* That look comes, or is late like all others. */
	if (due_ns <= video->look_ns)
		due_ns = 0;
	if (!same_region(&region, &video->region))
		due_ns = now_ns;
	for (unsigned int i = 0; i < SLOTS; i++) {
		const struct slot *slot = &video->slots[i];
		int64_t slot_ns = 0;

		if (is_shown(slot) && slot->keyframe)
			slot_ns = slot->keyframe_ns + KEYFRAME_NS;
		else if (!video->region.on && slot->encoder)
			slot_ns = video->moved_ns + KEEP_NS;
		if (slot_ns && slot_ns < video->rest_ns)
			slot_ns = video->rest_ns;
		if (slot_ns && (!due_ns || slot_ns < due_ns))
			due_ns = slot_ns;
	}
	if (video->rest_ns && (!due_ns || video->rest_ns < due_ns))
		due_ns = video->rest_ns;
	if (due_ns)
		set_due(video, due_ns, now_ns);
	else
		event_del(video->due);
}

/* All of the box is new to the encoder. */
static void renew(struct slot *slot)
{
	slot->dirty = true;
	slot->damage_known = false;
	pixman_region32_clear(&slot->damage);
}

static void tell(struct video *video, int64_t now_ns)
{
	const struct protocol_video region = find_region(video);
	const bool begins = region.on && region.serial != video->region.serial;

	if (video->region.on)
		video->moved_ns = now_ns;
	if (same_region(&region, &video->region))
		return;
	if (begins)
		log_debug(NULL, "video: %ux%u at %u,%u", region.box.width, region.box.height, region.box.x,
				region.box.y);
	for (unsigned int i = 0; i < SLOTS; i++) {
		struct slot *slot = &video->slots[i];

		/* Nothing remains of what was asked for before it went off. */
		slot->asked = slot->asked && region.on && video->region.on;
		slot->keyframe = slot->keyframe && region.on && video->region.on;
		if (begins) {
			slot->keyframe_ns = 0;
			slot->failures = 0;
			slot->copies = false;
			slot->quality = (struct quality){ .qp = 0 };
		}
		renew(slot);
	}
	if (begins || !region.on)
		video->rest_ns = 0;
	video->region = region;
	video->events->region(video->user, &region);
}

static bool is_of_region(const struct video *video, const struct packet *packet)
{
	return video->region.on && !memcmp(&packet->box, &video->region.box, sizeof(packet->box));
}

static void handle_packet(void *user, struct packet *packet)
{
	struct slot *slot = user;
	struct video *video = slot->video;

	slot->failures = 0;
	quality_note(&slot->quality, packet->bytes, packet->qp, packet->keyframe);
	/* Whoever has asked until now is given this one. Who cannot go on with it asks again. */
	if (is_of_region(video, packet)) {
		slot->asked = false;
		slot->keyframe = slot->keyframe && !packet->keyframe;
	}
	packet->tier = slot->tier;
	video->events->packet(video->user, packet);
}

static void close_encoder(struct slot *slot)
{
	encoder_free(slot->encoder);
	slot->encoder = NULL;
}

/* The viewers still wait for a packet, and the next picture may be another matter. */
static void note_failure(struct slot *slot, const char *reason)
{
	log_info(NULL, "a picture is not encoded: %s", reason);
	slot->keyframe = true;
	slot->keyframe_ns = clock_now_ns();
	renew(slot);
	/* It may have a format or a place that the device does not know. The copy has neither. */
	if (slot->direct) {
		slot->direct = false;
		slot->copies = true;
		slot->keyframe_ns = 0;
	} else if (++slot->failures >= FAILURES_MAX) {
		slot->refused = slot->video->region.serial;
	}
}

static void handle_failed(void *user, int err, const char *reason)
{
	struct slot *slot = user;
	struct video *video = slot->video;

	if (err == -ENODEV) {
		log_warn(NULL, "no video any more: %s", reason);
		slot->lost = true;
		close_encoder(slot);
	} else {
		note_failure(slot, reason);
	}
	tell(video, clock_now_ns());
	schedule(video, clock_now_ns());
}

static const struct encoder_events encoder_events = { .packet = handle_packet, .failed = handle_failed };

static int find_candidates(struct video *video)
{
	const struct video_drivers *drivers = video->drivers;
	int r = vaapi_candidates_new(video->device, NULL, 0, &video->candidates);

	if (r < 0 || !drivers)
		return r;
	vaapi_candidates_avoid(video->candidates, drivers->avoid);
	vaapi_candidates_watch(video->candidates, drivers->used, drivers->user);
	return 0;
}

static void drop_candidates(struct video *video)
{
	if (video->candidates)
		vaapi_candidates_watch(video->candidates, NULL, NULL);
	vaapi_candidates_unref(video->candidates);
	video->candidates = NULL;
}

static int open_h264(struct slot *slot)
{
	struct video *video = slot->video;
	struct vaapi_settings settings = { 0 };
	int r = video->candidates ? 0 : find_candidates(video);

	if (r < 0)
		return r;
	settings.candidates = video->candidates;
	return vaapi_new(video->base, &settings, &encoder_events, slot, &slot->encoder);
}

static int open_mjpeg(struct slot *slot)
{
	return mjpeg_new(slot->video->base, &encoder_events, slot, &slot->encoder);
}

static int (*const open_encoder[PACKET_CODECS])(struct slot *slot) = {
	[PACKET_H264] = open_h264,
	[PACKET_MJPEG] = open_mjpeg,
};

static int submit(struct slot *slot, struct frame *frame, bool keyframe)
{
	const struct encoder_params params = {
		.qp = quality_qp(&slot->quality, slot->room_ns ? slot->room_bytes : SIZE_MAX, keyframe),
		.keyframe = keyframe,
		.damage = slot->damage_known ? &slot->damage : NULL,
	};
	int r = slot->encoder ? 0 : open_encoder[slot->codec](slot);

	return r < 0 ? r : encoder_submit(slot->encoder, frame, &slot->video->region.box, &params);
}

/* Who asked before the encoder was ready is shown the newest picture by then, too. */
static bool is_wanted(const struct slot *slot)
{
	return slot->asked || (slot->encoder && encoder_is_opening(slot->encoder));
}

/*
 * Encodes what is new if somebody can take it; source NULL: only the picture itself is at
 * hand. Tells nobody anything: who calls may be in the midst of being told.
 */
static void encode(struct slot *slot, struct frame *source, int64_t now_ns)
{
	struct video *video = slot->video;
	bool keyframe = slot->keyframe && now_ns - slot->keyframe_ns >= KEYFRAME_NS;
	struct frame *frame;
	int r;

	if (!is_shown(slot) || video->rest_ns || !(keyframe || (slot->dirty && is_wanted(slot))))
		return;
	if (keyframe)
		slot->keyframe_ns = now_ns;
	slot->direct = source && source->planes[0].fd >= 0 && slot->encoder && !slot->copies &&
			encoder_reads_buffers(slot->encoder);
	frame = slot->direct ? source : video->events->picture(video->user);
	if (!frame)
		return;
	r = submit(slot, frame, keyframe);
	slot->asked = slot->dirty = false;
	slot->keyframe = slot->keyframe && !keyframe;
	slot->damage_known = true;
	pixman_region32_clear(&slot->damage);
	if (r < 0)
		note_failure(slot, strerror(-r));
}

static void close_encoders(struct video *video)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		close_encoder(&video->slots[i]);
}

/* Of tiers that everybody has left. */
static void close_idle_encoders(struct video *video, int64_t now_ns)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		struct slot *slot = &video->slots[i];

		if (slot->tier && slot->encoder && now_ns - slot->asked_ns >= KEEP_NS)
			close_encoder(slot);
	}
}

static void ask_for_look(struct video *video, int64_t now_ns)
{
	const int64_t due_ns = activity_due_ns(video->activity);

	if (!due_ns || now_ns < due_ns || due_ns <= video->look_ns)
		return;
	video->look_ns = now_ns;
	video->events->look(video->user);
}

static void handle_due(evutil_socket_t fd, short what, void *data)
{
	struct video *video = data;
	const int64_t now_ns = clock_now_ns();

	(void)fd;
	(void)what;
	if (now_ns >= video->rest_ns)
		video->rest_ns = 0;
	ask_for_look(video, now_ns);
	tell(video, now_ns);
	for (unsigned int i = 0; i < SLOTS; i++)
		encode(&video->slots[i], NULL, now_ns);
	if (!video->region.on && now_ns - video->moved_ns >= KEEP_NS)
		close_encoders(video);
	schedule(video, now_ns);
}

int video_new(struct event_base *base, const struct config_vm *config,
		const struct video_drivers *drivers, const struct video_events *events, void *user,
		struct video **ret)
{
	struct video *video = calloc(1, sizeof(*video));

	if (!video)
		return -ENOMEM;
	video->base = base;
	video->drivers = drivers;
	video->events = events;
	video->user = user;
	for (unsigned int i = 0; i < SLOTS; i++) {
		video->slots[i].video = video;
		video->slots[i].codec = i / PACKET_TIERS;
		video->slots[i].tier = i % PACKET_TIERS;
		video->slots[i].lost = !open_encoder[video->slots[i].codec];
		pixman_region32_init(&video->slots[i].damage);
	}
	video->due = evtimer_new(base, handle_due, video);
	/* Configurations come and go. */
	video->device = config->video_device ? strdup(config->video_device) : NULL;
	if (!video->due || (config->video_device && !video->device) || activity_new(&video->activity) < 0) {
		video_free(video);
		return -ENOMEM;
	}
	*ret = video;
	return 0;
}

void video_free(struct video *video)
{
	if (!video)
		return;
	close_encoders(video);
	for (unsigned int i = 0; i < SLOTS; i++)
		pixman_region32_fini(&video->slots[i].damage);
	drop_candidates(video);
	activity_free(video->activity);
	if (video->due)
		event_free(video->due);
	free(video->device);
	free(video);
}

void video_stop(struct video *video)
{
	activity_drop(video->activity);
	tell(video, clock_now_ns());
	schedule(video, clock_now_ns());
}

void video_begin_anew(struct video *video)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		struct slot *slot = &video->slots[i];

		slot->lost = !open_encoder[slot->codec];
		slot->copies = false;
		/* Whoever waited for a packet of the old one has to be given one of the new. */
		slot->keyframe = slot->keyframe || (slot->encoder && video->region.on);
		renew(slot);
	}
	close_encoders(video);
	drop_candidates(video);
	tell(video, clock_now_ns());
	schedule(video, clock_now_ns());
}

void video_set_watched(struct video *video, bool watched)
{
	if (watched == video->watched)
		return;
	video->watched = watched;
	video_stop(video);
	if (!watched)
		close_encoders(video);
}

static void note_picture(struct video *video, int64_t now_ns)
{
	int64_t interval_ns = now_ns - video->picture_ns;

	if (interval_ns < INTERVAL_MIN_NS)
		interval_ns = INTERVAL_MIN_NS;
	if (interval_ns > INTERVAL_MAX_NS)
		interval_ns = INTERVAL_MAX_NS;
	video->picture_ns = now_ns;
	video->interval_ns = video->interval_ns ? (7 * video->interval_ns + interval_ns) / 8 : interval_ns;
}

static void note_damage(struct video *video, const struct update *update, int64_t now_ns)
{
	const struct packet_box *box = &video->region.box;
	pixman_region32_t news;
	bool known, is_news;

	pixman_region32_init(&news);
	known = pixman_region32_union(&news, (pixman_region32_t *)&update->damage,
				(pixman_region32_t *)&update->copy_region) &&
			pixman_region32_intersect_rect(
					&news, &news, (int)box->x, (int)box->y, box->width, box->height);
	is_news = !known || pixman_region32_not_empty(&news);
	if (is_news)
		note_picture(video, now_ns);
	for (unsigned int i = 0; i < SLOTS; i++) {
		struct slot *slot = &video->slots[i];

		if (!is_news)
			continue;
		slot->dirty = true;
		slot->damage_known = slot->damage_known && known &&
				pixman_region32_union(&slot->damage, &slot->damage, &news);
	}
	pixman_region32_fini(&news);
}

void video_update(struct video *video, const struct update *update, struct frame *source, bool is_half)
{
	const int64_t now_ns = clock_now_ns();
	pixman_box32_t doubt;

	if (!video->watched)
		return;
	if (!is_half)
		video->rest_ns = 0;
	else if (!video->rest_ns)
		video->rest_ns = now_ns + REST_NS;
	if (video->region.on)
		note_damage(video, update, now_ns);
	if (activity_note_update(video->activity, update, now_ns) < 0)
		log_debug(NULL, "video: out of memory");
	if (activity_wants_photo(video->activity, &doubt))
		activity_note_photo(video->activity, activity_photo_judge(update, &doubt));
	tell(video, now_ns);
	for (unsigned int i = 0; i < SLOTS; i++)
		encode(&video->slots[i], source, now_ns);
	close_idle_encoders(video, now_ns);
	schedule(video, now_ns);
}

void video_note_still(struct video *video, int64_t look_ns)
{
	const int64_t due_ns = activity_due_ns(video->activity), now_ns = clock_now_ns();
	const bool is_due = due_ns && look_ns >= due_ns;

	/* No rest is to come. */
	if (video->rest_ns)
		video->rest_ns = now_ns;
	else if (!is_due)
		return;
	if (is_due) {
		activity_note_time(video->activity, look_ns);
		tell(video, now_ns);
	}
	schedule(video, now_ns);
}

static void note_room(struct slot *slot, const struct flow *flow, int64_t now_ns)
{
	const int64_t interval_ns = slot->video->interval_ns ? slot->video->interval_ns : INTERVAL_MIN_NS * 2;
	const size_t bytes = flow ? flow_picture_bytes(flow, interval_ns) : SIZE_MAX;

	if (slot->room_ns && now_ns - slot->room_ns < ROOM_NS && bytes < slot->room_bytes)
		return;
	slot->room_bytes = bytes;
	slot->room_ns = now_ns;
}

void video_ask(struct video *video, const struct protocol_wish *wish)
{
	struct slot *slot = &video->slots[wish->codec * PACKET_TIERS + wish->tier];
	const int64_t now_ns = clock_now_ns();

	if (!is_shown(slot))
		return;
	slot->asked_ns = now_ns;
	note_room(slot, wish->flow, now_ns);
	/* Who cannot go on without a keyframe has no use for what comes before. */
	if (wish->keyframe)
		slot->keyframe = true;
	else
		slot->asked = true;
	encode(slot, NULL, now_ns);
	schedule(video, now_ns);
}
