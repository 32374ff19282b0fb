// SPDX-License-Identifier: GPL-2.0-or-later
/* RSA keys, what is encrypted with them, and the password it has to be. */
#include "net/spice_ticket.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "net/password_file.h"
#include "server/clock.h"

#define KEY_BITS 1024u
/* Of a ticket; where its padding is random, so is every byte of it. */
#define TAKEN_BYTES 16

struct spice_ticket_key {
	atomic_int refcount;
	EVP_PKEY *pair;
	uint8_t public[SPICE_LINK_KEY_BYTES];
	/* Starts of tickets that have been let in. */
	uint8_t (*taken)[TAKEN_BYTES];
	unsigned int n_taken, room;
};

int spice_ticket_key_new(struct spice_ticket_key **ret)
{
	struct spice_ticket_key *key = calloc(1, sizeof(*key));
	uint8_t *at = key ? key->public : NULL;

	if (!key)
		return -ENOMEM;
	atomic_init(&key->refcount, 1);
	key->pair = EVP_RSA_gen(KEY_BITS);
	if (!key->pair || i2d_PUBKEY(key->pair, NULL) != SPICE_LINK_KEY_BYTES ||
			i2d_PUBKEY(key->pair, &at) != SPICE_LINK_KEY_BYTES) {
		spice_ticket_key_unref(key);
		return -EIO;
	}
	*ret = key;
	return 0;
}

struct spice_ticket_key *spice_ticket_key_ref(struct spice_ticket_key *key)
{
	atomic_fetch_add_explicit(&key->refcount, 1, memory_order_relaxed);
	return key;
}

struct spice_ticket_key *spice_ticket_key_unref(struct spice_ticket_key *key)
{
	if (key && atomic_fetch_sub_explicit(&key->refcount, 1, memory_order_acq_rel) == 1) {
		EVP_PKEY_free(key->pair);
		free(key->taken);
		free(key);
	}
	return NULL;
}

const uint8_t *spice_ticket_key_public(const struct spice_ticket_key *key)
{
	return key->public;
}

/* NULL: no memory. */
static EVP_PKEY_CTX *new_context(EVP_PKEY *pair, int (*init)(EVP_PKEY_CTX *context))
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pair, NULL);

	if (context && (init(context) <= 0 || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) <= 0)) {
		EVP_PKEY_CTX_free(context);
		return NULL;
	}
	return context;
}

int spice_ticket_decrypt(struct spice_ticket_key *key, const uint8_t ticket[SPICE_LINK_TICKET_BYTES],
		struct spice_ticket_password *ret)
{
	uint8_t text[SPICE_LINK_TICKET_BYTES] = { 0 };
	size_t bytes = sizeof(text), length;
	EVP_PKEY_CTX *context = new_context(key->pair, EVP_PKEY_decrypt_init);
	int r = 0;

	if (!context)
		return -ENOMEM;
	if (EVP_PKEY_decrypt(context, text, &bytes, ticket, SPICE_LINK_TICKET_BYTES) <= 0)
		r = -EBADMSG;
	length = r < 0 ? 0 : strnlen((const char *)text, bytes);
	if (length > SPICE_TICKET_PASSWORD_MAX)
		r = -EBADMSG;
	if (!r) {
		memset(ret->text, 0, sizeof(ret->text));
		memcpy(ret->text, text, length);
	}
	OPENSSL_cleanse(text, sizeof(text));
	EVP_PKEY_CTX_free(context);
	return r;
}

void spice_ticket_wipe(struct spice_ticket_password *password)
{
	OPENSSL_cleanse(password, sizeof(*password));
}

int spice_ticket_take(struct spice_ticket_key *key, const uint8_t ticket[SPICE_LINK_TICKET_BYTES])
{
	unsigned int room = key->room ? key->room * 2 : 16;
	uint8_t (*taken)[TAKEN_BYTES];

	for (unsigned int i = 0; i < key->n_taken; i++) {
		if (!memcmp(key->taken[i], ticket, TAKEN_BYTES))
			return -EALREADY;
	}
	if (key->n_taken == SPICE_TICKET_TAKEN_MAX)
		return -ENOSPC;
	if (key->n_taken == key->room) {
		taken = realloc(key->taken, room * sizeof(*taken));
		if (!taken)
			return -ENOMEM;
		key->taken = taken;
		key->room = room;
	}
	memcpy(key->taken[key->n_taken++], ticket, TAKEN_BYTES);
	return 0;
}

