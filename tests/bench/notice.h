/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bench_feed says after each picture it has published: where it differs from the one before. */
#ifndef PLANECAST_TESTS_NOTICE_H
#define PLANECAST_TESTS_NOTICE_H

#include <pixman.h>
#include <stdint.h>

#define BENCH_NOTICE_BOXES_MAX 16

/* One message of a socket that keeps messages apart; never split, never joined. */
struct bench_notice {
	uint32_t n_boxes;
	pixman_box32_t boxes[BENCH_NOTICE_BOXES_MAX];
};

#endif
