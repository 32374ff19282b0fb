/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libevent as libspice-server's main loop, and planecast's log as its log. Loop
 * thread: the library calls what is here from nowhere else, but for the log.
 */
#ifndef PLANECAST_NET_SPICE_CORE_H
#define PLANECAST_NET_SPICE_CORE_H

struct SpiceCoreInterface;
struct event_base;

/*
 * The library passes no pointer of ours back, so this is one a process, and base
 * is the loop for the timers and watches of instances made from now on. Static.
 * Messages of the library go to the log from the first call on.
 */
struct SpiceCoreInterface *spice_core(struct event_base *base);
/*
 * What one instance watches takes memory, which the library does not survive the
 * want of: it is set aside before the instance is made and given back once it is
 * destroyed. Instances are made without that where nobody minds. -ENOMEM.
 */
int spice_core_reserve(void);
void spice_core_release(void);
/* The same for fd, which the library is to watch next. -ENOMEM. */
int spice_core_expect(struct event_base *base, int fd);
/*
 * Does what the library has to do now, for all instances, when the loop is not
 * there to do it: waits at most so long for its descriptors. Timers rest.
 */
void spice_core_turn(int timeout_ms);

#endif
