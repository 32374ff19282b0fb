// SPDX-License-Identifier: GPL-2.0-or-later
/* Why is it black? The checks, in a table, and what they need to know first. */
#include "tools/planecastctl/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "config/suggest.h"
#include "server/json.h"
#include "server/log.h"
#include "server/options.h"
#include "tools/planecastctl/ask.h"
#include "tools/planecastctl/doctor_proc.h"
#include "tools/planecastctl/table.h"

#define PROGRAM "planecastd"

bool doctor_check_access(struct doctor *doctor, const char *what, const char *path, int mode)
{
	const int r = doctor_who_may(&doctor->who, path, mode);

	if (!r)
		return true;
	if (r == -ENOENT && !access(path, F_OK)) {
		doctor_say(doctor, DOCTOR_BAD, "%s %s is there, but the service does not see it", what, path);
		doctor_fix(doctor,
				"have it elsewhere, in /run or /etc: the service has a /tmp of its own and no /home "
				"(PrivateTmp, ProtectHome)");
	} else if (r == -ENOENT || r == -ENOTDIR) {
		doctor_say(doctor, DOCTOR_BAD, "%s %s is not there", what, path);
		doctor_fix(doctor, "start what makes it, or mend the path");
	} else if (r == -EACCES || r == -EPERM) {
		doctor_say(doctor, DOCTOR_BAD, "%s %s may not be %s by user %s", what, path,
				mode & W_OK ? "used" : "read", doctor->who.name);
		doctor_fix(doctor,
				"give that user access to it and to the folders above it: namei -l %s shows what is "
				"missing; "
				"or systemctl edit planecast, and add its group to SupplementaryGroups",
				path);
	} else {
		doctor_say(doctor, DOCTOR_BAD, "%s %s: %s", what, path, strerror(-r));
		doctor_fix(doctor, "mend that");
	}
	return false;
}

static void check_server(struct doctor *doctor)
{
	char version[TABLE_CELL_MAX];

	if (!doctor->running) {
		doctor_say(doctor, DOCTOR_WARN,
				"planecastd does not run, or has no control socket: this is about what it will "
				"find as user %s",
				doctor->who.name);
		doctor_fix(doctor, "systemctl start planecast; or say by --socket where its control-socket is");
		return;
	}
	if (!doctor->server_status) {
		doctor_say(doctor, DOCTOR_BAD, "planecastd is there but does not answer");
		doctor_fix(doctor, "look at its log (journalctl -u planecast), and restart it");
		return;
	}
	table_format_text(version, json_object_object_get(doctor->server_status, "version"), NULL);
	doctor_say(doctor, DOCTOR_OK,
			"planecastd %s runs as user %s (process %" PRId64 ") and serves %" PRId64 " of %" PRId64
			" VMs",
			version, doctor->who.name, json_get_number(doctor->server_status, "pid", 0),
			json_get_number(doctor->server_status, "serving", 0),
			json_get_number(doctor->server_status, "vms", 0));
}

static bool has_user(const struct doctor *doctor)
{
	return !doctor->who.guessed;
}

static void check_config(struct doctor *doctor)
{
	if (doctor_check_access(doctor, "the configuration", doctor->config_path, R_OK))
		doctor_say(doctor, DOCTOR_OK, "%s can be read by user %s", doctor->config_path, doctor->who.name);
}

static bool has_video(const struct doctor *doctor)
{
	unsigned int i = 0;

	while (i < doctor->config->n_vms && doctor->config->vms[i]->video == CONFIG_VIDEO_OFF)
		i++;
	return i < doctor->config->n_vms;
}

static bool has_shared_ports(const struct doctor *doctor)
{
	return config_has_shared_listeners(&doctor->config->server);
}

static bool has_server_certificate(const struct doctor *doctor)
{
	return doctor->config->server.web.count && doctor->config->server.tls_certificate;
}

static bool is_vfio(const struct doctor *doctor)
{
	return config_vm_has_source(doctor->vm, CONFIG_SOURCE_VFIO);
}

static bool is_vfio_own(const struct doctor *doctor)
{
	return is_vfio(doctor) && doctor->vm->vfio_attach == CONFIG_ATTACH_OWN;
}

