/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where libva is to look for drivers, so that it finds the software driver also where that
 * was built or installed elsewhere. libva knows one way to be told, the environment.
 */
#ifndef PLANECAST_ENCODERS_VA_PATH_H
#define PLANECAST_ENCODERS_VA_PATH_H

/* libva's variable: directories, with colons between. */
#define VA_PATH_ENV "LIBVA_DRIVERS_PATH"

/*
 * Looks beside this program (a build directory) and then where the driver was installed, and
 * adds that to where libva looks by itself, in the environment of this process and those it
 * starts. Whoever has set the variable already is obeyed. Before any thread is started.
 */
void va_path_init(void);

/*
 * The variable's value for a driver in one of the directories, the first first; to be freed.
 * NULL: it is in none, libva finds it there anyway, or there is no memory.
 */
char *va_path_find(const char *const directories[], unsigned int count, const char *libva);

#endif
