/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device of the kernel's samples whose owner is a launcher: the test plays the guest through
 * the launcher's descriptor, and looks through another. Failures end the program.
 */
#ifndef PLANECAST_TESTS_LAB_SAMPLE_H
#define PLANECAST_TESTS_LAB_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "server/capture/attach_own.h"
#include "tests/lab/support/launcher.h"
#include "tests/lab/support/mdev.h"
#include "tests/lab/support/watch.h"

struct sample {
	struct mdev mdev;
	struct attach_own own;
	struct launcher launcher;
	struct watch watch;
	uint8_t *memory; /* BAR 0 */
	size_t bytes;
};

/* Looks until the source has the device. The struct stays where it is until sample_close(). */
void sample_open(struct sample *sample, const char *type);
void sample_close(struct sample *sample);

#endif
