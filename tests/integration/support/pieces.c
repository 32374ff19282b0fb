// SPDX-License-Identifier: GPL-2.0-or-later
/* Pieces drawn, and taken back. */
#include "tests/integration/support/pieces.h"

#include <stdlib.h>
#include <string.h>

static uint32_t *row_of(const struct pieces *pieces, const struct piece *piece, int row)
{
	return pieces->picture.pixels + (size_t)(piece->y + row) * (size_t)pieces->picture.width + piece->x;
}

static void *allocate(const struct piece *piece)
{
	void *memory = malloc((size_t)piece->width * (size_t)piece->height * sizeof(uint32_t));

	if (!memory)
		exit(2);
	return memory;
}

static void forget(struct pieces *pieces)
{
	while (pieces->n)
		free(pieces->last[--pieces->n].before);
}

void pieces_reset(struct pieces *pieces, int width, int height)
{
	forget(pieces);
	picture_finish(&pieces->picture);
	if (width && height && picture_init(&pieces->picture, width, height) < 0)
		exit(2);
}

static int clip(int *at, int length, int size)
{
	int end = *at + length;

	*at = *at < 0 ? 0 : *at;
	return (end > size ? size : end) - *at;
}

void pieces_draw(struct pieces *pieces, const void *pixels, size_t stride, int x, int y, int width, int height)
{
	struct piece piece = { .x = x, .y = y };

	piece.width = clip(&piece.x, width, pieces->picture.width);
	piece.height = clip(&piece.y, height, pieces->picture.height);
	if (piece.width <= 0 || piece.height <= 0)
		return;
	piece.before = allocate(&piece);
	for (int row = 0; row < piece.height; row++) {
		const uint32_t *from = (const uint32_t *)((const uint8_t *)pixels + (size_t)(piece.y + row) * stride) +
				piece.x;
		uint32_t *to = row_of(pieces, &piece, row);

		memcpy(piece.before + (size_t)row * (size_t)piece.width, to, (size_t)piece.width * sizeof(*to));
		for (int i = 0; i < piece.width; i++)
			to[i] = from[i] & 0xffffff;
	}
	if (pieces->n == PIECES_MAX) {
		free(pieces->last[0].before);
		memmove(pieces->last, pieces->last + 1, --pieces->n * sizeof(pieces->last[0]));
	}
	pieces->last[pieces->n++] = piece;
}

/* What the piece keeps and what is in the picture change places. */
static void swap(struct pieces *pieces, struct piece *piece)
{
	for (int row = 0; row < piece->height; row++) {
		uint32_t *kept = piece->before + (size_t)row * (size_t)piece->width;
		uint32_t *shown = row_of(pieces, piece, row);

		for (int i = 0; i < piece->width; i++) {
			uint32_t pixel = kept[i];

			kept[i] = shown[i];
			shown[i] = pixel;
		}
	}
}

bool pieces_search(struct pieces *pieces, bool (*is_right)(void *user, const struct picture *picture), void *user)
{
	unsigned int back = pieces->n;
	bool right = is_right(user, &pieces->picture);

	while (!right && back) {
		swap(pieces, &pieces->last[--back]);
		right = is_right(user, &pieces->picture);
	}
	while (back < pieces->n)
		swap(pieces, &pieces->last[back++]);
	return right;
}
