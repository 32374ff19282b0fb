/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent in the guest (spice-vdagent), as far as it is about the clipboard: through the unix socket of
 * QEMU's character device behind the virtio port com.redhat.spice.0. Whoever else is connected to that
 * socket, a SPICE server of QEMU's own for one, has the agent for himself.
 *
 * Loop thread; asynchronous; reconnects by itself. The process ignores SIGPIPE. What the guest does not
 * take is never more than one text and a few words.
 */
#ifndef PLANECAST_SERVER_GUEST_AGENT_H
#define PLANECAST_SERVER_GUEST_AGENT_H

struct clipboard;
struct event_base;
struct guest_agent;

/*
 * A socket that is not there is a warning in the log, once per change, and is tried again with back-off
 * (0.1 s .. 2 s). The agent takes part in clipboard while there is one that can. -EINVAL, -ENOMEM.
 */
int guest_agent_new(struct event_base *base, const char *path, struct clipboard *clipboard,
		struct guest_agent **ret);
/* Before clipboard. NULL is fine. */
void guest_agent_free(struct guest_agent *agent);

#endif
