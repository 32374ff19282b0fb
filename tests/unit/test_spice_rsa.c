// SPDX-License-Identifier: GPL-2.0-or-later
/* Who gets the one key, and who a new one. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <string.h>

#include "net/spice_rsa.h"

static RSA *make(int bits)
{
	BIGNUM *exponent = BN_new();
	RSA *rsa = RSA_new();

	assert_true(exponent && rsa && BN_set_word(exponent, RSA_F4));
	assert_true(RSA_generate_key_ex(rsa, bits, exponent, NULL));
	assert_int_equal(RSA_bits(rsa), bits);
	BN_free(exponent);
	return rsa;
}

/* Of two keys made one after the other. */
static bool are_same(RSA *one, RSA *other)
{
	bool same = BN_cmp(RSA_get0_n(one), RSA_get0_n(other)) == 0;

	RSA_free(one);
	RSA_free(other);
	return same;
}

static void a_lent_key_is_the_same_and_works(void **state)
{
	uint8_t secret[128], text[128];
	RSA *rsa;

	(void)state;
	assert_int_equal(spice_rsa_init(), 0);
	assert_int_equal(spice_rsa_init(), 0);
	spice_rsa_lend(true);
	assert_true(are_same(make(1024), make(1024)));
	rsa = make(1024);
	spice_rsa_lend(false);
	assert_int_equal(RSA_check_key(rsa), 1);
	assert_int_equal(RSA_public_encrypt(1, (const uint8_t *)"", secret, rsa, RSA_PKCS1_OAEP_PADDING), 128);
	assert_int_equal(RSA_private_decrypt(128, secret, text, rsa, RSA_PKCS1_OAEP_PADDING), 1);
	RSA_free(rsa);
}

static void all_others_are_new(void **state)
{
	(void)state;
	assert_int_equal(spice_rsa_init(), 0);
	assert_false(are_same(make(1024), make(1024)));
	spice_rsa_lend(true);
	assert_false(are_same(make(1032), make(1032)));
	spice_rsa_lend(false);
}

static void *make_by_evp(void *data)
{
	(void)data;
	return EVP_RSA_gen(1024);
}

static void another_threads_are_new(void **state)
{
	EVP_PKEY *pairs[2];
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(spice_rsa_init(), 0);
	spice_rsa_lend(true);
	pairs[0] = make_by_evp(NULL);
	assert_int_equal(pthread_create(&thread, NULL, make_by_evp, NULL), 0);
	pthread_join(thread, &result);
	pairs[1] = result;
	spice_rsa_lend(false);
	assert_true(pairs[0] && pairs[1]);
	assert_false(EVP_PKEY_eq(pairs[0], pairs[1]) == 1);
	EVP_PKEY_free(pairs[0]);
	EVP_PKEY_free(pairs[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lent_key_is_the_same_and_works),
		cmocka_unit_test(all_others_are_new),
		cmocka_unit_test(another_threads_are_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
