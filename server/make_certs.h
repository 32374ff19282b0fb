/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * planecastd --make-certs: a small CA, and certificates of it for a server and a
 * viewer, for who has no CA of his own. Any thread.
 */
#ifndef PLANECAST_SERVER_MAKE_CERTS_H
#define PLANECAST_SERVER_MAKE_CERTS_H

#include <stdio.h>

/* The files, in the order in which they are made. Keys have mode 0600. */
#define MAKE_CERTS_CA "ca.pem"
#define MAKE_CERTS_CA_KEY "ca-key.pem"
#define MAKE_CERTS_SERVER "server.pem"
#define MAKE_CERTS_SERVER_KEY "server-key.pem"
#define MAKE_CERTS_CLIENT "client.pem"
#define MAKE_CERTS_CLIENT_KEY "client-key.pem"

struct options;

/*
 * Makes the directory (mode 0700), unless there is one, and the files. names (NULL at
 * their end) are host names and IP addresses by which the server is called; none: the
 * host's name and loopback. What was made, and the fingerprint, is printed to out. 0;
 * negative errno after one line on stderr: -EEXIST, one of the files is there already.
 * No file is then left that was not there before.
 */
int make_certs(const char *directory, const char *const *names, FILE *out);

/* The same as an exit status. */
int make_certs_run(const struct options *options);

#endif
