// SPDX-License-Identifier: GPL-2.0-or-later
/* Learns hot spots from where viewers point and where the guest shows the pointer. */
#include "server/capture/hotspot.h"

#include <stddef.h>
#include <stdlib.h>

void hotspots_point(struct hotspots *spots, int32_t x, int32_t y, int64_t now_ns)
{
	if (!spots->pointed || x != spots->x || y != spots->y)
		spots->since_ns = now_ns;
	spots->pointed = true;
	spots->x = x;
	spots->y = y;
}

void hotspots_lose_pointer(struct hotspots *spots)
{
	spots->pointed = false;
	spots->guess.is = false;
}

static struct hotspot *find(struct hotspots *spots, uint64_t shape)
{
	for (size_t i = 0; i < HOTSPOTS_MAX; i++)
		if (spots->table[i].used && spots->table[i].shape == shape)
			return &spots->table[i];
	return NULL;
}

/* The shape's, or else the one to be its from now on. */
static struct hotspot *make(struct hotspots *spots, uint64_t shape)
{
	struct hotspot *found = find(spots, shape), *oldest = &spots->table[0];

	for (size_t i = 1; i < HOTSPOTS_MAX; i++)
		if (spots->table[i].used < oldest->used)
			oldest = &spots->table[i];
	return found ? found : oldest;
}

static bool learn(struct hotspots *spots, uint64_t shape, uint32_t x, uint32_t y)
{
	struct hotspot *spot = make(spots, shape);
	const bool is_new = !spot->used || spot->shape != shape || spot->x != x || spot->y != y;

	*spot = (struct hotspot){ .shape = shape, .x = x, .y = y, .used = ++spots->clock };
	return is_new;
}

static bool has_moved(struct hotspots *spots, const struct hotspot_place *place)
{
	const struct hotspot_place last = spots->place;

	spots->place = *place;
	return last.shape != place->shape || last.x != place->x || last.y != place->y;
}

static bool is_apart(const struct hotspots *spots)
{
	return llabs((long long)spots->x - spots->guess.x) + llabs((long long)spots->y - spots->guess.y) >=
			HOTSPOT_APART;
}

bool hotspots_see(struct hotspots *spots, const struct hotspot_place *place, int64_t now_ns)
{
	const int64_t hot_x = (int64_t)spots->x - place->x, hot_y = (int64_t)spots->y - place->y;

	if (has_moved(spots, place))
		spots->since_ns = now_ns;
	if (!spots->pointed || now_ns - spots->since_ns < HOTSPOT_REST_NS ||
			spots->x < (int64_t)place->width || spots->y < (int64_t)place->height)
		return false;
	if (hot_x < 0 || hot_y < 0 || hot_x >= place->width || hot_y >= place->height) {
		spots->guess.is = false;
		return false;
	}
	if (spots->guess.is && spots->guess.shape == place->shape && spots->guess.hot_x == hot_x &&
			spots->guess.hot_y == hot_y)
		return is_apart(spots) && learn(spots, place->shape, (uint32_t)hot_x, (uint32_t)hot_y);
	spots->guess.is = true;
	spots->guess.shape = place->shape;
	spots->guess.x = spots->x;
	spots->guess.y = spots->y;
	spots->guess.hot_x = (int32_t)hot_x;
	spots->guess.hot_y = (int32_t)hot_y;
	return false;
}

bool hotspots_find(struct hotspots *spots, uint64_t shape, uint32_t *ret_x, uint32_t *ret_y)
{
	struct hotspot *spot = find(spots, shape);

	if (!spot)
		return false;
	spot->used = ++spots->clock;
	*ret_x = spot->x;
	*ret_y = spot->y;
	return true;
}
