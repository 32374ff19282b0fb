// SPDX-License-Identifier: GPL-2.0-or-later
/* GPUs that may encode: may the server use them, do their drivers work, and which package would bring a better one. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_probe.h"
#include "tools/planecastctl/doctor.h"
#include "tools/planecastctl/doctor_gpu.h"
#include "tools/planecastctl/doctor_proc.h"

#define FOLDER "/dev/dri"
#define PREFIX "renderD"
/* How vaapi_probe() tells of a driver that takes pictures from memory only. */
#define NO_IMPORT "CPU"

static unsigned int read_number(const char *node, const char *what)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/class/drm/%s/device/%s", strrchr(node, '/') + 1, what);
	return doctor_proc_read_line(path, text, sizeof(text)) > 0 ? (unsigned int)strtoul(text, NULL, 16) : 0;
}

/* NULL: it is none that is known here. */
static const struct doctor_gpu *find_gpu(const char *node)
{
	return doctor_gpu_find(read_number(node, "vendor"), read_number(node, "device"));
}

static int is_node(const struct dirent *entry)
{
	return !strncmp(entry->d_name, PREFIX, strlen(PREFIX));
}

static void look_at_node(struct doctor *doctor, const char *path)
{
	const struct doctor_gpu *gpu = find_gpu(path);
	const int r = doctor_who_may(&doctor->who, path, R_OK | W_OK);

	if (!r) {
		doctor_say(doctor, DOCTOR_OK, "%s%s%s", path, gpu ? ": " : "", gpu ? gpu->name : "");
		return;
	}
	doctor_say(doctor, DOCTOR_WARN, "%s cannot be used by user %s: %s", path, doctor->who.name, strerror(-r));
	doctor_fix(doctor,
			"systemctl edit planecast, and add SupplementaryGroups=render (whoever owns it: ls -l %s)",
			path);
}

void doctor_check_render_nodes(struct doctor *doctor)
{
	struct dirent **entries = NULL;
	const int count = scandir(FOLDER, &entries, is_node, versionsort);

	for (int i = 0; i < count; i++) {
		char path[sizeof(FOLDER) + sizeof(entries[i]->d_name)];

		snprintf(path, sizeof(path), "%s/%s", FOLDER, entries[i]->d_name);
		look_at_node(doctor, path);
		free(entries[i]);
	}
	free(entries);
	if (count <= 0)
		doctor_say(doctor, DOCTOR_OK,
				"there is no GPU here (" FOLDER "/" PREFIX "*): video is encoded by the CPU");
}

static void look_at_candidate(struct doctor *doctor, const char *name)
{
	const struct doctor_gpu *gpu = name[0] == '/' ? find_gpu(name) : NULL;
	struct vaapi_probe_report report;
	const bool proven = !vaapi_probe(doctor->program, name, 0, &report);

	if (!proven) {
		/* Without a GPU's there is still the CPU's. */
		doctor_say(doctor, strcmp(name, VAAPI_SOFTWARE) ? DOCTOR_WARN : DOCTOR_BAD,
				"%s does not encode: %s", name, report.reason);
		if (!strcmp(name, VAAPI_SOFTWARE))
			doctor_fix(doctor,
					"install planecast's own driver, planecast_drv_video.so, where libva looks, or "
					"say where it is by LIBVA_DRIVERS_PATH");
		else if (!gpu)
			doctor_fix(doctor,
					"install a VA-API driver for this GPU; vainfo --display drm --device %s shows "
					"whether there is one",
					name);
		else if (gpu->encodes)
			doctor_fix(doctor, "apt install %s", gpu->encodes);
		else
			doctor_fix(doctor,
					"none is needed: there is no VA-API driver that encodes on %s, and the "
					"CPU does",
					gpu->name);
	} else if (name[0] == '/' && !strcmp(report.import, NO_IMPORT)) {
		doctor_say(doctor, DOCTOR_WARN,
				"%s encodes (%s), but each picture is converted by the CPU: the driver has "
				"no VideoProc",
				name, report.vendor);
		doctor_fix(doctor, "apt install %s",
				gpu && gpu->converts
						? gpu->converts
						: "a VA-API driver that has it, if there is one for this GPU");
	} else {
		doctor_say(doctor, DOCTOR_OK, "%s encodes: %s", name, report.vendor);
	}
}

void doctor_check_encoders(struct doctor *doctor)
{
	struct vaapi_candidates *candidates;

	if (!doctor->program) {
		doctor_say(doctor, DOCTOR_WARN, "planecastd, which tries them, was not found");
		doctor_fix(doctor, "install it beside planecastctl, or have it in PATH");
		return;
	}
	if (vaapi_candidates_new(VAAPI_AUTO, doctor->program, 0, &candidates) < 0)
		return;
	for (unsigned int i = 0; i < vaapi_candidates_count(candidates); i++)
		look_at_candidate(doctor, vaapi_candidates_name(candidates, i));
	vaapi_candidates_unref(candidates);
}
