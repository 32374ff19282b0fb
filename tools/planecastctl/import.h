/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A section of planecast's configuration for a domain of libvirt's, with what is left to do as comments. */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_IMPORT_H
#define PLANECAST_TOOLS_PLANECASTCTL_IMPORT_H

#include <stdio.h>

#include "tools/planecastctl/commands.h"

struct domain;

/* Where sockets between QEMU and planecast are proposed: planecast-hosts(7) says how the folder is made. */
#define IMPORT_FOLDER "/run/planecast-qemu"

/* port: free as far as is known; the next one is proposed for SPICE. */
void import_write(const struct domain *domain, unsigned int port, FILE *out);

/* The command. */
int import_run(struct ctl *ctl, char **arguments);

#endif
