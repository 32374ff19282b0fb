// SPDX-License-Identifier: GPL-2.0-or-later
/* What there is to be seen: by a server that runs, and of files that pictures come from. */
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "server/channel.h"
#include "server/clock.h"
#include "server/json.h"
#include "tools/planecastctl/ask.h"
#include "tools/planecastctl/doctor.h"
#include "tools/planecastctl/table.h"

#define LOOK_NS (3 * NSEC_PER_SEC)
#define LOOK_STEP_US 100000

static void check_file(struct doctor *doctor, bool is_memory)
{
	const char *key = is_memory ? "memory-file" : "replay-file";
	const char *path = is_memory ? doctor->vm->memory_file : doctor->vm->replay_file;
	int64_t wanted = 0, stride;
	struct stat st;

	if (!doctor_check_access(doctor, key, path, R_OK) || stat(path, &st) < 0)
		return;
	stride = doctor->vm->memory_stride_bytes ? doctor->vm->memory_stride_bytes
						 : doctor->vm->memory_size.width * 4LL;
	if (is_memory)
		wanted = doctor->vm->memory_offset_bytes + stride * doctor->vm->memory_size.height;
	if (st.st_size < wanted) {
		doctor_say(doctor, DOCTOR_BAD, "%s %s has %lld bytes, and the picture is %" PRId64, key, path,
				(long long)st.st_size, wanted);
		doctor_fix(doctor, "make it larger, or mend memory-size, memory-offset and memory-stride");
		return;
	}
	doctor_say(doctor, DOCTOR_OK, "%s %s can be read", key, path);
}

void doctor_check_file(struct doctor *doctor)
{
	if (config_vm_has_source(doctor->vm, CONFIG_SOURCE_MEMORY))
		check_file(doctor, true);
	if (config_vm_has_source(doctor->vm, CONFIG_SOURCE_REPLAY))
		check_file(doctor, false);
}

static bool is_known(struct json_object *status)
{
	const char *state = json_get_text(status, "state");

	return json_get_number(status, "width", 0) || (state && state[0] && strcmp(state, CHANNEL_STATE_RESTING));
}

/* Nobody has to watch for that. What it has seen is in the server's status within a second. */
static void have_it_look(struct doctor *doctor)
{
	const int64_t end_ns = clock_now_ns() + LOOK_NS;
	struct json_object *answer;

	if (ask_quietly(doctor->ctl, ask_new("screenshot", doctor->vm->name), &answer))
		return;
	json_object_put(answer);
	while (!is_known(doctor->vm_status) && clock_now_ns() < end_ns) {
		usleep(LOOK_STEP_US);
		if (ask_quietly(doctor->ctl, ask_new("status", doctor->vm->name), &answer))
			return;
		json_object_put(doctor->vm_status);
		doctor->vm_status = answer;
	}
}

static void fix_blank(struct doctor *doctor)
{
	if (config_vm_has_source(doctor->vm, CONFIG_SOURCE_VFIO))
		doctor_fix(doctor,
				"install the vGPU's driver in the guest and see that it is loaded (lspci -k; device "
				"manager), that the guest's desktop uses that display, and that no other display is "
				"its first; firmware and boot loader are not drawn by the vGPU");
	else
		doctor_fix(doctor, "mend what the line above says");
}

void doctor_check_picture(struct doctor *doctor)
{
	const char *worker = json_get_text(doctor->vm_status, "worker");
	char cell[TABLE_CELL_MAX];

	if (worker && !strcmp(worker, "serves") && !is_known(doctor->vm_status))
		have_it_look(doctor);
	worker = json_get_text(doctor->vm_status, "worker");
	if (!worker) {
		doctor_say(doctor, DOCTOR_WARN, "planecastd does not know this VM");
		doctor_fix(doctor, "planecastctl reload: the configuration has changed since it was read");
		return;
	}
	if (strcmp(worker, "serves")) {
		doctor_say(doctor, DOCTOR_BAD, "the process that serves this VM is %s, after %" PRId64 " starts",
				!strcmp(worker, "down") ? "down" : "only starting",
				json_get_number(doctor->vm_status, "starts", 0));
		doctor_fix(doctor, "journalctl -u planecast says why it ended");
		return;
	}
	table_format_text(cell, json_object_object_get(doctor->vm_status, "state"), NULL);
	if (json_get_number(doctor->vm_status, "width", 0)) {
		doctor_say(doctor, DOCTOR_OK, "there is one: %s", cell);
	} else if (!is_known(doctor->vm_status)) {
		doctor_say(doctor, DOCTOR_WARN, "nobody has looked yet");
		doctor_fix(doctor, "connect with a viewer, or: planecastctl screenshot");
	} else {
		doctor_say(doctor, DOCTOR_BAD, "none: %s", cell);
		fix_blank(doctor);
	}
}
