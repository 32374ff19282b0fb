/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers server/activity's question about what moves (encoders/photo.h). Pure. Loop thread. */
#ifndef PLANECAST_SERVER_ACTIVITY_PHOTO_H
#define PLANECAST_SERVER_ACTIVITY_PHOTO_H

#include <pixman.h>

struct update;

/* How much of what is new in box is photographic; thousandths, or ACTIVITY_PHOTO_UNKNOWN. */
int activity_photo_judge(const struct update *update, const pixman_box32_t *box);

#endif
