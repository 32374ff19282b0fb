/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passwords of the VNC password file: its first line, of which VNC
 * authentication uses 8 bytes (RFC 6143 7.2.2). Read anew each time, so that a
 * changed file counts from the next client on, and wiped from memory after use.
 * Any thread.
 */
#ifndef PLANECAST_NET_AUTH_H
#define PLANECAST_NET_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "net/rfb.h"

/*
 * Is the response what the challenge becomes under the password? 0: yes.
 * -EACCES: no. Any other negative errno: the file is of no use, and
 * *ret_error, a constant, says why.
 */
int auth_check_vnc(const char *password_file, const uint8_t challenge[RFB_CHALLENGE_BYTES],
		const uint8_t response[RFB_CHALLENGE_BYTES], const char **ret_error);

/* The same of a password that is no file's, NUL terminated, of which 8 bytes count. */
bool auth_matches_vnc(const char *password, const uint8_t challenge[RFB_CHALLENGE_BYTES],
		const uint8_t response[RFB_CHALLENGE_BYTES]);

/* Could the file serve auth_check_vnc()? 0 or as there. */
int auth_check_file(const char *password_file, const char **ret_error);

#endif