static bool is_vfio_auto(const struct doctor *doctor)
{
	return is_vfio(doctor) && doctor->vm->vfio_attach == CONFIG_ATTACH_AUTO;
}

static bool is_vfio_socket(const struct doctor *doctor)
{
	return is_vfio(doctor) && doctor->vm->vfio_attach == CONFIG_ATTACH_SOCKET;
}

static bool is_file(const struct doctor *doctor)
{
	return config_vm_has_source(doctor->vm, CONFIG_SOURCE_MEMORY) ||
			config_vm_has_source(doctor->vm, CONFIG_SOURCE_REPLAY);
}

static bool is_served(const struct doctor *doctor)
{
	return doctor->running;
}

static bool wants_qmp(const struct doctor *doctor)
{
	return is_vfio(doctor) || doctor->vm->qmp;
}

static bool has_bus(const struct doctor *doctor)
{
	return doctor->vm->dbus;
}

static bool has_agent(const struct doctor *doctor)
{
	return doctor->vm->vdagent && doctor->vm->clipboard != CONFIG_CLIPBOARD_OFF;
}

static bool has_certificate(const struct doctor *doctor)
{
	return doctor->vm->tls_certificate;
}

static const struct doctor_check host_checks[] = {
	{ "server", NULL, check_server },
	{ "config", has_user, check_config },
	{ "render node", has_video, doctor_check_render_nodes },
	{ "encoder", has_video, doctor_check_encoders },
	{ "port", has_shared_ports, doctor_check_shared_ports },
	{ "certificate", has_server_certificate, doctor_check_certificate },
	{ 0 },
};

static const struct doctor_check vm_checks[] = {
	{ "picture", is_served, doctor_check_picture },
	{ "device", is_vfio, doctor_check_device },
	{ "owner", is_vfio, doctor_check_owner },
	{ "permission", is_vfio_own, doctor_check_permissions },
	{ "broker", is_vfio_auto, doctor_check_broker },
	{ "launcher", is_vfio_socket, doctor_check_launcher },
	{ "file", is_file, doctor_check_file },
	{ "display", has_bus, doctor_check_bus },
	{ "input", wants_qmp, doctor_check_qmp },
	{ "clipboard", has_agent, doctor_check_agent },
	{ "port", NULL, doctor_check_ports },
	{ "certificate", has_certificate, doctor_check_certificate },
	{ "password", NULL, doctor_check_passwords },
	{ 0 },
};

static void run_checks(struct doctor *doctor, const struct doctor_check *checks)
{
	for (const struct doctor_check *check = checks; check->name; check++) {
		if (check->applies && !check->applies(doctor))
			continue;
		doctor_begin(doctor, check->name);
		check->run(doctor);
	}
	doctor_begin(doctor, NULL);
}

static void check_vm(struct doctor *doctor, const struct config_vm *vm)
{
	doctor->vm = vm;
	if (doctor->running && ask_quietly(doctor->ctl, ask_new("status", vm->name), &doctor->vm_status))
		doctor->vm_status = NULL;
	run_checks(doctor, vm_checks);
	json_object_put(doctor->vm_status);
	doctor->vm_status = NULL;
	doctor->vm = NULL;
}

static void report_problem(void *user, const struct config_problem *problem)
{
	struct doctor *doctor = user;

	if (problem->line)
		doctor_say(doctor, DOCTOR_BAD, "%s:%u:%u: %s", problem->file, problem->line, problem->column,
				problem->message);
	else
		doctor_say(doctor, DOCTOR_BAD, "%s: %s", problem->file, problem->message);
	doctor_fix(doctor, "mend that line; planecast.conf(5) has all keys");
}

static void load_config(struct doctor *doctor, struct config **ret)
{
	doctor_begin(doctor, "config");
	if (config_load(doctor->config_path, report_problem, doctor, ret) < 0) {
		if (!doctor->counts[DOCTOR_BAD]) {
			doctor_say(doctor, DOCTOR_BAD, "%s cannot be read", doctor->config_path);
			doctor_fix(doctor, "say by --config where it is");
		}
	} else if (!(*ret)->n_vms) {
		doctor_say(doctor, DOCTOR_WARN, "%s has no VM", doctor->config_path);
		doctor_fix(doctor, "add a [vm \"NAME\"] section: planecast.conf(5)");
	} else {
		doctor_say(doctor, DOCTOR_OK, "%s: %u VMs", doctor->config_path, (*ret)->n_vms);
	}
	doctor->config = *ret;
}

