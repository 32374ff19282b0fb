/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How coarsely pictures of a video are to be coded so that each has the bytes that there are for
 * it. Pure arithmetic. Any thread, one user at a time.
 *
 * Of the same picture, H.264 needs half the bytes with QUALITY_HALF more QP. So each packet
 * says what pictures like it would need with any QP, keyframes for themselves. What a picture
 * will need is not known before it is coded: a scene that gets harder costs one packet that
 * is too large, and from then on it is coarser; one that gets easier is finer by and by,
 * for a picture that is better now and then is worse to look at than one that stays.
 */
#ifndef PLANECAST_SERVER_QUALITY_H
#define PLANECAST_SERVER_QUALITY_H

#include <stdbool.h>
#include <stddef.h>

/* The best that is ever sent: a film of 1080p at 30 fps is about 8 to 25 Mbit/s with it. */
#define QUALITY_QP_BEST 24
/* Coarser ones cannot be told from each other, and then there are fewer of them. */
#define QUALITY_QP_WORST 46
#define QUALITY_HALF 6.0
/* A keyframe may have so many times the bytes: the next ones wait for it. */
#define QUALITY_KEYFRAME 3
/* QP is so much lower at most with the next packet. */
#define QUALITY_STEP 1.0

struct quality {
	/* log2 of what a picture would need with QP 0; of keyframes, and of others. 0: nothing is known. */
	double need[2];
	double qp; /* of the last one that was no keyframe; 0: none yet */
};

/* All zero: nothing was coded yet. For a picture that may have so many bytes; SIZE_MAX: as many as it likes. */
int quality_qp(struct quality *quality, size_t bytes, bool keyframe);
/* A packet came of it. */
void quality_note(struct quality *quality, size_t bytes, int qp, bool keyframe);

#endif
