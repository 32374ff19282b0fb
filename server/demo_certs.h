/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The demo's certificate: of a CA that is made for one run, and whose key nobody keeps. */
#ifndef PLANECAST_SERVER_DEMO_CERTS_H
#define PLANECAST_SERVER_DEMO_CERTS_H

/* As remote-viewer writes it. */
#define DEMO_CERTS_SUBJECT "O=planecast,CN=localhost"

struct demo_certs {
	char *directory;
	char *ca, *certificate, *key; /* files there */
};

/* Makes a folder in directory, and in it a certificate for localhost. Negative errno, after saying why. */
int demo_certs_make(const char *directory, struct demo_certs *ret);
/* Removes the files. One that is zeroed is fine. */
void demo_certs_finish(struct demo_certs *certs);

#endif
