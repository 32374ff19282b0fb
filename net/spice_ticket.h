/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SPICE's way to ask for a password: the server shows an RSA key, the client
 * sends its password encrypted with it (OAEP, SHA-1), at most 60 bytes and a
 * NUL. 1024 bits are the protocol's; the key only hides the password from who
 * listens and cannot keep it from who answers in our place: that is TLS's part.
 *
 * A key is shown many times, so a ticket that somebody has listened to could be
 * sent again: each is taken once (spice_ticket_take()).
 *
 * The password is the first line of a file, read anew each time and wiped from
 * memory after use. Pure but for that file. Any thread; one key at a time by one.
 */
#ifndef PLANECAST_NET_SPICE_TICKET_H
#define PLANECAST_NET_SPICE_TICKET_H

#include <stddef.h>
#include <stdint.h>

#include "net/spice_link.h"

#define SPICE_TICKET_PASSWORD_MAX 60
#define SPICE_TICKET_DIGEST_BYTES 32

struct spice_ticket_key;

/* Takes about 10 ms of CPU. Refcount 1. -ENOMEM, -EIO: OpenSSL will not. */
int spice_ticket_key_new(struct spice_ticket_key **ret);
struct spice_ticket_key *spice_ticket_key_ref(struct spice_ticket_key *key);
/* NULL is fine. Returns NULL. */
struct spice_ticket_key *spice_ticket_key_unref(struct spice_ticket_key *key);
/* What the client is shown. */
const uint8_t *spice_ticket_key_public(const struct spice_ticket_key *key);

/* A password, NUL terminated. To be wiped by its owner with spice_ticket_wipe(). */
struct spice_ticket_password {
	char text[SPICE_TICKET_PASSWORD_MAX + 1];
};

/* -EBADMSG: not encrypted with this key, or too long; -ENOMEM. */
int spice_ticket_decrypt(struct spice_ticket_key *key, const uint8_t ticket[SPICE_LINK_TICKET_BYTES],
		struct spice_ticket_password *ret);
void spice_ticket_wipe(struct spice_ticket_password *password);
/*
 * Of a ticket with the right password: notes that it was let in. -EALREADY: it had
 * been; -ENOSPC: so have SPICE_TICKET_TAKEN_MAX with this key; -ENOMEM.
 */
int spice_ticket_take(struct spice_ticket_key *key, const uint8_t ticket[SPICE_LINK_TICKET_BYTES]);
#define SPICE_TICKET_TAKEN_MAX 4096
/* The client's side of it. public as in a reply. -EBADMSG: no such key; -EIO, -ENOMEM. */
int spice_ticket_encrypt(const uint8_t public[SPICE_LINK_KEY_BYTES], const char *password,
		uint8_t ret[SPICE_LINK_TICKET_BYTES]);

/*
 * Is it the password in the file? 0: yes. -EACCES: no. -EKEYEXPIRED: it would
 * be, but the file was last written longer than lifetime_ns ago (0: never). Any
 * other negative errno: the file is of no use, and *ret_error, a constant, says
 * why. Takes as long for a wrong password as for a right one.
 */
int spice_ticket_check(const char *password_file, int64_t lifetime_ns,
		const struct spice_ticket_password *password, const char **ret_error);
/* Could the file serve spice_ticket_check()? 0 or as there, without -EACCES. */
int spice_ticket_check_file(const char *password_file, int64_t lifetime_ns, const char **ret_error);

/*
 * What tells a viewer's later channels' password from others without keeping it:
 * a keyed digest, good in this process only. 0, -EIO.
 */
int spice_ticket_digest(const struct spice_ticket_password *password,
		uint8_t ret[SPICE_TICKET_DIGEST_BYTES]);

#endif
