// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads the VNC password and checks a client's answer against it. */

/*
 * VNC authentication is single DES, for which OpenSSL 3 keeps these calls: no
 * provider, no state, no failure. (libvncserver's rfbEncryptBytes() leaves the
 * challenge as it is when libgcrypt refuses the key, and then an echo is right.)
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "net/auth.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/des.h>
#include <string.h>

#include "net/password_file.h"

#define PASSWORD_BYTES 8

/* VNC counts a key's bits from the other end. */
static uint8_t reverse_bits(uint8_t byte)
{
	byte = (uint8_t)((byte & 0xf0) >> 4 | (byte & 0x0f) << 4);
	byte = (uint8_t)((byte & 0xcc) >> 2 | (byte & 0x33) << 2);
	return (uint8_t)((byte & 0xaa) >> 1 | (byte & 0x55) << 1);
}

static void encrypt(const uint8_t password[PASSWORD_BYTES],
		const uint8_t challenge[RFB_CHALLENGE_BYTES], uint8_t ret[RFB_CHALLENGE_BYTES])
{
	DES_key_schedule schedule;
	DES_cblock key, block;

	for (size_t i = 0; i < PASSWORD_BYTES; i++)
		key[i] = reverse_bits(password[i]);
	DES_set_key_unchecked(&key, &schedule);
	for (size_t at = 0; at < RFB_CHALLENGE_BYTES; at += sizeof(block)) {
		memcpy(block, challenge + at, sizeof(block));
		DES_ecb_encrypt(&block, &block, &schedule, DES_ENCRYPT);
		memcpy(ret + at, block, sizeof(block));
	}
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(&schedule, sizeof(schedule));
}

int auth_check_vnc(const char *password_file, const uint8_t challenge[RFB_CHALLENGE_BYTES],
		const uint8_t response[RFB_CHALLENGE_BYTES], const char **ret_error)
{
	uint8_t expected[RFB_CHALLENGE_BYTES];
	char password[PASSWORD_BYTES];
	int r;

	r = password_file_read(password_file, password, sizeof(password), NULL, ret_error);
	if (r < 0)
		return r;
	encrypt((const uint8_t *)password, challenge, expected);
	r = CRYPTO_memcmp(expected, response, sizeof(expected)) ? -EACCES : 0;
	OPENSSL_cleanse(password, sizeof(password));
	OPENSSL_cleanse(expected, sizeof(expected));
	return r;
}

int auth_check_file(const char *password_file, const char **ret_error)
{
	char password[PASSWORD_BYTES];
	int r;

	r = password_file_read(password_file, password, sizeof(password), NULL, ret_error);
	OPENSSL_cleanse(password, sizeof(password));
	return r;
}
