/* SPDX-License-Identifier: GPL-2.0-or-later */
/* planecastd --hash-password: a line for a users file. */
#ifndef PLANECAST_SERVER_HASH_PASSWORD_H
#define PLANECAST_SERVER_HASH_PASSWORD_H

struct options;

/*
 * Asks for the password twice where standard input is a terminal, reads its first
 * line where it is none, and prints the line. Returns the process's exit status.
 */
int hash_password(const struct options *options);

#endif
