// SPDX-License-Identifier: GPL-2.0-or-later
/* The vGPU: is it there, of which type, who has it open, and may the server? */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "tools/planecastctl/doctor.h"
#include "tools/planecastctl/doctor_device.h"
#include "tools/planecastctl/doctor_proc.h"

#define MDEVS "/sys/bus/mdev/devices/"
#define PCIS "/sys/bus/pci/devices/"
#define PARENTS "/sys/class/mdev_bus"
#define OWNERS_MAX 4
#define HOLDERS_MAX 16
#define LIST_MAX 512

static bool is_mdev(const char *device)
{
	return device[0] != '/' && !strchr(device, ':');
}

int doctor_device_find(const char *device, struct doctor_device *ret)
{
	char link[PATH_MAX], target[PATH_MAX];
	struct dirent *entry;
	ssize_t bytes;
	DIR *dir;

	snprintf(link, sizeof(link), "%s%s", device[0] == '/' ? "" : is_mdev(device) ? MDEVS : PCIS, device);
	if (!realpath(link, ret->path))
		return -errno;
	ret->group[0] = ret->node[0] = '\0';
	if (snprintf(link, sizeof(link), "%s/iommu_group", ret->path) < (int)sizeof(link)) {
		bytes = readlink(link, target, sizeof(target) - 1);
		target[bytes < 0 ? 0 : bytes] = '\0';
		if (strrchr(target, '/'))
			snprintf(ret->group, sizeof(ret->group), "/dev/vfio/%.32s", strrchr(target, '/') + 1);
	}
	if (snprintf(link, sizeof(link), "%s/vfio-dev", ret->path) >= (int)sizeof(link))
		return 0;
	dir = opendir(link);
	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "vfio", 4))
			snprintf(ret->node, sizeof(ret->node), "/dev/vfio/devices/%.32s", entry->d_name);
	if (dir)
		closedir(dir);
	return 0;
}