int spice_ticket_encrypt(const uint8_t public[SPICE_LINK_KEY_BYTES], const char *password,
		uint8_t ret[SPICE_LINK_TICKET_BYTES])
{
	const uint8_t *at = public;
	EVP_PKEY *pair = d2i_PUBKEY(NULL, &at, SPICE_LINK_KEY_BYTES);
	uint8_t ticket[SPICE_LINK_TICKET_BYTES];
	size_t bytes = sizeof(ticket);
	EVP_PKEY_CTX *context = NULL;
	int r = 0;

	if (!pair || EVP_PKEY_get_base_id(pair) != EVP_PKEY_RSA || EVP_PKEY_get_bits(pair) != (int)KEY_BITS) {
		r = -EBADMSG;
		goto out;
	}
	context = new_context(pair, EVP_PKEY_encrypt_init);
	if (!context) {
		r = -ENOMEM;
		goto out;
	}
	if (EVP_PKEY_encrypt(context, ticket, &bytes, (const uint8_t *)password, strlen(password) + 1) <= 0 ||
			bytes != sizeof(ticket))
		r = -EIO;
	else
		memcpy(ret, ticket, sizeof(ticket));
out:
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(pair);
	return r;
}

/* Reads the file; -EKEYEXPIRED leaves *ret_expected filled, so that a wrong password is still told apart. */
static int read_expected(const char *password_file, int64_t lifetime_ns,
		struct spice_ticket_password *ret_expected, const char **ret_error)
{
	int64_t written_ns;
	int r;

	memset(ret_expected, 0, sizeof(*ret_expected));
	r = password_file_read(password_file, ret_expected->text, sizeof(ret_expected->text), &written_ns,
			ret_error);
	if (r < 0)
		return r;
	if (ret_expected->text[SPICE_TICKET_PASSWORD_MAX]) {
		*ret_error = "has a password of more than 60 bytes, which no viewer can send";
		return -EINVAL;
	}
	if (lifetime_ns && clock_wall_ns() - written_ns > lifetime_ns) {
		*ret_error = "holds a password that has expired";
		return -EKEYEXPIRED;
	}
	return 0;
}

int spice_ticket_check(const char *password_file, int64_t lifetime_ns,
		const struct spice_ticket_password *password, const char **ret_error)
{
	struct spice_ticket_password expected;
	int r;

	r = read_expected(password_file, lifetime_ns, &expected, ret_error);
	if ((r == 0 || r == -EKEYEXPIRED) && CRYPTO_memcmp(&expected, password, sizeof(expected)))
		r = -EACCES;
	spice_ticket_wipe(&expected);
	return r;
}

int spice_ticket_check_file(const char *password_file, int64_t lifetime_ns, const char **ret_error)
{
	struct spice_ticket_password expected;
	int r;

	r = read_expected(password_file, lifetime_ns, &expected, ret_error);
	spice_ticket_wipe(&expected);
	return r;
}

static uint8_t digest_key[32];
static bool digest_key_made;

static void make_digest_key(void)
{
	digest_key_made = getrandom(digest_key, sizeof(digest_key), GRND_NONBLOCK) ==
			(ssize_t)sizeof(digest_key);
}

int spice_ticket_digest(const struct spice_ticket_password *password, uint8_t ret[SPICE_TICKET_DIGEST_BYTES])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint8_t digest[EVP_MAX_MD_SIZE];

	pthread_once(&once, make_digest_key);
	if (!digest_key_made || !HMAC(EVP_sha256(), digest_key, sizeof(digest_key),
			(const uint8_t *)password->text, sizeof(password->text), digest, NULL))
		return -EIO;
	memcpy(ret, digest, SPICE_TICKET_DIGEST_BYTES);
	return 0;
}
