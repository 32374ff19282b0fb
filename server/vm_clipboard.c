// SPDX-License-Identifier: GPL-2.0-or-later
/* The ways to the guest's clipboard that are configured. */
#include "server/vm_clipboard.h"

#include "config/config.h"
#include "server/clipboard.h"
#include "server/guest_agent.h"
#include "server/qemu_clipboard.h"

int vm_clipboard_init(struct vm_clipboard *all, struct event_base *base, const struct config_vm *config,
		struct qemu_bus *bus)
{
	int r;

	/* Viewers would offer what nobody takes. */
	if (!config->vdagent && !bus)
		return 0;
	r = clipboard_new(base, config, &all->clipboard);
	if (!r && config->vdagent)
		r = guest_agent_new(base, config->vdagent, all->clipboard, &all->agent);
	if (!r && bus)
		r = qemu_clipboard_new(bus, all->clipboard, &all->qemu);
	return r;
}

void vm_clipboard_finish(struct vm_clipboard *all)
{
	guest_agent_free(all->agent);
	qemu_clipboard_free(all->qemu);
	clipboard_free(all->clipboard);
	*all = (struct vm_clipboard){ .clipboard = NULL };
}
