/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's part in the clipboard by QEMU's D-Bus display (org.qemu.Display1.Clipboard): where QEMU speaks with
 * the agent in the guest itself (-chardev qemu-vdagent,clipboard=on).
 *
 * QEMU stands still, and the guest with it, while it waits for a text that it has asked for. So what a viewer has
 * is fetched before QEMU is told of it, and kept until something newer is there. A text of the guest's is in
 * memory as a whole before it can be found too long; QEMU's messages end at 128 MiB.
 *
 * Loop thread; the bus makes its connection again by itself. QEMU serves one such peer: another one before us is
 * said once in the log.
 */
#ifndef PLANECAST_SERVER_QEMU_CLIPBOARD_H
#define PLANECAST_SERVER_QEMU_CLIPBOARD_H

struct clipboard;
struct qemu_bus;
struct qemu_clipboard;

/* Takes part in clipboard whenever QEMU lets it. -ENOMEM. */
int qemu_clipboard_new(struct qemu_bus *bus, struct clipboard *clipboard, struct qemu_clipboard **ret);
/* Before both. NULL is fine. */
void qemu_clipboard_free(struct qemu_clipboard *qemu);

#endif
