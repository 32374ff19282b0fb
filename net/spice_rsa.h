/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libspice-server makes an RSA key for each link, on the loop's thread, which
 * takes 10 to 50 ms: four times for each viewer, with all other viewers waiting.
 * On its links are only our own fronts, with empty passwords, so nothing is lost
 * when it gets the same key each time: OpenSSL lets a program make keys its way.
 */
#ifndef PLANECAST_NET_SPICE_RSA_H
#define PLANECAST_NET_SPICE_RSA_H

#include <stdbool.h>

/*
 * Takes OpenSSL's making of keys over, for the whole process, and makes the one
 * key. Any number of times. -ENOMEM, -EIO: it has not, and keys take their time.
 */
int spice_rsa_init(void);
/*
 * From now on, or no longer, this thread gets copies of that key where it asks for
 * a new one of the same kind. Other threads, and this one otherwise, get new keys.
 */
void spice_rsa_lend(bool lend);

#endif
