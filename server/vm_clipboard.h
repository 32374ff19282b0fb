/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM's clipboard and what of the guest takes part in it, made and ended as one. Loop thread. */
#ifndef PLANECAST_SERVER_VM_CLIPBOARD_H
#define PLANECAST_SERVER_VM_CLIPBOARD_H

struct clipboard;
struct config_vm;
struct event_base;
struct guest_agent;

/* All zero: none. */
struct vm_clipboard {
	struct clipboard *clipboard; /* NULL: there is no way to the guest's */
	struct guest_agent *agent; /* NULL: not by its agent */
};

/* config is borrowed. -ENOMEM, -EINVAL; finish it then, too. */
int vm_clipboard_init(struct vm_clipboard *all, struct event_base *base, const struct config_vm *config);
/* Viewers have left it. */
void vm_clipboard_finish(struct vm_clipboard *all);

#endif