/* A file of the device's folder in /sys; "": there is none. */
static const char *read_attribute(const struct doctor_device *device, const char *name, char *buffer, size_t size)
{
	char path[PATH_MAX];

	buffer[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", device->path, name) < (int)sizeof(path))
		doctor_proc_read_line(path, buffer, size);
	return buffer;
}

/* The last part of what a link there leads to; "": there is none. */
static const char *read_link(const struct doctor_device *device, const char *name, char *buffer, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t bytes = -1;

	if (snprintf(path, sizeof(path), "%s/%s", device->path, name) < (int)sizeof(path))
		bytes = readlink(path, target, sizeof(target) - 1);
	target[bytes < 0 ? 0 : bytes] = '\0';
	snprintf(buffer, size, "%.*s", (int)size - 1, strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
	return buffer;
}

/* "PARENT/mdev_supported_types/TYPE (3 free), ..." of what there is. */
static void list_types(char list[LIST_MAX])
{
	struct dirent *parent, *type;
	char path[PATH_MAX], free_ones[16];
	DIR *parents = opendir(PARENTS), *types;
	size_t bytes = 0;

	list[0] = '\0';
	while (parents && (parent = readdir(parents))) {
		if (parent->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), PARENTS "/%s/mdev_supported_types", parent->d_name);
		types = opendir(path);
		while (types && (type = readdir(types))) {
			if (type->d_name[0] == '.' || bytes + 1 >= LIST_MAX)
				continue;
			snprintf(path, sizeof(path), PARENTS "/%s/mdev_supported_types/%s/available_instances",
					parent->d_name, type->d_name);
			strcpy(free_ones, "?");
			doctor_proc_read_line(path, free_ones, sizeof(free_ones));
			bytes += (size_t)snprintf(list + bytes, LIST_MAX - bytes,
					"%s%s/mdev_supported_types/%s (%s free)", bytes ? ", " : "",
					parent->d_name, type->d_name, free_ones);
		}
		if (types)
			closedir(types);
	}
	if (parents)
		closedir(parents);
}

static void say_missing(struct doctor *doctor, const char *device, int error)
{
	char types[LIST_MAX];

	doctor_say(doctor, DOCTOR_BAD, "there is no device %s on this host: %s", device, strerror(-error));
	if (!is_mdev(device)) {
		doctor_fix(doctor,
				"mend vfio-device: lspci -D shows addresses; a virtual function has to be made first "
				"(sriov_numvfs)");
		return;
	}
	list_types(types);
	if (types[0])
		doctor_fix(doctor,
				"mdevctl start -u %s -p PARENT -t TYPE, or echo %s > " PARENTS
				"/PARENT/mdev_supported_types/TYPE/create; there are: %s",
				device, device, types);
	else
		doctor_fix(doctor,
				"nothing on this host makes mediated devices: load the GPU vendor's host driver "
				"(Intel: "
				"i915.enable_gvt=1 and kvmgt; NVIDIA: the vGPU manager), then create %s",
				device);
}

static void look_at_parameters(struct doctor *doctor, const struct doctor_device *device)
{
	char parameters[256];

	read_attribute(device, "nvidia/vgpu_params", parameters, sizeof(parameters));
	if (!strstr(parameters, "disable_vnc=1"))
		return;
	doctor_say(doctor, DOCTOR_BAD,
			"its vgpu_params have disable_vnc=1: the driver shows no picture to anybody");
	doctor_fix(doctor, "write disable_vnc=0 to %s/nvidia/vgpu_params before the VM starts", device->path);
}

void doctor_check_device(struct doctor *doctor)
{
	char type[128], name[128], driver[64], link[PATH_MAX];
	const char *wanted = doctor->vm->vfio_device;
	struct doctor_device device;
	const int r = doctor_device_find(wanted, &device);

	if (r < 0) {
		say_missing(doctor, wanted, r);
		return;
	}
	read_link(&device, "driver", driver, sizeof(driver));
	read_link(&device, "mdev_type", type, sizeof(type));
	read_attribute(&device, "mdev_type/name", name, sizeof(name));
	if (!device.group[0] && !device.node[0]) {
		doctor_say(doctor, DOCTOR_BAD, "%s is there but is no VFIO device: its driver is %s", wanted,
				driver[0] ? driver : "none");
		doctor_fix(doctor,
				"bind it to a VFIO driver (driverctl set-override %s vfio-pci), with the host's "
				"IOMMU on "
				"(intel_iommu=on)",
				wanted);
		return;
	}
	doctor_say(doctor, DOCTOR_OK, "%s: %s%s%s%s, driver %s", wanted,
			type[0] ? "mediated device of type " : "PCI device", type,
			name[0] && strcmp(name, type) ? ", " : "", name[0] && strcmp(name, type) ? name : "",
			driver);
	look_at_parameters(doctor, &device);
	if (snprintf(link, sizeof(link), "%s/physfn", device.path) < (int)sizeof(link) && !access(link, F_OK)) {
		doctor_say(doctor, DOCTOR_WARN,
				"it is a virtual function (SR-IOV), and most of these show no picture to the "
				"host");
		doctor_fix(doctor, "if that stays so: give the VM a display that QEMU emulates besides");
	}
}

unsigned int doctor_device_owners(const struct doctor_device *device, struct doctor_holder *owners,
		unsigned int max, bool *ret_blind)
{
	struct doctor_holder all[HOLDERS_MAX];
	const char *const nodes[] = { device->group, device->node };
	unsigned int count = 0;
	bool blind = false;

	for (unsigned int i = 0; i < 2; i++) {
		bool also_blind;
		const unsigned int found = nodes[i][0] ? doctor_proc_find(nodes[i], all, HOLDERS_MAX, &also_blind)
						       : 0;

		for (unsigned int j = 0; j < found && count < max; j++)
			if (!all[j].ours)
				owners[count++] = all[j];
		blind = blind || (nodes[i][0] && also_blind);
	}
	*ret_blind = blind;
	return count;
}

void doctor_check_owner(struct doctor *doctor)
{
	const bool alone = doctor->vm->vfio_attach == CONFIG_ATTACH_OWN;
	struct doctor_holder owners[OWNERS_MAX];
	struct doctor_device device;
	unsigned int count;
	bool blind;

	if (doctor_device_find(doctor->vm->vfio_device, &device) < 0)
		return;
	count = doctor_device_owners(&device, owners, OWNERS_MAX, &blind);
	if (!count && blind) {
		doctor_say(doctor, DOCTOR_WARN, "who has it open cannot be seen by this user");
		doctor_fix(doctor, "run planecastctl doctor as root");
	} else if (!count && alone) {
		doctor_say(doctor, DOCTOR_OK, "nobody else has it open, as vfio-attach = own needs");
	} else if (!count) {
		doctor_say(doctor, DOCTOR_BAD, "nobody has it open: no VM runs with it");
		doctor_fix(doctor,
				"start the VM; if it runs, look whether its QEMU has this device (-device "
				"vfio-pci,sysfsdev="
				"%s)",
				device.path);
	} else if (alone) {
		doctor_say(doctor, DOCTOR_BAD, "%s has it open, so that planecast cannot be its only user",
				owners[0].name);
		doctor_fix(doctor, "vfio-attach = auto, which looks through the VM's own; or end that process");
	} else {
		doctor_say(doctor, DOCTOR_OK, "%s has it open", owners[0].name);
		for (unsigned int i = 1; i < count; i++) {
			doctor_say(doctor, DOCTOR_BAD, "%s has it open, too", owners[i].name);
			doctor_fix(doctor, "end one of them: a device belongs to one VM");
		}
	}
}

void doctor_check_permissions(struct doctor *doctor)
{
	struct doctor_device device;
	bool good;

	if (doctor_device_find(doctor->vm->vfio_device, &device) < 0)
		return;
	if (device.node[0] && !access(device.node, F_OK) && !access("/dev/iommu", F_OK)) {
		good = doctor_check_access(doctor, "the device", device.node, R_OK | W_OK);
		good = doctor_check_access(doctor, "the IOMMU", "/dev/iommu", R_OK | W_OK) && good;
	} else {
		good = !device.group[0] || doctor_check_access(doctor, "the group", device.group, R_OK | W_OK);
		good = doctor_check_access(doctor, "VFIO", "/dev/vfio/vfio", R_OK | W_OK) && good;
	}
	if (good)
		doctor_say(doctor, DOCTOR_OK, "user %s may open it", doctor->who.name);
}

void doctor_check_launcher(struct doctor *doctor)
{
	const char *path = doctor->vm->vfio_socket;
	unsigned long listener, connection;
	struct doctor_holder holder;
	bool blind;

	if (!doctor_check_access(doctor, "vfio-socket", path, R_OK | W_OK))
		return;
	doctor_proc_unix(path, &listener, &connection);
	if (!listener) {
		doctor_say(doctor, DOCTOR_BAD, "nobody listens at %s", path);
		doctor_fix(doctor, "start the launcher that passes the device there");
	} else if (doctor_proc_find_socket(listener, &holder, 1, &blind)) {
		doctor_say(doctor, DOCTOR_OK, "%s listens at %s", holder.name, path);
	} else {
		doctor_say(doctor, DOCTOR_OK, "somebody listens at %s", path);
	}
}
