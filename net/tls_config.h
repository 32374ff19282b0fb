/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration's certificates: are they of use, and the use of them. Loop thread. */
#ifndef PLANECAST_NET_TLS_CONFIG_H
#define PLANECAST_NET_TLS_CONFIG_H

#include "config/config.h"
#include "net/tls.h"

/*
 * Reads the files of all VMs, and of [server] if it shows pages, and reports each that is of no
 * use as a problem of the line that names it, and so a port for VMs with certificates where there
 * is no certificate. 0, -EINVAL when there was any, -ENOMEM. Blocks on the disk.
 */
int tls_check_config(const struct config *config, config_report_fn report, void *user);

/*
 * Reads the files of a VM, anew if it has been before. Files that are of no use are an
 * error in the log, and what was read before stays. Blocks on the disk.
 */
void tls_configure(struct tls *tls, const struct config_vm *config);
/* The same of [server]. */
void tls_configure_server(struct tls *tls, const struct config_server *config);

#endif
