/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many descriptors the limits of a VM let its worker need, and whether it can
 * have as many. Who comes when there are none is refused (net/listener.h): that is
 * no harm to others, but less than was configured. Any thread.
 */
#ifndef PLANECAST_SERVER_WORKER_FDS_H
#define PLANECAST_SERVER_WORKER_FDS_H

#include <stdint.h>

struct config_vm;

/* At most, with all viewers and all strangers there may be. */
int64_t worker_fds_needed(const struct config_vm *config);
/* Warns if this process may have less. */
void worker_fds_check(const struct config_vm *config);

#endif
