/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libvirt's description of a virtual machine (virsh dumpxml, or what virt-install prints) says that matters to
 * planecast. The file is somebody's text: what is too long or too much is cut or left out, and nothing outside it is
 * ever read. Pure; any thread.
 *
 * Source: https://libvirt.org/formatdomain.html
 */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_DOMAIN_H
#define PLANECAST_TOOLS_PLANECASTCTL_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#define DOMAIN_TEXT_MAX 256
#define DOMAIN_PATH_MAX 108 /* of a unix socket */
#define DOMAIN_HOSTDEVS_MAX 16
#define DOMAIN_PORTS_MAX 16
#define DOMAIN_ERROR_MAX 160
#define DOMAIN_BYTES_MAX (4 * 1024 * 1024)

struct domain_hostdev {
	bool mdev;
	char device[64]; /* UUID, or PCI address, as vfio-device takes them; "": not said, or neither */
	bool display, ramfb;
};

enum domain_agent {
	DOMAIN_AGENT_NONE,
	DOMAIN_AGENT_SPICE, /* libvirt's spicevmc: for QEMU's own SPICE server only */
	DOMAIN_AGENT_QEMU, /* qemu-vdagent: the clipboard of QEMU's own VNC */
	DOMAIN_AGENT_SOCKET,
};

struct domain {
	char name[DOMAIN_TEXT_MAX];
	char title[DOMAIN_TEXT_MAX]; /* "": none */
	unsigned int n_hostdevs;
	struct domain_hostdev hostdevs[DOMAIN_HOSTDEVS_MAX];
	bool emulated_display; /* a <video> that is not none */
	bool dbus, dbus_p2p; /* <graphics type='dbus'> */
	char dbus_address[DOMAIN_PATH_MAX + 16]; /* "unix:path=..."; "": not said, or another kind */
	bool spice, vnc; /* QEMU's own */
	unsigned int n_ports; /* that these take */
	unsigned int ports[DOMAIN_PORTS_MAX];
	bool tablet;
	enum domain_agent agent;
	char agent_path[DOMAIN_PATH_MAX]; /* of DOMAIN_AGENT_SOCKET; "": libvirt chooses it */
	char qmp[DOMAIN_PATH_MAX]; /* absolute: a monitor that <qemu:commandline> adds; "": none */
};

/* 0; -EINVAL and error, "line 3: ..."; -ENOMEM. */
int domain_parse(const char *text, size_t bytes, struct domain *ret, char error[DOMAIN_ERROR_MAX]);

#endif
