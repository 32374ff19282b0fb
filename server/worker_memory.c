// SPDX-License-Identifier: GPL-2.0-or-later
/* RLIMIT_DATA, and how near to it this process is. */
#include "server/worker_memory.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/log.h"

#define MIB (1024 * 1024)
/* Sanitizers map the better part of the address space at the start. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAN_LIMIT false
#else
#define CAN_LIMIT true
#endif

void worker_memory_limit(struct worker_memory *memory, int64_t max_bytes)
{
	const struct rlimit limit = { .rlim_cur = (rlim_t)max_bytes, .rlim_max = (rlim_t)max_bytes };

	*memory = (struct worker_memory){ .max_bytes = 0 };
	if (!max_bytes || !CAN_LIMIT)
		return;
	if (setrlimit(RLIMIT_DATA, &limit) < 0)
		log_warn(NULL, "memory-max cannot be had: %m");
	else
		memory->max_bytes = max_bytes;
}

/* As the kernel counts for the limit, and its stack; 0: it does not say. */
static int64_t bytes_taken(void)
{
	long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return 0;
	if (fscanf(file, "%*d %*d %*d %*d %*d %lld", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

void worker_memory_check(struct worker_memory *memory)
{
	int64_t taken;

	if (!memory->max_bytes)
		return;
	taken = bytes_taken();
	if (taken < memory->max_bytes / 8 * 7) {
		memory->warned = false;
		return;
	}
	if (!memory->warned)
		log_warn(NULL, "%lld of memory-max = %lld MiB are taken: pictures or viewers may be lost",
				(long long)(taken / MIB), (long long)(memory->max_bytes / MIB));
	memory->warned = true;
}
