// SPDX-License-Identifier: GPL-2.0-or-later
/* When a region begins, changes its box, rests and ends. */
#include "server/activity.h"

#include <errno.h>
#include <stdlib.h>

#include "server/activity_box.h"
#include "server/activity_cells.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/update.h"

/* Boxes are thought about so often. */
#define THINK_NS (100 * NSEC_PER_MSEC)
/* A region begins when two thoughts agree within so many pixels, at the latest after SETTLE_NS. */
#define SETTLE_PIXELS 32
#define SETTLE_THOUGHTS 2
#define SETTLE_NS (800 * NSEC_PER_MSEC)
/* Photographic from so many thousandths on. */
#define PHOTO_MIN 250
/* The caller is asked again: of a region, of one that is doubted, of one that was refused. */
#define ASK_AGAIN_NS (2 * NSEC_PER_SEC)
#define ASK_DOUBT_NS (500 * NSEC_PER_MSEC)
#define ASK_REFUSED_NS NSEC_PER_SEC
/* Motion beyond the box that a box grows for: at once, when so far, else when it stays. */
#define GROW_PIXELS 16
#define GROW_LARGE_NS (100 * NSEC_PER_MSEC)
#define GROW_SMALL_NS NSEC_PER_SEC
/* From one box to the next, and twice as long each time that it grows: up to 4 s. */
#define BOX_NS (500 * NSEC_PER_MSEC)
#define BOX_DOUBLINGS 3
/* A box shrinks when this share of it has been enough for so long. */
#define SHRINK_MAX(pixels) ((pixels) / 4 * 3)
#define SHRINK_NS (3 * NSEC_PER_SEC)
/* Nothing is a region any more for so long: it ends. Not so soon after a rest: squares have cooled. */
#define END_NS (300 * NSEC_PER_MSEC)
#define GRACE_NS (800 * NSEC_PER_MSEC)
/* A change of less than this share of the box is a letter or a pointer. */
#define STIR_PART 128
#define REST_NS (150 * NSEC_PER_MSEC)
/* A rest ends with a change of this share of the box, or for good. */
#define RESUME_PART 8
#define FORGET_NS NSEC_PER_SEC

struct activity {
	struct activity_cells cells;
	uint32_t *stack; /* for activity_find_box() */
	struct activity_region region;
	pixman_box32_t wanted; /* of the last thought, where has_wanted */
	bool has_wanted;
	unsigned int agreed; /* thoughts in a row */
	int64_t thought_ns;
	int64_t wanted_ns; /* there was one in each thought since */
	bool ask;
	bool shown; /* the last update is about enough of the box to judge that */
	int64_t ask_ns; /* not before */
	unsigned int doubts;
	/* Of a region. */
	int64_t box_ns; /* the box is that old */
	unsigned int grown; /* so often */
	int64_t outgrown_ns, lessened_ns, gone_ns; /* the box is too small, too large, empty since; 0: it is not */
	pixman_box32_t lesser; /* what has been enough since lessened_ns */
	int64_t stirred_ns; /* last change worth the name */
	int64_t rested_ns, moved_ns; /* since when it rests, or moves */
};

int activity_new(struct activity **ret)
{
	struct activity *activity = calloc(1, sizeof(*activity));

	if (!activity)
		return -ENOMEM;
	*ret = activity;
	return 0;
}

static void end_region(struct activity *activity)
{
	activity->region = (struct activity_region){ .serial = activity->region.serial };
	activity->has_wanted = false;
	activity->agreed = 0;
	activity->ask = false;
	activity->doubts = 0;
}

void activity_drop(struct activity *activity)
{
	activity_cells_finish(&activity->cells);
	free(activity->stack);
	activity->stack = NULL;
	end_region(activity);
	activity->ask_ns = 0;
}

void activity_free(struct activity *activity)
{
	if (!activity)
		return;
	activity_drop(activity);
	free(activity);
}

const struct activity_region *activity_region(const struct activity *activity)
{
	return &activity->region;
}

