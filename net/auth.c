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

static bool matches(const char password[PASSWORD_BYTES], const uint8_t challenge[RFB_CHALLENGE_BYTES],
		const uint8_t response[RFB_CHALLENGE_BYTES])
{
	uint8_t expected[RFB_CHALLENGE_BYTES];
	bool same;

	encrypt((const uint8_t *)password, challenge, expected);
	same = !CRYPTO_memcmp(expected, response, sizeof(expected));
	OPENSSL_cleanse(expected, sizeof(expected));
	return same;
}

bool auth_matches_vnc(const char *password, const uint8_t challenge[RFB_CHALLENGE_BYTES],
		const uint8_t response[RFB_CHALLENGE_BYTES])
{
	char start[PASSWORD_BYTES] = { 0 };
	bool same;

	memcpy(start, password, strnlen(password, sizeof(start)));
	same = matches(start, challenge, response);
	OPENSSL_cleanse(start, sizeof(start));
	return same;
}

int auth_check_vnc(const char *password_file, const uint8_t challenge[RFB_CHALLENGE_BYTES],
		const uint8_t response[RFB_CHALLENGE_BYTES], const char **ret_error)
{
	char password[PASSWORD_BYTES];
	int r;

	r = password_file_read(password_file, password, sizeof(password), NULL, ret_error);
	if (r < 0)
		return r;
	r = matches(password, challenge, response) ? 0 : -EACCES;
	OPENSSL_cleanse(password, sizeof(password));
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
