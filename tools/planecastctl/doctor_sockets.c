// SPDX-License-Identifier: GPL-2.0-or-later
/* QEMU's sockets: there, for the server to use, and answered by what is expected there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/config.h"
#include "tools/planecastctl/doctor.h"
#include "tools/planecastctl/doctor_proc.h"
#include "tools/planecastctl/doctor_qmp.h"

/* A socket at which QEMU serves one client at a time. */
struct place {
	const char *key;
	const char *path;
	const char *argument; /* of QEMU, for another one */
};

#define QMP_ARGUMENT "-qmp unix:PATH,server=on,wait=off"
#define AGENT_ARGUMENT "-chardev socket,id=agent,path=PATH,server=on,wait=off"

/* True: somebody listens there who has a free ear. */
static bool is_free(struct doctor *doctor, const struct place *place)
{
	unsigned long listener, connection, peer;
	struct doctor_holder holder;
	struct stat st;
	bool blind;

	if (!doctor_check_access(doctor, place->key, place->path, R_OK | W_OK)) {
		if (access(place->path, F_OK) && errno == ENOENT)
			doctor_fix(doctor, "start the VM, with %s and that path", place->argument);
		return false;
	}
	if (!stat(place->path, &st) && !S_ISSOCK(st.st_mode)) {
		doctor_say(doctor, DOCTOR_BAD, "%s %s is no socket", place->key, place->path);
		doctor_fix(doctor, "mend %s: QEMU makes it of %s", place->key, place->argument);
		return false;
	}
	doctor_proc_unix(place->path, &listener, &connection);
	if (!listener) {
		doctor_say(doctor, DOCTOR_BAD, "nobody listens at %s: it is left over from a QEMU that has ended",
				place->path);
		doctor_fix(doctor, "start the VM");
		return false;
	}
	if (!connection)
		return true;
	peer = doctor_proc_peer(connection);
	if (!peer || !doctor_proc_find_socket(peer, &holder, 1, &blind)) {
		doctor_say(doctor, doctor->running ? DOCTOR_OK : DOCTOR_WARN,
				"somebody is connected to %s: planecastd, perhaps", place->path);
		if (!doctor->running)
			doctor_fix(doctor, "run planecastctl doctor as root to see who");
	} else if (holder.ours) {
		doctor_say(doctor, DOCTOR_OK, "%s is connected to %s", holder.name, place->path);
	} else {
		doctor_say(doctor, DOCTOR_BAD, "%s is taken by %s, and QEMU serves one client at a time there",
				place->path, holder.name);
		doctor_fix(doctor,
				"give planecast one of its own: %s (libvirt: by <qemu:commandline>), and name that "
				"path by "
				"%s",
				place->argument, place->key);
	}
	return false;
}

/* The fd or negative errno. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const void *)&address, sizeof(address)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static void look_at_display(struct doctor *doctor, const struct doctor_qmp *qmp)
{
	const bool is_dbus = !strcmp(qmp->display, "dbus"), wants_p2p = !strcmp(doctor->vm->dbus, "p2p");

	if (is_dbus && qmp->p2p == wants_p2p)
		return;
	if (is_dbus)
		doctor_say(doctor, DOCTOR_BAD, "its D-Bus display is %s, and not as dbus says",
				qmp->p2p ? "from peer to peer" : "at a bus");
	else
		doctor_say(doctor, DOCTOR_BAD, "it has no D-Bus display (its display is %s)", qmp->display);
	doctor_fix(doctor, "start the VM with %s%s",
			wants_p2p ? "-display dbus,p2p=yes (libvirt: <graphics type='dbus' "
				    "p2p='yes'/>)"
				  : "-display dbus,addr=",
			wants_p2p ? "" : doctor->vm->dbus);
}

static void say_qmp(struct doctor *doctor, const struct place *place, const struct doctor_qmp *qmp)
{
	doctor_say(doctor, DOCTOR_OK, "%s: QEMU %s answers", place->path, qmp->version);
	if (qmp->status[0] && strcmp(qmp->status, "running")) {
		doctor_say(doctor, DOCTOR_BAD, "its guest does not run: it is %s", qmp->status);
		doctor_fix(doctor, "%s",
				!strcmp(qmp->status, "paused") || !strcmp(qmp->status, "prelaunch")
						? "resume it (virsh resume, or cont at its monitor)"
						: "look at the VM's log; io-error is a full or failing disk, "
						  "guest-panicked a crash");
	}
	if (doctor->vm->dbus && qmp->display[0])
		look_at_display(doctor, qmp);
	if (!qmp->absolute) {
		doctor_say(doctor, DOCTOR_WARN,
				"the guest has no pointer that takes positions, so viewers' pointers drift from its");
		doctor_fix(doctor,
				"give the VM a tablet: -device usb-tablet or virtio-tablet-pci (libvirt: <input "
				"type='tablet' bus='usb'/>)");
	}
}

void doctor_check_qmp(struct doctor *doctor)
{
	const struct place place = { "qmp", doctor->vm->qmp, QMP_ARGUMENT };
	struct doctor_qmp qmp;
	int fd, r;

	if (!place.path) {
		doctor_say(doctor, DOCTOR_WARN, "the VM has no qmp, so viewers can watch and not type");
		doctor_fix(doctor,
				"give QEMU -qmp unix:/run/planecast-qmp/%s,server=on,wait=off, say, and the VM "
				"qmp with that "
				"path",
				doctor->vm->name);
		return;
	}
	if (!is_free(doctor, &place))
		return;
	fd = connect_to(place.path);
	r = fd < 0 ? fd : doctor_qmp_ask(fd, &qmp);
	if (fd >= 0)
		close(fd);
	if (!r) {
		say_qmp(doctor, &place, &qmp);
	} else if (r == -EPROTO) {
		doctor_say(doctor, DOCTOR_BAD, "%s speaks no QMP, but: %s", place.path, qmp.other);
		doctor_fix(doctor,
				"a human monitor (-monitor) will not do, nor a serial port: -qmp unix:PATH,server=on,"
				"wait=off");
	} else {
		doctor_say(doctor, DOCTOR_BAD, "%s does not answer: %s", place.path, strerror(-r));
		doctor_fix(doctor,
				"if QEMU is stopped or hangs, restart the VM; if another program is there, mend qmp");
	}
}

void doctor_check_agent(struct doctor *doctor)
{
	const struct place place = { "vdagent", doctor->vm->vdagent, AGENT_ARGUMENT };

	/* What the guest's agent says is its own; that there is a port for it is all that can be seen from here. */
	if (is_free(doctor, &place))
		doctor_say(doctor, DOCTOR_OK, "QEMU listens at %s", place.path);
}

void doctor_check_bus(struct doctor *doctor)
{
	static const char prefix[] = "unix:path=";
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	unsigned long listener, connection;

	/* What other addresses mean is the library's. */
	if (strncmp(doctor->vm->dbus, prefix, strlen(prefix)))
		return;
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(doctor->vm->dbus + strlen(prefix), ",;"),
			doctor->vm->dbus + strlen(prefix));
	if (!doctor_check_access(doctor, "dbus", path, R_OK | W_OK))
		return;
	doctor_proc_unix(path, &listener, &connection);
	if (listener) {
		doctor_say(doctor, DOCTOR_OK, "there is a bus at %s", path);
		return;
	}
	doctor_say(doctor, DOCTOR_BAD, "nobody listens at %s: it is left over from a bus that has ended", path);
	doctor_fix(doctor, "start the bus (dbus-daemon) and then the VM: planecast-hosts(7)");
}