int64_t activity_due_ns(const struct activity *activity)
{
	switch (activity->region.state) {
	case ACTIVITY_MOVING:
		return activity->stirred_ns + REST_NS;
	case ACTIVITY_RESTING:
		return activity->rested_ns + FORGET_NS;
	case ACTIVITY_STILL:
		break;
	}
	return 0;
}

static int restart(struct activity *activity, uint32_t width, uint32_t height, int64_t now_ns)
{
	int r;

	activity_drop(activity);
	r = activity_cells_init(&activity->cells, width, height, now_ns);
	if (r < 0)
		return r;
	activity->stack = calloc((size_t)activity->cells.columns * (size_t)activity->cells.rows,
			sizeof(*activity->stack));
	if (!activity->stack) {
		activity_drop(activity);
		return -ENOMEM;
	}
	activity->thought_ns = now_ns;
	return 0;
}

static void set_box(struct activity *activity, const pixman_box32_t *box, int64_t now_ns)
{
	activity->region.box = *box;
	activity->region.serial++;
	activity->box_ns = now_ns;
	activity->outgrown_ns = activity->lessened_ns = 0;
}

static bool boxes_agree(const pixman_box32_t *a, const pixman_box32_t *b)
{
	return abs(a->x1 - b->x1) <= SETTLE_PIXELS && abs(a->y1 - b->y1) <= SETTLE_PIXELS &&
			abs(a->x2 - b->x2) <= SETTLE_PIXELS && abs(a->y2 - b->y2) <= SETTLE_PIXELS;
}

/* No region: is there going to be one? */
static void consider(struct activity *activity, bool found, const pixman_box32_t *box, int64_t now_ns)
{
	if (!found) {
		activity->has_wanted = false;
		activity->ask = false;
		activity->agreed = 0;
		return;
	}
	if (!activity->has_wanted)
		activity->wanted_ns = now_ns;
	activity->agreed = activity->has_wanted && boxes_agree(box, &activity->wanted) ?
			activity->agreed + 1 : 0;
	activity->wanted = *box;
	activity->has_wanted = true;
	if ((activity->agreed >= SETTLE_THOUGHTS || now_ns - activity->wanted_ns >= SETTLE_NS) &&
			now_ns >= activity->ask_ns)
		activity->ask = true;
}

/* By how many pixels the furthest side of box lies outside the region's. */
static int64_t excess(const pixman_box32_t *box, const pixman_box32_t *present)
{
	int64_t sides[] = { (int64_t)present->x1 - box->x1, (int64_t)present->y1 - box->y1,
		(int64_t)box->x2 - present->x2, (int64_t)box->y2 - present->y2 };
	int64_t most = 0;

	for (unsigned int i = 0; i < sizeof(sides) / sizeof(sides[0]); i++)
		most = sides[i] > most ? sides[i] : most;
	return most;
}

static void consider_growth(struct activity *activity, const pixman_box32_t *box, int64_t now_ns)
{
	int64_t pixels = excess(box, &activity->region.box);
	pixman_box32_t both = activity_box_union(box, &activity->region.box);

	if (!pixels) {
		activity->outgrown_ns = 0;
		return;
	}
	if (!activity->outgrown_ns)
		activity->outgrown_ns = now_ns;
	if (now_ns - activity->outgrown_ns < (pixels >= GROW_PIXELS ? GROW_LARGE_NS : GROW_SMALL_NS) ||
			now_ns - activity->box_ns < BOX_NS << activity->grown)
		return;
	if (activity->grown < BOX_DOUBLINGS)
		activity->grown++;
	/* Else the film has moved away from where it was. */
	set_box(activity, activity_box_is_full(&activity->cells, &both) ? &both : box, now_ns);
}

