/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for passwords: kept out of swap and of core dumps as far as the kernel
 * lets us, and wiped before it is given back. Each piece takes a page at least.
 * Any thread.
 */
#ifndef PLANECAST_NET_SECRET_H
#define PLANECAST_NET_SECRET_H

#include <stddef.h>

struct evbuffer;

/* Zeroes; NULL: no memory. */
void *secret_new(size_t bytes);
/* With the same number of bytes. NULL is fine. */
void secret_free(void *secret, size_t bytes);
/* Of memory elsewhere. Not left out by any compiler. */
void secret_wipe(void *data, size_t bytes);
/* Takes so many bytes, which are there, off input. Nothing of them stays behind. */
void secret_take(struct evbuffer *input, void *data, size_t bytes);

#endif
