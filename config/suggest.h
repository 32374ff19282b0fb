/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the word somebody meant: the nearest of those offered, if it is near
 * enough to be worth a "did you mean", or else the first that goes on behind a
 * hyphen where it ends. Any thread.
 */
#ifndef PLANECAST_CONFIG_SUGGEST_H
#define PLANECAST_CONFIG_SUGGEST_H

#define SUGGEST_WORD_MAX 64

struct suggest {
	const char *word;
	const char *best; /* NULL: nothing near */
	unsigned int distance;
};

/* word is borrowed for the life of suggest; longer than SUGGEST_WORD_MAX nothing is near it. */
void suggest_init(struct suggest *suggest, const char *word);
/* candidate is borrowed likewise. Of two equally near the first offered stays. */
void suggest_offer(struct suggest *suggest, const char *candidate);

/*
 * Insertions, deletions, replacements and swaps of neighbours that turn one
 * into the other, letter case aside. Both at most SUGGEST_WORD_MAX long.
 */
unsigned int suggest_distance(const char *a, const char *b);

#endif
