/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM's clipboard and what of the guest takes part in it, made and ended as one. Loop thread. */
#ifndef PLANECAST_SERVER_VM_CLIPBOARD_H
#define PLANECAST_SERVER_VM_CLIPBOARD_H

struct clipboard;
struct config_vm;
struct event_base;
struct guest_agent;
struct qemu_bus;
struct qemu_clipboard;

/* All zero: none. */
struct vm_clipboard {
	struct clipboard *clipboard; /* NULL: there is no way to the guest's */
	struct guest_agent *agent; /* NULL: not by its agent */
	struct qemu_clipboard *qemu; /* NULL: not by D-Bus */
};

/* config and bus are borrowed; bus NULL: there is none. -ENOMEM, -EINVAL; finish it then, too. */
int vm_clipboard_init(struct vm_clipboard *all, struct event_base *base, const struct config_vm *config,
		struct qemu_bus *bus);
/* Viewers have left it, and bus is still there. */
void vm_clipboard_finish(struct vm_clipboard *all);

#endif
