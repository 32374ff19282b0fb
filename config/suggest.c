// SPDX-License-Identifier: GPL-2.0-or-later
/* Edit distance between what was written and what could have been. */
#include "config/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static unsigned int min_of(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

unsigned int suggest_distance(const char *a, const char *b)
{
	/* Three rows of the table suffice: swaps look back by two. */
	unsigned int rows[3][SUGGEST_WORD_MAX + 1];
	unsigned int *before = rows[0], *previous = rows[1], *current = rows[2];
	size_t length_a = strlen(a), length_b = strlen(b);

	for (size_t j = 0; j <= length_b; j++)
		previous[j] = (unsigned int)j;
	for (size_t i = 1; i <= length_a; i++) {
		unsigned int *spare = before;

		current[0] = (unsigned int)i;
		for (size_t j = 1; j <= length_b; j++) {
			unsigned int cost = !same_letter(a[i - 1], b[j - 1]);

			current[j] = min_of(min_of(previous[j], current[j - 1]) + 1,
					previous[j - 1] + cost);
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
					same_letter(a[i - 2], b[j - 1]))
				current[j] = min_of(current[j], before[j - 2] + 1);
		}
		before = previous;
		previous = current;
		current = spare;
	}
	return previous[length_b];
}

void suggest_init(struct suggest *suggest, const char *word)
{
	size_t length = strlen(word);

	*suggest = (struct suggest){ .word = word };
	/* One slip for each three letters, and always one; distance is the first that is too far. */
	if (length > 0 && length <= SUGGEST_WORD_MAX)
		suggest->distance = (length < 3 ? 1 : (unsigned int)length / 3) + 1;
}

/* Whole words of it, but not all. */
static bool begins(const char *word, const char *candidate)
{
	const size_t length = strlen(word);

	return strncmp(word, candidate, length) == 0 && candidate[length] == '-';
}

void suggest_offer(struct suggest *suggest, const char *candidate)
{
	unsigned int distance;

	if (suggest->distance == 0 || strlen(candidate) > SUGGEST_WORD_MAX)
		return;
	distance = suggest_distance(suggest->word, candidate);
	/* Just near enough: anything nearer is better. */
	if (distance >= suggest->distance && !suggest->best && begins(suggest->word, candidate))
		distance = suggest->distance - 1;
	if (distance < suggest->distance && distance < strlen(candidate)) {
		suggest->best = candidate;
		suggest->distance = distance;
	}
}