/* Of that configuration, unless the command line says which. */
static void find_server(struct doctor *doctor, const char *socket_path)
{
	const char *configured = doctor->config ? doctor->config->server.control_socket : NULL;
	struct ucred peer = { 0 };
	socklen_t length = sizeof(peer);

	if (!doctor->ctl->socket_given && configured && configured[0] == '/')
		socket_path = configured;
	doctor->running = link_open(&doctor->ctl->link, socket_path) == 0;
	if (doctor->running)
		getsockopt(doctor->ctl->link.fd, SOL_SOCKET, SO_PEERCRED, &peer, &length);
	doctor_who_find(peer.pid, &doctor->who);
	if (doctor->running && ask_quietly(doctor->ctl, ask_new("status", NULL), &doctor->server_status))
		doctor->server_status = NULL;
}

/* Beside this program, as built; where it is installed; or in PATH. To be freed; NULL: nowhere. */
static char *find_program(void)
{
	static const char *const beside[] = { PROGRAM, "../sbin/" PROGRAM };
	char self[PATH_MAX], *path = NULL, *copy, *rest, *folder;
	const char *folders = getenv("PATH");
	ssize_t bytes = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[bytes < 0 ? 0 : bytes] = '\0';
	if (strrchr(self, '/'))
		*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		if (asprintf(&path, "%s/%s", self, beside[i]) < 0)
			return NULL;
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	path = NULL;
	copy = rest = strdup(folders ? folders : "");
	while (!path && (folder = strsep(&rest, ":"))) {
		if (asprintf(&path, "%s/" PROGRAM, folder) < 0)
			path = NULL;
		if (path && access(path, X_OK)) {
			free(path);
			path = NULL;
		}
	}
	free(copy);
	return path;
}

/* NULL: after saying so. */
static const struct config_vm *find_vm(const struct doctor *doctor, const char *name)
{
	const struct config_vm *vm = config_find_vm(doctor->config, name);
	struct suggest suggest;

	if (vm)
		return vm;
	suggest_init(&suggest, name);
	for (unsigned int i = 0; i < doctor->config->n_vms; i++)
		suggest_offer(&suggest, doctor->config->vms[i]->name);
	ctl_complain("there is no VM '%s' in %s%s%s%s", name, doctor->config_path,
			suggest.best ? "; did you mean '" : "", suggest.best ? suggest.best : "",
			suggest.best ? "'?" : "");
	return NULL;
}

static void check_all(struct doctor *doctor, const struct config_vm *only)
{
	run_checks(doctor, doctor->config ? host_checks : (const struct doctor_check[]){ host_checks[0], { 0 } });
	if (only)
		check_vm(doctor, only);
	for (unsigned int i = 0; !only && doctor->config && i < doctor->config->n_vms; i++)
		check_vm(doctor, doctor->config->vms[i]);
}

int doctor_run(struct ctl *ctl, char **arguments)
{
	struct doctor doctor = {
		.ctl = ctl,
		.config_path = ctl->config ? ctl->config : OPTIONS_CONFIG_PATH,
		.findings = ctl->json ? json_object_new_array() : NULL,
	};
	const struct config_vm *only = NULL;
	struct config *config = NULL;
	char *program = find_program();
	int status;

	doctor.program = program;
	log_set_level(LOG_LEVEL_ERROR);
	load_config(&doctor, &config);
	only = config && arguments[0] ? find_vm(&doctor, arguments[0]) : NULL;
	if (config && arguments[0] && !only) {
		doctor_discard(&doctor);
		status = EXIT_REFUSED;
	} else {
		find_server(&doctor, ctl->socket);
		check_all(&doctor, only);
		status = doctor_conclude(&doctor);
	}
	json_object_put(doctor.server_status);
	config_free(config);
	free(program);
	return status;
}
