// SPDX-License-Identifier: GPL-2.0-or-later
/* QP from a budget in bytes. */
#include "server/quality.h"

#include <math.h>
#include <stdint.h>

/* Of what a packet that needs less says, so much counts; one that needs more says all. */
#define EASIER_PART 0.15
/* How a picture's need for bytes as a keyframe is guessed where none was coded: this many times. */
#define GUESS_LOG2 2.5

static double clamp(double qp)
{
	return qp < QUALITY_QP_BEST ? QUALITY_QP_BEST : qp > QUALITY_QP_WORST ? QUALITY_QP_WORST : qp;
}

int quality_qp(struct quality *quality, size_t bytes, bool keyframe)
{
	double need = quality->need[keyframe], qp = QUALITY_QP_BEST;

	if (need <= 0 && quality->need[!keyframe] > 0)
		need = quality->need[!keyframe] + (keyframe ? GUESS_LOG2 : -GUESS_LOG2);
	if (bytes < SIZE_MAX && need > 0)
		qp = clamp((need - log2((double)bytes * (keyframe ? QUALITY_KEYFRAME : 1) + 1)) * QUALITY_HALF);
	/* Nothing is known of what is to come, but that there is little room for it. */
	else if (bytes < SIZE_MAX)
		qp = clamp(QUALITY_QP_BEST + 6);
	if (keyframe)
		return (int)lround(qp);
	if (quality->qp > 0 && qp < quality->qp - QUALITY_STEP)
		qp = quality->qp - QUALITY_STEP;
	quality->qp = qp;
	return (int)lround(qp);
}

void quality_note(struct quality *quality, size_t bytes, int qp, bool keyframe)
{
	const double need = log2((double)bytes + 1) + qp / QUALITY_HALF;
	double *known = &quality->need[keyframe];

	if (*known <= 0 || need > *known || keyframe)
		*known = need;
	else
		*known += EASIER_PART * (need - *known);
}
