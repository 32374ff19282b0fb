/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the pattern source must have shown: the scene painted again here, for
 * the moment that a received picture's mark tells. Without input, that is.
 */
#ifndef PLANECAST_TESTS_ORACLE_H
#define PLANECAST_TESTS_ORACLE_H

#include <stdint.h>

struct mark;
struct oracle;
struct picture;

/* fps: as in the VM's configuration; 0: the picture rests. 0 or negative errno. */
int oracle_new(const char *scene, int64_t fps, struct oracle **ret);
void oracle_free(struct oracle *oracle);
/*
 * *ret is borrowed until the next call. Sequence numbers must not go back. late:
 * seconds by which the clock face is ahead of the due time; a source that looked
 * late shows the next second. 0 or negative errno.
 */
int oracle_picture(struct oracle *oracle, const struct mark *mark, unsigned int late, int width,
		int height, const struct picture **ret);

#endif
