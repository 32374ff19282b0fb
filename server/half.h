/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a picture was seen whole, or perhaps half drawn.
 *
 * A guest's picture can be looked at while the guest draws it: what is found then is
 * less than what changes usually, and the rest is found by a look soon after. Where
 * much changes steadily, a film, the two can be told apart. An encoder that waits for
 * the rest spares a picture and viewers see none that is torn; and what was whole
 * needs no look for its rest. Films do not change alike everywhere each time: how
 * much less may be whole all the same is learnt from looks that found no rest. What
 * changes less from now on is taken for what is usual within a few pictures. Pure
 * arithmetic.
 */
#ifndef PLANECAST_SERVER_HALF_H
#define PLANECAST_SERVER_HALF_H

/* Changes in a row before anything is known, each of so many tiles (server/damage.h) at least. */
#define HALF_STEADY 8
#define HALF_TILES_MIN 32

enum half_verdict {
	HALF_UNKNOWN,
	HALF_WHOLE,
	HALF_PERHAPS, /* less than usual: its rest is perhaps about to come */
};

/* Zeroed knows nothing. */
struct half {
	unsigned int usual; /* tiles, of pictures before this one */
	unsigned int parts; /* that this one has come in, so far; 0: the next change begins one */
	unsigned int sum, most; /* tiles of them */
	unsigned int slack; /* so many may be missing from a whole one */
	unsigned int steady; /* changes so far */
	enum half_verdict last; /* of the last change */
};

/* A change of so many tiles. */
enum half_verdict half_note(struct half *half, unsigned int tiles);
/* A look after a change has found nothing more: what there was is whole. */
void half_note_still(struct half *half);

#endif
