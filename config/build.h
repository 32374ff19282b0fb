/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a configuration out of the texts of its files, one after the other.
 * Every problem is counted in problems; a configuration with problems is for
 * finding further ones only. Any thread.
 */
#ifndef PLANECAST_CONFIG_BUILD_H
#define PLANECAST_CONFIG_BUILD_H

#include "config/config.h"
#include "config/problem.h"

#include <stddef.h>

/* Without VMs, every [server] key at its default. 0 or -ENOMEM. */
int build_new(struct config **ret);
/* What a later text says about a key takes the place of what an earlier one said. 0 or -ENOMEM. */
int build_add_text(struct config *config, const char *name, const char *text, size_t bytes,
		struct problems *problems);
/* Behind the last text: the defaults that follow other keys. 0 or -ENOMEM. */
int build_finish(struct config *config);

#endif
