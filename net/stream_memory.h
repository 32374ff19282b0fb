/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where libevent has its memory from: malloc, and for the few small blocks that it
 * takes without a look at whether it got them (bufferevent_filter_new() ends the
 * process where it did not) a reserve. What fails for lack of memory is then what is
 * larger, and costs one client. Any thread.
 */
#ifndef PLANECAST_NET_STREAM_MEMORY_H
#define PLANECAST_NET_STREAM_MEMORY_H

#include <stddef.h>

#define STREAM_MEMORY_BLOCK_BYTES 64
#define STREAM_MEMORY_BLOCKS 64

/* Before anything else is asked of libevent. */
void stream_memory_install(void);

/* What it installs. */
void *stream_memory_allocate(size_t bytes);
void *stream_memory_reallocate(void *memory, size_t bytes);
void stream_memory_release(void *memory);

#endif
