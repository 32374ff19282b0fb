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
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/des.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWORD_BYTES 8

static int refuse(int error, const char *text, const char **ret_error)
{
	*ret_error = text;
	return error;
}

/*
 * systemd shows a service its credentials through an ACL, whose mask stands where
 * the group's permissions do: mode 0440, though nobody else can come near.
 */
static bool is_credential(const char *path)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	size_t length = directory ? strlen(directory) : 0;

	return length && !strncmp(path, directory, length) && path[length] == '/' &&
			!strchr(path + length + 1, '/');
}

/* Zero padded. */
static int read_password(const char *path, uint8_t ret[PASSWORD_BYTES], const char **ret_error)
{
	uint8_t line[PASSWORD_BYTES + 1];
	struct stat st;
	ssize_t bytes;
	size_t length = 0;
	int fd, r = 0;

	/* O_NONBLOCK: a FIFO in the file's place must not stop the loop. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return refuse(-errno, "cannot be opened", ret_error);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		r = refuse(-EINVAL, "is not a regular file", ret_error);
		goto out;
	}
	if (st.st_mode & (is_credential(path) ? S_IWGRP | S_IRWXO : S_IRWXG | S_IRWXO)) {
		r = refuse(-EPERM, "is open to group or others (expected mode 0600)", ret_error);
		goto out;
	}
	bytes = read(fd, line, sizeof(line));
	if (bytes < 0) {
		r = refuse(-errno, "cannot be read", ret_error);
		goto out;
	}
	while (length < (size_t)bytes && length < PASSWORD_BYTES && line[length] != '\n' &&
			line[length] != '\r' && line[length] != '\0')
		length++;
	if (!length) {
		r = refuse(-EINVAL, "has no password in its first line", ret_error);
		goto out;
	}
	memset(ret, 0, PASSWORD_BYTES);
	memcpy(ret, line, length);
out:
	OPENSSL_cleanse(line, sizeof(line));
	close(fd);
	return r;
}

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
	uint8_t password[PASSWORD_BYTES];
	int r;

	r = read_password(password_file, password, ret_error);
	if (r < 0)
		return r == -EACCES ? -EPERM : r;
	encrypt(password, challenge, expected);
	r = CRYPTO_memcmp(expected, response, sizeof(expected)) ? -EACCES : 0;
	OPENSSL_cleanse(password, sizeof(password));
	OPENSSL_cleanse(expected, sizeof(expected));
	return r;
}

int auth_check_file(const char *password_file, const char **ret_error)
{
	uint8_t password[PASSWORD_BYTES];
	int r;

	r = read_password(password_file, password, ret_error);
	OPENSSL_cleanse(password, sizeof(password));
	return r;
}
