/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * planecastctl doctor: why is it black? A table of checks (doctor.c), each a function that looks at one thing as
 * it is on this machine now and says what it found: all well, or what is wrong and how that is mended. Nothing is
 * changed, and a server that runs is only asked.
 *
 * What files, sockets, processes and the server say goes to a terminal: doctor_say() takes care of that. One thread.
 */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_H
#define PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "tools/planecastctl/commands.h"
#include "tools/planecastctl/doctor_who.h"

struct config;
struct config_vm;
struct json_object;

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_BAD, DOCTOR_VERDICTS };

struct doctor {
	struct ctl *ctl;
	bool running; /* ctl's link leads to a server */
	struct doctor_who who; /* the server, or who it will be as far as that can be told */
	const char *config_path;
	const struct config *config; /* NULL: there is none that can be used */
	const char *program; /* planecastd; NULL: not found */
	struct json_object *server_status; /* NULL: none runs, or it does not answer */

	const struct config_vm *vm; /* whose checks run; NULL: those of the host */
	struct json_object *vm_status; /* of it; NULL likewise */
	/* doctor_report.c's. */
	const char *check;
	enum doctor_verdict verdict;
	char *text, *fix; /* not yet told; NULL: nothing */
	struct json_object *findings; /* NULL: told as they come */
	const char *heading; /* told last */
	unsigned int counts[DOCTOR_VERDICTS];
};

struct doctor_check {
	const char *name; /* NULL ends the table */
	/* NULL: always. */
	bool (*applies)(const struct doctor *doctor);
	void (*run)(struct doctor *doctor);
};

/* The command. */
int doctor_run(struct ctl *ctl, char **arguments);

/* One thing that was found. */
void doctor_say(struct doctor *doctor, enum doctor_verdict verdict, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
/* How what was said last is mended. */
void doctor_fix(struct doctor *doctor, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What is said from now on is of that check. NULL: nothing more comes. */
void doctor_begin(struct doctor *doctor, const char *check);
/* An exit status, after the last words. */
int doctor_conclude(struct doctor *doctor);
/* Instead of doctor_conclude(). */
void doctor_discard(struct doctor *doctor);

/*
 * Where path may not be had as the server needs it (R_OK and so on), says so, with what is to be done. what: "the
 * socket", as in "the socket PATH".
 */
bool doctor_check_access(struct doctor *doctor, const char *what, const char *path, int mode);

/* doctor.c */
void doctor_check_server(struct doctor *doctor);
/* doctor_device.c */
void doctor_check_device(struct doctor *doctor);
void doctor_check_owner(struct doctor *doctor);
void doctor_check_permissions(struct doctor *doctor);
void doctor_check_launcher(struct doctor *doctor);
/* doctor_broker.c */
void doctor_check_broker(struct doctor *doctor);
/* doctor_picture.c */
void doctor_check_file(struct doctor *doctor);
void doctor_check_picture(struct doctor *doctor);
/* doctor_video.c */
void doctor_check_render_nodes(struct doctor *doctor);
void doctor_check_encoders(struct doctor *doctor);
/* doctor_sockets.c */
void doctor_check_qmp(struct doctor *doctor);
void doctor_check_agent(struct doctor *doctor);
void doctor_check_bus(struct doctor *doctor);
/* doctor_ports.c */
void doctor_check_ports(struct doctor *doctor);
void doctor_check_shared_ports(struct doctor *doctor);
/* doctor_files.c */
void doctor_check_certificate(struct doctor *doctor);
void doctor_check_passwords(struct doctor *doctor);

#endif