static void consider_shrinking(struct activity *activity, const pixman_box32_t *box, int64_t now_ns)
{
	int64_t limit = SHRINK_MAX(activity_box_pixels(&activity->region.box));

	activity->lesser = activity->lessened_ns ? activity_box_union(box, &activity->lesser) : *box;
	if (activity_box_pixels(&activity->lesser) > limit) {
		activity->lessened_ns = 0;
		return;
	}
	if (!activity->lessened_ns)
		activity->lessened_ns = now_ns;
	if (now_ns - activity->lessened_ns >= SHRINK_NS)
		set_box(activity, &activity->lesser, now_ns);
}

/* A region that moves: is its box still right? */
static void reconsider(struct activity *activity, bool found, const pixman_box32_t *box, int64_t now_ns)
{
	if (!found || !activity_box_intersects(box, &activity->region.box)) {
		if (!activity->gone_ns)
			activity->gone_ns = now_ns;
		if (now_ns - activity->gone_ns >= END_NS && now_ns - activity->moved_ns >= GRACE_NS)
			end_region(activity);
		return;
	}
	activity->gone_ns = 0;
	consider_growth(activity, box, now_ns);
	consider_shrinking(activity, box, now_ns);
	activity->ask = activity->ask || now_ns >= activity->ask_ns;
}

static void think(struct activity *activity, int64_t now_ns)
{
	bool region = activity->region.state != ACTIVITY_STILL, found;
	pixman_box32_t box;

	if (now_ns - activity->thought_ns < THINK_NS)
		return;
	activity->thought_ns = now_ns;
	found = activity_find_box(&activity->cells, activity->stack,
			region ? &activity->region.box : NULL, &box);
	if (activity->region.state == ACTIVITY_MOVING)
		reconsider(activity, found, &box, now_ns);
	else if (activity->region.state == ACTIVITY_STILL)
		consider(activity, found, &box, now_ns);
}

/* pixels: of the region's box that changed now. */
static void move_or_rest(struct activity *activity, int64_t pixels, int64_t now_ns)
{
	int64_t all = activity_box_pixels(&activity->region.box);

	if (activity->region.state == ACTIVITY_MOVING) {
		if (pixels * STIR_PART >= all) {
			activity->stirred_ns = now_ns;
		} else if (now_ns - activity->stirred_ns >= REST_NS) {
			activity->region.state = ACTIVITY_RESTING;
			activity->rested_ns = now_ns;
			activity->ask = false;
		}
	} else if (activity->region.state == ACTIVITY_RESTING) {
		if (now_ns - activity->rested_ns >= FORGET_NS) {
			end_region(activity);
		} else if (pixels * RESUME_PART >= all) {
			activity->region.state = ACTIVITY_MOVING;
			activity->stirred_ns = activity->moved_ns = now_ns;
			activity->gone_ns = activity->outgrown_ns = activity->lessened_ns = 0;
			activity->ask = true;
		}
	}
}

static int32_t clamp(int64_t value, int32_t limit)
{
	return value < 0 ? 0 : value > limit ? limit : (int32_t)value;
}

/* Leaves in region what no copy explains or uncovers. */
static void take_scroll(struct activity *activity, const struct update *update, int64_t now_ns,
		pixman_region32_t *region)
{
	const pixman_box32_t *to = pixman_region32_extents((pixman_region32_t *)&update->copy_region);
	int32_t width = activity->cells.width, height = activity->cells.height;
	pixman_box32_t boxes[] = {
		{ clamp(to->x1, width), clamp(to->y1, height), clamp(to->x2, width), clamp(to->y2, height) },
		{ clamp((int64_t)to->x1 - update->copy_dx, width), clamp((int64_t)to->y1 - update->copy_dy, height),
			clamp((int64_t)to->x2 - update->copy_dx, width),
			clamp((int64_t)to->y2 - update->copy_dy, height) },
	};

	for (unsigned int i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		pixman_region32_t box;

		if (boxes[i].x1 >= boxes[i].x2 || boxes[i].y1 >= boxes[i].y2)
			continue;
		activity_cells_scroll(&activity->cells, now_ns, &boxes[i]);
		pixman_region32_init_with_extents(&box, &boxes[i]);
		pixman_region32_subtract(region, region, &box);
		pixman_region32_fini(&box);
	}
}

