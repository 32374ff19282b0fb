/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory a worker may take (memory-max), so that neither a mistake nor a viewer who has
 * found one takes the host's. Loop thread.
 */
#ifndef PLANECAST_SERVER_WORKER_MEMORY_H
#define PLANECAST_SERVER_WORKER_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct worker_memory {
	int64_t max_bytes; /* 0: no limit */
	bool warned;
};

/* For good: processes that this one starts have it, too. Once, before there is any viewer. */
void worker_memory_limit(struct worker_memory *memory, int64_t max_bytes);
/* Warns, once, if little of it is left. Now and then. */
void worker_memory_check(struct worker_memory *memory);

#endif
