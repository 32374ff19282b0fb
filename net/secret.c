// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages of their own for what nobody else is to read. */
#include "net/secret.h"

#include <event2/buffer.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "server/log.h"

void *secret_new(size_t bytes)
{
	static atomic_bool told;
	void *secret = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (secret == MAP_FAILED)
		return NULL;
	/* RLIMIT_MEMLOCK may be 0: no reason not to serve. */
	if (mlock(secret, bytes) < 0 && !atomic_exchange(&told, true))
		log_notice(NULL, "passwords may be swapped out: memory cannot be locked: %m");
	(void)madvise(secret, bytes, MADV_DONTDUMP);
	return secret;
}

void secret_free(void *secret, size_t bytes)
{
	if (!secret)
		return;
	OPENSSL_cleanse(secret, bytes);
	munmap(secret, bytes);
}

void secret_wipe(void *data, size_t bytes)
{
	OPENSSL_cleanse(data, bytes);
}

void secret_take(struct evbuffer *input, void *data, size_t bytes)
{
	struct evbuffer_iovec piece;
	size_t at = 0, now;

	while (at < bytes) {
		if (evbuffer_peek(input, -1, NULL, &piece, 1) < 1)
			return;
		now = piece.iov_len < bytes - at ? piece.iov_len : bytes - at;
		memcpy((char *)data + at, piece.iov_base, now);
		secret_wipe(piece.iov_base, now);
		evbuffer_drain(input, now);
		at += now;
	}
}
