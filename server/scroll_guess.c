// SPDX-License-Identifier: GPL-2.0-or-later
/* Guesses how far something moved from hashes of rows or columns of pixels. */
#include "server/scroll_guess.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/damage.h"
#include "server/damage_simd.h"
#include "server/damage_source.h"
#include "server/frame.h"

/* A guess needs this many rows (columns) that agree on it. */
#define VOTES_MIN 8
/* Where rows are hashed: this many strips of the box, a tile wide. */
#define STRIPS_MAX 4
#define STRIP_WIDTH DAMAGE_TILE_WIDTH
/* Where columns are hashed: this many bands of so many rows. */
#define BANDS_MAX 2
#define BAND_HEIGHT 32
#define ROWS_AHEAD 8
/* A table that is this crowded somewhere has hashes made to collide. */
#define PROBES_MAX 16

/* Where the last old row (column) with this hash was. */
struct scroll_slot {
	uint32_t hash;
	uint32_t line; /* counted from 1; 0: empty */
};

/* Slots are found by 16 bits of a product. */
_Static_assert(FRAME_SIZE_MAX * 2 <= 1 << 16, "the table of slots is no larger than that");

int scroll_guess_init(struct scroll_guess *guess, uint32_t lines)
{
	uint32_t n_slots = 1;

	while (n_slots < lines * 2)
		n_slots *= 2;
	*guess = (struct scroll_guess){ .slots_mask = n_slots - 1 };
	guess->old_hash = calloc((size_t)lines * STRIPS_MAX, sizeof(*guess->old_hash));
	guess->new_hash = calloc((size_t)lines * STRIPS_MAX, sizeof(*guess->new_hash));
	guess->votes = calloc((size_t)lines * 2, sizeof(*guess->votes));
	guess->slots = calloc(n_slots, sizeof(*guess->slots));
	if (!guess->old_hash || !guess->new_hash || !guess->votes || !guess->slots) {
		scroll_guess_finish(guess);
		return -ENOMEM;
	}
	return 0;
}

void scroll_guess_finish(struct scroll_guess *guess)
{
	free(guess->old_hash);
	free(guess->new_hash);
	free(guess->votes);
	free(guess->slots);
	*guess = (struct scroll_guess){ 0 };
}

static struct scroll_slot *find_slot(const struct scroll_guess *guess, uint32_t hash)
{
	uint32_t index = hash * 0x9e3779b1u >> 16;

	for (unsigned int probe = 0; probe < PROBES_MAX; probe++) {
		struct scroll_slot *slot = &guess->slots[index++ & guess->slots_mask];

		if (!slot->line || slot->hash == hash)
			return slot;
	}
	return NULL;
}

/*
 * Each new line that equals an old line elsewhere votes for the way from there
 * to here. Of lines that repeat only the last one counts: empty ones then vote
 * once for each way there is, and a pattern votes for its multiples.
 */
static void vote(struct scroll_guess *guess, const uint32_t *old_hash, const uint32_t *new_hash,
		uint32_t lines)
{
	struct scroll_slot *slot;

	memset(guess->slots, 0, ((size_t)guess->slots_mask + 1) * sizeof(*guess->slots));
	for (uint32_t i = 0; i < lines; i++) {
		slot = find_slot(guess, old_hash[i]);
		if (slot)
			*slot = (struct scroll_slot){ .hash = old_hash[i], .line = i + 1 };
	}
	for (uint32_t i = 0; i < lines; i++) {
		if (new_hash[i] == old_hash[i])
			continue;
		slot = find_slot(guess, new_hash[i]);
		if (slot && slot->line)
			guess->votes[lines + i - (slot->line - 1)]++;
	}
}

/* The nearest displacement with most votes; 0: none has enough. */
static int32_t elect(const struct scroll_guess *guess, uint32_t lines)
{
	uint32_t most = VOTES_MIN - 1;
	int32_t best = 0;

	for (uint32_t way = 1; way < lines; way++) {
		if (guess->votes[lines + way] > most) {
			most = guess->votes[lines + way];
			best = (int32_t)way;
		}
		if (guess->votes[lines - way] > most) {
			most = guess->votes[lines - way];
			best = -(int32_t)way;
		}
	}
	return best;
}

static void clear_votes(struct scroll_guess *guess, uint32_t lines)
{
	memset(guess->votes, 0, (size_t)lines * 2 * sizeof(*guess->votes));
}

static uint32_t clamp_count(uint32_t count, uint32_t max)
{
	if (count < 1)
		return 1;
	return count < max ? count : max;
}

/* A strip's rows are too far apart for the processor to see them coming. */
static void prefetch(const uint8_t *pixels)
{
	for (unsigned int byte = 0; byte <= STRIP_WIDTH * 4; byte += 64)
		__builtin_prefetch(pixels + byte);
}

int32_t scroll_guess_dy(struct scroll_guess *guess, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		const pixman_box32_t *box)
{
	uint32_t width = (uint32_t)(box->x2 - box->x1), lines = (uint32_t)(box->y2 - box->y1);
	uint32_t strip = width < STRIP_WIDTH ? width : STRIP_WIDTH;
	uint32_t strips = clamp_count(width / STRIP_WIDTH, STRIPS_MAX);

	for (uint32_t line = 0; line < lines; line++) {
		uint32_t y = (uint32_t)box->y1 + line;
		uint32_t ahead = line + ROWS_AHEAD < lines ? y + ROWS_AHEAD : y;

		for (uint32_t i = 0; i < strips; i++) {
			uint32_t x = (uint32_t)box->x1 +
					(width - strip) * (2 * i + 1) / (2 * strips);

			prefetch(damage_shadow_row(shadow, x, ahead));
			prefetch(source->data + ahead * source->stride +
					(size_t)x * source->format->bytes_per_pixel);
			guess->old_hash[i * lines + line] =
					kernels->hash(damage_shadow_row(shadow, x, y), strip);
			guess->new_hash[i * lines + line] = kernels->hash(
					damage_source_row(source, x, y, strip), strip);
		}
	}
	clear_votes(guess, lines);
	for (uint32_t i = 0; i < strips; i++)
		vote(guess, guess->old_hash + i * lines, guess->new_hash + i * lines, lines);
	return elect(guess, lines);
}

int32_t scroll_guess_dx(struct scroll_guess *guess, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		const pixman_box32_t *box)
{
	uint32_t lines = (uint32_t)(box->x2 - box->x1), height = (uint32_t)(box->y2 - box->y1);
	uint32_t band = height < BAND_HEIGHT ? height : BAND_HEIGHT;
	uint32_t bands = clamp_count(height / BAND_HEIGHT, BANDS_MAX);
	uint32_t x = (uint32_t)box->x1;

	clear_votes(guess, lines);
	for (uint32_t i = 0; i < bands; i++) {
		uint32_t top = (uint32_t)box->y1 + (height - band) * (2 * i + 1) / (2 * bands);

		memset(guess->old_hash, 0, lines * sizeof(*guess->old_hash));
		memset(guess->new_hash, 0, lines * sizeof(*guess->new_hash));
		for (uint32_t y = top; y < top + band; y++) {
			kernels->mix(guess->old_hash, damage_shadow_row(shadow, x, y), lines);
			kernels->mix(guess->new_hash,
					damage_source_row(source, x, y, lines), lines);
		}
		vote(guess, guess->old_hash, guess->new_hash, lines);
	}
	return elect(guess, lines);
}
