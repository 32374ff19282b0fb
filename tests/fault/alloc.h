/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets one allocation fail. Programs under tests/fault are linked so that what
 * the daemon's code allocates comes through here; libraries' own does not.
 */
#ifndef PLANECAST_TESTS_FAULT_ALLOC_H
#define PLANECAST_TESTS_FAULT_ALLOC_H

#include <stdbool.h>

/* The allocation with this number fails, from 0; those behind it succeed. Negative: none. */
void alloc_fail_at(long number);
/* From now on, or no longer, all succeed and none counts: the test is at work itself. */
void alloc_hold(bool hold);
/* That it came to that, since the last alloc_fail_at(). */
bool alloc_has_failed(void);

#endif
