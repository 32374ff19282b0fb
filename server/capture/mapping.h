/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody else's memory mapped to be read, that may go away while it is.
 *
 * A driver may take back what it let us map (a reset, a mode change in the
 * middle of a read), a program may shorten its file; the kernel then answers a
 * read with SIGBUS. That signal, for an address in such a mapping, puts zeroes
 * in its place and marks the mapping lost: the reader ends its pass, the next
 * look maps afresh. SIGBUS of any other address ends the process as it always
 * did.
 *
 * Its owner may give it back while others read it, too: it is lost to them in the
 * same way, and nothing of the device is held any more.
 *
 * Made by the loop thread; read and freed by any.
 */
#ifndef PLANECAST_SERVER_CAPTURE_MAPPING_H
#define PLANECAST_SERVER_CAPTURE_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

/* How many may exist in a process. */
#define MAPPINGS_MAX 64

struct mapping;

/* offset is page aligned. Negative errno of mmap(), -EMFILE above MAPPINGS_MAX. */
int mapping_new(int fd, uint64_t offset, uint64_t bytes, struct mapping **ret);
/* NULL is fine. */
void mapping_free(struct mapping *mapping);
/* Gives the memory back at once; readers have zeroes until mapping_free(). NULL is fine. */
void mapping_abandon(struct mapping *mapping);

const uint8_t *mapping_data(const struct mapping *mapping);
bool mapping_lost(const struct mapping *mapping);

#endif