static int64_t pixels_within(const pixman_box32_t *boxes, int n, const pixman_box32_t *box)
{
	int64_t sum = 0;

	for (int i = 0; i < n; i++) {
		int64_t width = (int64_t)(boxes[i].x2 < box->x2 ? boxes[i].x2 : box->x2) -
				(boxes[i].x1 > box->x1 ? boxes[i].x1 : box->x1);
		int64_t height = (int64_t)(boxes[i].y2 < box->y2 ? boxes[i].y2 : box->y2) -
				(boxes[i].y1 > box->y1 ? boxes[i].y1 : box->y1);

		if (width > 0 && height > 0)
			sum += width * height;
	}
	return sum;
}

static const pixman_box32_t *box_in_question(const struct activity *activity)
{
	return activity->region.state == ACTIVITY_STILL ? &activity->wanted : &activity->region.box;
}

static void pass(struct activity *activity, const pixman_region32_t *changed, int64_t now_ns)
{
	int n;
	const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)changed, &n);

	activity_cells_pass(&activity->cells, now_ns, boxes, n);
	move_or_rest(activity, pixels_within(boxes, n, &activity->region.box), activity->cells.now_ns);
	think(activity, activity->cells.now_ns);
	if (activity->ask) {
		const pixman_box32_t *box = box_in_question(activity);

		activity->shown = pixels_within(boxes, n, box) * STIR_PART >= activity_box_pixels(box);
	}
}

int activity_note_update(struct activity *activity, const struct update *update, int64_t now_ns)
{
	uint32_t width = update->frame->width, height = update->frame->height;
	int r;

	if (update->resized || (int64_t)width != activity->cells.width ||
			(int64_t)height != activity->cells.height) {
		r = restart(activity, width, height, now_ns);
		/* One that is all new says nothing of motion. */
		return r;
	}
	if (pixman_region32_not_empty((pixman_region32_t *)&update->copy_region)) {
		pixman_region32_t rest;

		pixman_region32_init(&rest);
		pixman_region32_copy(&rest, (pixman_region32_t *)&update->damage);
		take_scroll(activity, update, now_ns, &rest);
		pass(activity, &rest, now_ns);
		pixman_region32_fini(&rest);
	} else {
		pass(activity, &update->damage, now_ns);
	}
	return 0;
}

void activity_note_time(struct activity *activity, int64_t now_ns)
{
	pixman_region32_t nothing;

	if (!activity->cells.cells)
		return;
	pixman_region32_init(&nothing);
	pass(activity, &nothing, now_ns);
	pixman_region32_fini(&nothing);
}

bool activity_wants_photo(const struct activity *activity, pixman_box32_t *ret_box)
{
	if (!activity->ask || !activity->shown)
		return false;
	*ret_box = *box_in_question(activity);
	return true;
}

void activity_note_photo(struct activity *activity, int permille)
{
	int64_t now_ns = activity->cells.now_ns;
	bool photo = permille < 0 || permille >= PHOTO_MIN;

	if (!activity->ask)
		return;
	activity->ask = false;
	activity->ask_ns = now_ns + ASK_AGAIN_NS;
	if (activity->region.state == ACTIVITY_STILL) {
		if (!photo) {
			activity->ask_ns = now_ns + ASK_REFUSED_NS;
			return;
		}
		activity->region.state = ACTIVITY_MOVING;
		activity->stirred_ns = activity->moved_ns = now_ns;
		activity->gone_ns = 0;
		activity->doubts = 0;
		activity->grown = 0;
		set_box(activity, &activity->wanted, now_ns);
	} else if (photo) {
		activity->doubts = 0;
	} else if (++activity->doubts < 2) {
		/* A title or a black picture in a film. */
		activity->ask_ns = now_ns + ASK_DOUBT_NS;
	} else {
		end_region(activity);
		activity->ask_ns = now_ns + ASK_REFUSED_NS;
	}
}
