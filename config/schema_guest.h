/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of the table in config/schema.c that are ways into the guest, and a part of it: included there only. */
	{
		VM("qmp", qmp),
		.type = SCHEMA_PATH,
		SOCKET_RANGE,
		.default_text = "",
		.reload = SCHEMA_RESTART,
		.doc = "The unix socket of QEMU's QMP monitor, through which keys and pointer reach the "
		       "guest. It may be missing while QEMU does not run. Not set: no input.",
	},
	{
		VM("dbus", dbus),
		.type = SCHEMA_BUS,
		TEXT_RANGE,
		.default_text = "",
		.reload = SCHEMA_RESTART,
		.doc = "Where QEMU's D-Bus display is: the address of a D-Bus that is the VM's alone, like "
		       "unix:path=/run/qemu/win11.bus (QEMU: -display dbus,addr=unix:path=/run/qemu/win11.bus), "
		       "or p2p to be given a connection through qmp (QEMU: -display dbus,p2p=yes). It may be "
		       "missing while QEMU does not run. Where dbus is among the sources, keys and pointer go "
		       "there, too. Needed where source is dbus.",
	},
	{
		VM("keymap", keymap),
		.type = SCHEMA_LAYOUT,
		LAYOUT_RANGE,
		.default_text = "us",
		.reload = SCHEMA_RESTART,
		.doc = "The keyboard layout of the guest, as XKB names it, with its variant if it has one. "
		       "Viewers that send characters instead of key codes have them typed on its keys, "
		       "with the Shift, AltGr and dead keys that they need there.",
	},
	{
		VM("clipboard", clipboard),
		.type = SCHEMA_ENUM,
		.words = schema_clipboard_words,
		.default_text = "both",
		.reload = SCHEMA_LIVE,
		.doc = "Which way text goes between the clipboards of the guest and of viewers that may control it: "
		       "both, only to-guest, only from-guest, or neither with off. It is fetched when somebody "
		       "pastes, and never goes from one viewer to another, nor to or from viewers that may only "
		       "watch.",
	},
	{
		VM("vdagent", vdagent),
		.type = SCHEMA_PATH,
		SOCKET_RANGE,
		.default_text = "",
		.reload = SCHEMA_RESTART,
		.doc = "The unix socket of QEMU's character device for the virtio port com.redhat.spice.0, through "
		       "which the agent in the guest (spice-vdagent) has a part in the clipboard. It may be missing "
		       "while QEMU does not run; nobody else may be connected to it. Not set: by D-Bus, "
		       "where there is a dbus display whose QEMU speaks with the agent itself.",
	},
