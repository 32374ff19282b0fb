/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, which the broker works with
 * (server/broker/broker.h) and nobody else. The service manager gives them to
 * the supervisor as ambient capabilities, which every program that is started inherits;
 * so the supervisor puts them away, and passes them on to the broker only. Where
 * it has none there is nothing to do; root has all of them in any case.
 */
#ifndef PLANECAST_SERVER_PRIVILEGES_H
#define PLANECAST_SERVER_PRIVILEGES_H

/* From now on they are in no use here, and no program that is started gets them. Once, while there is one thread. */
void privileges_put_away(void);
/* In a child, before exec: the program gets them. Async-signal-safe. */
void privileges_pass_on(void);

#endif
