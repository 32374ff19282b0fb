// SPDX-License-Identifier: GPL-2.0-or-later
/* May the broker take a device from the QEMU that has it open? */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "tools/planecastctl/doctor.h"
#include "tools/planecastctl/doctor_device.h"
#include "tools/planecastctl/doctor_proc.h"

#define PTRACE_SCOPE "/proc/sys/kernel/yama/ptrace_scope"
#define BROKER "pc:broker"

/* -1: there is no Yama. */
static int read_ptrace_scope(void)
{
	char text[16];

	return doctor_proc_read_line(PTRACE_SCOPE, text, sizeof(text)) > 0 ? atoi(text) : -1;
}

/* A process of the same user that Yama protects from nobody may be looked into without capabilities. */
static bool may_without(const struct doctor *doctor, const struct doctor_who *broker, int scope)
{
	struct doctor_holder owner;
	struct doctor_device device;
	bool blind;

	return scope <= 0 && !doctor_device_find(doctor->vm->vfio_device, &device) &&
			doctor_device_owners(&device, &owner, 1, &blind) && owner.uid == broker->uid;
}

static void look_at_broker(struct doctor *doctor, int scope)
{
	const pid_t pid = doctor_proc_child(doctor->who.pid, BROKER);
	struct doctor_who broker;

	if (!pid) {
		doctor_say(doctor, DOCTOR_BAD, "the broker (" BROKER ") does not run");
		doctor_fix(doctor,
				"journalctl -u planecast says why; planecastctl reload, if the configuration "
				"has changed");
		return;
	}
	doctor_who_find(pid, &broker);
	if (doctor_who_has(&broker, CAP_SYS_PTRACE) && doctor_who_has(&broker, CAP_DAC_READ_SEARCH)) {
		doctor_say(doctor, DOCTOR_OK, "the broker (process %d) may look into all processes", (int)pid);
	} else if (may_without(doctor, &broker, scope)) {
		doctor_say(doctor, DOCTOR_OK, "the broker (process %d) may look into processes of user %s",
				(int)pid, broker.name);
	} else {
		doctor_say(doctor, DOCTOR_BAD,
				"the broker (process %d, user %s) lacks the capabilities to look into others' "
				"processes",
				(int)pid, broker.name);
		doctor_fix(doctor,
				"use the unit planecast.service as it comes, with AmbientCapabilities=CAP_SYS_PTRACE "
				"CAP_DAC_READ_SEARCH and no PrivateUsers; or vfio-attach = socket");
	}
}

void doctor_check_broker(struct doctor *doctor)
{
	const int scope = read_ptrace_scope();

	if (scope >= 3) {
		doctor_say(doctor, DOCTOR_BAD,
				"kernel.yama.ptrace_scope is %d: nobody may take a device from QEMU", scope);
		doctor_fix(doctor,
				"write kernel.yama.ptrace_scope = 2 to a file in /etc/sysctl.d and boot anew; or "
				"vfio-attach "
				"= socket");
	} else if (doctor->running) {
		look_at_broker(doctor, scope);
	} else {
		doctor_say(doctor, DOCTOR_OK,
				"kernel.yama.ptrace_scope (%s) does not forbid to take a device from QEMU",
				scope < 0		     ? "there is none"
						: scope == 0 ? "0"
						: scope == 1 ? "1"
							     : "2");
	}
}
