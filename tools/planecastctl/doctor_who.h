/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As whom the server does what it does, and what it so may. */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_WHO_H
#define PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DOCTOR_GROUPS_MAX 64
#define DOCTOR_SERVICE_USER "planecast"

struct doctor_who {
	pid_t pid; /* the server; 0: it does not run */
	uid_t uid;
	gid_t gid;
	unsigned int n_groups;
	gid_t groups[DOCTOR_GROUPS_MAX];
	uint64_t capabilities; /* effective */
	bool guessed; /* it does not run, and this is who asks */
	char name[32]; /* of the user, or its number */
};

/* pid as above; without one it is the service's user, where there is one, or else who asks. */
void doctor_who_find(pid_t pid, struct doctor_who *ret);
/*
 * 0, or a negative errno: whether path may be had so (R_OK and so on) by them, and, if the server runs, where it sees
 * files. Who is neither root nor them is answered for himself.
 */
int doctor_who_may(const struct doctor_who *who, const char *path, int mode);
bool doctor_who_has(const struct doctor_who *who, unsigned int capability);

/* Pure: fills in uid, gid, groups and capabilities from the text of /proc/PID/status. -EINVAL: it has no uid. */
int doctor_who_parse(const char *text, struct doctor_who *ret);

#endif
