/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results of the lab's tests, one line each as it happens: "ok 3 - what". One thread. */
#ifndef PLANECAST_TESTS_LAB_CHECK_H
#define PLANECAST_TESTS_LAB_CHECK_H

#include <stdbool.h>

/* Begins a group of checks. */
void check_group(const char *name);
/* Returns ok. */
bool check(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The lab itself is broken: ends the program. */
void check_bail_out(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Prints the plan and what failed. The exit status: 0 when all went well, and there was anything. */
int check_finish(void);

#endif
