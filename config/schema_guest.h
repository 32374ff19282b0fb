/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of the table in config/schema.c that are about talking to the guest and its QEMU: included there only. */
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
		       "missing while QEMU does not run. Needed where source is dbus.",
	},
	{
		VM("keymap", keymap),
		.type = SCHEMA_LAYOUT,
		LAYOUT_RANGE,
		.default_text = "us",
		.reload = SCHEMA_RESTART,
		.doc = "The keyboard layout of the guest, as XKB names it, with its variant if it has one. "
		       "Used for viewers that send characters instead of key codes.",
	},
