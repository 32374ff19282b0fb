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
 * Does what the library has to do now, for all instances, when the loop is not
 * there to do it: waits at most so long for its descriptors. Timers rest.
 */
void spice_core_turn(int timeout_ms);

#endif
