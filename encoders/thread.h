/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that nobody joins: who encodes may take its time, and the loop waits for nobody. */
#ifndef PLANECAST_ENCODERS_THREAD_H
#define PLANECAST_ENCODERS_THREAD_H

/*
 * Runs it on a thread that takes no signals but those that its own reads cause. Negative
 * errno.
 */
int thread_start(void *(*run)(void *data), void *data);

#endif
