// SPDX-License-Identifier: GPL-2.0-or-later
/* A way of making RSA keys that is to copy one. */
/* The library uses the functions that OpenSSL 3 would like to see the last of, so this does. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "net/spice_rsa.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/rsa.h>
#include <spice/protocol.h>

static RSA *shared;
static _Thread_local bool lending;

/* What set() keeps is its own from then on. False: out of memory, or it does not like them. */
static bool copy(RSA *to, int (*set)(RSA *to, BIGNUM *, BIGNUM *, BIGNUM *), const BIGNUM *a, const BIGNUM *b,
		const BIGNUM *c)
{
	BIGNUM *copies[3] = { BN_dup(a), BN_dup(b), c ? BN_dup(c) : NULL };

	if (copies[0] && copies[1] && (copies[2] || !c) && set(to, copies[0], copies[1], copies[2]))
		return true;
	for (size_t i = 0; i < 3; i++)
		BN_clear_free(copies[i]);
	return false;
}

static int set_factors(RSA *to, BIGNUM *p, BIGNUM *q, BIGNUM *none)
{
	(void)none;
	return RSA_set0_factors(to, p, q);
}

static bool copy_key(RSA *to, const RSA *from)
{
	const BIGNUM *n, *e, *d, *p, *q, *dmp1, *dmq1, *iqmp;

	RSA_get0_key(from, &n, &e, &d);
	RSA_get0_factors(from, &p, &q);
	RSA_get0_crt_params(from, &dmp1, &dmq1, &iqmp);
	return copy(to, RSA_set0_key, n, e, d) && copy(to, set_factors, p, q, NULL) &&
			copy(to, RSA_set0_crt_params, dmp1, dmq1, iqmp);
}

static int make_key(RSA *rsa, int bits, BIGNUM *exponent, BN_GENCB *progress)
{
	const RSA_METHOD *method = RSA_get_method(rsa);
	int done;

	if (lending && bits == SPICE_TICKET_KEY_PAIR_LENGTH && BN_is_word(exponent, RSA_F4))
		return copy_key(rsa, shared);
	RSA_set_method(rsa, RSA_PKCS1_OpenSSL());
	done = RSA_generate_key_ex(rsa, bits, exponent, progress);
	RSA_set_method(rsa, method);
	return done;
}

/* NULL: out of memory. */
static RSA *make_shared(void)
{
	BIGNUM *exponent = BN_new();
	RSA *rsa = RSA_new();

	if (!exponent || !rsa || !BN_set_word(exponent, RSA_F4) ||
			!RSA_generate_key_ex(rsa, SPICE_TICKET_KEY_PAIR_LENGTH, exponent, NULL)) {
		RSA_free(rsa);
		rsa = NULL;
	}
	BN_free(exponent);
	return rsa;
}

int spice_rsa_init(void)
{
	RSA_METHOD *method;

	if (shared)
		return 0;
	method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
	if (!method)
		return -ENOMEM;
	shared = make_shared();
	if (!shared || !RSA_meth_set_keygen(method, make_key)) {
		RSA_free(shared);
		shared = NULL;
		RSA_meth_free(method);
		return -EIO;
	}
	RSA_set_default_method(method);
	return 0;
}

void spice_rsa_lend(bool lend)
{
	lending = lend && shared;
}
