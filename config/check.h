/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that concern more than one key. Any thread. */
#ifndef PLANECAST_CONFIG_CHECK_H
#define PLANECAST_CONFIG_CHECK_H

#include "config/config.h"
#include "config/problem.h"

/* Values that were refused when read are not judged a second time. 0 or -ENOMEM. */
int check_config(const struct config *config, struct problems *problems);
/* Its part about ports that VMs share. */
void check_shared(const struct config *config, struct problems *problems);

#endif
