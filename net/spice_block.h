/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes on their way from the library to a client: read into one block and
 * handed on from there in pieces, without another copy. Each piece becomes a
 * chain of its own in the evbuffer, and so a TLS record of its own. Loop thread.
 */
#ifndef PLANECAST_NET_SPICE_BLOCK_H
#define PLANECAST_NET_SPICE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct evbuffer;
struct spice_block;

#define SPICE_BLOCK_BYTES 65536
/* What may be left over when a block is renewed. */
#define SPICE_BLOCK_LEFT_MAX 4096

/*
 * Makes room to read into: another block where this one is full or still in
 * somebody's pieces, with what is left over moved to its start. *block NULL is fine.
 * -ENOMEM, -ENOSPC: more is left over than SPICE_BLOCK_LEFT_MAX.
 */
int spice_block_renew(struct spice_block **block);
/* NULL is fine. */
void spice_block_unref(struct spice_block *block);
/* As read(), but negative errno. */
ssize_t spice_block_read(struct spice_block *block, int fd);
/* After a read: there may have been more to read. */
bool spice_block_is_full(const struct spice_block *block);

/* What was read and is not yet cut off; of NULL 0 bytes. */
uint8_t *spice_block_data(struct spice_block *block);
size_t spice_block_bytes(const struct spice_block *block);
/* Cuts off the first bytes, as a chain at output's end. -ENOMEM. */
int spice_block_cut(struct spice_block *block, size_t bytes, struct evbuffer *output);
/* Throws them away. */
void spice_block_skip(struct spice_block *block, size_t bytes);

#endif
